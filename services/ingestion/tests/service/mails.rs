use tonic::Code;
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{
    DiscardQuarantineItemRequest, GetQuarantineItemRequest, Outcome, PushEmailRequest, RetryQuarantineItemRequest,
};
use vorrang_api::ticketing::v1::{Channel, identity};

use crate::stack::{Stack, TENANT};

const FIRST: &str = "From: Mara <Mara@x.example>\r\nTo: help@f.example\r\nSubject: Wo ist mein Paket?\r\nMessage-ID: <1@x.example>\r\n\r\nHallo\r\n";
const ANSWER: &str = "From: mara@x.example\r\nSubject: Re: Wo ist mein Paket?\r\nMessage-ID: <3@x.example>\r\nIn-Reply-To: <2@f.example>\r\nReferences: <1@x.example> <2@f.example>\r\n\r\nIst da!\r\n\r\n> Wo?\r\n";

#[tokio::test]
async fn a_mail_becomes_a_ticket_and_its_answer_joins_it() {
    let stack = Stack::start().await;
    let first = stack.mail(FIRST).await;
    assert_eq!(first.outcome(), Outcome::Created);
    let answer = stack.mail(ANSWER).await;
    assert_eq!((answer.outcome(), &answer.ticket), (Outcome::Appended, &first.ticket));
    assert_eq!(stack.mail(FIRST).await.outcome(), Outcome::Duplicate);
    // The same Message-ID with other content is a new message.
    let changed = stack.mail(&FIRST.replace("Hallo", "Hallo?")).await;
    assert_ne!(changed.outcome(), Outcome::Duplicate);

    let contacts = stack.ticketing.contacts();
    assert_eq!(
        (contacts[0].channel(), contacts[0].source.as_str()),
        (Channel::Email, "email")
    );
    assert_eq!(contacts[0].identities[0].value, "mara@x.example");
    assert_eq!(contacts[0].identities[0].kind(), identity::Kind::Email);
    assert!(!contacts[0].identities[0].verified, "anybody can write a From header");
    let message = contacts[1].message.as_ref().expect("a message");
    assert_eq!(
        (message.text.as_str(), message.quoted_text.as_str()),
        ("Ist da!", "> Wo?")
    );
}

#[tokio::test]
async fn a_mail_by_a_machine_says_so() {
    let stack = Stack::start().await;
    stack
        .mail("From: a@x.example\r\nAuto-Submitted: auto-replied\r\nSubject: Abwesend\r\n\r\nIch bin weg\r\n")
        .await;
    assert!(stack.ticketing.contacts()[0].automated);
}

#[tokio::test]
async fn an_unreadable_mail_is_quarantined_whole_once_and_can_be_decided() {
    let stack = Stack::start().await;
    let first = stack.mail("this is no mail").await;
    assert_eq!(first.outcome(), Outcome::Quarantined);
    assert_eq!(stack.mail("this is no mail").await, first, "a repeat is the same item");
    let items = stack.quarantined(State::Waiting).await;
    assert_eq!(items.len(), 1);
    assert_eq!(
        (items[0].reason.as_str(), items[0].source.as_str()),
        ("MAIL_UNREADABLE", "email")
    );
    assert!(items[0].raw.is_empty(), "lists are without what came");

    let name = first.quarantine_item;
    let get = |name: &str| GetQuarantineItemRequest { name: name.to_owned() };
    let item = stack
        .quarantine(TENANT)
        .get_quarantine_item(get(&name))
        .await
        .expect("is there")
        .into_inner();
    assert_eq!((item.raw.as_ref(), item.size_bytes), (&b"this is no mail"[..], 15));
    let foreign = stack
        .quarantine("rival")
        .get_quarantine_item(get(&name))
        .await
        .expect_err("another tenant's");
    assert_eq!(foreign.code(), Code::NotFound);

    let retry = RetryQuarantineItemRequest { name: name.clone() };
    let retried = stack
        .quarantine(TENANT)
        .retry_quarantine_item(retry)
        .await
        .expect("tried")
        .into_inner();
    assert_eq!(retried.result.expect("a result").outcome(), Outcome::Quarantined);
    let discard = DiscardQuarantineItemRequest { name: name.clone() };
    let discarded = stack
        .quarantine(TENANT)
        .discard_quarantine_item(discard)
        .await
        .expect("discarded")
        .into_inner();
    assert_eq!(discarded.state(), State::Discarded);
    assert!(stack.quarantined(State::Waiting).await.is_empty());
    assert_eq!(stack.quarantined(State::Discarded).await.len(), 1);
}

#[tokio::test]
async fn the_request_id_of_a_quarantined_mail_stands_for_that_mail() {
    let stack = Stack::start().await;
    let push = |raw: &'static str| PushEmailRequest {
        request_id: "r1".to_owned(),
        raw: raw.into(),
        ..PushEmailRequest::default()
    };
    let mut client = stack.pushes(TENANT);
    let first = client.push_email(push("no mail")).await.expect("taken").into_inner();
    assert_eq!(first.result.as_ref().expect("a result").outcome(), Outcome::Quarantined);
    let again = client.push_email(push("no mail")).await.expect("taken").into_inner();
    assert_eq!(again, first);
    for other in ["no mail either", FIRST] {
        let status = client.push_email(push(other)).await.expect_err("another mail");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(vorrang_service::reason(&status).as_deref(), Some("REQUEST_ID_REUSED"));
    }
    assert_eq!(stack.ticketing.calls(), 0);
}

#[tokio::test]
async fn the_largest_mail_is_taken_and_a_larger_one_refused() {
    let stack = Stack::start().await;
    let largest = 25 << 20;
    let mut raw = b"From: a@x.example\r\nContent-Type: application/octet-stream\r\n\r\n".to_vec();
    let head = raw.len();
    raw.resize(largest, b'x');
    let push = |raw: Vec<u8>| PushEmailRequest {
        raw: raw.into(),
        ..PushEmailRequest::default()
    };
    let mut client = stack.pushes(TENANT);
    let taken = client.push_email(push(raw.clone())).await.expect("taken").into_inner();
    assert_eq!(taken.result.expect("a result").outcome(), Outcome::Created);
    let recorded = &stack.ticketing.contacts()[0];
    let file = &recorded.message.as_ref().expect("a message").attachments[0];
    assert_eq!(usize::try_from(file.size_bytes), Ok(largest - head));
    raw.push(b'x');
    let status = client.push_email(push(raw)).await.expect_err("too large");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_malformed_request_names_every_violation() {
    let stack = Stack::start().await;
    let request = PushEmailRequest {
        request_id: "ä".to_owned(),
        queue: "A B".to_owned(),
        ..PushEmailRequest::default()
    };
    let status = stack.pushes(TENANT).push_email(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let fields: Vec<&str> = details
        .bad_request()
        .expect("violations")
        .field_violations
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    assert_eq!(fields, ["request_id", "queue", "raw"]);
}
