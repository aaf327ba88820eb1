//! The connection to a mail server: protected as the mailbox says, and never more bytes than were allowed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::trouble::Trouble;
use crate::mailboxes::{ImapServer, Protection};

/// How long a connection and its TLS may take, each.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Until a server has told who it is: more than any greeting or list of capabilities.
const GREETING: usize = 64 << 10;

/// Bytes, in both directions.
pub trait Bytes: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug> Bytes for T {}

/// How many bytes the server may still send. Clones share it.
#[derive(Debug, Clone)]
pub struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// From now on so many.
    pub fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A connection that is cut when the server sends more than was allowed: the library behind it would keep up to 512 MiB of
/// one answer.
#[derive(Debug)]
pub struct Bounded {
    inner: Box<dyn Bytes>,
    left: Allowance,
}

impl AsyncRead for Bounded {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        let left = this.left.0.load(Ordering::Relaxed);
        let Some(left) = left.checked_sub(read) else {
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::QuotaExceeded)));
        };
        this.left.0.store(left, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

/// A client that is connected and protected, and has heard the greeting.
pub async fn connect(server: &ImapServer) -> Result<(async_imap::Client<Bounded>, Allowance), Trouble> {
    let allowance = Allowance(Arc::new(AtomicUsize::new(GREETING)));
    let bounded = |inner: Box<dyn Bytes>| {
        async_imap::Client::new(Bounded {
            inner,
            left: allowance.clone(),
        })
    };
    let connecting = timeout(TIMEOUT, TcpStream::connect((server.host.as_str(), server.port))).await;
    let stream = connecting
        .map_err(|_| Trouble::SILENT)?
        .map_err(|error| Trouble::unreachable(&error))?;
    stream.set_nodelay(true).map_err(|error| Trouble::unreachable(&error))?;
    let client = match &server.protection {
        Protection::None => greeted(bounded(Box::new(stream))).await?,
        Protection::Tls(config) => {
            let protected = protect(config, server, Box::new(stream)).await?;
            greeted(bounded(protected)).await?
        }
        Protection::StartTls(config) => {
            let mut client = greeted(bounded(Box::new(stream))).await?;
            let asked = timeout(TIMEOUT, client.run_command_and_check_ok("STARTTLS", None)).await;
            match asked.map_err(|_| Trouble::SILENT)? {
                Ok(()) => {}
                Err(async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_)) => {
                    return Err(Trouble::NO_STARTTLS);
                }
                Err(error) => return Err(Trouble::of(&error)),
            }
            // What was sent in the clear behind the answer goes with the client: nobody between us can slip something in.
            let stream = client.into_inner().inner;
            allowance.set(GREETING);
            bounded(protect(config, server, stream).await?)
        }
    };
    Ok((client, allowance))
}

async fn protect(
    config: &Arc<ClientConfig>,
    server: &ImapServer,
    stream: Box<dyn Bytes>,
) -> Result<Box<dyn Bytes>, Trouble> {
    let name = ServerName::try_from(server.host.clone()).map_err(|_| Trouble::TLS)?;
    let handshake = timeout(TIMEOUT, TlsConnector::from(config.clone()).connect(name, stream)).await;
    let protected = handshake
        .map_err(|_| Trouble::SILENT)?
        .map_err(|error| Trouble::tls(&error))?;
    Ok(Box::new(protected))
}

async fn greeted(mut client: async_imap::Client<Bounded>) -> Result<async_imap::Client<Bounded>, Trouble> {
    let greeting = timeout(TIMEOUT, client.read_response()).await;
    match greeting.map_err(|_| Trouble::SILENT)? {
        Ok(Some(_)) => Ok(client),
        Ok(None) => Err(Trouble::CUT),
        Err(error) => Err(Trouble::of(&error.into())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_server_that_sends_too_much_is_cut_off() {
        let (ours, mut theirs) = tokio::io::duplex(1_024);
        let left = Allowance(Arc::new(AtomicUsize::new(4)));
        let mut bounded = Bounded {
            inner: Box::new(ours),
            left: left.clone(),
        };
        let mut read = [0_u8; 4];
        theirs.write_all(b"12345678").await.expect("written");
        bounded.read_exact(&mut read).await.expect("allowed");
        let more = bounded.read_exact(&mut read).await.expect_err("more than allowed");
        assert_eq!(more.kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(Trouble::of(&more.into()).reason, "TOO_MUCH");
        theirs.write_all(b"1234").await.expect("written");
        left.set(4);
        bounded.read_exact(&mut read).await.expect("allowed again");
        theirs.write_all(b"1234").await.expect("written");
    }
}
