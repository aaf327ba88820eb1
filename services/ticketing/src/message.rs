//! One message of a conversation. Messages are written once and never changed. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::words::{Actor, ActorKind, Channel, Visibility};

/// Most bytes of a message's text, and of its quoted text.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Most files of a message.
pub const ATTACHMENTS_MAX: usize = 100;
/// Most recipients that a delivery report names.
pub const FAILED_RECIPIENTS_MAX: usize = 100;

/// A file that came with a message; the bytes are kept elsewhere, by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Name as sent.
    pub file_name: String,
    /// Media type as sent.
    pub content_type: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// SHA-256 of the content, hex.
    pub sha256: String,
    /// The customer under whom its bytes are stored; none: they were not uploaded.
    pub of: Option<Uuid>,
    /// Content-ID of an image that stands in the text; empty: it stands nowhere.
    pub content_id: String,
}

/// Somebody who did not get a mail of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedRecipient {
    /// The address.
    pub address: String,
    /// Whether it is over.
    pub failed: bool,
    /// Enhanced status; empty: not given.
    pub status: String,
    /// What the other side said.
    pub diagnostic: String,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: Uuid,
    /// The ticket it belongs to.
    pub ticket: Uuid,
    /// Its place in the conversation: 1, 2, 3 … in the order of arrival.
    pub position: i32,
    /// Who wrote it.
    pub actor: Actor,
    /// Who can see it.
    pub visibility: Visibility,
    /// What was written.
    pub text: String,
    /// Quoted history and signature.
    pub quoted_text: String,
    /// Channel it came by.
    pub channel: Channel,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// When it was written.
    pub occurred_at: DateTime<Utc>,
    /// When we stored it.
    pub created_at: DateTime<Utc>,
    /// Id at the source; empty: none.
    pub external_id: String,
    /// Whether a machine wrote it.
    pub automated: bool,
    /// The macro from which it was written.
    pub from_macro: Option<Uuid>,
    /// Of a delivery report: who it is about.
    pub failed_recipients: Vec<FailedRecipient>,
    /// Whether its texts were erased.
    pub erased: bool,
}

/// A message before it has a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who wrote it.
    pub actor: Actor,
    /// Who can see it.
    pub visibility: Visibility,
    /// What was written.
    pub text: String,
    /// Quoted history and signature.
    pub quoted_text: String,
    /// Channel; none means the ticket's.
    pub channel: Option<Channel>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// When it was written; none means now. A time to come is taken as now: nothing is written before it is received.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Id at the source; empty: none.
    pub external_id: String,
    /// Whether a machine wrote it.
    pub automated: bool,
    /// The macro from which it was written.
    pub from_macro: Option<Uuid>,
    /// Of a delivery report: who it is about.
    pub failed_recipients: Vec<FailedRecipient>,
}

impl Draft {
    /// Whether it is a reply: an agent's public message and nothing else.
    pub fn is_reply(&self) -> bool {
        self.actor.kind == ActorKind::Agent && self.visibility == Visibility::Public
    }

    /// Gives the draft its place in a conversation.
    pub fn place(self, id: Uuid, ticket: Uuid, position: i32, channel: Channel, now: DateTime<Utc>) -> Message {
        Message {
            id,
            ticket,
            position,
            channel: self.channel.unwrap_or(channel),
            occurred_at: self.occurred_at.map_or(now, |at| at.min(now)),
            created_at: now,
            actor: self.actor,
            visibility: self.visibility,
            text: self.text,
            quoted_text: self.quoted_text,
            attachments: self.attachments,
            external_id: self.external_id,
            automated: self.automated,
            from_macro: self.from_macro,
            failed_recipients: self.failed_recipients,
            erased: false,
        }
    }
}
