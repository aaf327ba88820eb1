//! Accepts connections and speaks HTTP/1.1, HTTP/2 and grpc-web on them.
//!
//! Our own loop instead of tonic's: its timeout layer, which cannot be switched off, would answer CANCELLED where
//! DEADLINE_EXCEEDED is due, and its connections cannot be ended when draining takes too long.

mod connection;
mod front;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vorrang_error::Error;
use vorrang_telemetry::metrics::{attribute, attributes, metrics};

use connection::End;
pub(crate) use front::Front;

/// Connections from outside that are open at once; more are closed as soon as they come.
const CONNECTIONS: usize = 8192;
/// Calls that one connection from outside may have open: whoever has more takes another connection, so that one client
/// alone does not take all places.
const STREAMS: u32 = 200;

/// How a server is told to end, step by step.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// No new connections; those from outside finish what is in work.
    pub(crate) drain: CancellationToken,
    /// Streams end.
    pub(crate) cut: CancellationToken,
    /// All connections are dropped.
    pub(crate) hard: CancellationToken,
}

/// Listens on `address`. `key` is the configuration key it comes from.
///
/// Fails with Unavailable, in words that say what to do, when the port is taken or the address is not ours.
pub(crate) async fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|why| {
        let what = match why.kind() {
            std::io::ErrorKind::AddrInUse => "the port is taken; stop the other process or set another one".to_owned(),
            _ => why.to_string(),
        };
        Error::unavailable("CANNOT_LISTEN", format!("cannot listen on {address} ({key}): {what}"))
    })
}

/// Serves connections from outside until `stop.drain`, and then ends when the last of them has, or at `stop.hard`.
pub(crate) async fn serve(listener: TcpListener, front: Front, stop: Stop) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let calls = TaskTracker::new();
    let builder = connection::builder(STREAMS, calls.clone());
    let end = End {
        drain: stop.drain.clone(),
        hard: stop.hard.clone(),
        idle: true,
    };
    loop {
        tokio::select! {
            () = stop.drain.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    let Ok(place) = places.clone().try_acquire_owned() else {
                        metrics().requests_shed.add(1, &[attribute(attributes::LIMIT, "connections")]);
                        continue;
                    };
                    // Without it small messages wait for each other; that it fails means that the client is gone.
                    let _ = socket.set_nodelay(true);
                    let served = connection::serve(socket, builder.clone(), front.clone(), end.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(place);
                    });
                }
                Err(why) => {
                    // Out of file descriptors, mostly: some will be free in a moment.
                    tracing::warn!(error = %why, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(listener);
    connections.close();
    let ended = async {
        connections.wait().await;
        calls.close();
        calls.wait().await;
    };
    tokio::select! {
        () = ended => {}
        () = stop.hard.cancelled() => {}
    }
}

/// Serves the pipes of our own services until `stop.hard`: what is in work needs them while it is being drained.
pub(crate) async fn serve_pipes(mut pipes: mpsc::Receiver<DuplexStream>, front: Front, stop: Stop) {
    // All services of this process share one pipe.
    let builder = connection::builder(u32::MAX, TaskTracker::new());
    let end = End {
        drain: stop.hard.clone(),
        hard: stop.hard.clone(),
        idle: false,
    };
    loop {
        tokio::select! {
            () = stop.hard.cancelled() => return,
            pipe = pipes.recv() => match pipe {
                Some(pipe) => {
                    tokio::spawn(connection::serve(pipe, builder.clone(), front.clone(), end.clone()));
                }
                None => return,
            },
        }
    }
}
