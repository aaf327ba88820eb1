//! Requests that are made to cost: refused, at the price of what was sent and not of what it announces or unfolds to.

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tonic::Code;
use vorrang_api::feed::v1::GetHeadRequest;
use vorrang_identity::Scope;

use crate::malformed::{FOLLOW, call, framed, says};
use crate::support::{Fake, Server, plain};

const STREAMS: usize = 200;
/// What a connection may have open at once, with room.
const PER_CONNECTION: usize = 50;
/// Far above what two hundred waiting calls take, and a quarter of what they announce.
const GROWTH_MAX_KIB: u64 = 200 << 10;

#[tokio::test]
async fn what_is_nested_without_end_is_refused() {
    let server = plain().await;
    for depth in [101, 10_000, 1_000_000] {
        // A group of field 100 in a group of field 100 …
        let nested = [0xa3, 0x06].repeat(depth);
        let refused = call(&server, FOLLOW, &[], &framed(0, &nested)).await;
        says(&refused, Code::InvalidArgument, "REQUEST_MALFORMED");
    }
}

#[tokio::test]
async fn what_a_newer_client_says_is_left_out() {
    let server = plain().await;
    // Field 1000 of each wire type: a number, eight bytes, text, four bytes.
    let unknown = [
        &[0xc0, 0x3e, 0x07][..],
        &[0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xc2, 0x3e, 2, b'h', b'i'],
        &[0xc5, 0x3e, 1, 2, 3, 4],
    ]
    .concat();
    let answered = call(&server, FOLLOW, &[], &framed(0, &unknown)).await;
    assert_eq!(answered.code(), Code::Ok, "{answered}");
}

#[tokio::test]
async fn a_thousandfold_bomb_costs_no_more_than_a_message_may_have() {
    use std::io::Write as _;

    let server = plain().await;
    let before = rss_kib();
    for level in [flate2::Compression::best(), flate2::Compression::fast()] {
        let mut once = flate2::write::GzEncoder::new(Vec::new(), level);
        for _ in 0..256 {
            once.write_all(&[0; 1 << 20]).expect("compressed");
        }
        let once = once.finish().expect("compressed");
        let refused = call(&server, FOLLOW, &[("grpc-encoding", "gzip")], &framed(1, &once)).await;
        says(&refused, Code::OutOfRange, "MESSAGE_TOO_LARGE");
        // Twice packed it is unpacked once, and is then no message.
        let mut twice = flate2::write::GzEncoder::new(Vec::new(), level);
        twice.write_all(&once).expect("compressed");
        let twice = twice.finish().expect("compressed");
        let refused = call(&server, FOLLOW, &[("grpc-encoding", "gzip")], &framed(1, &twice)).await;
        says(&refused, Code::InvalidArgument, "REQUEST_MALFORMED");
    }
    let growth = rss_kib().saturating_sub(before);
    assert!(growth < GROWTH_MAX_KIB, "{growth} KiB");
}

/// A decoder makes room for what the five bytes before a message announce.
#[tokio::test]
async fn announced_messages_that_never_come_take_no_memory_and_hold_up_nobody() {
    let server = Fake::new().start().await;
    let largest = u32::try_from(server.running.context().config.limits.max_message_bytes).expect("fits");
    let announced = Bytes::from([&[0][..], &largest.to_be_bytes()].concat());
    let key = server.key("acme", &[Scope::FeedRead]).await;
    let before = rss_kib();
    let (mut connections, mut waiting) = (Vec::new(), Vec::new());
    for _ in 0..STREAMS / PER_CONNECTION {
        let mut sender = connect(&server).await;
        for _ in 0..PER_CONNECTION {
            // The head of a message, and then silence.
            let body = futures::stream::iter([Ok::<_, std::convert::Infallible>(Frame::data(announced.clone()))]);
            let body = BodyExt::boxed(StreamBody::new(body.chain(futures::stream::pending())));
            let request = Request::post(format!("{}{FOLLOW}", server.running.url()))
                .header(header::AUTHORIZATION, format!("Bearer {key}"))
                .header(header::CONTENT_TYPE, "application/grpc")
                .body(body)
                .expect("a request");
            sender.ready().await.expect("there is room");
            waiting.push(tokio::spawn(sender.send_request(request)));
        }
        connections.push(sender);
    }
    let mut client = server.client().await;
    for _ in 0..20 {
        client.get_head(GetHeadRequest {}).await.expect("others are served");
    }
    let growth = rss_kib().saturating_sub(before);
    assert!(growth < GROWTH_MAX_KIB, "{growth} KiB");
    let unanswered = waiting.iter().filter(|one| !one.is_finished()).count();
    assert!(unanswered > 0, "nobody waited, so nothing was tested");
    waiting.into_iter().for_each(|one| one.abort());
}

type Silent = http_body_util::combinators::BoxBody<Bytes, std::convert::Infallible>;

async fn connect(server: &Server) -> SendRequest<Silent> {
    let socket = tokio::net::TcpStream::connect(server.running.addr())
        .await
        .expect("it listens");
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await;
    let (sender, connection) = handshake.expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

/// What this process has in memory. Other tests of it run at the same time, which the bounds leave room for.
fn rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let value = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    value.expect("a number of KiB")
}
