//! A TCP proxy that does to a connection what networks do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    /// New connections are closed at once.
    Refuse,
    /// Every piece waits this long, in both directions.
    Delay(Duration),
    /// Requests arrive, answers do not: the caller cannot know what happened.
    DropReplies,
    /// The line goes dead at one piece of the requests, counted over all connections.
    Stall {
        at: u64,
        side: Stall,
        /// Only pieces that hold this text are counted.
        only: Option<&'static str>,
    },
}

/// On which side of a request a line goes dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// The request is held back: the server never hears of it.
    Before,
    /// The request arrives, its reply does not.
    After,
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    mode: Mode,
    /// Connections of an older generation end.
    generation: u64,
}

/// Stands between a client and a server. Ends with the value; open connections are cut then.
pub struct Proxy {
    address: SocketAddr,
    upstream: SocketAddr,
    plan: watch::Sender<Plan>,
    counts: Arc<Counts>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    replies_dropped: AtomicU64,
    /// Pieces of requests that count since the line was told to go dead.
    requests: AtomicU64,
    /// Replies to the request at which it went dead: more than none proves that the server has followed it.
    answered: AtomicU64,
}

impl Proxy {
    /// Listens on a free port and passes everything on to `upstream`.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("loopback must have a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (plan, watched) = watch::channel(Plan {
            mode: Mode::Pass,
            generation: 0,
        });
        let counts = Arc::new(Counts::default());
        let accepting = tokio::spawn(accept(listener, upstream, watched, counts.clone()));
        Self {
            address,
            upstream,
            plan,
            counts,
            accepting,
        }
    }

    /// Stands before the server that `url` names (`redis://127.0.0.1:6379/3`, `postgres://…`).
    ///
    /// # Panics
    /// When `url` holds no `host:port` that is an address.
    pub async fn before(url: &str) -> Self {
        let upstream = host_and_port(url).parse().expect("a url with an address in it");
        Self::start(upstream).await
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same URL, but through this proxy.
    pub fn url(&self, url: &str) -> String {
        url.replacen(host_and_port(url), &self.address.to_string(), 1)
    }

    /// The server behind it.
    pub fn upstream(&self) -> SocketAddr {
        self.upstream
    }

    /// Behaves again.
    pub fn pass(&self) {
        self.set(Mode::Pass);
    }

    /// Cuts every open connection; new ones pass.
    pub fn cut(&self) {
        self.plan.send_modify(|plan| plan.generation += 1);
    }

    /// Cuts every open connection and closes new ones at once, until [`Proxy::pass`].
    pub fn refuse(&self) {
        self.plan.send_modify(|plan| {
            plan.mode = Mode::Refuse;
            plan.generation += 1;
        });
    }

    /// Holds every piece back for `delay`, in each direction.
    pub fn delay(&self, delay: Duration) {
        self.set(Mode::Delay(delay));
    }

    /// Passes requests, drops replies: what the server did, the caller never hears.
    pub fn drop_replies(&self) {
        self.set(Mode::DropReplies);
    }

    /// How many pieces of replies were dropped so far; more than none proves that the request had arrived.
    pub fn replies_dropped(&self) -> u64 {
        self.counts.replies_dropped.load(Ordering::SeqCst)
    }

    /// Lets `at` - 1 pieces of requests pass from now on, over all connections, and goes dead at the next one. A client that waits for
    /// each answer sends a piece for each of its steps, so counting up stops it at every one of them.
    pub fn stall_at(&self, at: u64, side: Stall) {
        self.stall(at, side, None);
    }

    /// Goes dead at the next piece of requests that holds `text`, such as `COMMIT`.
    pub fn stall_on(&self, text: &'static str, side: Stall) {
        self.stall(1, side, Some(text));
    }

    fn stall(&self, at: u64, side: Stall, only: Option<&'static str>) {
        self.counts.requests.store(0, Ordering::SeqCst);
        self.counts.answered.store(0, Ordering::SeqCst);
        self.set(Mode::Stall { at, side, only });
    }

    /// Whether the line has gone dead; with [`Stall::After`] also that the server has answered, so that cutting now undoes nothing.
    pub fn has_stalled(&self) -> bool {
        match self.plan.borrow().mode {
            Mode::Stall { at, side, .. } => {
                self.counts.requests.load(Ordering::SeqCst) >= at
                    && (side == Stall::Before || self.counts.answered.load(Ordering::SeqCst) > 0)
            }
            _ => false,
        }
    }

    fn set(&self, mode: Mode) {
        self.plan.send_modify(|plan| plan.mode = mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn host_and_port(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

async fn accept(listener: TcpListener, upstream: SocketAddr, plan: watch::Receiver<Plan>, counts: Arc<Counts>) {
    while let Ok((client, _)) = listener.accept().await {
        let now = *plan.borrow();
        if now.mode == Mode::Refuse {
            continue;
        }
        let (plan, counts) = (plan.clone(), counts.clone());
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(upstream).await else {
                return;
            };
            let _ = client.set_nodelay(true);
            let _ = server.set_nodelay(true);
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            // Whether this is the connection whose request the line went dead at.
            let struck = AtomicBool::new(false);
            let cut = until_cut(plan.clone(), now.generation);
            // Either side ending ends both: half-open connections are what the other modes are for.
            tokio::select! {
                () = cut => {}
                () = pump(from_client, to_server, plan.clone(), &counts, &struck, Direction::Requests) => {}
                () = pump(from_server, to_client, plan, &counts, &struck, Direction::Replies) => {}
            }
        });
    }
}

/// Ends when the connection has been cut, or the proxy is gone.
async fn until_cut(mut plan: watch::Receiver<Plan>, generation: u64) {
    let _ = plan.wait_for(|plan| plan.generation != generation).await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Requests,
    Replies,
}

/// Copies until one side ends.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    plan: watch::Receiver<Plan>,
    counts: &Counts,
    struck: &AtomicBool,
    direction: Direction,
) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let mode = plan.borrow().mode;
        match (mode, direction) {
            (Mode::DropReplies, Direction::Replies) => {
                counts.replies_dropped.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            (Mode::Delay(delay), _) => tokio::time::sleep(delay).await,
            (Mode::Stall { at, side, only }, Direction::Requests) => {
                let dead = counts.requests.load(Ordering::SeqCst) >= at;
                if dead || only.is_none_or(|text| holds(&piece[..length], text)) {
                    let number = counts.requests.fetch_add(1, Ordering::SeqCst) + 1;
                    if number > at || side == Stall::Before && number == at {
                        continue;
                    }
                    struck.store(number == at, Ordering::SeqCst);
                }
            }
            (Mode::Stall { at, .. }, Direction::Replies) if counts.requests.load(Ordering::SeqCst) >= at => {
                if struck.load(Ordering::SeqCst) {
                    counts.answered.fetch_add(1, Ordering::SeqCst);
                }
                continue;
            }
            _ => {}
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

fn holds(piece: &[u8], text: &str) -> bool {
    piece.windows(text.len()).any(|window| window == text.as_bytes())
}
