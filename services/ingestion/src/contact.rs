//! A contact as ingestion understands it, whatever door it came through. Pure.

mod call;
mod check;
mod hash;
mod profile;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use call::{CallEvent, CallKind, CallParty};
pub use check::{MAX_EXTERNAL_ID, MAX_REQUEST_ID, MAX_TEXT, check, check_queue};
pub(crate) use check::{is_agent, is_e164, is_no_time};
pub use profile::{Attribute, Profile, is_key};

/// How a contact reached the company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Live chat: the customer waits now.
    Chat,
    /// Telephone: the customer waits now.
    Phone,
    /// Social network.
    Social,
    /// SMS.
    Sms,
    /// Messenger such as WhatsApp.
    Messaging,
    /// Web form or app.
    Web,
    /// Another system that did not say more.
    #[default]
    Api,
}

/// How urgent the matter is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Not said.
    #[default]
    Unspecified,
    /// Can wait.
    Low,
    /// The usual.
    Normal,
    /// Before the usual.
    High,
    /// Must not wait.
    Urgent,
}

/// What kind of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentityKind {
    /// E-mail address.
    Email,
    /// Phone number, E.164.
    Phone,
    /// `network:handle`.
    Social,
    /// `system:id`.
    External,
}

/// One way in which the customer is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What kind.
    pub kind: IdentityKind,
    /// The identity itself, in the form its kind asks for.
    pub value: String,
    /// Whether the source vouches for it.
    pub verified: bool,
}

/// A file that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Name as sent; may be empty.
    pub file_name: String,
    /// Media type.
    pub content_type: String,
    /// Size; 0 when the source did not say.
    pub size_bytes: i64,
    /// SHA-256 of the content, hex; empty when the content was not sent along.
    pub sha256: String,
    /// Where the text says `[cid:…]` with it, this file stands; empty: nowhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_id: String,
}

/// Who did not get a mail of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailedRecipient {
    /// The address.
    pub address: String,
    /// Whether it is over: false while delivery is still tried.
    pub failed: bool,
    /// Enhanced status such as `5.1.1`; empty: not given.
    pub status: String,
    /// What the other side said; empty: nothing.
    pub diagnostic: String,
}

/// One contact of a customer. Serialised as JSON in the inbox, so fields are only ever added, with a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Where it came from: `grpc`, `email` or `sources/{source}`. Part of the dedupe key.
    pub source: String,
    /// Id of the contact at the source; empty: none.
    pub external_id: String,
    /// How it came.
    pub channel: Channel,
    /// Who wrote; at least one.
    pub identities: Vec<Identity>,
    /// Name of who wrote.
    pub display_name: String,
    /// Tier to set on the customer; empty: as it is.
    pub tier: String,
    /// What else the source knows about the customer.
    #[serde(skip_serializing_if = "Profile::is_empty")]
    pub profile: Profile,
    /// Subject.
    pub subject: String,
    /// What was newly written.
    pub text: String,
    /// Quoted history and signature.
    pub quoted_text: String,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// Priority of a new ticket.
    pub priority: Priority,
    /// Queue of a new ticket; empty: the default one.
    pub queue: String,
    /// Tags of a new ticket.
    pub tags: Vec<String>,
    /// Intent of a new ticket.
    pub intent: String,
    /// Language of a new ticket.
    pub language: String,
    /// When it was written; `None`: now.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Latest time for an answer.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether a machine wrote it.
    pub automated: bool,
    /// Of a delivery report: who did not get a mail of ours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_recipients: Vec<FailedRecipient>,
    /// Whether the source vouches that all verified identities are one person.
    pub same_person: bool,
    /// Whether it may be the whole of something that its source only named before. Left out when false: what is in the inbox is
    /// known by the hash of this.
    #[serde(skip_serializing_if = "is_false")]
    pub whole: bool,
    /// Keys under which later contacts find this conversation.
    pub thread_keys: Vec<String>,
    /// Keys by which this contact looks for its conversation, best first.
    pub reference_keys: Vec<String>,
    /// What happened to a phone call, of which this is a contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallEvent>,
    /// Whether nobody is there to answer a live contact now, and the customer was told so.
    #[serde(skip_serializing_if = "is_false")]
    pub asynchronous: bool,
    /// Of a live one: when it was said to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<DateTime<Utc>>,
    /// What all contacts of the conversation share, for delivery in order; empty: it stands alone.
    pub conversation: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Under which the contacts of the conversation called `id` at `source` find each other.
pub fn conversation_key(source: &str, id: &str) -> String {
    format!("conversation:{source}:{id}")
}

impl Contact {
    /// Puts the contact into the conversation called `id` at its source: all of them become one ticket.
    pub fn join_conversation(&mut self, id: &str) {
        if id.is_empty() {
            return;
        }
        let key = conversation_key(&self.source, id);
        self.reference_keys.push(key.clone());
        self.thread_keys.push(key.clone());
        self.conversation = key;
    }

    /// Takes NUL characters out of what people read: they are no text, and PostgreSQL cannot keep them.
    pub fn strip_nul(&mut self) {
        let words = [
            &mut self.display_name,
            &mut self.tier,
            &mut self.subject,
            &mut self.text,
            &mut self.quoted_text,
            &mut self.intent,
        ];
        let files = self
            .attachments
            .iter_mut()
            .flat_map(|file| [&mut file.file_name, &mut file.content_type]);
        for text in words.into_iter().chain(&mut self.tags).chain(files) {
            if text.contains('\0') {
                text.retain(|c| c != '\0');
            }
        }
    }

    /// SHA-256 of what makes two contacts with one external id the same: all that the customer sees or said, nothing
    /// that changes on the way (time of arrival, route, encoding).
    pub fn content_hash(&self) -> [u8; 32] {
        hash::content(self)
    }

    /// Size in bytes of what is large in it, for bounding batches.
    pub fn weight(&self) -> usize {
        512 + self.subject.len() + self.text.len() + self.quoted_text.len() + 128 * self.attachments.len()
    }
}
