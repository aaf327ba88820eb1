//! One matter of one customer, and everything that can be done to it. Pure: reads no clock and no store.
//!
//! Every operation changes the ticket and says what happened, in order, as [`Change`]s; the store writes both together.
//! No changes means that nothing is written, so repeating a verb is harmless.
//!
//! Three invariants hold after every operation, whatever came before:
//! - a ticket waits (`queue_entered_at`) exactly when nobody has it, somebody of ours has to act on it, it counts at all
//!   (`disposition`), no other system serves it (`handling`), and it is not part of another ticket;
//! - `generation` rises whenever it enters a queue, moves to another one, is assigned, merged or unmerged: what was claimed
//!   for an older generation is refused;
//! - while it is part of another ticket (`merged_into`) nothing of it changes, so that an unmerge gives back what was.

mod assign;
mod call;
mod change;
mod disposition;
mod erase;
mod fields;
pub mod link;
mod live;
pub mod merge;
pub mod split;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use crate::custom::{self, CustomFields, Definitions};
use crate::message::Draft;
use crate::sla::Sla;
use crate::state::{Standing, State, Trigger};
use crate::words::{ActorKind, Channel, Disposition, Handling, Priority};

pub use call::{Call, CallEvent, Knowing};
pub use change::{Assignment, Change, Moved};
pub use fields::{Field, Fields, Mask, Opening, TAGS_MAX, Wanted};
pub use link::{Link, LinkKind};
pub use live::{Leaving, Left};

/// The queue of a ticket that names none.
pub const QUEUE_DEFAULT: &str = "default";

/// A ticket as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: Uuid,
    /// Running number of the tenant.
    pub number: i64,
    /// Subject.
    pub subject: String,
    /// Whose matter it is.
    pub customer: Uuid,
    /// Channel of the first contact.
    pub channel: Channel,
    /// Where it is in its life.
    pub state: State,
    /// Id of the tenant's own sub-state of it.
    pub sub_state: Option<String>,
    /// Whether it counts.
    pub disposition: Disposition,
    /// Priority.
    pub priority: Priority,
    /// The customer's tier when it was opened.
    pub tier: String,
    /// The customer's organisation when it was opened.
    pub organization: Option<Uuid>,
    /// The queue it waits or last waited in.
    pub queue: String,
    /// Who has it, `agents/{agent}`.
    pub assignee: Option<String>,
    /// Sorted, each once.
    pub tags: Vec<String>,
    /// Agents who follow it, `agents/{agent}`. Sorted, each once.
    pub followers: Vec<String>,
    /// Values of the tenant's own fields.
    pub custom_fields: CustomFields,
    /// What the customer wants; empty: unknown.
    pub intent: String,
    /// BCP 47; empty: unknown.
    pub language: String,
    /// By when it should be answered.
    pub due_at: Option<DateTime<Utc>>,
    /// Since when it waits; none: it does not.
    pub queue_entered_at: Option<DateTime<Utc>>,
    /// The fencing token of assignments.
    pub generation: i64,
    /// What it follows up.
    pub follow_up_of: Option<Uuid>,
    /// Whether a machine wrote its first contact.
    pub automated: bool,
    /// Messages of its own, notes included.
    pub message_count: i32,
    /// The highest place that a message of it ever had; those that a split took away leave gaps.
    pub last_position: i32,
    /// The newest message.
    pub last_message: Option<Uuid>,
    /// When it was opened, by the source's clock.
    pub opened_at: DateTime<Utc>,
    /// The customer's first message, in the conversation with everything merged into it.
    pub contacted_at: Option<DateTime<Utc>>,
    /// The first reply after it, in the same conversation.
    pub first_replied_at: Option<DateTime<Utc>>,
    /// The last solve, while it holds.
    pub solved_at: Option<DateTime<Utc>>,
    /// Number of solves.
    pub solve_count: i32,
    /// When we stored it.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Rises with every change; the etag.
    pub revision: i64,
    /// What it was promised; none: no policy fitted.
    pub sla: Option<Sla>,
    /// Whether its texts were erased.
    pub erased: bool,
    /// Its links to other tickets, as they read from its side, in the order in which they were made.
    pub links: Vec<Link>,
    /// The ticket of which it is a part by a merge.
    pub merged_into: Option<Uuid>,
    /// Since when it had waited when it was merged: it waits since then again after an unmerge.
    pub kept_wait: Option<DateTime<Utc>>,
    /// The ticket from whose messages it was made.
    pub split_from: Option<Uuid>,
    /// Of an imported one: the system it comes from and its id there, `zendesk:35436`.
    pub external_id: Option<String>,
    /// How it is to be served.
    pub handling: Handling,
    /// What is known of the phone call that it is about; none: it is about none.
    pub call: Option<Call>,
    /// While the customer of a live contact is on the line: when they were last known to be; after they left: since when they are not.
    /// None: nothing is known beyond that it was opened.
    pub line_at: Option<DateTime<Utc>>,
    /// Of an imported one: how far its past is told.
    pub past: Option<crate::past::Imported>,
}

impl Ticket {
    /// Opens a ticket; it waits in its queue from now on.
    pub fn open(opening: Opening, now: DateTime<Utc>) -> Self {
        let Fields {
            subject,
            priority,
            queue,
            tags,
            intent,
            language,
            due_at,
            followers,
            custom_fields,
        } = opening.fields;
        Self {
            id: opening.id,
            number: opening.number,
            subject,
            customer: opening.customer,
            channel: opening.channel,
            state: State::New,
            sub_state: None,
            disposition: Disposition::Normal,
            priority,
            tier: opening.tier,
            organization: opening.organization,
            queue,
            assignee: None,
            tags,
            followers,
            custom_fields,
            intent,
            language,
            due_at,
            queue_entered_at: Some(now),
            generation: 1,
            follow_up_of: opening.follow_up_of,
            automated: opening.automated,
            message_count: 0,
            last_position: 0,
            last_message: None,
            opened_at: opening.opened_at.map_or(now, |at| at.min(now)),
            contacted_at: None,
            first_replied_at: None,
            solved_at: None,
            solve_count: 0,
            created_at: now,
            updated_at: now,
            revision: 1,
            sla: None,
            erased: false,
            links: Vec::new(),
            merged_into: None,
            kept_wait: None,
            split_from: opening.split_from,
            external_id: None,
            handling: Handling::ByChannel,
            call: None,
            line_at: None,
            past: None,
        }
    }

    /// Refuses when `etag` is not empty and not the present one: somebody was faster. Names the newest message, so that a
    /// second answer can be written knowing the first.
    pub fn check_etag(&self, etag: &str) -> Result<(), Error> {
        vorrang_service::check_etag(etag, self.revision).map_err(|error| match self.last_message {
            Some(message) => error.with("newest_message", crate::names::message(self.id, message)),
            None => error,
        })
    }

    /// Refuses a message that is meant to be older than the ticket: an answer before the question has no response time.
    ///
    /// # Errors
    /// Invalid `message.occurred_at`.
    pub fn check_written_after_opening(&self, draft: &Draft) -> Result<(), Error> {
        if draft.occurred_at.is_some_and(|at| at < self.opened_at) {
            let why = "must not be before the ticket was opened";
            return Err(Error::invalid_field("message.occurred_at", why));
        }
        Ok(())
    }

    /// Sets the named fields. Moving a waiting ticket to another queue does not restart its wait. `definitions` are those
    /// of the tenant's own fields, needed when one of them is named.
    pub fn update(
        &mut self,
        fields: &Fields,
        which: &Mask,
        definitions: &Definitions,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, Error> {
        self.check_own()?;
        self.check_in_use()?;
        if self.state == State::Closed {
            // Final means final: what a closed ticket counted as must not change any more.
            self.standing().after(Trigger::Noted)?;
        }
        let custom_fields = custom::merge(&self.custom_fields, &fields.custom_fields, &which.custom, definitions)?;
        let mut changed = Vec::new();
        for (field, name) in Field::NAMES.iter().filter(|(field, _)| which.has(*field)) {
            let differs = match field {
                Field::Subject => replace(&mut self.subject, &fields.subject),
                Field::Priority => replace(&mut self.priority, &fields.priority),
                Field::Queue => replace(&mut self.queue, &fields.queue),
                Field::Tags => replace(&mut self.tags, &fields.tags),
                Field::Intent => replace(&mut self.intent, &fields.intent),
                Field::Language => replace(&mut self.language, &fields.language),
                Field::DueAt => replace(&mut self.due_at, &fields.due_at),
                Field::Followers => replace(&mut self.followers, &fields.followers),
                Field::CustomFields => replace(&mut self.custom_fields, &custom_fields),
            };
            if differs {
                changed.push(*name);
            }
        }
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let moved = changed.contains(&"queue") && self.queue_entered_at.is_some();
        let mut changes = vec![Change::Updated(changed)];
        if moved {
            self.generation += 1;
            changes.push(Change::Queued);
        }
        self.touch(now);
        Ok(changes)
    }

    /// Makes it another customer's, since the two are one person, or are so no longer. Whose it is is no part of what it
    /// counted as, so closed tickets move, too; tier and organisation stay those of its opening.
    pub fn belong_to(&mut self, customer: Uuid, now: DateTime<Utc>) -> Vec<Change> {
        if self.customer == customer {
            return Vec::new();
        }
        self.customer = customer;
        self.touch(now);
        vec![Change::Updated(vec!["customer"])]
    }

    /// Gives the ticket the state that somebody asks for.
    ///
    /// # Errors
    /// As [`Standing::after`]; precondition `REQUIRED_FIELDS_MISSING` when it would be solved without what a solved ticket
    /// must have.
    pub fn change_state(&mut self, wanted: impl Into<Wanted>, now: DateTime<Utc>) -> Result<Vec<Change>, Error> {
        let wanted = wanted.into();
        self.check_own()?;
        self.check_in_use()?;
        let mut changes = Vec::new();
        let next = self.wanted(&wanted)?;
        self.stand(next.state, next.sub_state.map(str::to_owned), now, &mut changes);
        if !changes.is_empty() {
            self.touch(now);
        }
        Ok(changes)
    }

    /// Adds a message after all that it ever had. The ticket becomes `wanted`, or what the message itself makes of it:
    /// a customer's wakes it, a reply to a NEW ticket opens it.
    ///
    /// # Errors
    /// Precondition `TICKET_CLOSED`: nothing is added to what is final; `TICKET_MERGED`: it belongs to another conversation;
    /// `TICKET_SET_ASIDE` for everything but a contact.
    pub fn add_message(
        &mut self,
        id: Uuid,
        draft: Draft,
        wanted: Option<Wanted>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, Error> {
        self.check_own()?;
        let is_contact = draft.actor.kind == ActorKind::Customer || draft.automated;
        if !is_contact {
            self.check_in_use()?;
        }
        let is_reply = draft.is_reply();
        let from_customer = draft.actor.kind == ActorKind::Customer;
        let trigger = match (is_reply, from_customer) {
            (true, _) => Trigger::AgentReplied,
            (_, true) => Trigger::CustomerWrote,
            _ => Trigger::Noted,
        };
        let mut next = self.standing().after(trigger)?;
        if let Some(wanted) = &wanted {
            next = self.wanted(wanted)?;
        }
        let (next, sub_state) = (next.state, next.sub_state.map(str::to_owned));
        // The count is higher where an older release, which knows no places, wrote last.
        self.last_position = self.last_position.max(self.message_count) + 1;
        self.message_count += 1;
        self.last_message = Some(id);
        let message = draft.place(id, self.id, self.last_position, self.channel, now);
        if from_customer {
            self.contacted_at.get_or_insert(message.occurred_at);
        }
        if is_reply && self.contacted_at.is_some() {
            self.first_replied_at.get_or_insert(message.occurred_at);
        }
        let mut changes = vec![Change::Message(message)];
        self.stand(next, sub_state, now, &mut changes);
        self.touch(now);
        Ok(changes)
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            state: self.state,
            sub_state: self.sub_state.as_deref(),
        }
    }

    /// Where it would stand if it became what somebody asks for.
    fn wanted<'a>(&'a self, wanted: &'a Wanted) -> Result<Standing<'a>, Error> {
        let next = self.standing().after(Trigger::Become(wanted.standing()))?;
        if next.state == State::Solved && self.state != State::Solved {
            custom::check_solved(&self.custom_fields, &wanted.required)?;
        }
        Ok(next)
    }

    fn stand(&mut self, next: State, sub_state: Option<String>, now: DateTime<Utc>, changes: &mut Vec<Change>) {
        let other_sub_state = replace(&mut self.sub_state, &sub_state);
        if next == self.state {
            if other_sub_state {
                changes.push(Change::Updated(vec!["sub_state"]));
            }
            return;
        }
        let previous = std::mem::replace(&mut self.state, next);
        match next {
            State::Solved => {
                self.solved_at = Some(now);
                self.solve_count += 1;
            }
            // A solved ticket that is closed stays solved.
            State::Closed => {}
            _ => self.solved_at = None,
        }
        changes.push(Change::StateChanged(previous));
        self.settle_queue(now, changes);
    }

    /// Makes the first invariant true.
    fn settle_queue(&mut self, now: DateTime<Utc>, changes: &mut Vec<Change>) {
        let waits = self.assignee.is_none()
            && self.state.needs_work()
            && self.disposition == Disposition::Normal
            && self.handling != Handling::External
            && self.merged_into.is_none();
        if !waits {
            self.queue_entered_at = None;
        } else if self.queue_entered_at.is_none() {
            self.queue_entered_at = Some(now);
            self.generation += 1;
            changes.push(Change::Queued);
        }
    }

    /// Notes that something was done to it that none of the operations here did.
    pub fn note(&mut self, now: DateTime<Utc>) {
        self.touch(now);
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.revision += 1;
        self.updated_at = now;
    }
}

fn replace<T: Clone + PartialEq>(place: &mut T, value: &T) -> bool {
    let differs = place != value;
    if differs {
        place.clone_from(value);
    }
    differs
}

#[cfg(test)]
pub(crate) mod tests;
