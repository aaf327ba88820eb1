//! From when the time of a time trigger counts, and when it is due.
//!
//! Worked out from what is true of a ticket now, so it can be asked again at any moment: before a trigger fires it is, and when
//! the answer is another one than was noted, the ticket has changed meanwhile.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vorrang_calendar::Calendar;
use vorrang_sla::Standing;

use super::trigger::{AnchorKind, TimeTrigger};
use crate::ticket::Ticket;
use crate::words::{ActorKind, Visibility};

/// Furthest that an opening before a due time is looked for.
const BEFORE_MAX: TimeDelta = TimeDelta::days(2_000);

/// A message, as far as times go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Its id.
    pub id: Uuid,
    /// Who wrote it.
    pub kind: ActorKind,
    /// Whether it came from the customer's side, by whatever wrote there.
    pub incoming: bool,
    /// Who can see it.
    pub visibility: Visibility,
    /// Whether a machine wrote it.
    pub automated: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is known of a ticket besides the ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moments {
    /// Its newest messages, the newest first.
    pub spoken: Vec<Spoken>,
    /// Since when it is in its state.
    pub state_since: Option<DateTime<Utc>>,
}

/// From when a time counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// What it is, so that each sets a trigger off once: a message, an instant.
    pub key: String,
    /// When that was.
    pub at: DateTime<Utc>,
    /// When the trigger is due.
    pub due: DateTime<Utc>,
}

impl Moments {
    /// Whether the last that came from the customer's side was written by a machine: then nothing automatic answers it.
    pub fn answers_machine(&self) -> bool {
        self.spoken
            .iter()
            .find(|one| one.incoming)
            .is_some_and(|one| one.automated)
    }

    /// The last public message of an agent, when the customer has not written since.
    fn customer_silent(&self) -> Option<&Spoken> {
        self.spoken
            .iter()
            .find(|one| one.is_customers() || one.is_reply())
            .filter(|one| one.is_reply())
    }

    /// The first message of the customer that no agent has answered.
    fn agent_silent(&self) -> Option<&Spoken> {
        self.spoken
            .iter()
            .take_while(|one| !one.is_reply())
            .filter(|one| one.is_customers())
            .last()
    }
}

impl Spoken {
    fn is_customers(&self) -> bool {
        self.kind == ActorKind::Customer
    }

    fn is_reply(&self) -> bool {
        self.kind == ActorKind::Agent && self.visibility == Visibility::Public
    }
}

/// The anchor of a trigger for a ticket. None: there is nothing to wait for, or no schedule to wait by.
pub fn anchor(
    trigger: &TimeTrigger,
    ticket: &Ticket,
    moments: &Moments,
    calendar: Option<&Calendar>,
) -> Option<Anchor> {
    let (key, at) = match trigger.anchor {
        AnchorKind::CustomerSilent => {
            let said = moments.customer_silent()?;
            (said.id.to_string(), said.at)
        }
        AnchorKind::AgentSilent => {
            let said = moments.agent_silent()?;
            (said.id.to_string(), said.at)
        }
        AnchorKind::Opened => (ticket.id.to_string(), ticket.opened_at),
        AnchorKind::InState => {
            let since = moments.state_since.unwrap_or(ticket.opened_at);
            (format!("{} {}", ticket.state, since.timestamp_micros()), since)
        }
        AnchorKind::SlaDue => {
            let targets = ticket.sla.as_ref()?.watch.told();
            let target = targets.iter().find(|target| Some(target.metric) == trigger.metric)?;
            let waits = matches!(target.standing, Standing::Running | Standing::Missed) && target.end.is_none();
            let due = target.due_at.filter(|_| waits)?;
            (format!("{} {}", target.turn, due.timestamp_micros()), due)
        }
    };
    let wanted = TimeDelta::try_seconds(trigger.seconds)?;
    let due = match (trigger.business, trigger.before) {
        (false, false) => at.checked_add_signed(wanted)?,
        (false, true) => at.checked_sub_signed(wanted)?,
        (true, false) => calendar?.due(at, wanted)?,
        (true, true) => open_before(calendar?, at, wanted)?,
    };
    Some(Anchor { key, at, due })
}

/// The latest instant from which so much open time is left until `at`. Found by halving: open time only grows.
fn open_before(calendar: &Calendar, at: DateTime<Utc>, wanted: TimeDelta) -> Option<DateTime<Utc>> {
    let (mut low, mut high) = (at.checked_sub_signed(BEFORE_MAX)?, at);
    if calendar.business(low, at) < wanted {
        return None;
    }
    while high - low > TimeDelta::microseconds(1) {
        let middle = low + (high - low) / 2;
        if calendar.business(middle, at) >= wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}
