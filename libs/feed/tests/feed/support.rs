//! What the tests share.

use std::pin::Pin;

use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt};
use prost::Message;
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;
use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_api::ticketing::v1 as pb;
use vorrang_database::event_log::{self, NewEvent};
use vorrang_database::{Database, erased, from_micros, idempotency};
use vorrang_error::Error;
use vorrang_feed::{Batch, Feed, Owner, Tenancy};
use vorrang_testkit::{DEADLINE, ManualClock};

/// The key of all cursors in these tests.
pub const KEY: &[u8] = b"a key for tests";

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(event_log::Migration),
            Box::new(event_log::ConsumersMigration),
            Box::new(idempotency::Migration),
            Box::new(erased::Migration),
        ]
    }
}

/// A migrated database.
pub async fn migrated(url: &str) -> Database {
    let database = Database::connect(url).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    database
}

/// When everything in these tests happens, unless a clock is moved.
pub fn noon() -> DateTime<Utc> {
    from_micros(1_790_000_000_000_000)
}

/// A feed that is watched until the value is dropped.
pub struct Served {
    pub feed: Feed,
    pub clock: ManualClock,
    pub shutdown: CancellationToken,
    _stop: DropGuard,
}

pub fn serve(database: &Database) -> Served {
    let clock = ManualClock::new(noon());
    let feed = Feed::new(Owner::Ticketing, database.clone(), KEY, clock.shared());
    let shutdown = CancellationToken::new();
    feed.spawn(shutdown.clone());
    Served {
        feed,
        clock,
        shutdown: shutdown.clone(),
        _stop: shutdown.drop_guard(),
    }
}

/// An event whose payload a ticketing follower can read.
pub fn event(subject: &str) -> NewEvent {
    let payload = pb::event::Payload::TicketCreated(pb::TicketCreated {
        ticket: Some(pb::Ticket {
            name: subject.to_owned(),
            ..pb::Ticket::default()
        }),
    });
    NewEvent {
        id: Uuid::new_v4(),
        kind: "ticket_created".to_owned(),
        subject: subject.to_owned(),
        occurred_at: noon(),
        actor_kind: "AGENT".to_owned(),
        actor_id: "agents/1".to_owned(),
        trace_parent: String::new(),
        payload: pb::Event {
            cause: None,
            head: None,
            payload: Some(payload),
        }
        .encode_to_vec(),
    }
}

/// Appends one event per subject, in one transaction.
pub async fn append(database: &Database, tenant: &str, subjects: &[&str]) -> i64 {
    append_events(
        database,
        tenant,
        subjects.iter().map(|subject| event(subject)).collect(),
    )
    .await
}

pub async fn append_events(database: &Database, tenant: &str, events: Vec<NewEvent>) -> i64 {
    append_at(database, tenant, noon(), events).await
}

/// Appends `events` in one transaction, recorded at `at`.
pub async fn append_at(database: &Database, tenant: &str, at: DateTime<Utc>, events: Vec<NewEvent>) -> i64 {
    let mut tx = database.begin().await.expect("begins");
    let last = event_log::append(&mut tx, tenant, at, events).await.expect("appends");
    tx.commit().await.expect("commits");
    last
}

pub fn acme() -> Tenancy {
    Tenancy::One("acme".to_owned())
}

pub fn from(start: StartPoint) -> FollowRequest {
    FollowRequest {
        start: start.into(),
        ..FollowRequest::default()
    }
}

pub fn after(cursor: &str) -> FollowRequest {
    FollowRequest {
        cursor: cursor.to_owned(),
        ..FollowRequest::default()
    }
}

/// A stream of batches that can be asked with a deadline.
pub struct Batches(Pin<Box<dyn Stream<Item = Result<Batch, Error>> + Send>>);

impl Batches {
    pub async fn open(feed: &Feed, tenancy: Tenancy, request: FollowRequest) -> Self {
        Self::try_open(feed, tenancy, request).await.expect("follows")
    }

    pub async fn try_open(feed: &Feed, tenancy: Tenancy, request: FollowRequest) -> Result<Self, Error> {
        Ok(Self(Box::pin(feed.follow(tenancy, request).await?)))
    }

    pub async fn next(&mut self) -> Batch {
        self.result().await.expect("a batch")
    }

    pub async fn error(&mut self) -> Error {
        let error = self.result().await.expect_err("an error");
        assert!(self.0.next().await.is_none(), "the stream ends after its first error");
        error
    }

    /// The next batch that has events.
    pub async fn events(&mut self) -> Batch {
        loop {
            let batch = self.next().await;
            if !batch.events.is_empty() {
                return batch;
            }
        }
    }

    pub async fn result(&mut self) -> Result<Batch, Error> {
        tokio::time::timeout(DEADLINE, self.0.next())
            .await
            .expect("in time")
            .expect("the stream goes on")
    }
}

pub fn subjects(batch: &Batch) -> Vec<&str> {
    batch.events.iter().map(|event| event.subject.as_str()).collect()
}
