//! One service's database.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch;
use vorrang_error::Error;

use crate::event_log::Known;
use crate::tx::Tx;
use crate::{connect, error, schema};

/// What the data lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file, WAL, `synchronous=FULL`.
    Sqlite,
    /// A server.
    Postgres,
}

/// One service's database. Clones share the connections and the doorbell.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    engine: Engine,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    bell: watch::Sender<u64>,
    known: Arc<Known>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("engine", &self.0.engine)
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens `sqlite:///absolute/path.db` (the file is created, its folder is not) or `postgres://user:password@host:port/name`.
    ///
    /// # Errors
    /// `DATABASE_URL_INVALID`, or Unavailable `DATABASE_UNREACHABLE` naming file or host, never the password.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let pools = connect::open(url).await?;
        Ok(Self(Arc::new(Inner {
            engine: pools.engine,
            reader: pools.reader,
            writer: pools.writer,
            bell: watch::Sender::new(0),
            known: Arc::default(),
        })))
    }

    /// What the data lie on.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// For reads outside a transaction; each statement sees everything committed before it. Writing through it fails on SQLite.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.0.reader
    }

    /// Starts a write transaction. SQLite: it waits for its turn on the one writer, and holds the write lock from the
    /// start. PostgreSQL: READ COMMITTED; lock the rows you decide on (`FOR UPDATE`).
    ///
    /// # Errors
    /// Unavailable when the database is down or no connection became free in time.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.0.writer.begin_with_options(options).await.map_err(error)?;
        Ok(Tx::new(
            transaction,
            self.0.engine,
            self.0.bell.clone(),
            Arc::clone(&self.0.known),
        ))
    }

    /// Brings the schema to what `M` knows, all or nothing. Several processes may call it at once: one migrates, the
    /// others wait and find nothing to do.
    ///
    /// # Errors
    /// Precondition `SCHEMA_NEWER` when the database has migrations that this build does not know.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), Error> {
        schema::migrate::<M>(self).await
    }

    /// Checks that the schema is exactly the one `M` knows; changes nothing.
    ///
    /// # Errors
    /// Precondition `SCHEMA_OLDER` or `SCHEMA_NEWER`, naming the first migration that differs and what to do.
    pub async fn check_schema<M: MigratorTrait>(&self) -> Result<(), Error> {
        schema::check::<M>(self.reader()).await
    }

    /// The doorbell: changes after each commit of *this process* that appended events. Rings may fall together, and a
    /// ring may come without news; it is a reason to look, not a count.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.bell.subscribe()
    }

    pub(crate) fn known(&self) -> &Known {
        &self.0.known
    }

    /// Closes all connections; running transactions are waited for. SQLite folds its WAL into the file.
    ///
    /// # Errors
    /// When closing fails; nothing committed is lost by that.
    pub async fn close(self) -> Result<(), Error> {
        self.0.reader.close_by_ref().await.map_err(error)?;
        self.0.writer.close_by_ref().await.map_err(error)
    }
}
