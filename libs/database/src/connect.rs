//! Opening the pools. The only place that knows how the two engines are set up.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions, Connection};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use vorrang_error::{Error, Kind};

use crate::database::Engine;

/// Connections per service and process on PostgreSQL: six databases of one process stay under its default of 100.
const POSTGRES_CONNECTIONS: u32 = 12;
/// Readers on SQLite beside the one writer.
const SQLITE_READERS: u32 = 4;
/// How long a call waits for a connection, and how long a start waits for the server.
const ACQUIRE: Duration = Duration::from_secs(5);
/// SQLite's writers stand in one queue, so that they wait longer before they are told to come back.
const WRITER_ACQUIRE: Duration = Duration::from_secs(30);
/// How long SQLite waits for a lock that another *process* holds.
const BUSY: Duration = Duration::from_secs(5);
/// A connection idle for longer is tried before it is handed out: the server may have restarted.
const PING_AFTER: Duration = Duration::from_secs(5);

/// What [`open`] gives: where to read, where to write.
pub(crate) struct Pools {
    pub engine: Engine,
    pub reader: DatabaseConnection,
    pub writer: DatabaseConnection,
}

pub(crate) async fn open(url: &str) -> Result<Pools, Error> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        sqlite(Path::new(path)).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        postgres(url).await
    } else {
        // Not even the scheme is repeated: a misplaced secret could stand there.
        Err(Error::new(
            Kind::Invalid,
            "DATABASE_URL_INVALID",
            "the database URL must be sqlite:///absolute/path.db or postgres://user@host:port/name",
        ))
    }
}

async fn sqlite(path: &Path) -> Result<Pools, Error> {
    if !path.is_absolute() {
        return Err(Error::new(
            Kind::Invalid,
            "DATABASE_URL_INVALID",
            format!(
                "the database URL must name an absolute path: sqlite:///…/{}",
                path.display()
            ),
        ));
    }
    let unreachable = |cause: sea_orm::sqlx::Error| {
        Error::unavailable(
            "DATABASE_UNREACHABLE",
            format!(
                "cannot open the SQLite file {}: check that its folder exists and is writable",
                path.display()
            ),
        )
        .caused_by(cause)
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // What is deleted is overwritten: a destroyed key must not be found in a page that nobody uses any more.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    // One writer connection: writers queue here, in order, instead of failing with SQLITE_BUSY.
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(WRITER_ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await
        .map_err(unreachable)?;
    // `query_only` makes a write outside `Database::begin` an error in every test on SQLite.
    let reader = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.create_if_missing(false).pragma("query_only", "ON"))
        .await
        .map_err(unreachable)?;
    Ok(Pools {
        engine: Engine::Sqlite,
        reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
    })
}

async fn postgres(url: &str) -> Result<Pools, Error> {
    let options: PgConnectOptions = url.parse().map_err(|_| {
        // The cause may repeat parts of the URL, and with them the password: it is not kept.
        Error::new(
            Kind::Invalid,
            "DATABASE_URL_INVALID",
            "the database URL cannot be parsed: expected postgres://user:password@host:port/name",
        )
    })?;
    let place = format!(
        "{}:{} (database {})",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or("of the user's name")
    );
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for < PING_AFTER {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
        .connect_with(
            options
                // On, whatever the server's default: an acknowledged event must survive a crash. And a writer that
                // hangs in a transaction must not hold a tenant's counter row for ever. A plan is never kept: one made
                // while a table was small compares each row with each value of a long `IN (…)`. Measured with 24,000
                // contacts in batches, that took three times the server's CPU, and more as the table grew.
                .options([
                    ("synchronous_commit", "on"),
                    ("idle_in_transaction_session_timeout", "30s"),
                    ("plan_cache_mode", "force_custom_plan"),
                ])
                .disable_statement_logging(),
        )
        .await
        .map_err(|cause| {
            Error::unavailable(
                "DATABASE_UNREACHABLE",
                format!(
                    "cannot reach PostgreSQL at {place} within {} s: check that it runs and the URL's user, password and \
                     database",
                    ACQUIRE.as_secs()
                ),
            )
            .caused_by(cause)
        })?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    Ok(Pools {
        engine: Engine::Postgres,
        reader: connection.clone(),
        writer: connection,
    })
}
