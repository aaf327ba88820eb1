//! What of a row is personal, as it is sealed: one value a row. Fields are added with new numbers and never reused.

use std::collections::BTreeMap;

use prost::Message;
use vorrang_error::Error;

use super::personal::{Keyring, Place};
use uuid::Uuid;

/// The personal part of a ticket.
#[derive(Clone, PartialEq, Message)]
pub struct TicketTexts {
    #[prost(string, tag = "1")]
    pub subject: String,
    /// Values of the tenant's own text fields, by id.
    #[prost(btree_map = "string, string", tag = "2")]
    pub fields: BTreeMap<String, String>,
}

/// The personal part of a message.
#[derive(Clone, PartialEq, Message)]
pub struct MessageTexts {
    #[prost(string, tag = "1")]
    pub text: String,
    #[prost(string, tag = "2")]
    pub quoted_text: String,
    #[prost(message, repeated, tag = "3")]
    pub attachments: Vec<AttachmentTexts>,
    #[prost(string, tag = "4")]
    pub external_id: String,
    #[prost(message, repeated, tag = "5")]
    pub failed_recipients: Vec<RecipientTexts>,
}

/// Somebody who did not get a mail.
#[derive(Clone, PartialEq, Message)]
pub struct RecipientTexts {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(bool, tag = "2")]
    pub failed: bool,
    #[prost(string, tag = "3")]
    pub status: String,
    #[prost(string, tag = "4")]
    pub diagnostic: String,
}

/// A file of a message.
#[derive(Clone, PartialEq, Message)]
pub struct AttachmentTexts {
    #[prost(string, tag = "1")]
    pub file_name: String,
    #[prost(string, tag = "2")]
    pub content_type: String,
    #[prost(int64, tag = "3")]
    pub size_bytes: i64,
    #[prost(string, tag = "4")]
    pub sha256: String,
    #[prost(string, tag = "5")]
    pub content_id: String,
}

/// The personal part of a customer; identities are sealed each in its own row.
#[derive(Clone, PartialEq, Message)]
pub struct CustomerTexts {
    #[prost(string, tag = "1")]
    pub display_name: String,
    /// As JSON.
    #[prost(string, tag = "2")]
    pub attributes: String,
    /// Of one that was merged: the identities that it had.
    #[prost(message, repeated, tag = "3")]
    pub merged_identities: Vec<IdentityTexts>,
    /// Who said what people did not say, as JSON; empty: nobody.
    #[prost(string, tag = "4")]
    pub said: String,
}

/// An identity that a customer had.
#[derive(Clone, PartialEq, Message)]
pub struct IdentityTexts {
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "2")]
    pub value: String,
    #[prost(bool, tag = "3")]
    pub verified: bool,
}

/// The personal part of an order or a milestone.
#[derive(Clone, PartialEq, Message)]
pub struct RecordTexts {
    #[prost(string, tag = "1")]
    pub note: String,
}

/// The personal part of an answer to a survey, or of a review.
#[derive(Clone, PartialEq, Message)]
pub struct CommentTexts {
    #[prost(string, tag = "1")]
    pub comment: String,
}

/// Seals the personal part of a row; none when it is empty.
pub fn seal<M: Message + Default + PartialEq>(
    keyring: &Keyring,
    owner: Uuid,
    place: Place<'_>,
    texts: &M,
) -> Result<Option<Vec<u8>>, Error> {
    if *texts == M::default() {
        return Ok(None);
    }
    keyring.seal(owner, place, &texts.encode_to_vec()).map(Some)
}

/// Opens the personal part of a row: empty, and true, when it is erased.
pub fn open<M: Message + Default>(
    keyring: &Keyring,
    place: Place<'_>,
    sealed: Option<&[u8]>,
) -> Result<(M, bool), Error> {
    let Some(sealed) = sealed else {
        return Ok((M::default(), false));
    };
    match keyring.open(place, sealed)? {
        Some(plain) => M::decode(plain.as_slice())
            .map(|texts| (texts, false))
            .map_err(|cause| Error::internal(format!("a sealed row of {} cannot be read", place.0)).caused_by(cause)),
        None => Ok((M::default(), true)),
    }
}

/// What is personal in a message, sealed anew for the ticket `to`. What is erased stays so.
pub fn reseal_message(
    keyring: &Keyring,
    id: Uuid,
    sealed: Option<Vec<u8>>,
    to: Uuid,
) -> Result<Option<Vec<u8>>, Error> {
    let place = Place("messages", id.as_bytes());
    let Some(sealed) = sealed else { return Ok(None) };
    match keyring.open(place, &sealed)? {
        Some(plain) => keyring.seal(to, place, &plain).map(Some),
        None => Ok(None),
    }
}

/// What opens an uploaded file.
#[derive(Clone, PartialEq, Message)]
pub struct FileSecret {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    #[prost(string, tag = "2")]
    pub sha256: String,
}
