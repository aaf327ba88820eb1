use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};
use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
use vorrang_testkit::{DEADLINE, wait_until};

use crate::support::{Fake, head, plain};

/// A service whose calls wait for a permit, so that a test decides how many are in work.
fn gated(gate: &Arc<Semaphore>, inside: &Arc<Semaphore>) -> Fake {
    let (gate, inside) = (gate.clone(), inside.clone());
    Fake::new().follow(futures::stream::pending).head(move |_| {
        let (gate, inside) = (gate.clone(), inside.clone());
        async move {
            inside.add_permits(1);
            gate.acquire().await.expect("never closed").forget();
            Ok(head("done"))
        }
    })
}

#[tokio::test]
async fn more_calls_than_fit_are_shed_and_told_when_to_come_back() {
    let (gate, inside) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let server = gated(&gate, &inside)
        .start_with(|config| config.limits.max_concurrent_requests = 2)
        .await;
    let client = server.client().await;
    let call = || {
        let mut client = client.clone();
        tokio::spawn(async move { client.get_head(GetHeadRequest {}).await })
    };
    let held = [call(), call()];
    wait_until(DEADLINE, "two calls in work", || async {
        inside.available_permits() == 2
    })
    .await;

    let shed = call().await.expect("no panic").expect_err("a third does not fit");
    assert_eq!(shed.code(), Code::ResourceExhausted);
    assert_eq!(
        shed.get_details_error_info().map(|info| info.reason).as_deref(),
        Some("OVERLOADED")
    );
    assert!(
        shed.get_details_retry_info()
            .and_then(|info| info.retry_delay)
            .is_some_and(|delay| delay > Duration::ZERO)
    );

    // Whoever looks after us, and our own services, still get through.
    let mut health = HealthClient::new(server.channel().await);
    assert!(health.check(HealthCheckRequest::default()).await.is_ok());
    let mut peer = FeedServiceClient::new(server.running.peers().knowledge(Some("acme")));
    let internal = tokio::spawn(async move { peer.get_head(GetHeadRequest {}).await });
    wait_until(DEADLINE, "a third call in work", || async {
        inside.available_permits() == 3
    })
    .await;

    gate.add_permits(4);
    assert!(internal.await.expect("no panic").is_ok());
    for call in held {
        assert!(call.await.expect("no panic").is_ok());
    }
    assert!(call().await.expect("no panic").is_ok(), "the places are free again");
}

#[tokio::test]
async fn streams_have_places_of_their_own_and_give_them_back() {
    let server = Fake::new()
        .follow(futures::stream::pending)
        .start_with(|config| {
            config.limits.max_streams = 1;
            config.limits.max_concurrent_requests = 1;
        })
        .await;
    let mut client = server.client().await;
    let stream = client.follow(FollowRequest::default()).await.expect("the first fits");
    let shed = client
        .follow(FollowRequest::default())
        .await
        .expect_err("the second does not");
    assert_eq!(shed.code(), Code::ResourceExhausted);
    assert!(
        client.get_head(GetHeadRequest {}).await.is_ok(),
        "calls have other places"
    );
    drop(stream);
    wait_until(DEADLINE, "a place for a stream", || {
        let mut client = client.clone();
        async move { client.follow(FollowRequest::default()).await.is_ok() }
    })
    .await;
}

#[tokio::test]
async fn a_tenant_that_calls_too_often_is_slowed_down_and_others_are_not() {
    let server = Fake::new()
        .start_with(|config| {
            config.limits.tenant_requests_per_second = 1;
            config.limits.tenant_burst = 3;
        })
        .await;
    let mut acme = server.client().await;
    for _ in 0..3 {
        acme.get_head(GetHeadRequest {}).await.expect("the burst passes");
    }
    let limited = acme.get_head(GetHeadRequest {}).await.expect_err("one too many");
    assert_eq!(limited.code(), Code::ResourceExhausted);
    assert_eq!(
        limited.get_details_error_info().map(|info| info.reason).as_deref(),
        Some("TENANT_RATE_LIMITED")
    );
    assert!(limited.get_details_retry_info().is_some());
    for _ in 0..5 {
        let mut peer = FeedServiceClient::new(server.running.peers().knowledge(Some("acme")));
        peer.get_head(GetHeadRequest {})
            .await
            .expect("our own services are not limited");
    }
}

#[tokio::test]
async fn messages_larger_than_allowed_are_refused() {
    let server = Fake::new()
        .start_with(|config| config.limits.max_message_bytes = 1024)
        .await;
    let mut client = server.client().await;
    let large = FollowRequest {
        cursor: "x".repeat(4096),
        ..FollowRequest::default()
    };
    let refused = client.follow(large).await.expect_err("too large");
    assert_eq!(refused.code(), Code::OutOfRange);
    drop(plain().await);
}
