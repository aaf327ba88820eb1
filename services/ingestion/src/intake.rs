//! From what came to contacts. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::contact::{Attachment, Channel, Contact, Identity, IdentityKind, MAX_EXTERNAL_ID, MAX_TEXT};
use crate::mail::{self, Mail};
use crate::presets::NotUnderstood;

/// Source of mails that came by `PushEmail`.
pub const EMAIL: &str = "email";
/// Source of contacts that came by `PushTicket` and `PushTickets`.
pub const GRPC: &str = "grpc";
/// Media type of contacts as they came over gRPC: the encoded `Contact`.
pub const CONTACT_TYPE: &str = "application/x-protobuf; message=vorrang.ingestion.v1.Contact";
/// Media type of raw mails.
pub const MAIL_TYPE: &str = "message/rfc822";
/// Largest mail in bytes.
pub const MAX_MAIL: usize = 25 << 20;

/// A Date header further back is not believed: it is written by the sender, and an old one would put him first in line.
const BELIEVED: TimeDelta = TimeDelta::days(30);

/// Most mails before this one by which its conversation is looked for, nearest first. Each has two keys.
const MAX_ANCESTORS: usize = 50;

/// Most people who have a mail that may answer it.
const MAX_SENT_TO: usize = 15;

/// Reads a raw mail into a contact.
///
/// # Errors
/// [`NotUnderstood`] when it is no mail.
pub fn read_mail(source: &str, raw: &[u8], queue: &str, now: DateTime<Utc>) -> Result<Contact, NotUnderstood> {
    let mail = mail::read(raw).map_err(|why| NotUnderstood {
        reason: "MAIL_UNREADABLE",
        detail: why.to_string(),
    })?;
    Ok(from_mail(source, mail, raw, queue, now))
}

fn from_mail(source: &str, mail: Mail, raw: &[u8], queue: &str, now: DateTime<Utc>) -> Contact {
    // A mail without Message-ID is known by its bytes: the very same mail again is the same.
    let fingerprint = || hex::encode(Sha256::digest(raw));
    let external_id = match &mail.message_id {
        Some(id) if id.chars().count() <= MAX_EXTERNAL_ID => id.clone(),
        _ => format!("sha256:{}", fingerprint()),
    };
    let believed = |at: &DateTime<Utc>| *at >= now - BELIEVED && *at <= now + TimeDelta::days(1);
    let mut contact = Contact {
        source: source.to_owned(),
        channel: Channel::Email,
        identities: vec![sender(&mail, &external_id)],
        display_name: cut(&mail.from.name, 200),
        subject: cut(&mail.subject, 500),
        text: cut_bytes(&mail.reply, MAX_TEXT),
        quoted_text: cut_bytes(&mail.quoted, MAX_TEXT),
        attachments: mail.attachments.iter().take(100).map(attachment).collect(),
        queue: queue.to_owned(),
        occurred_at: mail.date.filter(believed),
        automated: mail.automated.is_some(),
        ..Contact::default()
    };
    if let Some(id) = &mail.message_id {
        contact.thread_keys.push(key(id));
        contact
            .thread_keys
            .extend(sent_to(&mail).iter().map(|address| key_of(id, address)));
    }
    let by = mail.from.address.to_lowercase();
    let ancestors = mail.ancestors.iter().take(MAX_ANCESTORS);
    contact.reference_keys = ancestors.flat_map(|id| [key(id), key_of(id, &by)]).collect();
    // All mails of a conversation name its first one, or are it.
    let first = mail.ancestors.last().or(mail.message_id.as_ref());
    contact.conversation = key(first.unwrap_or(&external_id));
    contact.external_id = external_id;
    contact
}

fn sender(mail: &Mail, external_id: &str) -> Identity {
    let address = mail.from.address.to_lowercase();
    let usable = address.contains('@')
        && address.chars().count() <= 320
        && !address.contains(char::is_control)
        && !address.contains(char::is_whitespace);
    if usable {
        return Identity {
            kind: IdentityKind::Email,
            value: address,
            verified: false,
        };
    }
    // Bounces come from nobody. Each is a customer of its own: two unknowns are not one person.
    let unknown = hex::encode(&Sha256::digest(external_id.as_bytes())[..16]);
    Identity {
        kind: IdentityKind::External,
        value: format!("mail-without-sender:{unknown}"),
        verified: false,
    }
}

fn attachment(file: &mail::Attachment) -> Attachment {
    Attachment {
        file_name: cut(&file.name, 255),
        content_type: cut(&file.media_type, 255),
        size_bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        sha256: file.sha256.clone(),
    }
}

/// The key under which answers to a mail find its conversation.
fn key(message_id: &str) -> String {
    if message_id.chars().count() <= MAX_EXTERNAL_ID {
        format!("mail:<{message_id}>")
    } else {
        format!("mail:sha256:{}", hex::encode(Sha256::digest(message_id.as_bytes())))
    }
}

/// The key under which one who has a mail, as its sender or because it was sent to them, finds its conversation. Unlike the
/// Message-ID alone it shows that they take part. Hashed, as it is made of an address.
fn key_of(message_id: &str, address: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(message_id.as_bytes());
    hash.update(b"\n");
    hash.update(address.as_bytes());
    format!("mailed:{}", hex::encode(hash.finalize()))
}

/// Who has a mail: its sender and whom it names, each once.
fn sent_to(mail: &Mail) -> Vec<String> {
    let named = mail.reply_to.iter().chain(&mail.to).chain(&mail.cc);
    let mut addresses: Vec<String> = Vec::new();
    for one in std::iter::once(&mail.from).chain(named) {
        let address = one.address.to_lowercase();
        if address.contains('@') && !addresses.contains(&address) && addresses.len() < MAX_SENT_TO {
            addresses.push(address);
        }
    }
    addresses
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(characters).collect()
}

/// At most `bytes` bytes, whole characters, with a mark where it was cut: the raw mail has the rest.
fn cut_bytes(text: &str, bytes: usize) -> String {
    const MARK: &str = "\n[…]";
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes - MARK.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().expect("a time")
    }

    fn contact(raw: &str) -> Contact {
        read_mail(EMAIL, raw.as_bytes(), "", now()).expect("a mail")
    }

    #[test]
    fn answers_name_their_conversation() {
        let first = contact("From: A <A@x.example>\r\nMessage-ID: <1@x>\r\nSubject: Hi\r\n\r\nHallo");
        let answer = contact(
            "From: a@x.example\r\nMessage-ID: <3@x>\r\nIn-Reply-To: <2@f>\r\nReferences: <1@x> <2@f>\r\n\r\nJa",
        );
        assert_eq!(first.thread_keys[0], "mail:<1@x>");
        let by_ids: Vec<_> = answer
            .reference_keys
            .iter()
            .filter(|key| key.starts_with("mail:"))
            .collect();
        assert_eq!(by_ids, ["mail:<2@f>", "mail:<1@x>"]);
        assert_eq!(answer.conversation, first.conversation);
        assert_eq!(first.identities, answer.identities);
    }

    #[test]
    fn whom_a_mail_was_sent_to_may_answer_it() {
        let first = contact(
            "From: a@x.example\r\nTo: help@firm.example\r\nCc: B <Ben@x.example>, b@y.example\r\nMessage-ID: <1@x>\r\n\r\nHallo",
        );
        let joins = |from: &str| {
            let answer = contact(&format!(
                "From: {from}\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\nJa"
            ));
            let mut by_address = answer.reference_keys.iter().filter(|key| key.starts_with("mailed:"));
            by_address.any(|key| first.thread_keys.contains(key))
        };
        assert!(joins("A@x.example") && joins("ben@X.example") && joins("b@y.example"));
        assert!(!joins("eve@x.example") && !joins("nobody"));
        let many: String = (0..100).map(|index| format!("{index}@x.example, ")).collect();
        let many = contact(&format!(
            "From: a@x.example\r\nTo: {many}\r\nMessage-ID: <1@x>\r\n\r\nHallo"
        ));
        assert_eq!(many.thread_keys.len(), 1 + MAX_SENT_TO);
    }

    #[test]
    fn a_mail_without_message_id_is_known_by_its_bytes() {
        let raw = "From: a@x.example\r\nSubject: Hi\r\n\r\nHallo";
        assert_eq!(contact(raw).external_id, contact(raw).external_id);
        assert_ne!(contact(raw).external_id, contact(&format!("{raw}!")).external_id);
        assert!(contact(raw).external_id.starts_with("sha256:"));
    }

    #[test]
    fn a_sender_cannot_write_himself_to_the_front() {
        let at = |date: &str| contact(&format!("From: a@x.example\r\nDate: {date}\r\n\r\nHallo")).occurred_at;
        assert_eq!(
            at("Mon, 2 Mar 2026 12:59:00 +0100"),
            Some("2026-03-02T11:59:00Z".parse().expect("a time"))
        );
        assert_eq!(at("Mon, 2 Mar 2020 12:59:00 +0100"), None);
        assert_eq!(at("Mon, 2 Mar 2099 12:59:00 +0100"), None);
    }

    #[test]
    fn a_mail_from_nobody_is_a_contact_too() {
        let mail =
            contact("From: <>\r\nReturn-Path: <>\r\nSubject: Undelivered\r\nMessage-ID: <b@x>\r\n\r\nNo such user");
        assert_eq!(mail.identities[0].kind, IdentityKind::External);
        assert!(mail.automated);
        let mut violations = vorrang_error::Violations::new();
        crate::contact::check(&mail, now(), "", &mut violations);
        assert!(violations.is_empty());
    }

    #[test]
    fn long_text_is_cut_between_characters_and_says_so() {
        let long = contact(&format!(
            "From: a@x.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}",
            "ä".repeat(MAX_TEXT)
        ));
        assert!(long.text.len() <= MAX_TEXT && long.text.ends_with("[…]"));
    }
}
