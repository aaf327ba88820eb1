//! The log of everything that happened to what a service owns.
//!
//! An event is appended in the transaction of the change it tells of. Its `seq` comes from a counter row per tenant
//! that is locked from [`append`] to the commit: numbers are dense, and their order is the order of the commits. So a
//! hole is a provable bug, and a reader that goes on after the last `seq` it has seen cannot miss an event that commits
//! late (it can with identity columns, whose values are given out before the commit).

mod append;
mod consumers;
mod entity;
mod epoch;
mod known;
mod migration;
mod read;
mod rewrite;
mod trim;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use append::{PAYLOAD_MAX, append};
pub use consumers::{
    Consumer, Standing, consumer, consumers, count_consumers, delete_consumer, furthest_behind, lock_consumer,
    put_consumer, slowest,
};
pub use epoch::{epoch, leave_epoch, renew_epoch};
pub(crate) use known::Known;
pub use known::news;
pub use migration::{ConsumersMigration, Migration};
pub use read::{Head, READ_BYTES, State, before, ends, head, heads, read, read_about, state};
pub use rewrite::{Payload, about, recorded_just_at, rewrite};
pub use trim::{recorded_before, trim};

/// An event to append. All strings are the owner's; none may be customers' text except inside `payload`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// UUIDv7, unique over all tenants and logs.
    pub id: Uuid,
    /// Name of the field set in the owner's `Event.payload`, for example `ticket_created`.
    pub kind: String,
    /// Resource name of what changed.
    pub subject: String,
    /// When it happened, by the source's own clock.
    pub occurred_at: DateTime<Utc>,
    /// `CUSTOMER`, `AGENT` or `AUTOMATION`.
    pub actor_kind: String,
    /// Resource name of the actor, or the name of the automation.
    pub actor_id: String,
    /// W3C `traceparent` of the call; empty when there was none.
    pub trace_parent: String,
    /// The owner's encoded `Event` message with an empty head. At most [`PAYLOAD_MAX`] bytes.
    pub payload: Vec<u8>,
}

/// An event as it lies in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Whose event.
    pub tenant: String,
    /// Position in the tenant's log: 1, 2, 3 … without holes, in commit order.
    pub seq: i64,
    /// When it was committed, by our clock.
    pub recorded_at: DateTime<Utc>,
    /// See [`NewEvent::id`].
    pub id: Uuid,
    /// See [`NewEvent::kind`].
    pub kind: String,
    /// See [`NewEvent::subject`].
    pub subject: String,
    /// See [`NewEvent::occurred_at`].
    pub occurred_at: DateTime<Utc>,
    /// See [`NewEvent::actor_kind`].
    pub actor_kind: String,
    /// See [`NewEvent::actor_id`].
    pub actor_id: String,
    /// See [`NewEvent::trace_parent`].
    pub trace_parent: String,
    /// See [`NewEvent::payload`].
    pub payload: Vec<u8>,
}
