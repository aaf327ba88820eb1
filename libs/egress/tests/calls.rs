//! Calls over real connections, with names that resolve as the test wants: where they go, where they never go, and how they end.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use vorrang_egress::{Answer, Egress, Failure, Policy, Resolve};
use vorrang_testkit::{DEADLINE, DataFolder, data_folder};

/// Answers each question with the next of its answers; the last one stays.
struct Names(Mutex<VecDeque<Vec<&'static str>>>);

impl Names {
    fn always(addresses: &[&'static str]) -> Arc<Self> {
        Self::turning(&[addresses])
    }

    fn turning(answers: &[&[&'static str]]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().map(|one| one.to_vec()).collect())))
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut answers = self.0.lock().expect("not poisoned");
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        let addresses = answer
            .unwrap_or_default()
            .iter()
            .map(|address| address.parse().expect("an address"))
            .collect();
        Box::pin(async move { Ok(addresses) })
    }
}

/// What a server does with a connection, once it has read the head of a request.
#[derive(Clone, Copy)]
enum Does {
    Writes(&'static str),
    /// Answers, and then writes for ever.
    Floods,
    /// Writes a head without end.
    FloodsHead,
    /// Writes this, and then a letter now and then.
    Trickles(&'static str),
    Hangs,
}

/// A server on loopback, by TLS if it has a certificate for some name.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    roots: String,
    _folder: DataFolder,
}

impl Server {
    async fn start(name: Option<&str>, does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("bound").port();
        let folder = data_folder();
        let roots = folder.path().join("roots.pem");
        let acceptor = name.map(|name| {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
            std::fs::write(&roots, made.cert.pem()).expect("written");
            acceptor(&made)
        });
        let server = Self {
            port,
            connections: Arc::default(),
            requests: Arc::default(),
            roots: roots.display().to_string(),
            _folder: folder,
        };
        let (connections, requests) = (server.connections.clone(), server.requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, requests) = (acceptor.clone(), requests.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, does, requests).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, does, requests).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn acceptor(made: &rcgen::CertifiedKey<rcgen::KeyPair>) -> TlsAcceptor {
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("they fit");
    TlsAcceptor::from(Arc::new(config))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, does: Does, requests: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.ends_with(b"the body") {
        match stream.read(&mut piece).await {
            Ok(length @ 1..) => request.extend_from_slice(&piece[..length]),
            _ => return,
        }
        // Somebody speaks TLS to a server that does not.
        if !request.starts_with(b"P") {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            return;
        }
    }
    requests
        .lock()
        .expect("not poisoned")
        .push(String::from_utf8(request).expect("text"));
    match does {
        Does::Writes(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Does::Floods => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n")
                .await;
            while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
        }
        Does::FloodsHead => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
            while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
        }
        Does::Trickles(beginning) => {
            let _ = stream.write_all(beginning.as_bytes()).await;
            let mut beat = tokio::time::interval(Duration::from_millis(20));
            while stream.write_all(b"x").await.is_ok() {
                beat.tick().await;
            }
        }
        Does::Hangs => std::future::pending().await,
    }
}

fn egress(names: Arc<Names>, allow: &[&str], roots: &str, timeout: Duration) -> Egress {
    let policy = Policy {
        allow: allow
            .iter()
            .map(|network| network.parse().expect("a network"))
            .collect(),
    };
    Egress::new(policy, names, roots, timeout).expect("a client")
}

async fn call(egress: &Egress, url: &str) -> Result<Answer, Failure> {
    let target = egress.target(url).expect(url);
    let mut headers = HeaderMap::new();
    headers.insert("x-test", HeaderValue::from_static("1"));
    egress.post(&target, headers, Bytes::from_static(b"the body")).await
}

const LOOPBACK: &[&str] = &["127.0.0.0/8"];
const OK: Does = Does::Writes("HTTP/1.1 204 No Content\r\n\r\n");

#[test]
fn a_call_goes_to_the_address_that_was_judged_and_says_the_name() {
    vorrang_testkit::run(async {
        let server = Server::start(Some("hooks.example.org"), OK).await;
        let egress = egress(Names::always(&["127.0.0.1"]), LOOPBACK, &server.roots, DEADLINE);
        let url = format!("https://hooks.example.org:{}/in?token=x", server.port);
        let answer = call(&egress, &url).await.expect("an answer");
        assert!(answer.is_success());
        let requests = server.requests.lock().expect("not poisoned");
        let request = requests.first().expect("it came").to_ascii_lowercase();
        assert!(request.starts_with("post /in?token=x http/1.1\r\n"), "{request}");
        for header in [
            &format!("host: hooks.example.org:{}", server.port),
            "x-test: 1",
            "content-length: 8",
            "user-agent: vorrang/",
            "connection: close",
        ] {
            assert!(request.contains(header), "{header} is not in {request}");
        }
    });
}

/// X12: refused before a connection is made, however the address is hidden.
#[test]
fn what_is_not_public_is_never_connected_to() {
    vorrang_testkit::run(async {
        let server = Server::start(None, OK).await;
        let port = server.port;
        let refused = async |addresses: &[&'static str]| {
            let egress = egress(Names::always(addresses), &[], "", DEADLINE);
            call(&egress, &format!("https://rebind.example.org:{port}/"))
                .await
                .expect_err("refused")
        };
        for addresses in [
            &["127.0.0.1"][..],
            &["169.254.169.254"],
            &["10.0.0.1"],
            &["::1"],
            &["::ffff:127.0.0.1"],
            &["64:ff9b::7f00:1"],
            &["0.0.0.0"],
            &["93.184.216.34", "127.0.0.1"],
            &["127.0.0.1", "2606:4700::1111"],
        ] {
            assert_eq!(refused(addresses).await, Failure::AddressRefused, "{addresses:?}");
        }
        assert_eq!(refused(&[]).await, Failure::NameUnknown);
        let egress = egress(Names::always(&["127.0.0.1"]), &[], "", DEADLINE);
        for url in [
            "https://127.0.0.1/",
            "https://localhost/",
            "https://0x7f000001/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data/",
            "gopher://127.0.0.1/",
            "http://93.184.216.34/",
        ] {
            match egress.target(url) {
                Err(_) => {}
                // A name is judged when it is called.
                Ok(target) => {
                    let answer = egress.post(&target, HeaderMap::new(), Bytes::new()).await;
                    assert_eq!(answer, Err(Failure::AddressRefused), "{url}");
                }
            }
        }
        assert_eq!(server.connections(), 0);
    });
}

/// DNS rebinding: a name that was fine once is judged again each time.
#[test]
fn a_name_that_turns_is_refused_the_next_time() {
    vorrang_testkit::run(async {
        let server = Server::start(Some("turning.example.org"), OK).await;
        let names = Names::turning(&[&["127.0.0.1"], &["127.0.0.1"], &["192.168.0.1"], &["127.0.0.1"]]);
        let egress = egress(names, LOOPBACK, &server.roots, DEADLINE);
        let url = format!("https://turning.example.org:{}/", server.port);
        call(&egress, &url).await.expect("fine");
        call(&egress, &url).await.expect("still fine");
        assert_eq!(call(&egress, &url).await, Err(Failure::AddressRefused));
        call(&egress, &url).await.expect("fine again");
        // Had it asked a second time after judging, the answers would have come at other calls.
        assert_eq!(server.connections(), 3, "each call is a connection of its own");
    });
}

#[test]
fn in_the_clear_only_to_networks_that_are_allowed() {
    vorrang_testkit::run(async {
        let server = Server::start(None, OK).await;
        let url = format!("http://inside.example.org:{}/", server.port);
        let allowed = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", DEADLINE);
        assert!(call(&allowed, &url).await.expect("an answer").is_success());
        let public = egress(Names::always(&["93.184.216.34"]), LOOPBACK, "", DEADLINE);
        assert_eq!(call(&public, &url).await, Err(Failure::AddressRefused));
        let strict = egress(Names::always(&["93.184.216.34"]), &[], "", DEADLINE);
        assert!(strict.target(&url).is_err());
    });
}

#[test]
fn certificates_must_be_valid_for_the_name() {
    vorrang_testkit::run(async {
        let server = Server::start(Some("other.example.org"), OK).await;
        let url = format!("https://hooks.example.org:{}/", server.port);
        let trusted = egress(Names::always(&["127.0.0.1"]), LOOPBACK, &server.roots, DEADLINE);
        assert_eq!(call(&trusted, &url).await, Err(Failure::TlsFailed), "another name");
        let url = format!("https://other.example.org:{}/", server.port);
        assert!(call(&trusted, &url).await.is_ok());
        let stranger = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", DEADLINE);
        assert_eq!(
            call(&stranger, &url).await,
            Err(Failure::TlsFailed),
            "nobody we trust has signed it"
        );
        let plain = Server::start(None, OK).await;
        let url = format!("https://other.example.org:{}/", plain.port);
        assert_eq!(call(&trusted, &url).await, Err(Failure::TlsFailed), "no TLS at all");
        assert_eq!(
            server.requests.lock().expect("not poisoned").len(),
            1,
            "what is not encrypted is not sent"
        );
        assert!(plain.requests.lock().expect("not poisoned").is_empty());
    });
}

#[test]
fn redirects_are_answers_and_are_not_followed() {
    vorrang_testkit::run(async {
        let inside = Server::start(None, OK).await;
        let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let server = Server::start(None, Does::Writes(redirect)).await;
        let egress = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", DEADLINE);
        let answer = call(&egress, &format!("http://inside.example.org:{}/", server.port))
            .await
            .expect("an answer");
        assert_eq!((answer.status, answer.is_success()), (307, false));
        assert_eq!((server.connections(), inside.connections()), (1, 0));
    });
}

#[test]
fn what_goes_wrong_has_a_word() {
    vorrang_testkit::run(async {
        let short = Duration::from_millis(300);
        let of = async |does: Does| {
            let server = Server::start(None, does).await;
            let egress = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", short);
            call(&egress, &format!("http://inside.example.org:{}/", server.port)).await
        };
        assert_eq!(of(Does::Hangs).await, Err(Failure::Timeout));
        assert_eq!(
            of(Does::Trickles("HTTP/1.1 200 OK\r\nx: ")).await,
            Err(Failure::Timeout)
        );
        assert_eq!(
            of(Does::FloodsHead).await,
            Err(Failure::ProtocolError),
            "heads have an end"
        );
        assert_eq!(
            of(Does::Writes("220 smtp.example.org ESMTP\r\n")).await,
            Err(Failure::ProtocolError)
        );
        assert_eq!(of(Does::Writes("")).await, Err(Failure::ProtocolError));
        // Answers count from their head on, however much or little follows.
        assert_eq!(of(Does::Floods).await.map(|answer| answer.status), Ok(200));
        let cut = "HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\nonly this";
        assert_eq!(of(Does::Writes(cut)).await.map(|answer| answer.status), Ok(500));
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = closed.local_addr().expect("bound").port();
        drop(closed);
        let egress = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", short);
        let url = format!("http://inside.example.org:{port}/");
        assert_eq!(call(&egress, &url).await, Err(Failure::ConnectFailed));
    });
}

/// A server that lets TLS hang costs the timeout and no more; one that never ends its body costs a second, and has answered.
#[test]
fn slow_servers_cost_their_own_time_and_not_more() {
    vorrang_testkit::run(async {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = silent.local_addr().expect("bound").port();
        let short = Duration::from_millis(300);
        let impatient = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", short);
        let url = format!("https://inside.example.org:{port}/");
        assert_eq!(call(&impatient, &url).await, Err(Failure::Timeout), "TLS");
        let slow = Server::start(
            None,
            Does::Trickles("HTTP/1.1 202 Accepted\r\ncontent-length: 100000\r\n\r\n"),
        )
        .await;
        let patient = egress(Names::always(&["127.0.0.1"]), LOOPBACK, "", DEADLINE);
        let url = format!("http://inside.example.org:{}/", slow.port);
        assert_eq!(call(&patient, &url).await.map(|answer| answer.status), Ok(202));
    });
}

#[test]
fn a_file_without_certificates_is_refused_with_its_name() {
    let folder = data_folder();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, "no certificate").expect("written");
    for path in [file, folder.path().join("missing.pem")] {
        let path = path.display().to_string();
        let error = Egress::new(Policy::default(), Names::always(&[]), &path, DEADLINE)
            .err()
            .expect("refused");
        assert_eq!(error.reason(), "CERTIFICATES_UNREADABLE");
        assert!(error.message().contains(&path), "{error}");
    }
}
