//! Migrations: applied once whoever calls, and compared with what a build knows.

use std::time::Duration;

use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, Statement};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};
use vorrang_error::{Error, Kind};

use crate::{Database, Engine, error};

/// Key of the advisory lock that migrating processes take, per database: "vorrang" in ASCII.
const LOCK: i64 = 0x76_6f_72_72_61_6e_67;

/// How long a migration waits for one lock. While it waits, every later statement on that table waits behind it, so a long
/// read must not make a migration hold up the service: it gives way and tries again.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '300ms'";
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// About three minutes; who holds a lock for longer has to be ended by somebody who knows what it is.
const ATTEMPTS: u32 = 150;

pub(crate) async fn migrate<M: MigratorTrait>(database: &Database) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        match apply::<M>(database).await {
            Err(error) if error.kind() == Kind::Conflict && attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            applied => return applied,
        }
    }
}

async fn apply<M: MigratorTrait>(database: &Database) -> Result<(), Error> {
    // One transaction around everything: SQLite's write lock does what the advisory lock does on PostgreSQL, and a
    // migration that fails half-way leaves nothing behind.
    let tx = database.begin().await?;
    if database.engine() == Engine::Postgres {
        let lock = Statement::from_sql_and_values(
            tx.conn().get_database_backend(),
            "SELECT pg_advisory_xact_lock($1)",
            [LOCK.into()],
        );
        tx.conn().query_one_raw(lock).await.map_err(error)?;
        tx.conn().execute_unprepared(LOCK_WAIT).await.map_err(error)?;
    }
    if let Difference::Newer(name) = compare::<M, _>(tx.conn()).await? {
        return Err(newer(&name));
    }
    M::up(tx.conn(), None).await.map_err(error)?;
    tx.commit().await
}

pub(crate) async fn check<M: MigratorTrait>(connection: &sea_orm::DatabaseConnection) -> Result<(), Error> {
    match compare::<M, _>(connection).await? {
        Difference::None => Ok(()),
        Difference::Newer(name) => Err(newer(&name)),
        Difference::Older(name) => Err(Error::precondition(
            "SCHEMA_OLDER",
            format!("the database schema is older than this build: migration {name} is missing; run `vorrang migrate`"),
        )
        .with("migration", name)),
    }
}

fn newer(name: &str) -> Error {
    Error::precondition(
        "SCHEMA_NEWER",
        format!(
            "the database schema is newer than this build: it does not know migration {name}; start a build at least as new \
             as the one that last ran `vorrang migrate`"
        ),
    )
    .with("migration", name)
}

enum Difference {
    None,
    /// The first migration that the database lacks.
    Older(String),
    /// The first migration that this build does not know.
    Newer(String),
}

async fn compare<M: MigratorTrait, C: ConnectionTrait>(connection: &C) -> Result<Difference, Error>
where
    for<'c> &'c C: sea_orm_migration::IntoSchemaManagerConnection<'c>,
{
    let exists = SchemaManager::new(connection)
        .has_table(M::migration_table_name().to_string())
        .await
        .map_err(error)?;
    let applied: Vec<String> = if exists {
        seaql_migrations::Entity::find()
            .order_by_asc(seaql_migrations::Column::Version)
            .all(connection)
            .await
            .map_err(error)?
            .into_iter()
            .map(|row| row.version)
            .collect()
    } else {
        Vec::new()
    };
    let known = M::migrations();
    if let Some(name) = applied
        .iter()
        .find(|name| known.iter().all(|migration| migration.name() != *name))
    {
        return Ok(Difference::Newer(name.clone()));
    }
    Ok(known
        .iter()
        .find(|migration| !applied.iter().any(|name| name == migration.name()))
        .map_or(Difference::None, |migration| {
            Difference::Older(migration.name().to_owned())
        }))
}
