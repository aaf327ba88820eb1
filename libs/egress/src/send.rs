//! One call: resolve, judge, connect to what was judged, send, and read no more than is needed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONNECTION, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;
use vorrang_error::Error;

use crate::{Failure, Policy, Resolve, Target};

/// Of the addresses of a name so many are tried, one after the other.
const ADDRESSES_TRIED: usize = 3;
/// For one of them.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer's body that are read, and for how long.
const BODY_READ: usize = 4 << 10;
const BODY_WAIT: Duration = Duration::from_secs(1);
/// Bytes of an answer's head that are taken.
const HEAD_MAX: usize = 32 << 10;
/// Longest pause that a server may ask for.
const RETRY_AFTER_MAX: TimeDelta = TimeDelta::days(1);

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 100 to 999.
    pub status: u16,
    retry_after: Option<String>,
}

impl Answer {
    /// Whether it was taken: any 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the server wants to be left alone, at most a day; none: it did not say, or nothing that makes sense.
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let text = self.retry_after.as_deref()?.trim();
        let wait = match text.parse::<u32>() {
            Ok(seconds) => TimeDelta::seconds(i64::from(seconds)),
            Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now,
        };
        (wait > TimeDelta::zero()).then(|| wait.min(RETRY_AFTER_MAX))
    }
}

/// Makes calls to addresses that strangers named. Clones share everything.
#[derive(Clone)]
pub struct Egress {
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
    timeout: Duration,
    agent: HeaderValue,
}

impl Egress {
    /// `more_roots` is a file of certificates in PEM that are trusted besides those of webpki; empty: none. `timeout` is for a
    /// whole call.
    ///
    /// # Errors
    /// Precondition `CERTIFICATES_UNREADABLE`, naming the file.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>, more_roots: &str, timeout: Duration) -> Result<Self, Error> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if !more_roots.is_empty() {
            add_roots(&mut roots, more_roots)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| Error::internal("TLS cannot be set up").caused_by(cause))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            policy: Arc::new(policy),
            resolver,
            tls: TlsConnector::from(Arc::new(config)),
            timeout,
            agent: HeaderValue::from_static(concat!("Vorrang/", env!("CARGO_PKG_VERSION"))),
        })
    }

    /// Reads a URL that may be called, as far as can be said before its addresses are known.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn target(&self, text: &str) -> Result<Target, &'static str> {
        let target = Target::parse(text, !self.policy.allow.is_empty())?;
        if literal(&target).is_some_and(|address| !self.policy.permits(address, target.is_encrypted())) {
            return Err("must not lead to an address that is not public");
        }
        Ok(target)
    }

    /// Posts `body`.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn post(&self, target: &Target, headers: HeaderMap, body: Bytes) -> Result<Answer, Failure> {
        let (answer, _) = self.within(self.exchange(target, headers, body, None)).await?;
        Ok(answer)
    }

    /// Posts `body` and gives what is answered, whatever the status, if that is whole and has at most `most` bytes. For servers that the
    /// installation itself has named.
    ///
    /// # Errors
    /// Why there was no answer.
    pub async fn ask(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        most: usize,
    ) -> Result<(Answer, Vec<u8>), Failure> {
        self.within(self.exchange(target, headers, body, Some(most))).await
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::time::timeout(self.timeout, call)
            .await
            .map_err(|_| Failure::Timeout)?
    }

    async fn exchange(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        kept: Option<usize>,
    ) -> Result<(Answer, Vec<u8>), Failure> {
        let addresses = self.addresses(target).await?;
        let stream = self.connect(&addresses, target).await?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.path_and_query().parse().map_err(|_| Failure::ProtocolError)?;
        *request.headers_mut() = headers;
        let host = HeaderValue::from_str(&target.authority()).map_err(|_| Failure::ProtocolError)?;
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(USER_AGENT, self.agent.clone());
        // One call, one connection: the next one is judged anew.
        request
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        if !target.is_encrypted() {
            return send(stream, request, kept).await;
        }
        let name = server_name(target).ok_or(Failure::TlsFailed)?;
        let stream = self.tls.connect(name, stream).await.map_err(|_| Failure::TlsFailed)?;
        send(stream, request, kept).await
    }

    /// The addresses of the target, all of which may be called.
    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, Failure> {
        let addresses = match (literal(target), target.host()) {
            (Some(address), _) => vec![address],
            (None, Some(Host::Domain(name))) => self.resolver.resolve(name).await.map_err(|_| Failure::NameUnknown)?,
            _ => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(Failure::NameUnknown);
        }
        // One that is not public among them is not bad luck but an attack, or a mistake: the others do not make it better.
        let encrypted = target.is_encrypted();
        if addresses.iter().all(|address| self.policy.permits(*address, encrypted)) {
            Ok(addresses)
        } else {
            Err(Failure::AddressRefused)
        }
    }

    /// A connection to the first of the addresses that answers. Where it really leads is judged once more, before a byte is sent.
    async fn connect(&self, addresses: &[IpAddr], target: &Target) -> Result<TcpStream, Failure> {
        for address in addresses.iter().take(ADDRESSES_TRIED) {
            let connecting = TcpStream::connect(SocketAddr::new(*address, target.port()));
            if let Ok(Ok(stream)) = tokio::time::timeout(CONNECT, connecting).await {
                let peer = stream.peer_addr().map_err(|_| Failure::ConnectFailed)?;
                if !self.policy.permits(peer.ip(), target.is_encrypted()) {
                    return Err(Failure::AddressRefused);
                }
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
        Err(Failure::ConnectFailed)
    }
}

fn add_roots(roots: &mut RootCertStore, file: &str) -> Result<(), Error> {
    let unreadable = |why: String| {
        Error::precondition(
            "CERTIFICATES_UNREADABLE",
            format!("{file} must hold certificates in PEM: {why}"),
        )
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|why| unreadable(why.to_string()))?;
    let mut added = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|why| unreadable(why.to_string()))?;
        roots.add(certificate).map_err(|why| unreadable(why.to_string()))?;
        added += 1;
    }
    if added == 0 {
        return Err(unreadable("there is none in it".to_owned()));
    }
    Ok(())
}

/// The address, when the host is written as one.
fn literal(target: &Target) -> Option<IpAddr> {
    match target.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn server_name(target: &Target) -> Option<ServerName<'static>> {
    match target.host()? {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::from(address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::from(address))),
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>, kept: Option<usize>) -> Result<(Answer, Vec<u8>), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::ProtocolError)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|_| Failure::ProtocolError)?;
        let (head, mut body) = response.into_parts();
        let answer = |head: &http::response::Parts| Answer {
            status: head.status.as_u16(),
            retry_after: head
                .headers
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        };
        if let Some(most) = kept {
            let mut bytes = Vec::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|_| Failure::ProtocolError)?;
                bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                if bytes.len() > most {
                    return Err(Failure::ProtocolError);
                }
            }
            return Ok((answer(&head), bytes));
        }
        let reading = async {
            let mut read = 0;
            while let Some(Ok(frame)) = body.frame().await {
                read += frame.data_ref().map_or(0, Bytes::len);
                if read >= BODY_READ {
                    break;
                }
            }
        };
        // Only so that servers can finish. Some hang up in the middle of an answer that they have given already, or go on for ever: the
        // status is what counts.
        let _ = tokio::time::timeout(BODY_WAIT, reading).await;
        Ok((answer(&head), Vec::new()))
    };
    // The connection works only while it is polled, and ends with this call.
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // However it ended: an answer that it has brought before counts, and without one the exchange fails now.
        _ = connection => exchange.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        let now = DateTime::parse_from_rfc3339("2026-11-29T12:00:00Z")
            .expect("valid")
            .to_utc();
        for (text, seconds) in [
            (Some("120"), Some(120)),
            (Some(" 5 "), Some(5)),
            (Some("Sun, 29 Nov 2026 12:01:30 GMT"), Some(90)),
            (Some("999999999"), Some(86_400)),
            (Some("0"), None),
            (Some("Sun, 29 Nov 2026 11:00:00 GMT"), None),
            (Some("-5"), None),
            (Some("soon"), None),
            (None, None),
        ] {
            let answer = Answer {
                status: 429,
                retry_after: text.map(str::to_owned),
            };
            assert_eq!(answer.retry_after(now), seconds.map(TimeDelta::seconds), "{text:?}");
        }
    }
}
