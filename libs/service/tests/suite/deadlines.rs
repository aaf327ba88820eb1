use std::time::Duration;

use futures::StreamExt as _;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};

use crate::support::{Fake, event, head};

fn within<T>(message: T, header: &'static str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("grpc-timeout", header.parse().expect("ASCII"));
    request
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_with_deadline_exceeded() {
    let server = Fake::new().head(|_| std::future::pending()).start().await;
    let mut client = server.bare_client().await;
    let status = client
        .get_head(within(GetHeadRequest {}, "50m"))
        .await
        .expect_err("it cannot answer");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(
        status.get_details_error_info().map(|info| info.reason).as_deref(),
        Some("DEADLINE_EXCEEDED")
    );
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline_with_deadline_exceeded() {
    let first_then_nothing = || futures::stream::iter([Ok(event("one"))]).chain(futures::stream::pending());
    let server = Fake::new().follow(first_then_nothing).start().await;
    let mut client = server.bare_client().await;
    let mut stream = client
        .follow(within(FollowRequest::default(), "200m"))
        .await
        .expect("it begins")
        .into_inner();
    assert_eq!(
        stream
            .message()
            .await
            .expect("in time")
            .map(|one| one.cursor)
            .as_deref(),
        Some("one")
    );
    let status = stream.message().await.expect_err("its time is up");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_stream_that_always_has_more_ends_at_its_deadline_too() {
    let server = Fake::new()
        .follow(|| futures::stream::repeat_with(|| Ok(event("more"))))
        .start()
        .await;
    let mut client = server.bare_client().await;
    let mut stream = client
        .follow(within(FollowRequest::default(), "100m"))
        .await
        .expect("it begins")
        .into_inner();
    let status = loop {
        if let Err(status) = stream.message().await {
            break status;
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn handlers_see_what_is_left() {
    let left = |_| async {
        let left = vorrang_service::remaining().map(|left| left.as_millis().to_string());
        Ok(head(&left.unwrap_or_default()))
    };
    let server = Fake::new().head(left).start().await;
    let mut client = server.bare_client().await;
    let read = |answer: tonic::Response<vorrang_api::feed::v1::GetHeadResponse>| {
        answer.into_inner().cursor.parse::<u64>().expect("a number")
    };
    let given = read(
        client
            .get_head(within(GetHeadRequest {}, "5S"))
            .await
            .expect("answered"),
    );
    assert!((1..=5_000).contains(&given), "{given}");
    // Without a deadline a call still has one.
    let given = read(client.get_head(GetHeadRequest {}).await.expect("answered"));
    assert!((10_000..=60_000).contains(&given), "{given}");
}

#[tokio::test]
async fn a_malformed_deadline_is_ignored() {
    let server = crate::support::plain().await;
    let mut client = server.bare_client().await;
    assert!(client.get_head(within(GetHeadRequest {}, "soon")).await.is_ok());
}

#[tokio::test]
async fn what_is_left_is_passed_on_to_peers() {
    use std::sync::OnceLock;
    use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
    use vorrang_service::Peers;

    // Acme's call asks the same method again as a service, which then says what it has left.
    let peers: &'static OnceLock<Peers> = Box::leak(Box::default());
    let relay = move |request: Request<GetHeadRequest>| async move {
        let left = vorrang_service::remaining()
            .unwrap_or(Duration::ZERO)
            .as_millis()
            .to_string();
        let caller = vorrang_service::caller(&request).map_err(vorrang_service::status)?;
        if caller.is_internal() {
            return Ok(head(&left));
        }
        let tenant = vorrang_service::tenant(&request).map_err(vorrang_service::status)?;
        let peers = peers.get().expect("set below");
        FeedServiceClient::new(peers.knowledge(Some(&tenant)))
            .get_head(GetHeadRequest {})
            .await
            .map(|it| it.into_inner())
    };
    let server = Fake::new().head(relay).start().await;
    peers.set(server.running.peers().clone()).ok().expect("set once");
    let mut client = server.bare_client().await;
    let answer = client
        .get_head(within(GetHeadRequest {}, "7S"))
        .await
        .expect("answered")
        .into_inner();
    let given: u64 = answer.cursor.parse().expect("a number");
    assert!((1..=7_000).contains(&given), "{given}");
}
