//! What tonic refuses by itself: the client learns why, with an ErrorInfo as of everything, and it is not INTERNAL.

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};
use vorrang_identity::Scope;

use crate::support::{Fake, Server, event, head, plain};

pub const FOLLOW: &str = "/vorrang.knowledge.v1.FeedService/Follow";

/// The status of one call that is written byte by byte.
pub async fn call(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Status {
    let key = server.key("acme", &[Scope::FeedRead]).await;
    let mut request = Request::post(format!("{}{path}", server.running.url()))
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/grpc");
    for (name, value) in headers {
        let map = request.headers_mut().expect("a request");
        map.insert(
            http::HeaderName::try_from(*name).expect("a name"),
            value.parse().expect("a value"),
        );
    }
    let socket = tokio::net::TcpStream::connect(server.running.addr())
        .await
        .expect("it listens");
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await;
    let (mut sender, connection) = handshake.expect("HTTP/2");
    tokio::spawn(connection);
    let request = request
        .body(Full::new(Bytes::copy_from_slice(body)))
        .expect("a request");
    let (parts, body) = sender.send_request(request).await.expect("an answer").into_parts();
    let mut all: HeaderMap = parts.headers;
    if let Some(trailers) = body.collect().await.expect("a body").trailers() {
        all.extend(trailers.clone());
    }
    Status::from_header_map(&all).expect("there is a status")
}

/// A message with the frame that gRPC puts around it.
pub fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("small").to_be_bytes();
    [&[flag], &length[..], message].concat()
}

pub fn says(status: &Status, code: Code, reason: &str) {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("{status:?} has no ErrorInfo"));
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{status:?}");
    assert_eq!(info.domain, "vorrang.dev");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_the_clients_fault() {
    let server = plain().await;
    let no_protobuf = framed(0, b"\xff\xff\xff\xff");
    let no_utf8 = framed(0, b"\x0a\x02\xc3\x28");
    let no_gzip = framed(1, b"this is not gzip");
    for (what, headers, body) in [
        ("no Protobuf", &[][..], &no_protobuf[..]),
        ("no UTF-8", &[], &no_utf8),
        ("no message", &[], b""),
        ("half a message", &[], &no_utf8[..7]),
        ("an unknown flag", &[], &framed(7, b"")),
        ("compressed, but not said how", &[], &no_gzip),
        ("not compressed as said", &[("grpc-encoding", "gzip")], &no_gzip),
        (
            "not base64",
            &[("content-type", "application/grpc-web-text")],
            b"!!!!!!!!",
        ),
    ] {
        let refused = call(&server, FOLLOW, headers, body).await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{what}: {refused}");
        says(&refused, Code::InvalidArgument, "REQUEST_MALFORMED");
    }
    let refused = call(&server, FOLLOW, &[], &no_utf8).await;
    assert!(refused.message().contains("FollowRequest.cursor"), "{refused}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_out_of_range_however_it_was_sent() {
    use std::io::Write as _;

    let server = Fake::new()
        .start_with(|config| config.limits.max_message_bytes = 1024)
        .await;
    let large = framed(0, &[0; 4096]);
    says(
        &call(&server, FOLLOW, &[], &large).await,
        Code::OutOfRange,
        "MESSAGE_TOO_LARGE",
    );
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&[0; 100_000]).expect("compressed");
    let bomb = framed(1, &gzip.finish().expect("compressed"));
    let refused = call(&server, FOLLOW, &[("grpc-encoding", "gzip")], &bomb).await;
    says(&refused, Code::OutOfRange, "MESSAGE_TOO_LARGE");
}

#[tokio::test]
async fn what_is_not_implemented_says_so() {
    let server = plain().await;
    for path in [
        "/vorrang.knowledge.v1.FeedService/Nothing",
        "/vorrang.knowledge.v1.Nothing/Follow",
        "/vorrang.ticketing.v1.TicketService/GetTicket",
    ] {
        let refused = call(&server, path, &[], &framed(0, b"")).await;
        says(&refused, Code::Unimplemented, "METHOD_UNKNOWN");
        assert!(refused.message().contains(&path[1..]), "{refused}");
    }
    let refused = call(&server, FOLLOW, &[("grpc-encoding", "br")], &framed(1, b"")).await;
    says(&refused, Code::Unimplemented, "COMPRESSION_UNSUPPORTED");
    assert!(refused.metadata().contains_key("grpc-accept-encoding"));
    // Who has no credential learns nothing of what there is.
    let refused = call(
        &server,
        "/vorrang.knowledge.v1.FeedService/Nothing",
        &[("authorization", "Bearer x")],
        b"",
    )
    .await;
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn an_answer_that_is_too_large_says_so() {
    let server = Fake::new()
        .head(|_| async { Ok(head(&"x".repeat(5 * 1024 * 1024))) })
        .start()
        .await;
    let refused = server.client().await.get_head(GetHeadRequest {}).await;
    says(&refused.expect_err("too large"), Code::OutOfRange, "ANSWER_TOO_LARGE");
}

#[tokio::test]
async fn no_status_leaves_without_an_error_info() {
    for (given, code) in [
        (Status::new(Code::Internal, "a secret of a customer"), Code::Internal),
        (Status::unknown("nobody knows"), Code::Unknown),
        (Status::data_loss("it is gone"), Code::DataLoss),
    ] {
        let (unary, streamed) = (given.clone(), given);
        let server = Fake::new()
            .head(move |_| {
                let status = unary.clone();
                async move { Err(status) }
            })
            .follow(move || futures::stream::iter([Ok(event("one")), Err(streamed.clone())]))
            .start()
            .await;
        let mut client = server.client().await;
        let refused = client.get_head(GetHeadRequest {}).await.expect_err("refused");
        let mut stream = client
            .follow(FollowRequest::default())
            .await
            .expect("it begins")
            .into_inner();
        assert!(stream.message().await.expect("the first event").is_some());
        let broken = stream.message().await.expect_err("it ends");
        for status in [refused, broken] {
            assert_eq!(status.code(), code);
            assert!(status.get_details_error_info().is_some(), "{status:?}");
            assert!(!status.message().contains("secret"), "{status:?}");
        }
    }
}
