use tonic::Code;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{GetReceiptRequest, Outcome, receipt};

use crate::stack::{Stack, contact, in_conversation};
use crate::ticketing::Mode;

#[tokio::test]
async fn what_comes_while_ticketing_is_down_becomes_a_ticket_when_it_is_back() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Down);
    let accepted = stack.push("r1", contact("Hallo")).await.expect("taken");
    assert_eq!(accepted.outcome(), Outcome::Accepted);
    assert!(accepted.receipt.starts_with("receipts/") && accepted.ticket.is_empty());
    let waiting = stack.receipt(&accepted.receipt).await;
    assert_eq!((waiting.state(), waiting.result), (receipt::State::Pending, None));
    assert_eq!(
        stack.push("r1", contact("Hallo")).await.expect("taken"),
        accepted,
        "a repeat gets the same receipt"
    );
    let other = stack.push("r1", contact("other")).await.expect_err("another body");
    assert_eq!(other.code(), Code::InvalidArgument);

    stack.ticketing.set(Mode::Up);
    let result = stack.delivered(&accepted.receipt).await;
    assert_eq!(
        (result.outcome(), result.ticket.as_str()),
        (Outcome::Created, "tickets/1")
    );
    let receipt = stack.receipt(&accepted.receipt).await;
    assert!(receipt.attempts >= 1 && receipt.delivered_at.is_some());
    assert_eq!(
        stack.push("r1", contact("Hallo")).await.expect("taken").ticket,
        "tickets/1"
    );
    assert_eq!(stack.ticketing.tickets(), 1);
}

#[tokio::test]
async fn a_conversation_stays_in_order_over_an_outage() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Down);
    let mut receipts = Vec::new();
    for n in 0..20 {
        let text = format!("{n}");
        let answer = stack
            .push("", in_conversation(&text, if n % 2 == 0 { "even" } else { "odd" }))
            .await
            .expect("taken");
        receipts.push(answer.receipt);
    }
    stack.ticketing.set(Mode::Up);
    // Pushed right after: behind what still waits, or after it was delivered; never before.
    stack.push("", in_conversation("20", "even")).await.expect("taken");
    for receipt in &receipts {
        stack.delivered(receipt).await;
    }
    vorrang_testkit::wait_until(vorrang_testkit::DEADLINE, "all 21 to be recorded", || async {
        stack.ticketing.texts().len() == 21
    })
    .await;
    let numbers: Vec<u32> = stack
        .ticketing
        .texts()
        .iter()
        .map(|text| text.parse().expect("a number"))
        .collect();
    for parity in [0, 1] {
        let own: Vec<u32> = numbers.iter().copied().filter(|n| n % 2 == parity).collect();
        assert!(own.is_sorted(), "{numbers:?}");
    }
    assert_eq!(stack.ticketing.tickets(), 2);
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_no_second_ticket() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::LosesAnswers);
    // Without request id and external id: only the id that ingestion gives it protects it.
    let accepted = stack.push("", contact("Hallo")).await.expect("taken");
    assert_eq!(accepted.outcome(), Outcome::Accepted);
    stack.ticketing.set(Mode::Up);
    let result = stack.delivered(&accepted.receipt).await;
    assert_eq!(result.outcome(), Outcome::Created);
    assert_eq!(stack.ticketing.tickets(), 1);
}

#[tokio::test]
async fn what_ticketing_refuses_for_good_is_put_where_people_see_it() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Refuses);
    let refused = stack
        .push("", contact("refuse"))
        .await
        .expect_err("said at once while it is up");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(stack.push("", contact("fine")).await.is_ok(), "it spoils no other");

    stack.ticketing.set(Mode::Down);
    let refused = stack.push("", in_conversation("refuse", "c")).await.expect("taken");
    let behind = stack.push("", in_conversation("behind it", "c")).await.expect("taken");
    stack.ticketing.set(Mode::Refuses);
    let result = stack.delivered(&refused.receipt).await;
    assert_eq!(result.outcome(), Outcome::Quarantined);
    assert_eq!(
        stack.delivered(&behind.receipt).await.outcome(),
        Outcome::Created,
        "it blocks no other"
    );
    let items = stack.quarantined(State::Waiting).await;
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0].name, items[0].reason.as_str()),
        (&result.quarantine_item, "REFUSED_BY_TICKETING")
    );

    // Once the reason is gone, a retry brings the contact as it was pushed.
    stack.ticketing.set(Mode::Up);
    let retried = stack.retry(&items[0].name).await;
    assert_eq!(retried.outcome(), Outcome::Appended);
    assert_eq!(stack.ticketing.texts(), ["fine", "behind it", "refuse"]);
    assert!(stack.quarantined(State::Waiting).await.is_empty());
}

#[tokio::test]
async fn a_receipt_is_its_tenants() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Down);
    let accepted = stack.push("", contact("Hallo")).await.expect("taken");
    for name in [
        accepted.receipt.as_str(),
        "receipts/00000000-0000-0000-0000-000000000000",
    ] {
        let request = GetReceiptRequest { name: name.to_owned() };
        let status = stack
            .pushes("rival")
            .get_receipt(request)
            .await
            .expect_err("another tenant's");
        assert_eq!(status.code(), Code::NotFound);
    }
    let request = GetReceiptRequest {
        name: "receipts/1".to_owned(),
    };
    assert_eq!(
        stack
            .pushes("rival")
            .get_receipt(request)
            .await
            .expect_err("malformed")
            .code(),
        Code::InvalidArgument
    );
}
