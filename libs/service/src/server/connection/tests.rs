use axum::Router;
use axum::routing::get;
use http::StatusCode;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn stuck() -> Body {
    Body::from_stream(futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>())
}

/// A served connection: our end of it and its task.
fn open(router: Router) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let end = End {
        drain: CancellationToken::new(),
        hard: CancellationToken::new(),
        idle: true,
    };
    (
        client,
        tokio::spawn(serve(server, builder(200, TaskTracker::new()), Front::new(router), end)),
    )
}

fn router() -> Router {
    Router::new()
        .route("/quick", get(|| async { "done" }))
        .route("/open", get(|| async { stuck() }))
}

type Sender = hyper::client::conn::http2::SendRequest<Body>;

async fn http2(io: DuplexStream) -> Sender {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await;
    let (sender, connection) = handshake.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut Sender, path: &str) -> Response<Incoming> {
    let request = Request::get(format!("http://localhost{path}")).body(Body::empty());
    let answer = sender
        .send_request(request.expect("a request"))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}

async fn took(served: JoinHandle<()>) -> Duration {
    let start = Instant::now();
    tokio::time::timeout(60 * MINUTE, served)
        .await
        .expect("it ends")
        .expect("no panic");
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn who_sends_nothing_is_sent_away() {
    let (_client, served) = open(router());
    assert_eq!(took(served).await, FIRST_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn who_only_greets_is_sent_away() {
    for greeting in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        "GET /quick HTTP/1.1\r\n",
    ] {
        let (mut client, served) = open(router());
        client.write_all(greeting.as_bytes()).await.expect("written");
        let mut rest = Vec::new();
        let (took, read) = tokio::join!(took(served), client.read_to_end(&mut rest));
        read.expect("it is closed in order");
        assert!(
            took >= FIRST_TIMEOUT && took <= FIRST_TIMEOUT + GOODBYE,
            "{greeting:?}: {took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_served_may_be_idle_for_a_while() {
    let (client, mut served) = open(router());
    let mut sender = http2(client).await;
    drop(ask(&mut sender, "/quick").await);
    let left = tokio::time::timeout(9 * MINUTE, &mut served).await;
    assert!(left.is_err(), "it stays");
    drop(ask(&mut sender, "/quick").await);
    let took = took(served).await;
    assert!(took >= IDLE_TIMEOUT && took <= IDLE_TIMEOUT + GOODBYE, "{took:?}");
    assert!(sender.is_closed(), "the client knows");
}

#[tokio::test(start_paused = true)]
async fn an_open_call_keeps_its_connection() {
    let (client, mut served) = open(router());
    let mut sender = http2(client).await;
    let call = ask(&mut sender, "/open").await;
    let left = tokio::time::timeout(120 * MINUTE, &mut served).await;
    assert!(left.is_err() && !sender.is_closed(), "it stays");
    drop(call);
    let took = took(served).await;
    assert!(took <= 2 * IDLE_TIMEOUT, "{took:?}");
}
