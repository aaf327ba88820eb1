//! One client alone cannot take the places of all others.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Semaphore;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};
use vorrang_identity::Scope;
use vorrang_service::{Bind, Bound};
use vorrang_testkit::{DEADLINE, wait_until};

use crate::support::{Fake, Server, head, plain};

const HEAD: &str = "/vorrang.knowledge.v1.FeedService/GetHead";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
/// An empty message: no compression, length zero.
const EMPTY: Bytes = Bytes::from_static(&[0; 5]);

type Sender = SendRequest<UnsyncBoxBody<Bytes, std::io::Error>>;

/// A connection whose streams have a window of `window` bytes.
async fn connection(server: &Server, window: u32) -> Sender {
    let socket = tokio::net::TcpStream::connect(server.running.addr())
        .await
        .expect("it listens");
    let handshake = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(window)
        .handshake(TokioIo::new(socket))
        .await;
    let (sender, connection) = handshake.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

fn grpc(path: &str) -> http::request::Builder {
    Request::post(format!("http://localhost{path}")).header(header::CONTENT_TYPE, "application/grpc")
}

/// A body that is `first` and then nothing, without an end.
fn endless(first: Bytes) -> UnsyncBoxBody<Bytes, std::io::Error> {
    use futures::StreamExt as _;
    let first = futures::stream::iter([Ok(http_body::Frame::data(first))]);
    StreamBody::new(first.chain(futures::stream::pending())).boxed_unsync()
}

fn whole(body: Bytes) -> UnsyncBoxBody<Bytes, std::io::Error> {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}

async fn send(
    sender: &Sender,
    request: http::request::Builder,
    body: UnsyncBoxBody<Bytes, std::io::Error>,
) -> Response<Incoming> {
    let request = request.body(body).expect("a request");
    sender.clone().send_request(request).await.expect("an answer")
}

fn code(response: &Response<Incoming>) -> Option<&str> {
    response
        .headers()
        .get("grpc-status")
        .and_then(|code| code.to_str().ok())
}

#[tokio::test]
async fn who_does_not_read_the_answer_keeps_its_place_no_longer_than_the_deadline() {
    let server = Fake::new()
        .start_with(|config| config.limits.max_concurrent_requests = 1)
        .await;
    let key = server.key("acme", &[Scope::FeedRead]).await;
    let deaf = connection(&server, 0).await;
    let request = grpc(HEAD)
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header("grpc-timeout", "500m");
    let unread = send(&deaf, request, whole(EMPTY)).await;
    assert_eq!(unread.status(), 200);

    let client = server.client().await;
    let full = client
        .clone()
        .get_head(GetHeadRequest {})
        .await
        .expect_err("the only place is taken");
    assert_eq!(full.code(), Code::ResourceExhausted);
    wait_until(DEADLINE, "a free place", || {
        let mut client = client.clone();
        async move { client.get_head(GetHeadRequest {}).await.is_ok() }
    })
    .await;
    assert!(unread.into_body().collect().await.is_err(), "the stream was reset");
}

#[tokio::test]
async fn who_has_no_credential_takes_no_places_of_those_who_have_one() {
    let server = Fake::new()
        .follow(futures::stream::pending)
        .start_with(|config| config.limits.max_streams = 1)
        .await;
    let stranger = connection(&server, 65_535).await;
    let bodies: [fn() -> _; 2] = [|| endless(EMPTY), || whole(EMPTY)];
    for (path, body) in [REFLECTION, WATCH].into_iter().zip(bodies) {
        let calls = (0..100).map(|_| send(&stranger, grpc(path), body()));
        let answers = join_all(calls).await;
        let refused = answers.iter().filter(|answer| code(answer) == Some("8")).count();
        assert_eq!(refused, 36, "{path}: 64 have places");
        let mut client = server.client().await;
        assert!(client.follow(FollowRequest::default()).await.is_ok(), "{path}");
        let mut health = HealthClient::new(server.channel().await);
        assert!(health.check(HealthCheckRequest::default()).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn slow_bodies_take_places_of_http_only_whatever_they_say_they_are() {
    let web = Bind::new("web", |_| async {
        let route = axum::routing::post(|body: Bytes| async move { body });
        Ok(Bound::new("web").http(axum::Router::new().route("/v1/echo", route)))
    });
    let change = |config: &mut vorrang_service::Config| config.limits.max_concurrent_requests = 4;
    let server = Server::start(vec![web, Fake::new().bind()], change).await;
    let slow = connection(&server, 65_535).await;
    let request = || {
        grpc("/v1/echo")
            .header("grpc-timeout", "99999999H")
            .body(endless(Bytes::from_static(b"first")))
            .expect("a request")
    };
    let held: Vec<_> = (0..4)
        .map(|_| tokio::spawn(slow.clone().send_request(request())))
        .collect();
    // Only one of them fits into the places of HTTP.
    wait_until(DEADLINE, "three refusals", || async {
        held.iter().filter(|call| call.is_finished()).count() == 3
    })
    .await;
    assert!(server.client().await.get_head(GetHeadRequest {}).await.is_ok());
}

#[tokio::test]
async fn who_only_claims_to_be_one_of_us_gets_none_of_our_places() {
    let (gate, inside) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (opened, entered) = (gate.clone(), inside.clone());
    let wait = move |_| {
        let (opened, entered) = (opened.clone(), entered.clone());
        async move {
            entered.add_permits(1);
            opened.acquire().await.expect("never closed").forget();
            Ok(head("done"))
        }
    };
    let server = Fake::new()
        .head(wait)
        .start_with(|config| config.limits.max_concurrent_requests = 1)
        .await;
    let mut client = server.client().await;
    let held = tokio::spawn(async move { client.get_head(GetHeadRequest {}).await });
    wait_until(DEADLINE, "the call in work", || async {
        inside.available_permits() == 1
    })
    .await;
    let other = connection(&server, 65_535).await;
    let claimed = grpc(HEAD).header(header::AUTHORIZATION, "Bearer vi1.*.routing.1700000000.00");
    assert_eq!(
        code(&send(&other, claimed, whole(EMPTY)).await),
        Some("8"),
        "it got to the identity layer"
    );
    gate.add_permits(1);
    assert!(held.await.expect("no panic").is_ok());
}

#[tokio::test]
async fn a_connection_may_have_two_hundred_calls_open() {
    let server = plain().await;
    let socket = tokio::net::TcpStream::connect(server.running.addr())
        .await
        .expect("it listens");
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await;
    let (sender, mut connection) = handshake.expect("HTTP/2");
    // The settings have come when a call has been answered.
    tokio::select! {
        _ = send(&sender, grpc("/nothing/Here"), whole(EMPTY)) => {}
        _ = &mut connection => panic!("the connection broke"),
    }
    assert_eq!(connection.current_max_send_streams(), 200);
}
