//! A mail server that takes what it is given, and refuses on demand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use vorrang_testkit::{DEADLINE, wait_for};

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub raw: String,
}

/// Clones share what was taken. Recipients that begin with `never` are refused for good, those that begin with `later` the
/// first time.
#[derive(Clone)]
pub struct Sink {
    pub addr: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    asked: Arc<Mutex<Vec<String>>>,
    serving: Option<AbortHandle>,
}

impl Sink {
    pub async fn start() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).await
    }

    pub async fn at(addr: SocketAddr) -> Self {
        let listener = TcpListener::bind(addr).await.expect("binds");
        let mut sink = Self {
            addr: listener.local_addr().expect("an address"),
            taken: Arc::default(),
            asked: Arc::default(),
            serving: None,
        };
        let server = sink.clone();
        let serving = tokio::spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                talks.spawn(async move { server.talk(stream).await });
            }
        });
        sink.serving = Some(serving.abort_handle());
        sink
    }

    /// Goes away, with all its connections.
    pub async fn stop(self) {
        if let Some(serving) = self.serving {
            serving.abort();
            let gone = || async { serving.is_finished().then_some(()) };
            wait_for(DEADLINE, "the server to be gone", gone).await;
        }
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The recipients that were named, refused ones too.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn rcpt(&self, to: &str) -> &'static str {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let again = asked.iter().any(|known| known == to);
        asked.push(to.to_owned());
        match to {
            to if to.starts_with("never") => "550 5.1.1 no such user\r\n",
            to if to.starts_with("later") && !again => "451 4.2.0 greylisted\r\n",
            _ => "250 2.1.5 ok\r\n",
        }
    }

    async fn talk(self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 sink ESMTP\r\n").await.ok()?;
        let (mut from, mut to) = (String::new(), String::new());
        let address = |line: &str| {
            let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
        };
        while let Some(line) = lines.next_line().await.ok()? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" | "HELO" | "RSET" | "NOOP" => "250 sink\r\n",
                "MAIL" => {
                    from = address(&line);
                    "250 2.1.0 ok\r\n"
                }
                "RCPT" => {
                    to = address(&line);
                    self.rcpt(&to)
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut raw = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push_str("\r\n");
                    }
                    let taken = Taken {
                        from: from.clone(),
                        to: to.clone(),
                        raw,
                    };
                    self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
                    "250 2.0.0 taken\r\n"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.ok()?;
                    return None;
                }
                _ => "502 what?\r\n",
            };
            write.write_all(answer.as_bytes()).await.ok()?;
        }
        None
    }
}
