//! Redis from the local binary: one server for all tests, or one that a test may kill.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::sync::OnceCell;

use crate::binaries::redis_program;
use crate::postgres_server::free_port;
use crate::shared::{Lease, start_to_stay};
use crate::wait::{DEADLINE, wait_until};
use crate::{DataFolder, Process, data_folder};

/// Enough that a number comes round again only long after the test that had it.
const DATABASES: u32 = 4096;

/// An empty logical database on the shared server. `FLUSHDB` is fine on it, `FLUSHALL` is not.
pub struct TestRedis {
    url: String,
}

impl TestRedis {
    /// What `redis::Client::open` takes.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// An empty logical database on the Redis server that all tests share.
///
/// # Panics
/// When Redis is not installed (the message names the fix) or does not start.
pub async fn redis() -> TestRedis {
    let port = shared_port().await;
    let mut counter = connection(port, 0).await.expect("the shared Redis must answer");
    let taken: u32 = redis::cmd("INCR")
        .arg("databases-taken")
        .query_async(&mut counter)
        .await
        .expect("the shared Redis must count");
    let number = taken % (DATABASES - 1) + 1;
    let mut own = connection(port, number).await.expect("the shared Redis must answer");
    let _: () = redis::cmd("FLUSHDB")
        .query_async(&mut own)
        .await
        .expect("a fresh database must be emptied");
    TestRedis { url: url(port, number) }
}

/// A Redis of one test's own, to be killed, emptied and restarted. Most tests want [`redis()`] instead.
pub struct RedisServer {
    process: Option<Process>,
    folder: DataFolder,
    port: u16,
    append_only: bool,
}

impl RedisServer {
    /// Starts one that keeps nothing: after [`RedisServer::kill`] it comes back empty.
    ///
    /// # Panics
    /// When Redis is not installed (the message names the fix) or does not start.
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    /// Starts one with an append-only file, synced every second, as in production.
    ///
    /// # Panics
    /// As [`RedisServer::start`].
    pub async fn start_durable() -> Self {
        Self::start_with(true).await
    }

    async fn start_with(append_only: bool) -> Self {
        let mut server = Self {
            process: None,
            folder: data_folder(),
            port: free_port(),
            append_only,
        };
        server.restart().await;
        server
    }

    /// What `redis::Client::open` takes; the same after a restart.
    pub fn url(&self) -> String {
        url(self.port, 0)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it with `kill -9`.
    pub async fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port (killing it first when it runs) and waits until it answers.
    pub async fn restart(&mut self) {
        self.kill().await;
        let mut command = command(self.folder.path(), self.port, self.append_only);
        self.process = Some(Process::start(&mut command));
        wait_ready(self.port).await;
    }

    /// Removes everything it holds.
    pub async fn flush_all(&self) {
        let mut own = connection(self.port, 0)
            .await
            .expect("the Redis of the test must answer");
        let _: () = redis::cmd("FLUSHALL")
            .query_async(&mut own)
            .await
            .expect("FLUSHALL must be allowed");
    }
}

struct SharedRedis {
    port: u16,
    _lease: Lease,
}

async fn shared_port() -> u16 {
    static SHARED: OnceCell<SharedRedis> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let lease = Lease::take("redis").await;
            let start = lease.lock_start().await;
            let port = match running(&lease.folder).await {
                Some(port) => port,
                None => {
                    let _ = std::fs::remove_dir_all(&lease.folder);
                    std::fs::create_dir_all(&lease.folder).expect("the temporary folder must be writable");
                    let port = free_port();
                    let pid = start_to_stay(&mut command(&lease.folder, port, false));
                    wait_ready(port).await;
                    std::fs::write(lease.folder.join("port"), port.to_string())
                        .expect("the folder of the test server must be writable");
                    lease.reap_later(pid, "TERM");
                    port
                }
            };
            drop(start);
            SharedRedis { port, _lease: lease }
        })
        .await
        .port
}

async fn running(folder: &Path) -> Option<u16> {
    let port = std::fs::read_to_string(folder.join("port")).ok()?.parse().ok()?;
    connection(port, 0).await.ok()?;
    Some(port)
}

fn command(folder: &Path, port: u16, append_only: bool) -> Command {
    let log = std::fs::File::create(folder.join("redis.log")).expect("the log of the server must be writable");
    let mut command = Command::new(redis_program());
    command
        .args(["--bind", "127.0.0.1"])
        .args(["--port", &port.to_string()])
        .args(["--databases", &DATABASES.to_string()])
        .args(["--save", ""])
        .args(["--appendonly", if append_only { "yes" } else { "no" }])
        .args(["--appendfsync", "everysec"])
        .args(["--maxmemory-policy", "noeviction"])
        .arg("--dir")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle of the log"))
        .stderr(log)
        .process_group(0);
    command
}

async fn wait_ready(port: u16) {
    wait_until(DEADLINE, "Redis to answer", || async move {
        let Ok(mut connection) = connection(port, 0).await else {
            return false;
        };
        redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
    })
    .await;
}

async fn connection(port: u16, database: u32) -> redis::RedisResult<redis::aio::MultiplexedConnection> {
    redis::Client::open(url(port, database))?
        .get_multiplexed_async_connection()
        .await
}

fn url(port: u16, database: u32) -> String {
    format!("redis://127.0.0.1:{port}/{database}")
}
