//! What hangs on a mail besides its text.

use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// One attachment. The bytes themselves stay in the stored raw mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// File name as given, without folders; empty when the mail gives none.
    pub name: String,
    /// Media type in lower case, `application/octet-stream` when the mail gives none.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Size after decoding.
    pub bytes: u64,
    /// SHA-256 of the decoded content, hex.
    #[serde(skip)]
    pub sha256: String,
}

pub(super) fn list(message: &Message<'_>) -> Vec<Attachment> {
    message
        .attachments()
        .map(|part| convert(message, part))
        // A multipart without parts is no file.
        .filter(|attachment| attachment.bytes > 2 || !attachment.media_type.starts_with("multipart/"))
        .collect()
}

fn convert(message: &Message<'_>, part: &MessagePart<'_>) -> Attachment {
    let content = content(message, part);
    Attachment {
        name: part.attachment_name().map(file_name).unwrap_or_default(),
        media_type: media_type(part),
        bytes: content.len() as u64,
        sha256: hex::encode(Sha256::digest(content)),
    }
}

fn content<'a>(message: &'a Message<'_>, part: &'a MessagePart<'_>) -> &'a [u8] {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes,
        // A nested message shares its parent's buffer unless it was encoded.
        PartType::Message(nested) => message
            .raw_message
            .get(part.offset_body as usize..part.offset_end as usize)
            .filter(|_| part.encoding == Encoding::None)
            .unwrap_or(&nested.raw_message),
        PartType::Multipart(_) => &[],
    }
}

/// Some programs send their local path; only the last component is a name.
fn file_name(name: &str) -> String {
    name.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

fn media_type(part: &MessagePart<'_>) -> String {
    match part.content_type() {
        Some(content_type) => match content_type.subtype() {
            Some(subtype) => format!("{}/{subtype}", content_type.ctype()).to_ascii_lowercase(),
            None => content_type.ctype().to_ascii_lowercase(),
        },
        None => match &part.body {
            PartType::Text(_) => "text/plain".to_owned(),
            PartType::Html(_) => "text/html".to_owned(),
            PartType::Message(_) => "message/rfc822".to_owned(),
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {
                "application/octet-stream".to_owned()
            }
        },
    }
}
