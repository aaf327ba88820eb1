//! What the tests share.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use uuid::Uuid;
use vorrang_database::event_log::{self, NewEvent, StoredEvent};
use vorrang_database::{Database, fingerprints, from_micros, idempotency};
use vorrang_error::Error;

/// What each service's migrator begins with.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(event_log::Migration),
            Box::new(idempotency::Migration),
            Box::new(fingerprints::Migration),
        ]
    }
}

/// A migrated database.
pub async fn migrated(url: &str) -> Database {
    let database = Database::connect(url).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    database
}

/// Some moment, `seconds` after an arbitrary start.
pub fn at(seconds: i64) -> DateTime<Utc> {
    from_micros(1_790_000_000_123_456) + TimeDelta::seconds(seconds)
}

/// An event that is told apart by `subject`.
pub fn event(subject: &str) -> NewEvent {
    NewEvent {
        id: Uuid::new_v4(),
        kind: "ticket_created".to_owned(),
        subject: subject.to_owned(),
        occurred_at: at(-5),
        actor_kind: "CUSTOMER".to_owned(),
        actor_id: "customers/1".to_owned(),
        trace_parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        payload: vec![0, 1, 2, 255],
    }
}

/// Appends and commits.
pub async fn append(database: &Database, tenant: &str, events: Vec<NewEvent>) -> Result<i64, Error> {
    let mut tx = database.begin().await?;
    let last = event_log::append(&mut tx, tenant, at(0), events).await?;
    tx.commit().await?;
    Ok(last)
}

/// Everything in a tenant's log.
pub async fn log(database: &Database, tenant: &str) -> Vec<StoredEvent> {
    let mut all: Vec<StoredEvent> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.seq);
        let next = event_log::read(database, tenant, after, 1_000).await.expect("reads");
        if next.is_empty() {
            return all;
        }
        all.extend(next);
    }
}

/// The first column of the first row, as text.
pub async fn text<C: ConnectionTrait>(connection: &C, sql: &str) -> String {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection
        .query_one_raw(statement)
        .await
        .expect("queries")
        .expect("a row");
    row.try_get_by_index(0).expect("text")
}
