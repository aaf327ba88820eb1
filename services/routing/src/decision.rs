//! What routing decided or was told while agents worked: what goes into the log, with its inputs. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::agent::Capacity;
use crate::contact::Contact;
use crate::words::{Channel, Presence};

/// A decision, when it was made and under which trace.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub at: DateTime<Utc>,
    /// W3C traceparent; of offers and what follows from them that of the push that brought the contact.
    pub trace: String,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// An agent's presence changed. It counts only while `session` is the agent's newest stream.
    Presence {
        agent: String,
        /// The stream that says so.
        session: String,
        /// Whether the stream says so by its hello, which makes it the newest.
        hello: bool,
        presence: Presence,
        reason: String,
        capacities: Vec<Capacity>,
    },
    Offered {
        offer: String,
        agent: String,
        contact: Contact,
    },
    /// Ticketing recorded the acceptance.
    Accepted {
        offer: String,
        agent: String,
        contact: Contact,
    },
    Returned {
        offer: String,
        agent: String,
        /// The ticket's uuid.
        ticket: String,
        reason: Reason,
        decline_reason: String,
    },
    WrappedUp {
        agent: String,
        /// The ticket's uuid.
        ticket: String,
        talk_time: Option<TimeDelta>,
        hold_time: Option<TimeDelta>,
    },
    /// The customer left before anybody answered; ticketing's feed says so.
    Abandoned {
        /// The ticket's uuid.
        ticket: String,
        queue: String,
        channel: Channel,
        queue_entered_at: DateTime<Utc>,
        left_at: DateTime<Utc>,
    },
    /// The ticket left the agent; ticketing's feed says so, ours is silent about it.
    Left {
        agent: String,
        /// The ticket's uuid.
        ticket: String,
    },
}

/// Why an offer came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// No accept and no heartbeat in time, or the stream was lost.
    Expired,
    /// Ticketing gave the ticket to somebody else, or it needs nobody any more.
    Taken,
    Declined,
    /// Ticketing could not be reached.
    Unavailable,
    /// The queues were rebuilt.
    Rebuilt,
}
