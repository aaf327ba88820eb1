//! What strangers send to the HTTP door, and when they are told no.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stack::Stack;

/// Sends only the head of a request, and gives status, head and body of the answer.
async fn head_only(stack: &Stack, method: &str, path: &str, headers: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(stack.running.addr()).await.expect("connects");
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await.expect("sends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .expect("a status");
    let body = serde_json::from_str(body).expect("JSON");
    (status, head.to_ascii_lowercase(), body)
}

fn reason(body: &Value) -> &str {
    body["error"]["reason"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn who_and_how_large_is_looked_at_before_the_body_comes() {
    let stack = Stack::start().await;
    let path = "/v1/sources/0123456789abcdef/events";
    let (status, _, body) = head_only(&stack, "POST", path, "content-length: 1000000\r\n").await;
    assert_eq!((status, reason(&body)), (404, "RESOURCE_NOT_FOUND"));

    let source = stack.source("json").await;
    for (bytes, kind) in [((4 << 20) + 1, "application/json"), ((25 << 20) + 1, "message/rfc822")] {
        let headers = format!("content-length: {bytes}\r\ncontent-type: {kind}\r\n");
        let (status, _, body) = head_only(&stack, "POST", &source.events_path, &headers).await;
        assert_eq!((status, reason(&body)), (413, "BODY_TOO_LARGE"), "{kind}");
    }
}

#[tokio::test]
async fn what_is_not_served_is_said_in_json() {
    let stack = Stack::start().await;
    let source = stack.source("json").await;
    let (status, head, body) = head_only(&stack, "PUT", &source.events_path, "content-length: 0\r\n").await;
    assert_eq!((status, reason(&body)), (405, "METHOD_NOT_ALLOWED"));
    let allow = head
        .lines()
        .find(|line| line.starts_with("allow:"))
        .expect("says what is");
    assert!(allow.contains("post"), "{allow}");
    for id in ["%00", "%ff", "a%2Fb", "ä", &"x".repeat(5_000)] {
        let path = format!("/v1/sources/{id}/events");
        for method in ["GET", "POST"] {
            let (status, _, body) = head_only(&stack, method, &path, "content-length: 0\r\n").await;
            assert_eq!((status, reason(&body)), (404, "RESOURCE_NOT_FOUND"), "{method} {id}");
        }
    }
}
