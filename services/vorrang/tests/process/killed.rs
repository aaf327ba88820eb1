//! The whole process dies in the middle of a push.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use tokio_stream::StreamExt as _;
use vorrang_api::ingestion::v1::push_tickets_response::Answer;
use vorrang_api::ingestion::v1::{Contact, Outcome, PushTicketsRequest};
use vorrang_api::ticketing::v1::{Channel, Identity, ListTicketsRequest, identity};
use vorrang_client::Client;
use vorrang_testkit::{DEADLINE, data_folder, run, wait_until};

use crate::vorrang::Up;

const TICKETS: usize = 10_000;
const STREAMS: usize = 8;
/// Far enough from both ends that some are done, some are under way and some have not begun.
const KILL_AFTER: usize = 3_000;

#[test]
fn pushing_again_after_kill_9_gives_exactly_the_tickets_that_were_pushed() {
    run(async {
        let data = data_folder();
        let up = Up::start(data.path());
        let client = up.client(data.path()).await;

        static ANSWERED: AtomicUsize = AtomicUsize::new(0);
        let pushing = tokio::spawn(async move { push_all(&client, &ANSWERED).await });
        wait_until(DEADLINE, "a part of the answers", || async {
            ANSWERED.load(Ordering::SeqCst) >= KILL_AFTER
        })
        .await;
        up.kill();
        let before = pushing.await.expect("pushing ends with the server");
        assert!(
            before.len() >= KILL_AFTER && before.len() < TICKETS,
            "killed in the middle: {}",
            before.len()
        );

        let up = Up::start(data.path());
        let client = up.client(data.path()).await;
        let after = push_all(&client, &AtomicUsize::new(0)).await;
        assert_eq!(TICKETS, after.len(), "every push is answered");
        // What was answered before the crash is answered the same after it.
        for (request, ticket) in &before {
            assert_eq!(Some(ticket), after.get(request), "{request}");
        }
        let there = every_ticket(&client).await;
        assert_eq!(TICKETS, there.len());
        let mut numbers: Vec<i64> = there.into_values().collect();
        numbers.sort_unstable();
        assert!(
            numbers.windows(2).all(|pair| pair[0] < pair[1]),
            "a number for each ticket"
        );
        assert_eq!(Some(0), up.stop());
    });
}

/// Pushes all contacts over several streams; gives the ticket of each request that was answered.
async fn push_all(client: &Client, answered: &AtomicUsize) -> HashMap<String, String> {
    let streams = (0..STREAMS).map(|stream| push_some(client, stream, answered));
    join_all(streams).await.into_iter().flatten().collect()
}

async fn push_some(client: &Client, stream: usize, answered: &AtomicUsize) -> Vec<(String, String)> {
    let numbers = (0..TICKETS).filter(move |number| number % STREAMS == stream);
    let requests = tokio_stream::iter(numbers.map(request));
    let mut tickets = Vec::new();
    let Ok(answers) = client.ingestion().push_tickets(requests).await else {
        return tickets;
    };
    let mut answers = answers.into_inner();
    // An error is the crash: what was answered until then counts.
    while let Some(Ok(answer)) = answers.next().await {
        let Some(Answer::Result(result)) = answer.answer else {
            panic!("{}: refused: {:?}", answer.request_id, answer.answer);
        };
        // Accepted is kept too, but has no ticket yet to compare.
        assert!(
            [Outcome::Created, Outcome::Duplicate].contains(&result.outcome()),
            "{result:?}"
        );
        tickets.push((answer.request_id, result.ticket));
        answered.fetch_add(1, Ordering::SeqCst);
    }
    tickets
}

fn request(number: usize) -> PushTicketsRequest {
    let contact = Contact {
        channel: Channel::Api.into(),
        identities: vec![Identity {
            kind: identity::Kind::External.into(),
            value: format!("crm:{}", number % 500),
            verified: true,
        }],
        subject: format!("Contact {number}"),
        text: "Hello".to_owned(),
        ..Contact::default()
    };
    PushTicketsRequest {
        request_id: format!("push-{number}"),
        contact: Some(contact),
        ..PushTicketsRequest::default()
    }
}

/// Number of every ticket, by name.
async fn every_ticket(client: &Client) -> HashMap<String, i64> {
    let mut tickets = HashMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListTicketsRequest {
            page_size: 500,
            page_token,
            ..ListTicketsRequest::default()
        };
        let page = client
            .tickets()
            .list_tickets(request)
            .await
            .expect("is listed")
            .into_inner();
        tickets.extend(page.tickets.into_iter().map(|ticket| (ticket.name, ticket.number)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return tickets;
        }
    }
}
