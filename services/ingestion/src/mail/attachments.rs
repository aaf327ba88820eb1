//! What hangs on a mail besides its text.

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::repair::ENCODED_MESSAGE;

const MESSAGE: &str = "message/rfc822";

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
    /// Content-ID without angle brackets: where the text says `[cid:…]`, this file stands. Empty when it has none.
    #[serde(skip)]
    pub content_id: String,
}

impl Attachment {
    /// A file with this content; of its name only what is one is kept.
    pub(super) fn of(name: &str, media_type: &str, content_id: &str, content: &[u8]) -> Self {
        Self {
            name: file_name(name),
            media_type: media_type.to_owned(),
            bytes: content.len() as u64,
            sha256: hex::encode(Sha256::digest(content)),
            content_id: content_id.to_owned(),
        }
    }
}

pub(super) fn convert(message: &Message<'_>, part: &MessagePart<'_>) -> Attachment {
    let given = part.attachment_name().map(ToOwned::to_owned);
    // A mail in the mail is called by its subject.
    let name = given.or_else(|| match &part.body {
        PartType::Message(nested) => nested.subject().map(mail_name),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) if is_encoded_message(part) => {
            let nested = MessageParser::default().parse_headers(bytes.as_ref())?;
            nested.parts.first()?;
            nested.subject().map(mail_name)
        }
        _ => None,
    });
    let content_id = part.content_id().unwrap_or_default().trim().trim_matches(['<', '>']);
    Attachment::of(
        &name.unwrap_or_default(),
        &media_type(part),
        content_id,
        content(message, part),
    )
}

fn mail_name(subject: &str) -> String {
    format!("{}.eml", subject.trim().replace(['/', '\\'], "_"))
}

fn is_encoded_message(part: &MessagePart<'_>) -> bool {
    declared(part).is_some_and(|declared| declared == ENCODED_MESSAGE)
}

pub(super) fn content<'a>(message: &'a Message<'_>, part: &'a MessagePart<'_>) -> &'a [u8] {
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

fn declared(part: &MessagePart<'_>) -> Option<String> {
    let content_type = part.content_type()?;
    Some(match content_type.subtype() {
        Some(subtype) => format!("{}/{subtype}", content_type.ctype()).to_ascii_lowercase(),
        None => content_type.ctype().to_ascii_lowercase(),
    })
}

fn media_type(part: &MessagePart<'_>) -> String {
    match declared(part) {
        Some(declared) if declared == ENCODED_MESSAGE => MESSAGE.to_owned(),
        Some(declared) => declared,
        None => match &part.body {
            PartType::Text(_) => "text/plain".to_owned(),
            PartType::Html(_) => "text/html".to_owned(),
            PartType::Message(_) => MESSAGE.to_owned(),
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {
                "application/octet-stream".to_owned()
            }
        },
    }
}
