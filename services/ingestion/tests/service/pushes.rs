use http::uri::PathAndQuery;
use prost::Message as _;
use prost_types::Any;
use tonic::Code;
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::push_tickets_response::Answer;
use vorrang_api::ingestion::v1::{
    Outcome, PushTicketRequest, PushTicketsItem, PushTicketsRequest, PushTicketsResponse, push_tickets_answer,
};
use vorrang_api::ticketing::v1::{Channel, Identity, Priority};

use crate::stack::{Stack, TENANT, contact, in_conversation};

#[tokio::test]
async fn a_push_becomes_a_ticket_and_its_repeat_gets_the_same_answer() {
    let stack = Stack::start().await;
    let mut wanted = contact("Hallo");
    wanted.external_id = "m1".to_owned();
    wanted.set_channel(Channel::Chat);
    wanted.set_priority(Priority::High);
    let first = stack.push("r1", wanted.clone()).await.expect("taken");
    assert_eq!(first.outcome(), Outcome::Created);
    assert_eq!(first.ticket, "tickets/1");
    assert_eq!(
        stack.push("r1", wanted.clone()).await.expect("taken"),
        first,
        "the same request id"
    );
    let again = stack.push("r2", wanted.clone()).await.expect("taken");
    assert_eq!(
        (again.outcome(), &again.ticket),
        (Outcome::Duplicate, &first.ticket),
        "the same external id"
    );
    let other = stack.push("r1", contact("something else")).await.expect_err("refused");
    assert_eq!(other.code(), Code::InvalidArgument);
    assert_eq!(vorrang_service::reason(&other).as_deref(), Some("REQUEST_ID_REUSED"));

    let recorded = &stack.ticketing.contacts()[0];
    assert_eq!(
        (recorded.channel(), recorded.priority()),
        (Channel::Chat, Priority::High)
    );
    assert_eq!(
        (recorded.source.as_str(), recorded.external_id.as_str()),
        ("grpc", "m1")
    );
    assert_eq!(recorded.content_hash.len(), 32);
    assert_eq!(stack.ticketing.tickets(), 1);
}

#[tokio::test]
async fn contacts_of_a_conversation_become_one_ticket() {
    let stack = Stack::start().await;
    let first = stack.push("", in_conversation("one", "c1")).await.expect("taken");
    let second = stack.push("", in_conversation("two", "c1")).await.expect("taken");
    let other = stack.push("", in_conversation("three", "c2")).await.expect("taken");
    assert_eq!((second.outcome(), &second.ticket), (Outcome::Appended, &first.ticket));
    assert_eq!(other.outcome(), Outcome::Created);
}

#[tokio::test]
async fn every_violation_is_named_at_once() {
    let stack = Stack::start().await;
    let mut wrong = contact("");
    wrong.identities.push(Identity {
        kind: 2,
        value: "0301234".to_owned(),
        verified: false,
    });
    wrong.identities.push(Identity {
        kind: 99,
        value: "x".to_owned(),
        verified: false,
    });
    wrong.channel = 99;
    wrong.queue = "Not A Queue".to_owned();
    wrong.language = "deutsch!".to_owned();
    wrong.external_id = "x".repeat(251);
    wrong.occurred_at = Some(prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    });
    wrong.due_at = Some(prost_types::Timestamp { seconds: 0, nanos: -1 });
    let status = stack.push("with spaces", wrong).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let mut fields: Vec<&str> = details
        .bad_request()
        .expect("violations")
        .field_violations
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "contact.channel",
            "contact.due_at",
            "contact.external_id",
            "contact.identities[1].value",
            "contact.identities[2].kind",
            "contact.language",
            "contact.occurred_at",
            "contact.queue",
            "contact.text",
            "request_id",
        ]
    );
    let nothing = PushTicketRequest::default();
    let status = stack.pushes(TENANT).push_ticket(nothing).await.expect_err("refused");
    let details = status.get_error_details();
    assert_eq!(
        details.bad_request().expect("violations").field_violations[0].field,
        "contact"
    );
    assert_eq!(stack.ticketing.calls(), 0);
}

#[tokio::test]
async fn a_stream_answers_each_item_in_order_and_goes_on_after_a_bad_one() {
    let stack = Stack::start().await;
    let items: Vec<PushTicketsRequest> = (0..1_200)
        .map(|n| PushTicketsRequest {
            request_id: format!("r{n}"),
            contact: if n % 100 == 7 {
                Some(Default::default())
            } else {
                Some(contact(&format!("text {n}")))
            },
            ..PushTicketsRequest::default()
        })
        .collect();
    let answers = push_all(&stack, items.clone()).await;
    assert_eq!(answers.len(), 1_200);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(
            (answer.index, answer.request_id.as_str()),
            (n as i64, format!("r{n}").as_str())
        );
        match answer.answer.as_ref().expect("an answer") {
            Answer::Result(result) => assert_eq!(result.outcome(), Outcome::Created),
            Answer::Error(error) => {
                assert_eq!((n % 100, error.code), (7, Code::InvalidArgument as i32));
                assert!(!error.details.is_empty(), "with the violations");
            }
        }
    }
    let texts: Vec<String> = (0..1_200)
        .filter(|n| n % 100 != 7)
        .map(|n| format!("text {n}"))
        .collect();
    assert_eq!(stack.ticketing.texts(), texts, "recorded in the order of the stream");
    assert!(
        stack.ticketing.calls() < 300,
        "{} calls for 1,188 contacts",
        stack.ticketing.calls()
    );

    let again = push_all(&stack, items).await;
    assert_eq!(stack.ticketing.tickets(), 1_188, "a repeat makes nothing new");
    assert_eq!(again, answers);
}

#[tokio::test]
async fn items_of_one_message_are_answered_as_if_each_had_come_alone() {
    let stack = Stack::start().await;
    let item = |n: usize| PushTicketsItem {
        request_id: format!("r{n}"),
        contact: (n != 3).then(|| contact(&format!("text {n}"))),
    };
    let message = |numbers: std::ops::Range<usize>| {
        let mut items = numbers.map(item);
        let first = items.next().expect("one at least");
        PushTicketsRequest {
            request_id: first.request_id,
            contact: first.contact,
            more: items.collect(),
        }
    };
    let answers = push_all(&stack, vec![message(0..50), message(50..51), message(51..320)]).await;
    // An error is the last of its message, and no message has more than a hundred.
    let together: Vec<(i64, usize)> = answers
        .iter()
        .map(|answer| (answer.index, 1 + answer.more.len()))
        .collect();
    assert_eq!(together, [(0, 4), (4, 46), (50, 1), (51, 100), (151, 100), (251, 69)]);
    let answers: Vec<_> = answers
        .into_iter()
        .flat_map(|answer| {
            let more = answer.more.into_iter().map(|one| {
                let taken = matches!(one.answer, Some(push_tickets_answer::Answer::Result(_)));
                (one.request_id, taken)
            });
            let taken = matches!(answer.answer, Some(Answer::Result(_)));
            std::iter::once((answer.request_id, taken)).chain(more)
        })
        .collect();
    let expected: Vec<_> = (0..320).map(|n| (format!("r{n}"), n != 3)).collect();
    assert_eq!(answers, expected);
    let texts: Vec<String> = (0..320).filter(|n| *n != 3).map(|n| format!("text {n}")).collect();
    assert_eq!(stack.ticketing.texts(), texts, "recorded in their order");
}

/// More than pushes may hold in memory together: the stream waits, and goes on.
#[tokio::test]
async fn a_stream_of_large_items_is_slowed_down_and_not_lost() {
    let stack = Stack::start().await;
    let items: Vec<PushTicketsRequest> = (0..40)
        .map(|n| PushTicketsRequest {
            request_id: format!("r{n}"),
            contact: Some(contact(&format!("{n} {}", "x".repeat(900_000)))),
            ..PushTicketsRequest::default()
        })
        .collect();
    let answers = push_all(&stack, items).await;
    assert_eq!(answers.len(), 40);
    assert_eq!(stack.ticketing.tickets(), 40);
}

#[tokio::test]
async fn an_item_that_cannot_be_read_ends_the_stream_and_is_named() {
    let stack = Stack::start().await;
    // On the wire the same as a request: a text, then the contact's bytes.
    let item = |request_id: &str, contact: Vec<u8>| Any {
        type_url: request_id.to_owned(),
        value: contact,
    };
    let items = [
        item("r0", contact("one").encode_to_vec()),
        item("r1", contact("two").encode_to_vec()),
        item("r2", b"\xff\xff".to_vec()),
        item("r3", contact("four").encode_to_vec()),
    ];
    let mut client = tonic::client::Grpc::new(stack.running.peers().ingestion(Some(TENANT)));
    client.ready().await.expect("it is there");
    let path = PathAndQuery::from_static("/vorrang.ingestion.v1.IngestionService/PushTickets");
    let codec = ProstCodec::<Any, PushTicketsResponse>::new();
    let items = tonic::Request::new(futures::stream::iter(items));
    let mut answers = client.streaming(items, path, codec).await.expect("begins").into_inner();
    for index in 0..2 {
        let answer = answers.message().await.expect("goes on").expect("an answer");
        assert_eq!(answer.index, index);
        assert!(matches!(answer.answer, Some(Answer::Result(_))), "{answer:?}");
    }
    let status = answers.message().await.expect_err("it ends");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let info = status.get_details_error_info().expect("there is one");
    assert_eq!(
        (info.reason.as_str(), info.metadata["index"].as_str()),
        ("REQUEST_MALFORMED", "2")
    );
    assert_eq!(stack.ticketing.texts(), ["one", "two"]);
}

pub async fn push_all(stack: &Stack, items: Vec<PushTicketsRequest>) -> Vec<PushTicketsResponse> {
    let mut stream = stack
        .pushes(TENANT)
        .push_tickets(futures::stream::iter(items))
        .await
        .expect("begins")
        .into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = stream.message().await.expect("goes on") {
        answers.push(answer);
    }
    answers
}
