//! What a follower gets, before it becomes the owner's own response type.

use chrono::{DateTime, Utc};
use vorrang_api::feed::v1::{Actor, EventHead, actor};
use vorrang_api::timestamp;
use vorrang_database::event_log::StoredEvent;

/// Some events of one tenant in order, with the cursor to store with their effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whose events. Empty only in the heartbeat of a stream over all tenants, which stands for every one of them.
    pub tenant: String,
    /// At most 500, and together under 1 MiB unless it is a single one. May be empty.
    pub events: Vec<StoredEvent>,
    /// Where to go on after these events. Empty in the heartbeat of a stream over all tenants.
    pub cursor: String,
    /// Nothing newer was committed before `as_of`.
    pub caught_up: bool,
    /// When the log was last looked at: if caught up, all that was committed before is delivered.
    pub as_of: DateTime<Utc>,
}

/// The head of a stored event as followers see it.
pub fn head(event: &StoredEvent) -> EventHead {
    let kind = actor::Kind::from_str_name(&format!("KIND_{}", event.actor_kind)).unwrap_or(actor::Kind::Unspecified);
    EventHead {
        id: event.id.to_string(),
        seq: event.seq,
        tenant: event.tenant.clone(),
        r#type: event.kind.clone(),
        subject: event.subject.clone(),
        occurred_at: Some(timestamp(event.occurred_at)),
        recorded_at: Some(timestamp(event.recorded_at)),
        actor: Some(Actor {
            kind: kind.into(),
            id: event.actor_id.clone(),
        }),
        trace_parent: event.trace_parent.clone(),
    }
}
