use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};
use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
use vorrang_service::{Bind, Bound};
use vorrang_testkit::{DEADLINE, wait_until};

use crate::support::{Fake, Server, head, plain};

#[tokio::test]
async fn calls_in_work_finish_and_new_ones_find_nobody() {
    let (gate, inside) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let handler = {
        let (gate, inside) = (gate.clone(), inside.clone());
        move |_| {
            let (gate, inside) = (gate.clone(), inside.clone());
            async move {
                inside.add_permits(1);
                gate.acquire().await.expect("never closed").forget();
                Ok(head("finished"))
            }
        }
    };
    let server = Fake::new().head(handler).start().await;
    let address = server.running.addr();
    let mut client = server.client().await;
    let call = tokio::spawn(async move { client.get_head(GetHeadRequest {}).await });
    wait_until(DEADLINE, "the call in work", || async {
        inside.available_permits() == 1
    })
    .await;
    let stopping = tokio::spawn(server.running.shutdown());
    wait_until(DEADLINE, "a closed port", || async {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
    assert!(!stopping.is_finished(), "it waits for the call");
    gate.add_permits(1);
    let answer = call.await.expect("no panic").expect("it is answered").into_inner();
    assert_eq!(answer.cursor, "finished");
    stopping.await.expect("it stops");
}

#[tokio::test]
async fn streams_end_with_unavailable_soon() {
    let server = Fake::new().follow(futures::stream::pending).start().await;
    let mut client = server.client().await;
    let mut stream = client
        .follow(FollowRequest::default())
        .await
        .expect("it begins")
        .into_inner();
    let stopped = tokio::time::timeout(Duration::from_secs(8), server.running.shutdown());
    let (status, stopped) = tokio::join!(stream.message(), stopped);
    assert_eq!(status.expect_err("it is cut").code(), Code::Unavailable);
    stopped.expect("a stream does not use up the time for draining");
}

#[tokio::test]
async fn who_watches_the_health_sees_not_serving_before_the_end() {
    let server = plain().await;
    let mut client = HealthClient::new(server.channel().await);
    let mut watch = client
        .watch(HealthCheckRequest::default())
        .await
        .expect("it is served")
        .into_inner();
    let first = watch.message().await.expect("answered").map(|answer| answer.status());
    assert_eq!(first, Some(ServingStatus::Serving));
    let stopping = tokio::spawn(server.running.shutdown());
    let second = watch.message().await.expect("answered").map(|answer| answer.status());
    assert_eq!(second, Some(ServingStatus::NotServing));
    stopping.await.expect("it stops");
}

#[tokio::test]
async fn tasks_end_after_calls_and_may_still_call_peers() {
    let (ended, order) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (told, counted) = (ended.clone(), order.clone());
    let worker = Bind::new("worker", move |context| async move {
        let peers = context.peers.clone();
        let task = async move {
            context.shutdown.cancelled().await;
            let mut client = FeedServiceClient::new(peers.knowledge(Some("acme")));
            if client.get_head(GetHeadRequest {}).await.is_ok() {
                counted.add_permits(1);
            }
            told.notify_one();
        };
        Ok(Bound::new("worker").task("last words", task))
    });
    let server = Server::start(vec![worker, Fake::new().bind()], |_| {}).await;
    server.running.shutdown().await;
    ended.notified().await;
    assert_eq!(order.available_permits(), 1, "the peer was gone before the task");
}

#[tokio::test]
async fn a_task_that_panics_is_noticed() {
    let broken = Bind::new("broken", |_| async {
        Ok(Bound::new("broken").task("bad", async { panic!("broken") }))
    });
    let server = Server::start(vec![broken], |_| {}).await;
    tokio::time::timeout(DEADLINE, server.running.failed())
        .await
        .expect("it is noticed");
    server.running.shutdown().await;
}

#[tokio::test]
async fn dropping_closes_the_port() {
    let server = plain().await;
    let address = server.running.addr();
    drop(server);
    wait_until(DEADLINE, "a closed port", || async {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
}
