//! A database of its own for each test.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

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

/// A database that belongs to one test. It is made when its URL is first asked for: empty, unless [`Self::copy_of`] made it before.
pub struct TestDatabase {
    url: String,
    engine: TestEngine,
    is_made: AtomicBool,
    folder: Option<DataFolder>,
}

impl TestDatabase {
    fn new(url: String, engine: TestEngine, folder: Option<DataFolder>) -> Self {
        Self {
            url,
            engine,
            is_made: AtomicBool::new(false),
            folder,
        }
    }

    /// What `Database::connect` takes.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub fn url(&self) -> &str {
        if !self.is_made.swap(true, Ordering::SeqCst) && self.engine == TestEngine::Postgres {
            // On a thread of its own, so that it works in a runtime and outside of one.
            let made = std::thread::scope(|scope| {
                let making = scope.spawn(|| crate::run(postgres_server::create_database(&self.url, None)));
                making.join()
            });
            made.expect("a database per test");
        }
        &self.url
    }

    /// Makes it a copy of a database that `prepare` fills once in this process: copying costs a fraction of migrating. `prepare` must have
    /// closed its connections when it ends. Does nothing when the database has been made already.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub async fn copy_of<F: Future<Output = ()>>(&self, template: &'static str, prepare: impl FnOnce(String) -> F) {
        if self.is_made.load(Ordering::SeqCst) {
            return;
        }
        let cell = TEMPLATES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry((template, self.engine == TestEngine::Postgres))
            .or_default()
            .clone();
        let source = cell
            .get_or_init(|| async {
                let source = match self.engine {
                    TestEngine::Sqlite => sqlite(),
                    TestEngine::Postgres => postgres().await,
                };
                prepare(source.url().to_owned()).await;
                source
            })
            .await;
        if self.is_made.swap(true, Ordering::SeqCst) {
            return;
        }
        match (&self.folder, &source.folder) {
            (Some(to), Some(from)) => {
                std::fs::copy(from.path().join(FILE), to.path().join(FILE)).expect("a database can be copied");
            }
            _ => postgres_server::create_database(&self.url, Some(&source.url)).await,
        }
    }

    /// Which engine it is on.
    pub fn engine(&self) -> TestEngine {
        self.engine
    }
}

/// Databases to copy, by name and engine. They live as long as the process.
static TEMPLATES: LazyLock<Mutex<HashMap<Template, Filled>>> = LazyLock::new(Mutex::default);

/// Its name, and whether it is on PostgreSQL.
type Template = (&'static str, bool);
type Filled = Arc<OnceCell<TestDatabase>>;

/// The file of a SQLite database in its folder.
const FILE: &str = "test.db";

/// A new SQLite file, removed when the value is dropped.
pub fn sqlite() -> TestDatabase {
    let folder = data_folder();
    let url = format!("sqlite://{}", folder.path().join(FILE).display());
    TestDatabase::new(url, TestEngine::Sqlite, Some(folder))
}

/// A new database on the PostgreSQL server that all tests share.
///
/// # Panics
/// When PostgreSQL is not installed (the message names the fix) or does not start.
pub async fn postgres() -> TestDatabase {
    TestDatabase::new(
        postgres_server::new_url(shared_port().await),
        TestEngine::Postgres,
        None,
    )
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
