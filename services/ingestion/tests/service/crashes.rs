use tokio::task::JoinSet;
use vorrang_api::ingestion::v1::{Outcome, PushTicketsRequest};

use crate::pushes::push_all;
use crate::stack::{Stack, TENANT, contact};
use crate::ticketing::Mode;

fn items(count: usize) -> Vec<PushTicketsRequest> {
    (0..count)
        .map(|n| PushTicketsRequest {
            request_id: format!("r{n}"),
            contact: Some(contact(&format!("text {n}"))),
            ..PushTicketsRequest::default()
        })
        .collect()
}

#[tokio::test]
async fn a_crash_in_a_push_and_the_same_push_again_make_each_ticket_once() {
    let mut stack = Stack::start().await;
    for after in [1, 40, 333] {
        let mut client = stack.pushes(TENANT);
        let mut stream = client
            .push_tickets(futures::stream::iter(items(1_000)))
            .await
            .expect("begins")
            .into_inner();
        for _ in 0..after {
            if stream.message().await.is_err() {
                break;
            }
        }
        stack = stack.restart().await;
    }
    let answers = push_all(&stack, items(1_000)).await;
    assert_eq!(answers.len(), 1_000);
    assert_eq!(stack.ticketing.tickets(), 1_000);
}

#[tokio::test]
async fn what_was_accepted_survives_a_crash() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Down);
    let mut receipts = Vec::new();
    for n in 0..10 {
        let answer = stack.push("", contact(&format!("text {n}"))).await.expect("taken");
        assert_eq!(answer.outcome(), Outcome::Accepted);
        receipts.push(answer.receipt);
    }
    let stack = stack.restart().await;
    stack.ticketing.set(Mode::Up);
    for receipt in receipts {
        assert_eq!(stack.delivered(&receipt).await.outcome(), Outcome::Created);
    }
    assert_eq!(stack.ticketing.tickets(), 10);
}

#[tokio::test]
async fn twins_at_the_same_time_make_one_ticket() {
    let stack = Stack::start().await;
    let mut twins = JoinSet::new();
    for _ in 0..50 {
        let mut client = stack.pushes(TENANT);
        twins.spawn(async move {
            let request = vorrang_api::ingestion::v1::PushTicketRequest {
                request_id: "same".to_owned(),
                contact: Some(contact("Hallo")),
            };
            client
                .push_ticket(request)
                .await
                .expect("taken")
                .into_inner()
                .result
                .expect("a result")
                .ticket
        });
    }
    while let Some(ticket) = twins.join_next().await {
        assert_eq!(ticket.expect("no panic"), "tickets/1");
    }
    assert_eq!(stack.ticketing.tickets(), 1);
}
