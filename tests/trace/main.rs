//! One trace from the push through ticketing and the queue to the agent's accept, as an OTLP receiver sees it.
//!
//! A binary of its own: where spans go is decided once per process.

#[allow(dead_code, reason = "shared with the journeys, which need more of it")]
#[path = "../e2e/desktop.rs"]
mod desktop;
mod receiver;
#[allow(dead_code, reason = "shared with the journeys, which need more of it")]
#[path = "../e2e/stack.rs"]
mod stack;

use tonic::metadata::MetadataValue;
use vorrang_api::ingestion::v1::{Contact, PushTicketRequest};
use vorrang_api::ticketing::v1::{Channel, Identity, identity};
use vorrang_testkit::{DEADLINE, data_folder, wait_for, wait_until};

use desktop::Log;
use receiver::Receiver;
use stack::Stack;

/// What the pushing system calls its trace; W3C trace context carries it to us.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_runs_from_the_push_to_the_accept() {
    let receiver = Receiver::start().await;
    let folder = data_folder();
    let mut config = vorrang_service::Config::local(folder.path());
    config.telemetry.otlp_endpoint = receiver.url();
    let stack = Stack::with(config).await;
    let client = stack.client("acme").await;

    let contact = Contact {
        channel: Channel::Chat.into(),
        tier: "vip".to_owned(),
        text: "Where is my order?".to_owned(),
        identities: vec![Identity {
            kind: identity::Kind::Email.into(),
            value: "mara@example.org".to_owned(),
            verified: true,
        }],
        ..Contact::default()
    };
    let mut request = tonic::Request::new(PushTicketRequest {
        contact: Some(contact),
        ..PushTicketRequest::default()
    });
    let parent = MetadataValue::try_from(format!("00-{TRACE}-b7ad6b7169203331-01")).expect("a header value");
    request.metadata_mut().insert("traceparent", parent);
    client.ingestion().push_ticket(request).await.expect("is taken");

    let log = Log::default();
    let desktop = desktop::open(&client, "anna", &log).await;
    wait_until(DEADLINE, "the assignment", || async { log.assigned().len() == 1 }).await;
    drop(desktop);
    // Stopping sends what is left.
    stack.stop().await;

    let expected = [
        "vorrang.ingestion.v1.IngestionService/PushTicket",
        "vorrang.ticketing.v1.InternalService/RecordContacts",
        "vorrang.ticketing.v1.InternalService/AcceptTicket",
    ];
    let spans = wait_for(DEADLINE, "the spans of the trace", || async {
        let spans = receiver.of_trace(TRACE);
        expected
            .iter()
            .all(|name| spans.iter().any(|span| span.name == *name))
            .then_some(spans)
    })
    .await;
    // Between ticketing and the accept the trace crosses the feed and Redis: routing must have its part in it.
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    let in_queue = ["queue", "offer", "accept"].iter().any(|word| {
        names
            .iter()
            .any(|name| name.to_lowercase().contains(word) && !name.starts_with("vorrang."))
    });
    assert!(in_queue, "routing has no span of its own in {names:?}");
    // Every span but the first has its parent in the same trace: one tree, not pieces that share a number.
    let ids: Vec<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
    let orphans: Vec<&str> = spans
        .iter()
        .filter(|span| !ids.contains(&span.parent_span_id.as_slice()))
        .map(|span| span.name.as_str())
        .collect();
    assert_eq!(vec![expected[0]], orphans, "of {names:?}");
}
