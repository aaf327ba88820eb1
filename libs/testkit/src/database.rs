//! A database of its own for each test.

use std::collections::HashSet;
use std::path::Path;

use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::OnceCell;

use crate::shared::Lease;
use crate::{DataFolder, data_folder, postgres_server};

/// Which engine a [`TestDatabase`] is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestEngine {
    /// A file.
    Sqlite,
    /// The shared server.
    Postgres,
}

/// An empty database that belongs to one test.
pub struct TestDatabase {
    url: String,
    engine: TestEngine,
    _folder: Option<DataFolder>,
}

impl TestDatabase {
    /// What `Database::connect` takes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which engine it is on.
    pub fn engine(&self) -> TestEngine {
        self.engine
    }
}

/// A new SQLite file, removed when the value is dropped.
pub fn sqlite() -> TestDatabase {
    let folder = data_folder();
    TestDatabase {
        url: format!("sqlite://{}", folder.path().join("test.db").display()),
        engine: TestEngine::Sqlite,
        _folder: Some(folder),
    }
}

/// A new database on the PostgreSQL server that all tests share.
///
/// # Panics
/// When PostgreSQL is not installed (the message names the fix) or does not start.
pub async fn postgres() -> TestDatabase {
    TestDatabase {
        url: postgres_server::create_database(shared_port().await).await,
        engine: TestEngine::Postgres,
        _folder: None,
    }
}

struct SharedPostgres {
    port: u16,
    _lease: Lease,
}

async fn shared_port() -> u16 {
    static SHARED: OnceCell<SharedPostgres> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let lease = Lease::take("postgres").await;
            let start = lease.lock_start().await;
            let port = match running(&lease.folder).await {
                Some(port) => port,
                None => {
                    let (port, pid) = postgres_server::start_shared(&lease.folder).await;
                    std::fs::write(lease.folder.join("port"), port.to_string())
                        .expect("the folder of the test server must be writable");
                    lease.reap_later(pid, "QUIT");
                    port
                }
            };
            drop(start);
            sweep(port).await;
            SharedPostgres { port, _lease: lease }
        })
        .await
        .port
}

async fn running(folder: &Path) -> Option<u16> {
    let port = std::fs::read_to_string(folder.join("port")).ok()?.parse().ok()?;
    let admin = postgres_server::connect(port, "postgres").await.ok()?;
    let _ = admin.close().await;
    Some(port)
}

/// Dead databases are left until there are this many: dropping one costs a checkpoint, keeping one 8 MB.
const DEAD_MAX: usize = 100;

/// Drops the databases of processes that have ended.
async fn sweep(port: u16) {
    let Ok(admin) = postgres_server::connect(port, "postgres").await else {
        return;
    };
    let query = Statement::from_string(
        admin.get_database_backend(),
        "SELECT datname::text FROM pg_database WHERE datname LIKE 't\\_%'",
    );
    let names: Vec<String> = admin
        .query_all_raw(query)
        .await
        .unwrap_or_default()
        .iter()
        .filter_map(|row| row.try_get_by_index(0).ok())
        .collect();
    let mut alive = HashSet::new();
    let dead: Vec<&String> = names
        .iter()
        .filter(|name| {
            let Some(pid) = name.split('_').nth(1) else {
                return false;
            };
            !(alive.contains(pid) || Path::new("/proc").join(pid).exists() && alive.insert(pid.to_owned()))
        })
        .collect();
    if dead.len() > DEAD_MAX {
        for name in dead {
            // Another test process may be sweeping at the same time: whoever comes second finds nothing.
            let _ = admin
                .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        }
    }
    let _ = admin.close().await;
}
