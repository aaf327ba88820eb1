//! Webhooks: endpoints that events are sent to, and what becomes of each delivery. Pure.

mod health;
mod schedule;
mod signature;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub use health::Health;
pub use schedule::{ATTEMPTS_MAX, Next, Outcome, next};
pub use signature::{Secret, sign};

/// Most webhooks of a tenant.
pub const WEBHOOKS_MAX: u64 = 50;
/// Deliveries under way at once when nobody says.
pub const IN_FLIGHT_DEFAULT: i32 = 8;
/// Most deliveries under way at once to one endpoint.
pub const IN_FLIGHT_MAX: i32 = 32;
/// How long the secret before goes on signing when nobody says, and at most.
pub const GRACE_DEFAULT: TimeDelta = TimeDelta::hours(24);
/// See [`GRACE_DEFAULT`].
pub const GRACE_MAX: TimeDelta = TimeDelta::days(7);
/// How long what was taken is kept, and what was given up.
const SUCCEEDED_KEPT: TimeDelta = TimeDelta::days(7);
const DEAD_KEPT: TimeDelta = TimeDelta::days(30);

/// Why nothing is sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// Somebody said so.
    Manual,
    /// It answered 410.
    Gone,
    /// Nothing was taken for days.
    Failing,
}

impl Disabled {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::Gone => "GONE",
            Self::Failing => "FAILING",
        }
    }

    /// Of a stored word; none for the empty one.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Manual, Self::Gone, Self::Failing]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

/// What can be set of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// For people.
    pub display_name: String,
    /// Where to; may hold a secret in its query.
    pub url: String,
    /// Which events.
    pub filter: String,
    /// Whether nothing is sent.
    pub disabled: bool,
    /// Deliveries under way at once.
    pub max_in_flight: i32,
}

/// A field that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// See [`Settings`].
    DisplayName,
    /// See [`Settings`].
    Url,
    /// See [`Settings`].
    Filter,
    /// See [`Settings`].
    Disabled,
    /// See [`Settings`].
    MaxInFlight,
}

impl Field {
    /// By its name in the contract.
    pub fn parse(path: &str) -> Option<Self> {
        [
            Self::DisplayName,
            Self::Url,
            Self::Filter,
            Self::Disabled,
            Self::MaxInFlight,
        ]
        .into_iter()
        .find(|field| field.name() == path)
    }

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::DisplayName => "display_name",
            Self::Url => "url",
            Self::Filter => "filter",
            Self::Disabled => "disabled",
            Self::MaxInFlight => "max_in_flight",
        }
    }
}

/// What a replay still has to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// Events after this position.
    pub after: i64,
    /// Up to this one.
    pub until: i64,
    /// Only what was given up.
    pub dead_only: bool,
}

impl Replay {
    /// Both ranges in one: whoever asked for more gets it.
    pub fn join(self, other: Self) -> Self {
        Self {
            after: self.after.min(other.after),
            until: self.until.max(other.until),
            dead_only: self.dead_only && other.dead_only,
        }
    }
}

/// An endpoint. Its secrets never leave the store unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// For people.
    pub display_name: String,
    /// Where to.
    pub url: String,
    /// Which events; empty: all.
    pub filter: String,
    /// Why nothing is sent; none: it is enabled.
    pub disabled: Option<Disabled>,
    /// Deliveries under way at once.
    pub max_in_flight: i32,
    /// Events up to this position are not for it.
    pub start_seq: i64,
    /// Until when the secret before signs, too.
    pub previous_secret_expires_at: Option<DateTime<Utc>>,
    /// How it has been doing.
    pub health: Health,
    /// A replay that is not through yet.
    pub replay: Option<Replay>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts the changes of what can be set.
    pub revision: i64,
}

impl Webhook {
    /// A new one; `head` is the position of the log's last event.
    pub fn new(id: Uuid, settings: Settings, head: i64, now: DateTime<Utc>) -> Self {
        Self {
            id,
            display_name: settings.display_name,
            url: settings.url,
            filter: settings.filter,
            disabled: settings.disabled.then_some(Disabled::Manual),
            max_in_flight: settings.max_in_flight,
            start_seq: head,
            previous_secret_expires_at: None,
            health: Health::default(),
            replay: None,
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// Takes over the named fields; gives those that have changed. Enabled again it begins after `head`, and what failed is
    /// forgiven.
    pub fn update(&mut self, settings: &Settings, fields: &[Field], head: i64, now: DateTime<Utc>) -> Vec<Field> {
        let mut changed = Vec::new();
        for field in fields {
            let differs = match field {
                Field::DisplayName => take(&mut self.display_name, &settings.display_name),
                Field::Url => take(&mut self.url, &settings.url),
                Field::Filter => take(&mut self.filter, &settings.filter),
                Field::MaxInFlight => take(&mut self.max_in_flight, &settings.max_in_flight),
                Field::Disabled if settings.disabled == self.disabled.is_some() => false,
                Field::Disabled => {
                    self.disabled = settings.disabled.then_some(Disabled::Manual);
                    if self.disabled.is_none() {
                        self.start_seq = head;
                    } else {
                        self.replay = None;
                    }
                    true
                }
            };
            if differs && !changed.contains(field) {
                changed.push(*field);
            }
        }
        if changed.contains(&Field::Url) || changed.contains(&Field::Disabled) {
            self.health = Health::default();
        }
        if !changed.is_empty() {
            self.touch(now);
        }
        changed
    }

    /// Nothing is sent any more.
    pub fn disable(&mut self, why: Disabled, now: DateTime<Utc>) {
        self.disabled = Some(why);
        self.replay = None;
        self.touch(now);
    }

    /// Notes that what can be set has changed.
    pub fn touch(&mut self, now: DateTime<Utc>) {
        self.revision += 1;
        self.updated_at = now;
    }

    /// How many deliveries may be under way at `now`.
    pub fn bound(&self, now: DateTime<Utc>) -> i64 {
        if self.disabled.is_some() || self.health.paused_until.is_some_and(|until| now < until) {
            return 0;
        }
        // While it fails one attempt at a time tells whether it is back; more would only be more failures.
        i64::from(if self.health.is_doubtful() {
            1
        } else {
            self.max_in_flight
        })
    }
}

fn take<T: Clone + PartialEq>(field: &mut T, value: &T) -> bool {
    let differs = field != value;
    if differs {
        field.clone_from(value);
    }
    differs
}

/// What was done to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookChange {
    /// It was made.
    Created,
    /// These fields were changed.
    Updated(Vec<&'static str>),
    /// It was removed.
    Deleted,
    /// It was disabled because of its endpoint.
    Disabled,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not taken yet.
    Pending,
    /// Taken.
    Succeeded,
    /// Given up.
    Dead,
}

impl State {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Dead => "DEAD",
        }
    }

    /// Of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Succeeded, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// Until when a delivery that ended so at `now` is kept; none: it has not ended.
    pub fn kept_until(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Pending => None,
            Self::Succeeded => Some(now + SUCCEEDED_KEPT),
            Self::Dead => Some(now + DEAD_KEPT),
        }
    }
}

/// What the last attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The HTTP status; 0: no answer.
    pub status: i32,
    /// How long it took.
    pub duration: TimeDelta,
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To which webhook.
    pub webhook: Uuid,
    /// Position of the event.
    pub seq: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// What the event is about.
    pub event_subject: String,
    /// What became of it.
    pub state: State,
    /// How often it was tried since it was made or replayed.
    pub attempts: i32,
    /// When it is tried next, while pending.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The last attempt; none: never tried.
    pub last: Option<Attempt>,
    /// Why the last attempt failed, or there is none any more, in a word; empty: neither.
    pub last_error: String,
    /// When it first became due.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests;
