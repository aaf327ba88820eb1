//! From what came to contacts. Pure.

pub mod calls;
mod threading;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::contact::{
    Attachment, Channel, Contact, FailedRecipient, Identity, IdentityKind, MAX_EXTERNAL_ID, MAX_TEXT,
};
use crate::mail::{self, Automated, Mail};
use crate::presets::NotUnderstood;
use crate::tokens::Tokens;
use threading::Threading;

/// Source of mails that came by `PushEmail`.
pub const EMAIL: &str = "email";
/// Source of contacts that came by `PushTicket` and `PushTickets`.
pub const GRPC: &str = "grpc";
/// Media type of contacts as they came over gRPC: the encoded `Contact`.
pub const CONTACT_TYPE: &str = "application/x-protobuf; message=vorrang.ingestion.v1.Contact";
/// Media type of events of phone calls as they came over gRPC: the encoded `RecordCallEventRequest`.
pub const CALL_TYPE: &str = "application/x-protobuf; message=vorrang.ingestion.v1.RecordCallEventRequest";
/// Media type of raw mails.
pub const MAIL_TYPE: &str = "message/rfc822";
/// Largest mail in bytes.
pub const MAX_MAIL: usize = 25 << 20;

/// A Date header further back is not believed: it is written by the sender, and an old one would put him first in line.
const BELIEVED: TimeDelta = TimeDelta::days(30);

/// With what a mail is read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// To whom it came.
    pub tenant: &'a str,
    /// By which source.
    pub source: &'a str,
    /// Queue of a new ticket; empty: the default one.
    pub queue: &'a str,
    /// What tells our own tokens.
    pub tokens: &'a Tokens,
    /// The time.
    pub now: DateTime<Utc>,
}

/// A mail that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadMail {
    /// What it becomes.
    pub contact: Contact,
    /// Whether it answers a mail that a machine of ours wrote.
    pub answers_machine: bool,
    /// What kind of machine wrote it, if one did.
    pub automated: Option<Automated>,
}

/// Reads a raw mail into a contact.
///
/// # Errors
/// [`NotUnderstood`] when it is no mail.
pub fn read_mail(reading: Reading<'_>, raw: &[u8]) -> Result<ReadMail, NotUnderstood> {
    let mail = mail::read(raw).map_err(|why| NotUnderstood {
        reason: "MAIL_UNREADABLE",
        detail: why.to_string(),
    })?;
    Ok(from_mail(reading, mail, raw))
}

fn from_mail(reading: Reading<'_>, mail: Mail, raw: &[u8]) -> ReadMail {
    // A mail without Message-ID is known by its bytes: the very same mail again is the same.
    let fingerprint = || hex::encode(Sha256::digest(raw));
    let external_id = match &mail.message_id {
        Some(id) if id.chars().count() <= MAX_EXTERNAL_ID => id.clone(),
        _ => format!("sha256:{}", fingerprint()),
    };
    let now = reading.now;
    let bounced = mail.bounce.iter().flat_map(|bounce| &bounce.recipients);
    let mut contact = Contact {
        source: reading.source.to_owned(),
        channel: Channel::Email,
        identities: vec![sender(&mail, &external_id)],
        display_name: cut(&mail.from.name, 200),
        subject: cut(&mail.subject, 500),
        text: cut_bytes(&mail.reply, MAX_TEXT),
        quoted_text: cut_bytes(&mail.quoted, MAX_TEXT),
        attachments: mail.attachments.iter().take(100).map(attachment).collect(),
        queue: reading.queue.to_owned(),
        occurred_at: mail.date.filter(|at| believed(*at, now)),
        failed_recipients: bounced.map(failed_recipient).collect(),
        external_id,
        ..Contact::default()
    };
    let threading = thread(&mut contact, &mail, reading.tokens, reading.tenant);
    let automated = mail.automated.or(threading.is_ours.then_some(Automated::Loop));
    contact.automated = automated.is_some();
    ReadMail {
        contact,
        answers_machine: threading.answers_machine,
        automated,
    }
}

fn failed_recipient(recipient: &mail::Recipient) -> FailedRecipient {
    FailedRecipient {
        address: cut(&recipient.address, 320),
        failed: recipient.failed,
        status: recipient.status.clone(),
        diagnostic: cut(&recipient.diagnostic, 1_000),
    }
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
        content_id: cut(&file.content_id, 255),
    }
}

/// Whether the time that a sender wrote is taken for when it was written.
pub fn believed(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at >= now - BELIEVED && at <= now + TimeDelta::days(1)
}

/// External id of a mail that a vendor took apart.
pub fn mail_id(message_id: &str) -> String {
    match message_id.chars().count() <= MAX_EXTERNAL_ID {
        true => message_id.to_owned(),
        false => format!("sha256:{}", hex::encode(Sha256::digest(message_id.as_bytes()))),
    }
}

/// Gives a contact the keys by which it finds its conversation, and by which answers find it.
pub(crate) fn thread(contact: &mut Contact, mail: &Mail, tokens: &Tokens, tenant: &str) -> Threading {
    let mut threading = threading::find(tokens, tenant, mail);
    // What a mail of ours that came back is called leads to our ticket already, and to no other.
    if let Some(id) = mail.message_id.as_ref().filter(|_| !threading.is_ours) {
        contact.thread_keys.extend(threading::keys_of(id, mail));
    }
    if contact.conversation.is_empty() {
        let own = mail.message_id.as_ref().unwrap_or(&contact.external_id);
        let own = (!own.is_empty()).then(|| threading::key(own));
        contact.conversation = threading.oldest.take().or(own).unwrap_or_default();
    }
    contact.reference_keys.append(&mut threading.keys);
    threading
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
        let tokens = Tokens::new(&[b"a key"]);
        let reading = Reading {
            tenant: "acme",
            source: EMAIL,
            queue: "",
            tokens: &tokens,
            now: now(),
        };
        read_mail(reading, raw.as_bytes()).expect("a mail").contact
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
        assert_eq!(many.thread_keys.len(), 1 + threading::MAX_SENT_TO);
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
