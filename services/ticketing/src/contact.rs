//! A contact as ingestion understood it, and what can become of it. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::customer::{Identity, Tier, Told};
use crate::message::Draft;
use crate::ticket::{CallEvent, Fields};
use crate::words::Channel;

/// Most contacts of one call.
pub const CONTACTS_MAX: usize = 500;
/// Starts the key of a ticket number in a subject, which proves nothing: who uses it joins only a conversation of their own.
pub const SUBJECT_KEY: &str = "subject:";
/// Starts the key of a Message-ID, which is no secret, either: it stands in every forwarded copy and in archives of lists. Whom a
/// mail was sent to has a key of their own.
pub const MAIL_KEY: &str = "mail:";

/// Starts the key of a mail together with somebody who has it.
pub const MAILED_KEY: &str = "mailed:";

/// Whether a key is made of a mail's Message-ID, which everybody can give to a mail of theirs.
pub fn is_of_mail(key: &str) -> bool {
    key.starts_with(MAIL_KEY) || key.starts_with(MAILED_KEY)
}

/// Whether a key may be known to whoever has no part in the conversation.
pub fn is_public(key: &str) -> bool {
    key.starts_with(SUBJECT_KEY) || key.starts_with(MAIL_KEY)
}

/// Keys that start with this name a ticket itself, as `ticket:{number}:{end of its id}`. Only ingestion makes them, of tokens
/// that are signed, so whoever has one was given it.
pub const TICKET_KEY: &str = "ticket:";

/// The ticket that a key names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketMark {
    /// Its number.
    pub number: i64,
    /// The last five bytes of its id: a number that a restored database gives out again is another ticket's.
    tail: [u8; 5],
}

impl TicketMark {
    /// Reads a key; none when it is of another kind.
    pub fn read(key: &str) -> Option<Self> {
        let (number, tail) = key.strip_prefix(TICKET_KEY)?.split_once(':')?;
        let mut bytes = [0; 5];
        hex::decode_to_slice(tail, &mut bytes).ok()?;
        Some(Self {
            number: number.parse().ok()?,
            tail: bytes,
        })
    }

    /// Whether the ticket with this id is meant.
    pub fn is_of(&self, id: Uuid) -> bool {
        id.as_bytes().ends_with(&self.tail)
    }
}

/// A contact to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Makes the item repeatable; may be empty.
    pub request_id: String,
    /// Over everything in the item but the id and the trace.
    pub request_hash: [u8; 32],
    /// What makes two contacts the same.
    pub key: ContactKey,
    /// Channel.
    pub channel: Channel,
    /// Who wrote; at least one.
    pub identities: Vec<Identity>,
    /// Name of who wrote; may be empty.
    pub display_name: String,
    /// What the source says about the tier, if anything.
    pub tier: Option<Tier>,
    /// What else it knows about the customer.
    pub told: Told,
    /// Whether the source vouches that all verified identities are one person.
    pub same_person: bool,
    /// What was written. Its actor is decided by the desk.
    pub message: Draft,
    /// Keys under which a later contact finds this conversation.
    pub thread_keys: Vec<String>,
    /// Keys by which it looks for its own, the best first.
    pub reference_keys: Vec<String>,
    /// Of a new ticket.
    pub fields: Fields,
    /// Whether a machine wrote it.
    pub automated: bool,
    /// W3C traceparent of the push; empty: none.
    pub trace_parent: String,
    /// What happened to a phone call.
    pub call: Option<CallEvent>,
    /// Whether nobody is there to answer now, and the customer was told so.
    pub asynchronous: bool,
    /// Of a live one: when the customer was there; none: now.
    pub received_at: Option<DateTime<Utc>>,
}

impl Contact {
    /// Bytes of its texts, to bound what waits and what one transaction takes.
    pub fn bytes(&self) -> usize {
        let keys = self
            .thread_keys
            .iter()
            .chain(&self.reference_keys)
            .map(String::len)
            .sum::<usize>();
        self.message.text.len() + self.message.quoted_text.len() + self.fields.subject.len() + keys
    }
}

/// What makes two contacts the same. Without an external id nothing does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactKey {
    /// Where it came from.
    pub source: String,
    /// Its id there; may be empty.
    pub external_id: String,
    /// SHA-256 of its content: the same id with other content is another contact.
    pub content_hash: [u8; 32],
}

impl ContactKey {
    /// Whether a second one is a duplicate.
    pub fn identifies(&self) -> bool {
        !self.external_id.is_empty()
    }
}

/// What can become of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Outcome {
    /// A new ticket.
    Created,
    /// Added to a ticket that was there.
    Appended,
    /// Seen before.
    Duplicate,
}

/// What became of a contact, with the names of what it became. Of a duplicate: those of the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Recorded {
    /// What.
    pub outcome: Outcome,
    /// Its ticket.
    pub ticket: Uuid,
    /// The ticket's number.
    pub number: i64,
    /// Its message.
    pub message: Uuid,
    /// Who wrote it.
    pub customer: Uuid,
}
