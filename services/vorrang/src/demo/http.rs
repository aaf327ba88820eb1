//! Pushing over HTTP as the vendors do, with their signatures. Written from the vendors' side: it shares nothing with
//! what ingestion reads and verifies, so that the demo proves that the two agree.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vorrang_error::Error;

/// How a vendor signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Zendesk,
    Chatwoot,
    WhatsApp,
}

impl Vendor {
    /// The vendor of a preset. `None`: this demo does not know how that vendor signs.
    pub fn of_preset(preset: &str) -> Option<Self> {
        [Self::Zendesk, Self::Chatwoot, Self::WhatsApp]
            .into_iter()
            .find(|vendor| vendor.preset() == preset)
    }

    /// Its preset.
    pub fn preset(self) -> &'static str {
        match self {
            Self::Zendesk => "zendesk-event",
            Self::Chatwoot => "chatwoot",
            Self::WhatsApp => "whatsapp-cloud",
        }
    }

    /// Headers that prove that `body` was sent at `unix_seconds` by whoever knows `secret`.
    pub fn sign(self, secret: &str, body: &[u8], unix_seconds: i64) -> Vec<(&'static str, String)> {
        let hmac = |parts: &[&[u8]]| {
            let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
            parts.iter().for_each(|part| hmac.update(part));
            hmac.finalize().into_bytes()
        };
        let time = unix_seconds.to_string();
        match self {
            Self::Zendesk => vec![
                (
                    "x-zendesk-webhook-signature",
                    STANDARD.encode(hmac(&[time.as_bytes(), body])),
                ),
                ("x-zendesk-webhook-signature-timestamp", time),
            ],
            Self::Chatwoot => vec![
                (
                    "x-chatwoot-signature",
                    format!("sha256={}", hex::encode(hmac(&[time.as_bytes(), b".", body]))),
                ),
                ("x-chatwoot-timestamp", time),
            ],
            Self::WhatsApp => {
                vec![("x-hub-signature-256", format!("sha256={}", hex::encode(hmac(&[body]))))]
            }
        }
    }
}

/// Posts `body` and gives the status and the body of the answer. One connection for one request, as webhooks do it.
///
/// Fails with Unavailable when there is no answer.
pub async fn post(
    to: SocketAddr,
    path: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
) -> Result<(u16, Vec<u8>), Error> {
    let failed = |error: std::io::Error| {
        Error::unavailable("HTTP_FAILED", format!("no answer from http://{to}{path}")).caused_by(error)
    };
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut stream = TcpStream::connect(to).await.map_err(failed)?;
    stream.write_all(head.as_bytes()).await.map_err(failed)?;
    stream.write_all(body).await.map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(failed)?;
    parse(&answer).ok_or_else(|| Error::unavailable("HTTP_FAILED", format!("http://{to}{path} did not answer in HTTP")))
}

/// Status and body of an answer whose length is known or that ends with the connection.
fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &answer[end + 4..];
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some((status, if chunked { unchunked(body)? } else { body.to_vec() }))
}

fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = body.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&body[..line]).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        let start = line + 2;
        whole.extend_from_slice(body.get(start..start + size)?);
        body = body.get(start + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_and_without_chunks() {
        assert_eq!(
            Some((200, b"{}".to_vec())),
            parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        );
        assert_eq!(
            Some((202, b"abcde".to_vec())),
            parse(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        );
        assert_eq!(None, parse(b"SSH-2.0"));
    }

    #[test]
    fn meta_signs_the_body_alone() {
        // HMAC-SHA256 of RFC 4231, test case 2.
        assert_eq!(
            vec![(
                "x-hub-signature-256",
                "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843".to_owned()
            )],
            Vendor::WhatsApp.sign("Jefe", b"what do ya want for nothing?", 0)
        );
    }
}
