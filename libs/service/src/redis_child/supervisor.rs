//! The thread that owns the child.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use vorrang_error::Error;

use super::child;

/// How often the thread looks whether the child still runs; a restart is late by at most this.
const LOOK: Duration = Duration::from_millis(20);
/// How long a start may take: loading a large append-only file needs a while.
const START_LOOKS: u32 = 3_000;
/// How long the child may take to end when asked.
const END_LOOKS: u32 = 250;
/// How long another process may need to let go of the folder.
const LOCK_LOOKS: u32 = 250;
/// How long to wait before the next try when a restart did not work.
const RETRY: Duration = Duration::from_secs(1);
/// Longest path of a unix socket that every system takes.
const SOCKET_PATH: usize = 100;

/// Keeps a child running until it is dropped.
pub(super) struct Supervisor {
    socket: PathBuf,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Starts the child and waits until it answers. Blocks.
    pub(super) fn start(folder: &Path) -> Result<Self, Error> {
        crate::files::private_folder(folder)?;
        let server = Server {
            folder: folder.to_owned(),
            socket: socket(folder)?,
            lock: lock(folder)?,
        };
        let socket = server.socket.clone();
        let (stop, stopped) = mpsc::channel();
        let (tell, started) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("vorrang-redis".to_owned())
            .spawn(move || match server.start() {
                Ok(child) => {
                    // Whoever waits for it is in `start`, a few lines below.
                    let _ = tell.send(Ok(()));
                    server.supervise(child, &stopped);
                }
                Err(error) => {
                    let _ = tell.send(Err(error));
                }
            })
            .map_err(|why| failed(format!("no thread: {why}")))?;
        started
            .recv()
            .map_err(|_| Error::internal("the thread that starts Redis panicked"))??;
        Ok(Self {
            socket,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `unix:///path`, with what means something in a URL escaped.
    pub(super) fn url(&self) -> String {
        let mut url = "unix://".to_owned();
        for &byte in self.socket.as_os_str().as_bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                    url.push(char::from(byte))
                }
                other => url.push_str(&format!("%{other:02X}")),
            }
        }
        url
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // The thread takes the closed channel as the order to stop.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Had it panicked, the child went with it.
            let _ = thread.join();
        }
    }
}

struct Server {
    folder: PathBuf,
    socket: PathBuf,
    lock: File,
}

impl Server {
    /// Starts the child and waits until it answers. An append-only file that Redis itself calls damaged is put aside: whatever
    /// is in Redis can be rebuilt, and a person should not have to delete files at night.
    fn start(&self) -> Result<Child, Error> {
        match self.try_start() {
            Err(error) if self.is_damaged() => {
                let aside = self.folder.join(format!("damaged-{}", uuid::Uuid::new_v4()));
                tracing::error!(
                    error = error.chain(),
                    ?aside,
                    "Redis' file is damaged; it is put aside and rebuilt"
                );
                fs::rename(self.folder.join("appendonlydir"), &aside)
                    .map_err(|why| failed(format!("cannot put {} aside: {why}", self.folder.display())))?;
                self.try_start()
            }
            other => other,
        }
    }

    fn try_start(&self) -> Result<Child, Error> {
        // The log tells about this start only; see `is_damaged`.
        let _ = fs::remove_file(self.log());
        let mut child = child::spawn(&self.folder, &self.socket, &self.lock).map_err(|why| match why.kind() {
            ErrorKind::NotFound => Error::unavailable(
                "REDIS_MISSING",
                "redis-server is not installed: run `apt-get install redis-server`, or set redis.url to a Redis you have",
            ),
            _ => failed(why.to_string()),
        })?;
        for _ in 0..START_LOOKS {
            if child::answers(&self.socket) {
                return Ok(child);
            }
            match child.try_wait() {
                Ok(None) => pause(),
                Ok(Some(status)) => {
                    return Err(failed(format!("it ended with {status}; see {}", self.log().display())));
                }
                Err(why) => return Err(failed(why.to_string())),
            }
        }
        end_now(&mut child);
        Err(failed(format!("it did not answer; see {}", self.log().display())))
    }

    fn log(&self) -> PathBuf {
        self.folder.join("redis.log")
    }

    fn is_damaged(&self) -> bool {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        [
            "Bad file format reading the append only file",
            "Unexpected end of file reading the append only file",
        ]
        .iter()
        .any(|text| log.contains(text))
    }

    /// Looks after `child` until `stopped` closes, then ends it.
    fn supervise(&self, child: Child, stopped: &Receiver<()>) {
        let mut child = Some(child);
        let mut wait = LOOK;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = LOOK;
            let status = match child.as_mut().map(Child::try_wait) {
                Some(Ok(None)) => continue,
                Some(Ok(Some(status))) => status.to_string(),
                Some(Err(why)) => why.to_string(),
                None => "not running".to_owned(),
            };
            tracing::warn!(status, "the private Redis died; starting it again");
            vorrang_telemetry::metrics().redis_restarts.add(1, &[]);
            child = match self.start() {
                Ok(child) => Some(child),
                Err(error) => {
                    tracing::error!(error = error.chain(), "the private Redis cannot be started again");
                    wait = RETRY;
                    None
                }
            };
        }
        if let Some(mut child) = child {
            self.end(&mut child);
        }
    }

    fn end(&self, child: &mut Child) {
        if child::ask_to_end(&self.socket).is_ok() {
            for _ in 0..END_LOOKS {
                if !matches!(child.try_wait(), Ok(None)) {
                    return;
                }
                pause();
            }
            tracing::warn!("the private Redis did not end when asked");
        }
        end_now(child);
    }
}

fn end_now(child: &mut Child) {
    // Both fail only when it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// In the folder, or in the system's temporary folder when the folder's path is too long for a socket.
fn socket(folder: &Path) -> Result<PathBuf, Error> {
    let socket = folder.join("redis.sock");
    if socket.as_os_str().len() <= SOCKET_PATH {
        return Ok(socket);
    }
    let digest = Sha256::digest(folder.as_os_str().as_bytes());
    let short = std::env::temp_dir().join(format!("vorrang-{}", hex::encode(&digest[..8])));
    crate::files::private_folder(&short)?;
    Ok(short.join("redis.sock"))
}

/// One process uses a folder. Right after a crash its child may still be ending, so this waits a little.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(|why| failed(format!("cannot write {}: {why}", path.display())))?;
    for _ in 0..LOCK_LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => pause(),
            Err(TryLockError::Error(why)) => return Err(failed(format!("cannot lock {}: {why}", path.display()))),
        }
    }
    Err(failed(format!(
        "another process uses {}; stop it or set another data_dir",
        folder.display()
    )))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is a thread that may block: our own, or one of the blocking pool"
)]
fn pause() {
    std::thread::sleep(LOOK);
}

fn failed(why: String) -> Error {
    Error::unavailable(
        "REDIS_NOT_STARTED",
        format!("the private redis-server cannot be used: {why}"),
    )
}

#[cfg(test)]
mod tests;
