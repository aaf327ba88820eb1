//! A PostgreSQL server from local binaries, durable as in production.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

use crate::binaries::postgres_program;
use crate::shared::start_to_stay;
use crate::wait::{DEADLINE, wait_for};
use crate::{DataFolder, Process, data_folder};

/// A server of one test's own, to be killed and restarted. Most tests want [`crate::postgres()`] instead.
pub struct PostgresServer {
    process: Option<Process>,
    data: PathBuf,
    port: u16,
    _folder: DataFolder,
}

impl PostgresServer {
    /// Makes a new cluster and starts it.
    ///
    /// # Panics
    /// When PostgreSQL is not installed (the message names the fix) or does not start.
    pub async fn start() -> Self {
        let folder = data_folder();
        open_to_server(folder.path());
        let data = folder.path().join("data");
        init(&data);
        let port = free_port();
        let process = Process::start(&mut command(&data, port));
        let server = Self {
            process: Some(process),
            data,
            port,
            _folder: folder,
        };
        wait_ready(port, &server.data).await;
        server
    }

    /// URL of a new, empty database on it.
    pub async fn database(&self) -> String {
        let url = new_url(self.port);
        create_database(&url, None).await;
        url
    }

    /// Ends it at once, as a crash would: nothing is flushed, no client is told.
    pub async fn kill(&mut self) {
        // The postmaster only: its children must notice by themselves, which is the harder case.
        self.process = None;
    }

    /// Starts it again on the same port with what its disk holds.
    pub async fn restart(&mut self) {
        self.kill().await;
        // Children of a killed postmaster hold the shared memory for a moment; the new one refuses to start until then.
        let (data, port) = (self.data.clone(), self.port);
        let process = wait_for(DEADLINE, "PostgreSQL to start again", || {
            let mut process = Process::start(&mut command(&data, port));
            async move {
                loop {
                    if process.child().try_wait().ok()?.is_some() {
                        return None;
                    }
                    if connect(port, "postgres").await.is_ok() {
                        return Some(process);
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        })
        .await;
        self.process = Some(process);
    }

    /// A copy of everything that its disk holds, as a backup tool makes it. It is stopped for as long as that takes.
    pub async fn backup(&mut self) -> Backup {
        self.stop().await;
        let copy = self
            .data
            .with_extension(format!("backup-{}", uuid::Uuid::new_v4().simple()));
        copy_folder(&self.data, &copy);
        self.restart().await;
        Backup(copy)
    }

    /// Puts a copy in the place of what there is, and starts again on the same port: what came after the copy never was.
    pub async fn restore(&mut self, backup: &Backup) {
        self.stop().await;
        std::fs::remove_dir_all(&self.data).expect("the data of a stopped server can be removed");
        copy_folder(&backup.0, &self.data);
        self.restart().await;
    }

    /// Ends it in order, clients and all.
    async fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // "Fast": transactions are rolled back, everything is flushed.
        process.signal("INT");
        wait_for(DEADLINE, "PostgreSQL to stop", || {
            let ended = process.child().try_wait().ok().flatten();
            async move { ended.map(drop) }
        })
        .await;
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// A copy of a server's disk. Removed with the server.
pub struct Backup(PathBuf);

fn copy_folder(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(
        copied.is_ok_and(|status| status.success()),
        "cp -a must copy {}",
        from.display()
    );
}

/// Starts the server that all tests of this machine share; gives its port and process id.
pub(crate) async fn start_shared(folder: &Path) -> (u16, u32) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("the temporary folder must be writable");
    open_to_server(folder);
    let data = folder.join("data");
    init(&data);
    let port = free_port();
    let pid = start_to_stay(&mut command(&data, port));
    wait_ready(port, &data).await;
    (port, pid)
}

/// A connection for administration.
pub(crate) async fn connect(port: u16, database: &str) -> Result<DatabaseConnection, sea_orm::DbErr> {
    connect_to(url(port, database)).await
}

async fn connect_to(url: String) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .connect_timeout(Duration::from_secs(5))
        .acquire_timeout(Duration::from_secs(5))
        .sqlx_logging(false);
    Database::connect(options).await
}

/// The URL of a database to be made; its name tells which process it belongs to, so that it can be swept later.
pub(crate) fn new_url(port: u16) -> String {
    url(
        port,
        &format!("t_{}_{}", std::process::id(), uuid::Uuid::new_v4().simple()),
    )
}

/// Makes the database of `url`: empty, or as `template` is, which nobody may be connected to.
pub(crate) async fn create_database(url: &str, template: Option<&str>) {
    let (server, name) = url.rsplit_once('/').expect("a database");
    let template = template.and_then(|template| template.rsplit_once('/'));
    let create = match template {
        Some((_, template)) => format!("CREATE DATABASE {name} TEMPLATE {template}"),
        None => format!("CREATE DATABASE {name}"),
    };
    let admin = connect_to(format!("{server}/postgres"))
        .await
        .expect("the test server must answer");
    admin.execute_unprepared(&create).await.expect("a database per test");
    let _ = admin.close().await;
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

fn init(data: &Path) {
    let output = as_server_user(Command::new(postgres_program("initdb")))
        .arg("--pgdata")
        .arg(data)
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
        // Only the making of the empty cluster goes unsynced; the server itself runs with fsync on.
        .arg("--no-sync")
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .expect("initdb must be startable");
    assert!(
        output.status.success(),
        "initdb failed in {}: {}",
        data.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn command(data: &Path, port: u16) -> Command {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(data.with_extension("log"))
        .expect("the log of the server must be writable");
    let mut command = as_server_user(Command::new(postgres_program("postgres")));
    command
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories="])
        .args(["-c", "max_connections=500"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle of the log"))
        .stderr(log)
        .process_group(0);
    command
}

async fn wait_ready(port: u16, data: &Path) {
    let log = data.with_extension("log");
    wait_for(
        DEADLINE,
        &format!("PostgreSQL to accept connections (its log: {})", log.display()),
        || async move { connect(port, "postgres").await.ok() },
    )
    .await;
}

/// PostgreSQL refuses to run as root, so root's tests run it as the user that Debian's package made for it.
fn as_server_user(mut command: Command) -> Command {
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command
}

fn open_to_server(folder: &Path) {
    if let Some((user, group)) = server_user() {
        chown(folder, Some(user), Some(group)).expect("root may give a folder away");
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).expect("root may change a folder");
    }
}

/// `postgres`, else `nobody`; `None` when the tests do not run as root.
fn server_user() -> Option<(u32, u32)> {
    if crate::shared::user_id() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("a list of users");
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(
        ids("postgres")
            .or_else(|| ids("nobody"))
            .expect("PostgreSQL does not run as root: `apt-get install postgresql` makes the user `postgres` for it"),
    )
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("loopback must have a free port")
        .port()
}
