//! What every service has: health, reflection, metrics, deadlines, errors that say everything at once.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_types::StatusExt as _;
use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_api::ingestion::v1::{Contact, PushTicketRequest, Source};
use vorrang_api::ticketing::v1::GetTicketRequest;

use crate::journey::{contact, push};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_are_served_beside_the_calls() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    push(
        &client,
        contact("metrics-1", vorrang_api::ticketing::v1::Channel::Chat, "", "Hello"),
    )
    .await;

    let admin = stack.running().admin_addr().expect("an admin port").to_string();
    let metrics = get(&admin, "/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    assert!(metrics.contains("rpc_server_call_duration"), "{metrics}");
    assert!(
        metrics.contains("vorrang.ingestion.v1.IngestionService/PushTicket"),
        "{metrics}"
    );
    assert!(get(&admin, "/healthz").await.starts_with("HTTP/1.1 200"));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_deadline() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        ..FollowRequest::default()
    };
    let mut request = tonic::Request::new(request);
    request.set_timeout(Duration::from_millis(300));
    let mut feed = client
        .ticketing_feed()
        .follow(request)
        .await
        .expect("starts")
        .into_inner();
    let status = loop {
        match feed.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a feed does not end by itself"),
            Err(status) => break status,
        }
    };
    assert_eq!(Code::DeadlineExceeded, status.code());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_carry_everything_a_program_needs() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;

    // All field violations at once.
    let request = PushTicketRequest {
        contact: Some(Contact {
            external_id: "x".repeat(251),
            queue: "Not A Queue".to_owned(),
            ..Contact::default()
        }),
        ..PushTicketRequest::default()
    };
    let status = client.ingestion().push_ticket(request).await.expect_err("is malformed");
    assert_eq!(Code::InvalidArgument, status.code());
    let details = status.get_error_details();
    let fields: Vec<String> = details
        .bad_request()
        .expect("names the fields")
        .field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect();
    for field in ["contact.external_id", "contact.identities", "contact.queue"] {
        assert!(
            fields.iter().any(|found| found.starts_with(field)),
            "{field} is missing in {fields:?}"
        );
    }
    assert_eq!("vorrang.dev", details.error_info().expect("a reason").domain);

    // An unknown preset, named by its reason.
    let source = Source {
        preset: "no-such".to_owned(),
        ..Source::default()
    };
    let request = vorrang_api::ingestion::v1::CreateSourceRequest {
        source: Some(source),
        ..Default::default()
    };
    let status = client.sources().create_source(request).await.expect_err("is unknown");
    let reason = status
        .get_error_details()
        .error_info()
        .expect("a reason")
        .reason
        .clone();
    assert_eq!((Code::NotFound, "PRESET_UNKNOWN"), (status.code(), reason.as_str()));

    // A ticket that never was, named by its type.
    let name = format!("tickets/{}", uuid::Uuid::nil());
    let status = client
        .tickets()
        .get_ticket(GetTicketRequest { name: name.clone() })
        .await
        .expect_err("never was");
    let details = status.get_error_details();
    let resource = details.resource_info().expect("says what is missing");
    assert_eq!((Code::NotFound, name), (status.code(), resource.resource_name.clone()));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_need_no_key() {
    let stack = Stack::embedded().await;
    let channel = Endpoint::from_shared(stack.running().url())
        .expect("a url")
        .connect()
        .await
        .expect("connects");
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    for service in [
        "",
        "vorrang.ticketing.v1.TicketService",
        "vorrang.routing.v1.WorkService",
    ] {
        let request = tonic_health::pb::HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = health.check(request).await.expect("is answered").into_inner().status();
        assert_eq!(
            tonic_health::pb::health_check_response::ServingStatus::Serving,
            status,
            "{service}"
        );
    }
    stack.stop().await;
}

async fn get(address: &str, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("reads");
    answer
}
