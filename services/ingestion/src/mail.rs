//! The mail reader: raw MIME in, what a service desk needs out. Pure: no IO, no clock.
//!
//! [`read`] accepts whatever mail servers really deliver: any charset, a leading mbox `From ` line,
//! broken MIME, missing headers. It never panics; what is not a mail at all is [`Unreadable`], and
//! the caller quarantines the raw bytes. Nothing is thrown away: `text` is always the whole text,
//! `reply` and `quoted` are its two halves.

mod address;
mod attachments;
mod automated;
mod body;
mod bounce;
mod calendar;
mod cms;
mod content;
mod html;
mod pgp;
mod repair;
mod reply;
mod rtf;
#[cfg(test)]
mod tests;
mod tnef;
mod uuencode;

use chrono::{DateTime, Utc};
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser};
use serde::Serialize;

pub use address::Address;
pub use attachments::Attachment;
pub use automated::Automated;
pub use bounce::{Bounce, Recipient};
use content::Content;
pub use html::to_text as html_to_text;
pub use reply::{Split, split};

/// Nested `message/rfc822` parts beyond which a mail is read by its headers only. Real mails nest
/// a handful; the parser's result is a tree whose depth would otherwise be up to the sender.
const MAX_NESTED_MESSAGES: usize = 200;

/// Boundaries times bytes beyond which a mail is read by its headers only: 40 boundaries in the largest mail we take.
const MAX_BOUNDARY_BYTES: usize = 1 << 30;
/// Header that all mails of ours carry, with a token of their ticket.
pub const OWN_MARK: &str = "X-Vorrang-Ticket";

/// Most ancestors that are listed, nearest first.
const MAX_ANCESTORS: usize = 100;

/// What was read from one mail. Serialises to the object `vorrang mail` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mail {
    /// Message-ID without angle brackets; `None` when the mail has none.
    pub message_id: Option<String>,
    /// Subject, decoded, white space at both ends removed; empty when missing.
    pub subject: String,
    /// First address of the first From header, else of Sender; both fields empty when there is none.
    pub from: Address,
    /// Every address of To, in order.
    pub to: Vec<Address>,
    /// Every address of Cc, in order.
    #[serde(skip)]
    pub cc: Vec<Address>,
    /// First address of Reply-To: where the sender wants answers.
    #[serde(skip)]
    pub reply_to: Option<Address>,
    /// Message-IDs of In-Reply-To and References without angle brackets, nearest ancestor first,
    /// each once.
    #[serde(skip)]
    pub ancestors: Vec<String>,
    /// The Date header in UTC; `None` when missing or not a date.
    pub date: Option<DateTime<Utc>>,
    /// The whole readable text (HTML turned into text when there is no plain part), lines ended by `\n`.
    pub text: String,
    /// What the sender newly wrote. Never empty while `text` is not.
    pub reply: String,
    /// Quoted history and signature split off `text`.
    pub quoted: String,
    /// Every part that is not the text, in order.
    pub attachments: Vec<Attachment>,
    /// Why this mail was not written by a person, or `None`. Such mails are ingested and never answered.
    #[serde(serialize_with = "automated_reason")]
    pub automated: Option<Automated>,
    /// What a delivery report says; `None` when this is none.
    #[serde(skip)]
    pub bounce: Option<Bounce>,
    /// Every address that the mail was delivered to, as the headers that servers add name them.
    #[serde(skip)]
    pub delivered_to: Vec<String>,
    /// What we wrote into the mail when we sent it, if it is ours that came back; not verified. Empty when there is nothing.
    #[serde(skip)]
    pub own_mark: String,
}

/// The bytes are not a mail: there is nothing to read, or not one header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable(&'static str);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unreadable {}

fn automated_reason<S: serde::Serializer>(automated: &Option<Automated>, serializer: S) -> Result<S::Ok, S::Error> {
    match automated {
        Some(reason) => serializer.serialize_str(reason.as_str()),
        None => serializer.serialize_none(),
    }
}

/// Reads one raw mail (RFC 5322 and MIME, CRLF or LF line ends, optional leading mbox line).
///
/// # Errors
/// [`Unreadable`] when the bytes hold no header of a mail.
pub fn read(raw: &[u8]) -> Result<Mail, Unreadable> {
    let raw = without_mbox_line(raw);
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Unreadable("the mail is empty"));
    }
    // The parser promises not to panic and is fuzzed upstream, but a mail comes from a stranger and
    // "one bad mail stopped all mail" is the classic failure of service desks: one mail pays, no more.
    std::panic::catch_unwind(|| read_parsed(raw)).unwrap_or(Err(Unreadable("the mail defeats the parser")))
}

fn read_parsed(raw: &[u8]) -> Result<Mail, Unreadable> {
    let parser = MessageParser::default();
    let deep = is_costly(raw);
    let repaired = if deep { raw.into() } else { repair::repair(raw) };
    let raw = repaired.as_ref();
    let parsed = if deep {
        parser.parse_headers(raw)
    } else {
        parser.parse(raw)
    };
    let mut message = parsed.ok_or(Unreadable("the mail has no headers"))?;
    if message.parts.is_empty() {
        // A headers-only parse keeps the headers of an otherwise empty message out of reach.
        return Err(Unreadable("the mail has no headers"));
    }
    if !looks_like_mail(&message) {
        return Err(Unreadable("none of the headers is one of a mail"));
    }
    message.raw_message = raw.into();

    let subject = first_text(&message, HeaderName::Subject).unwrap_or_default();
    let from = address::first(&message, HeaderName::From)
        .or_else(|| address::first(&message, HeaderName::Sender))
        .unwrap_or_default();
    let Content { text, attachments } = if deep {
        Content {
            text: String::from_utf8_lossy(raw).into_owned(),
            attachments: Vec::new(),
        }
    } else {
        content::read(&message)
    };
    let Split { reply, quoted } = reply::split(&text);
    let automated = automated::detect(&message, &from, &subject);
    let bounce = (automated == Some(Automated::Bounce)).then(|| bounce::read(&message, &text));
    Ok(Mail {
        message_id: first_text(&message, HeaderName::MessageId).filter(|id| !id.is_empty()),
        subject: subject.trim().to_owned(),
        automated,
        bounce,
        delivered_to: delivered_to(&message),
        own_mark: raw_header(&message, OWN_MARK),
        from,
        to: address::all(&message, HeaderName::To),
        cc: address::all(&message, HeaderName::Cc),
        reply_to: address::first(&message, HeaderName::ReplyTo),
        ancestors: ancestors(&message),
        date: date(&message),
        text,
        reply,
        quoted,
        attachments,
    })
}

/// A mailbox file starts each mail with `From sender date`; it is no header. (`From : sender` is:
/// old programs put a space before the colon.)
fn without_mbox_line(raw: &[u8]) -> &[u8] {
    let unquoted = raw.strip_prefix(b">").unwrap_or(raw);
    let sender = unquoted.strip_prefix(b"From ").map(<[u8]>::trim_ascii_start);
    if sender.is_some_and(|sender| !sender.starts_with(b":")) {
        match raw.iter().position(|&byte| byte == b'\n') {
            Some(end) => &raw[end + 1..],
            None => &[],
        }
    } else {
        raw
    }
}

/// Whether parsing this could take more time or memory than any honest mail needs: each nested message is a level of a
/// tree, and for each boundary that never comes the parser reads to the end of the mail.
fn is_costly(raw: &[u8]) -> bool {
    let boundaries = count(raw, b"boundary=");
    count(raw, b"message/") > MAX_NESTED_MESSAGES || boundaries.saturating_mul(raw.len()) > MAX_BOUNDARY_BYTES
}

/// How often `needle` (lower case) stands in `raw`, whatever its case.
fn count(raw: &[u8], needle: &[u8]) -> usize {
    let first = [needle[0], needle[0].to_ascii_uppercase()];
    raw.iter()
        .enumerate()
        .filter(|(_, byte)| first.contains(byte))
        .filter(|&(at, _)| {
            raw.get(at..at + needle.len())
                .is_some_and(|here| here.eq_ignore_ascii_case(needle))
        })
        .count()
}

/// Any `word: text` line parses as a header, so prose with a colon would pass for a mail.
fn looks_like_mail(message: &Message<'_>) -> bool {
    message.headers().iter().any(|header| {
        matches!(
            header.name,
            HeaderName::From
                | HeaderName::To
                | HeaderName::Subject
                | HeaderName::Date
                | HeaderName::MessageId
                | HeaderName::Received
                | HeaderName::ReturnPath
                | HeaderName::Sender
                | HeaderName::ReplyTo
                | HeaderName::Cc
                | HeaderName::Bcc
                | HeaderName::MimeVersion
                | HeaderName::ContentType
                | HeaderName::DeliveredTo
        )
    })
}

/// The first header of that name: where two claim the same thing, the topmost is the one people see.
fn first_text(message: &Message<'_>, name: HeaderName<'static>) -> Option<String> {
    message.header_values(name).find_map(|value| match value {
        HeaderValue::Text(text) => Some(text.to_string()),
        HeaderValue::TextList(list) => list.first().map(ToString::to_string),
        _ => None,
    })
}

/// Headers in which servers say for whom a mail came: To may name a list, or somebody else altogether.
const DELIVERED_TO: [&str; 6] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "Resent-To",
];
/// Most addresses that are taken from them.
const MAX_DELIVERED_TO: usize = 50;

fn delivered_to(message: &Message<'_>) -> Vec<String> {
    let headers = message.headers().iter();
    headers
        .filter(|header| {
            DELIVERED_TO
                .iter()
                .any(|name| header.name.as_str().eq_ignore_ascii_case(name))
        })
        .filter_map(|header| {
            let bytes = message
                .raw_message
                .get(header.offset_start as usize..header.offset_end as usize)?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        })
        .flat_map(|value| {
            let words = value.split([',', ' ', '\t', '\r', '\n', '<', '>', ';']);
            words
                .filter(|word| word.contains('@'))
                .map(ToOwned::to_owned)
                .collect::<Vec<_>>()
        })
        .take(MAX_DELIVERED_TO)
        .collect()
}

/// The value of the first header of that name as it stands, trimmed; empty when there is none.
fn raw_header(message: &Message<'_>, name: &str) -> String {
    let mut headers = message.headers().iter();
    headers
        .find(|header| header.name.as_str().eq_ignore_ascii_case(name))
        .and_then(|header| {
            message
                .raw_message
                .get(header.offset_start as usize..header.offset_end as usize)
        })
        .map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned())
        .unwrap_or_default()
}

fn ancestors(message: &Message<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut add = |id: &str| {
        let id = id.trim().trim_matches(['<', '>']);
        if !id.is_empty() && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    };
    for name in [HeaderName::InReplyTo, HeaderName::References] {
        for value in message.header_values(name) {
            match value {
                HeaderValue::Text(text) => add(text),
                // References lists the oldest first.
                HeaderValue::TextList(list) => list.iter().rev().take(MAX_ANCESTORS).for_each(|id| add(id)),
                _ => {}
            }
        }
    }
    ids.truncate(MAX_ANCESTORS);
    ids
}

fn date(message: &Message<'_>) -> Option<DateTime<Utc>> {
    let date = message
        .header_values(HeaderName::Date)
        .find_map(HeaderValue::as_datetime)?;
    // The parser accepts 25:61; a date that does not exist is no date.
    DateTime::parse_from_rfc3339(&date.to_rfc3339())
        .ok()
        .map(|date| date.to_utc())
}
