//! Messages as rows.

use prost::Message as _;
use sea_orm::ConnectionTrait;
use vorrang_database::{from_micros, micros};
use vorrang_error::Error;

use super::super::entity::message;
use super::super::personal::{Keyring, Personal, Place};
use super::super::sealed::{self, AttachmentTexts, MessageTexts, RecipientTexts};
use crate::message::{Attachment, FailedRecipient, Message};
use crate::words::Actor;

/// Rows as messages; keeps the order.
pub async fn messages<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<message::Model>,
) -> Result<Vec<Message>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter().map(|row| read_message(&keyring, row)).collect()
}

fn read_message(keyring: &Keyring, row: message::Model) -> Result<Message, Error> {
    let place = Place("messages", row.id.as_bytes());
    let (texts, erased) = sealed::open::<MessageTexts>(keyring, place, row.sealed.as_deref())?;
    Ok(Message {
        id: row.id,
        ticket: row.ticket_id,
        position: row.position,
        actor: Actor {
            kind: row.actor_kind.parse()?,
            id: row.actor_id,
        },
        visibility: row.visibility.parse()?,
        text: texts.text,
        quoted_text: texts.quoted_text,
        channel: row.channel.parse()?,
        attachments: texts.attachments.into_iter().map(read_attachment).collect(),
        occurred_at: from_micros(row.occurred_at),
        created_at: from_micros(row.created_at),
        external_id: texts.external_id,
        automated: row.automated,
        from_macro: row.macro_id,
        failed_recipients: texts.failed_recipients.into_iter().map(read_recipient).collect(),
        // A message always has something to seal: what has nothing left was erased.
        erased: erased || row.sealed.is_none(),
    })
}

fn read_attachment(texts: AttachmentTexts) -> Attachment {
    Attachment {
        file_name: texts.file_name,
        content_type: texts.content_type,
        size_bytes: texts.size_bytes,
        sha256: texts.sha256,
        of: None,
        content_id: texts.content_id,
    }
}

fn read_recipient(texts: RecipientTexts) -> FailedRecipient {
    FailedRecipient {
        address: texts.address,
        failed: texts.failed,
        status: texts.status,
        diagnostic: texts.diagnostic,
    }
}

fn recipient_texts(recipient: &FailedRecipient) -> RecipientTexts {
    RecipientTexts {
        address: recipient.address.clone(),
        failed: recipient.failed,
        status: recipient.status.clone(),
        diagnostic: recipient.diagnostic.clone(),
    }
}

fn attachment_texts(attachment: &Attachment) -> AttachmentTexts {
    AttachmentTexts {
        file_name: attachment.file_name.clone(),
        content_type: attachment.content_type.clone(),
        size_bytes: attachment.size_bytes,
        sha256: attachment.sha256.clone(),
        content_id: attachment.content_id.clone(),
    }
}

/// A message as a row.
pub fn message_row(keyring: &Keyring, tenant: &str, message: &Message) -> Result<message::Model, Error> {
    let texts = MessageTexts {
        text: message.text.clone(),
        quoted_text: message.quoted_text.clone(),
        attachments: message.attachments.iter().map(attachment_texts).collect(),
        external_id: message.external_id.clone(),
        failed_recipients: message.failed_recipients.iter().map(recipient_texts).collect(),
    };
    let place = Place("messages", message.id.as_bytes());
    let sealed = keyring.seal(message.ticket, place, &texts.encode_to_vec())?;
    Ok(message::Model {
        tenant: tenant.to_owned(),
        ticket_id: message.ticket,
        position: message.position,
        id: message.id,
        actor_kind: message.actor.kind.as_str().to_owned(),
        actor_id: message.actor.id.clone(),
        visibility: message.visibility.as_str().to_owned(),
        channel: message.channel.as_str().to_owned(),
        occurred_at: micros(message.occurred_at),
        created_at: micros(message.created_at),
        automated: message.automated,
        size_bytes: i32::try_from(sealed.len()).unwrap_or(i32::MAX),
        sealed: Some(sealed),
        macro_id: message.from_macro,
    })
}
