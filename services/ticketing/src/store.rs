//! Where tickets live. Every change is one transaction: lock, decide by a pure function, write rows, answer and events.
//!
//! Locks are always taken in this order, so that no two transactions can wait for each other:
//! 1. a tenant's row of `automation_cursors` (only by whoever lets automations work), or a schedule,
//! 2. the tenant's row of `ticket_numbers` (only where tickets are made, where anything about customers or organisations changes, and where
//!    tickets are merged, unmerged or linked: what leads from ticket to ticket changes only under it),
//! 3. tickets, by id,
//! 4. what the tenant has defined (sub-states, own fields), one at a time; rows about customers and surveys: a sending, then
//!    the customer's caps, in the order of their kinds,
//! 5. attachments, shared by who refers to them,
//! 6. the tenant's row of the event log's counter, at the very end.
//!
//! The ids of repeatable calls are locked without waiting and need no place in it. Entities never leave this module, and
//! every query carries the tenant.

mod answers;
mod apply_macro;
mod asked;
mod attachments;
mod automations;
mod calls;
mod change;
mod create_ticket;
mod customers;
mod entity;
mod erase;
mod export;
mod find;
mod history;
mod history_erased;
mod holds;
mod identities;
mod ids;
mod kin;
mod link;
mod list;
mod list_conversation;
mod list_customers;
mod log;
mod macros;
mod merge;
mod merge_customers;
mod message;
pub mod migrations;
mod organizations;
pub mod personal;
mod record;
mod records;
mod retention;
mod reviews;
mod row;
mod rubrics;
mod schedule_users;
mod schedules;
mod sealed;
mod sendings;
mod sla;
mod split;
mod sub_states;
mod suggestions;
mod surroundings;
mod surveys;
mod ticket_fields;
mod unmerge;
mod unmerge_customer;
mod values;
mod webhooks;
mod write;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use prost::Message;
use tokio::sync::Notify;
use vorrang_clock::SharedClock;
use vorrang_database::idempotency::{self, Begin};
use vorrang_database::{Database, Tx};
use vorrang_error::Error;
use vorrang_service::Ids;

use crate::automation::Cause;
use crate::survey::Links;
use crate::words::{Actor, ActorKind};

pub use answers::{About, AnswerFilter, Asked, NewAnswer};
pub use apply_macro::Application;
pub use automations::{Candidates, Followed, RunFilter, StoredRun, Tested, Verdict};
pub use create_ticket::NewTicket;
pub use erase::ErasureRequest;
pub use find::Search;
pub use history::Taken;
pub use list::QueuedPosition;
pub use list_conversation::ConversationPosition;
pub use macros::MacroPosition;
pub use merge::Merging;
pub use merge_customers::MergeRequest;
pub use organizations::Wanted as WantedOrganizations;
pub use personal::{Lookup, Personal};
pub use records::{Lifetime, RecordPosition, Recording, Told, Whose};
pub use reviews::{NewReview, ReviewFilter};
pub use sendings::{Due, Page, SendingFilter};
pub use split::{Splitting, Wanted};
pub use webhooks::{Backlog, Claim, Finished, Key, NewDelivery, ReplayStep};

/// Who calls, for which tenant, and what makes the call repeatable.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whose data.
    pub tenant: String,
    /// Empty: not repeatable.
    pub request_id: String,
    /// Over method and request.
    pub request_hash: [u8; 32],
    /// Who does it.
    pub actor: Actor,
    /// W3C traceparent; empty: none.
    pub trace_parent: String,
    /// The automations that led to it; of a call from outside none.
    pub cause: Cause,
}

impl Call {
    /// What a loop of ours does for a tenant, by the loop's name.
    pub fn of_ours(tenant: &str, name: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            request_id: String::new(),
            request_hash: [0; 32],
            actor: Actor {
                kind: ActorKind::Automation,
                id: name.to_owned(),
            },
            trace_parent: String::new(),
            cause: Cause::default(),
        }
    }
}

/// The store. Clones share the database.
#[derive(Clone)]
pub struct Store {
    db: Database,
    clock: SharedClock,
    ids: Ids,
    personal: Personal,
    /// Rung when a source vouched that two customers are one person.
    vouched: Arc<Notify>,
    terms: sla::TermsCache,
    policies: sla::PolicyCache,
    links: Links,
}

impl Store {
    /// A store on a database that has the schema of [`migrations::Migrator`]. `links` are those in the invitations it tells.
    pub fn new(db: Database, clock: SharedClock, ids: Ids, personal: Personal, links: Links) -> Self {
        Self {
            db,
            clock,
            ids,
            personal,
            vouched: Arc::default(),
            terms: sla::TermsCache::default(),
            policies: sla::PolicyCache::default(),
            links,
        }
    }

    /// The time by the clock of this store.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The tenant's keyed hashes.
    pub fn lookup(&self, tenant: &str) -> Lookup {
        self.personal.lookup(tenant)
    }

    /// Begins a repeatable call: the stored answer when this is a repeat.
    async fn begin<R: Message + Default>(&self, call: &Call) -> Result<Begun<R>, Error> {
        let mut tx = self.db.begin().await?;
        let begin = idempotency::begin(
            &mut tx,
            &call.tenant,
            &call.request_id,
            call.request_hash,
            self.clock.now(),
        )
        .await?;
        match begin {
            Begin::New => Ok(Begun::New(tx)),
            Begin::Same(stored) => {
                let stored = stored.as_slice();
                let keyring = self.personal.keyring_for(tx.conn(), &call.tenant, [stored]).await?;
                tx.rollback().await?;
                let answer = keyring.open_answer(&call.request_id, stored)?;
                let answer = R::decode(answer.ok_or_else(personal::erased)?.as_slice())
                    .map_err(|cause| Error::internal("a stored answer cannot be read").caused_by(cause))?;
                Ok(Begun::Same(answer))
            }
        }
    }
}

enum Begun<R> {
    New(Tx),
    Same(R),
}
