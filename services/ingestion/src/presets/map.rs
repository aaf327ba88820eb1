//! From a payload to contacts.

mod call;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::Preset;
use super::document::{self, Document};
use super::file::{Condition, Format, IdentityRule, PresetFile, ThinRule};
use super::find::{Item, as_text};
use super::mailing;
use super::value::{Source, Value};
use crate::contact::{
    Attachment, Attribute, Channel, Contact, Identity, IdentityKind, MAX_EXTERNAL_ID, Priority, Profile, is_no_time,
};
use crate::mail::{self, html_to_text};
use crate::mails::Mails;

/// Something that a source pushed.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// To whom it came.
    pub tenant: &'a str,
    /// What reads the mails in it.
    pub mails: &'a Mails,
    /// `sources/{source}`.
    pub source: &'a str,
    /// Media type it came with; may be empty.
    pub content_type: &'a str,
    /// The bytes.
    pub body: &'a [u8],
    /// When it is read.
    pub now: DateTime<Utc>,
}

/// What a payload holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// The contacts in it, in the order of the payload.
    pub contacts: Vec<Part>,
    /// What it only names.
    pub thin: Vec<Thin>,
    /// How many items the preset says are no contacts (delivery states, our own answers).
    pub skipped: usize,
    /// What could not be understood; the first per item.
    pub problems: Vec<NotUnderstood>,
}

/// Something that a payload names and tells nothing of: the whole of it must be pushed later. Text is never invented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thin {
    /// As [`Part::position`].
    pub position: usize,
    /// The external id that the whole of it will have.
    pub external_id: String,
}

/// A contact and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Position of its item in the payload, from 0. Items that are no contacts or are not understood count too, so it stays
    /// the same when a corrected preset understands more of them.
    pub position: usize,
    /// The contact.
    pub contact: Contact,
}

/// Why a payload or an item of it could not be understood. Carries no text of the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// Stable UPPER_SNAKE word.
    pub reason: &'static str,
    /// The same for people.
    pub detail: String,
}

impl NotUnderstood {
    pub(super) fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    pub(super) fn too_many_items() -> Self {
        Self::new("PAYLOAD_TOO_MANY_ITEMS", "the payload holds more than 1000 items")
    }
}

/// Reads a payload.
///
/// # Errors
/// [`NotUnderstood`] when it is not in the format of the preset, or holds too many items.
pub fn map(preset: &Preset, payload: &Payload<'_>) -> Result<Mapped, NotUnderstood> {
    let file = &preset.0;
    debug_assert_ne!(file.format, Format::Mail, "mails are read by the mail reader");
    let document = document::read(file, payload.content_type, payload.body)?;
    let whole = Item::whole(&document.value);
    let mut items = Vec::new();
    for pointer in &file.items {
        match whole.each(pointer) {
            Some(found) if items.len() + found.len() <= super::find::MAX_ITEMS => items.extend(found),
            _ => return Err(NotUnderstood::too_many_items()),
        }
    }
    if file.items.is_empty() {
        items.push(whole.clone());
    }
    let mut mapped = Mapped::default();
    if items.is_empty() {
        // Nothing where contacts would be: either a known other event, or not this vendor's payload.
        if !file.known.is_empty() && file.known.iter().all(|condition| holds(condition, &whole)) {
            mapped.skipped = 1;
        } else {
            mapped.problems.push(NotUnderstood::new(
                "PAYLOAD_UNKNOWN",
                "the payload is not one that the preset knows",
            ));
        }
        return Ok(mapped);
    }
    for (position, item) in items.iter().enumerate() {
        if item.value().is_null() {
            mapped.problems.push(NotUnderstood::new(
                "PAYLOAD_ITEM_UNREADABLE",
                format!("item {position} of the payload, counted from 0, is not in the format of the preset"),
            ));
            continue;
        }
        let thin = |rule: &&ThinRule| rule.when.iter().all(|condition| holds(condition, item));
        if let Some(rule) = file.thin.iter().find(thin) {
            match id(item.text(&rule.external_id)) {
                unnamed if unnamed.is_empty() => mapped.problems.push(NotUnderstood::new(
                    "PAYLOAD_WITHOUT_ID",
                    format!("item {position} of the payload, counted from 0, does not say what it is about"),
                )),
                external_id => mapped.thin.push(Thin { position, external_id }),
            }
            continue;
        }
        if !is_contact(file, item) {
            mapped.skipped += 1;
            continue;
        }
        match contact(file, payload, &document, item) {
            Ok(contact) => mapped.contacts.push(Part { position, contact }),
            Err(problem) => mapped.problems.push(problem),
        }
    }
    Ok(mapped)
}

fn is_contact(file: &PresetFile, item: &Item<'_>) -> bool {
    file.only.iter().all(|condition| holds(condition, item))
        && !file.skip.iter().any(|condition| holds(condition, item))
}

fn holds(condition: &Condition, item: &Item<'_>) -> bool {
    let found = item.at(&condition.at);
    match (&condition.equals, condition.exists) {
        (Some(words), _) => found.and_then(as_text).is_some_and(|word| words.contains(&word)),
        (None, Some(exists)) => found.is_some() == exists,
        (None, None) => false,
    }
}

fn contact(
    file: &PresetFile,
    payload: &Payload<'_>,
    document: &Document,
    item: &Item<'_>,
) -> Result<Contact, NotUnderstood> {
    if let Some(rule) = &file.call {
        return call::contact(file, rule, payload, item);
    }
    let fields = &file.contact;
    let source = payload.source;
    let whole = item.text(&fields.mail);
    if !whole.is_empty() {
        let raw = raw_field(&fields.mail, document).unwrap_or(whole.as_bytes());
        let queue = item.text(&fields.queue);
        return payload.mails.read(payload.tenant, source, &queue, raw, payload.now);
    }
    let mut text = item.text(&fields.text);
    if fields
        .text_is_html
        .as_ref()
        .is_some_and(|condition| holds(condition, item))
    {
        text = html_to_text(&text);
    }
    if text.is_empty() {
        text = html_to_text(&item.text(&fields.html));
    }
    let mut quoted_text = String::new();
    if fields.quotes {
        let split = mail::split(&text.replace("\r\n", "\n"));
        (text, quoted_text) = (split.reply, split.quoted);
    }
    let time = |value, name: &str| match item.text(value).as_str() {
        "" => Ok(None),
        text => match fields.time_format.parse(text) {
            Some(at) => Ok(Some(at).filter(|at| !is_no_time(*at))),
            None => Err(NotUnderstood::new(
                "PAYLOAD_TIME_UNREADABLE",
                format!("{name} is no time in the format the preset expects"),
            )),
        },
    };
    let mut contact = Contact {
        source: source.to_owned(),
        external_id: id(item.text(&fields.external_id)),
        channel: word(&item.text(&fields.channel), "channel", Channel::Api)?,
        identities: file.identities.iter().filter_map(|rule| identity(rule, item)).collect(),
        display_name: cut(item.text(&fields.display_name), 200),
        tier: cut(item.text(&fields.tier).to_lowercase(), 63),
        profile: profile(file, item),
        subject: cut(item.text(&fields.subject), 500),
        text,
        quoted_text,
        priority: word(&item.text(&fields.priority), "priority", Priority::Unspecified)?,
        queue: item.text(&fields.queue),
        tags: item
            .list(&fields.tags)
            .into_iter()
            .map(|tag| cut(tag, 100))
            .take(50)
            .collect(),
        intent: cut(item.text(&fields.intent), 100),
        language: item.text(&fields.language),
        occurred_at: time(&fields.occurred_at, "occurred_at")?,
        due_at: time(&fields.due_at, "due_at")?,
        automated: item.text(&fields.automated) == "true",
        same_person: item.text(&fields.same_person) == "true",
        whole: !file.thin.is_empty(),
        attachments: attachments(file, item),
        ..Contact::default()
    };
    contact.strip_nul();
    if contact.identities.is_empty() {
        return Err(NotUnderstood::new(
            "PAYLOAD_WITHOUT_SENDER",
            "nothing in the payload says who wrote",
        ));
    }
    if contact.text.is_empty() && contact.subject.is_empty() && contact.attachments.is_empty() {
        return Err(NotUnderstood::new(
            "PAYLOAD_WITHOUT_CONTENT",
            "the payload holds neither text nor subject nor files",
        ));
    }
    let conversation = id(item.text(&fields.conversation_id));
    contact.join_conversation(&conversation);
    // An answer finds its conversation by what it answers, wherever that went; the conversation's own id comes second.
    match id(item.text(&fields.in_reply_to)).as_str() {
        "" => {}
        answered => contact.reference_keys.insert(0, format!("contact:{source}:{answered}")),
    }
    let headers = mailing::headers(fields, item);
    if !headers.is_empty() {
        mailing::apply(&mut contact, &headers, payload);
    }
    if !contact.external_id.is_empty() {
        contact
            .thread_keys
            .push(format!("contact:{source}:{}", contact.external_id));
    }
    Ok(contact)
}

/// What the payload says of the customer.
fn profile(file: &PresetFile, item: &Item<'_>) -> Profile {
    let fields = &file.customer;
    let texts = fields.attributes.iter().map(|(key, value)| {
        let text = item.text(value);
        (key, (!text.is_empty()).then_some(Attribute::Text(text)))
    });
    let numbers = fields.numbers.iter().map(|(key, value)| {
        let number = item.text(value).parse().ok();
        (key, number.and_then(Attribute::number))
    });
    let said = texts
        .chain(numbers)
        .filter_map(|(key, value)| Some((key.clone(), value?)));
    let profile = Profile {
        owner: item.text(&fields.owner),
        language: item.text(&fields.language),
        country: item.text(&fields.country),
        attributes: said.collect(),
    };
    profile.sound()
}

/// The bytes of a field of a form, when they are no UTF-8.
fn raw_field<'d>(value: &Value, document: &'d Document) -> Option<&'d [u8]> {
    let Value::Text(Source::Pointer(pointer)) = value else {
        return None;
    };
    document.bytes.get(pointer.field()?).map(Vec::as_slice)
}

/// An id as it can be kept: a longer one, or one with NUL characters, is known by its hash.
fn id(text: String) -> String {
    if text.chars().count() <= MAX_EXTERNAL_ID && !text.contains('\0') {
        return text;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

fn identity(rule: &IdentityRule, item: &Item<'_>) -> Option<Identity> {
    let value = item.text(&rule.value);
    if value.is_empty() || !rule.when.iter().all(|condition| holds(condition, item)) {
        return None;
    }
    let value = match rule.kind {
        // People write "+49 (30) 123-456".
        IdentityKind::Phone => {
            let number = match value.split_once(':') {
                Some(("tel" | "sms" | "whatsapp" | "rcs", number)) => number,
                // A name on some network, of which the digits are no number.
                Some(_) => return None,
                None => &value,
            };
            let digits: String = number.chars().filter(|c| c.is_ascii_digit()).collect();
            format!("+{}", digits.trim_start_matches('0'))
        }
        IdentityKind::Email => value.to_lowercase(),
        IdentityKind::Social | IdentityKind::External => format!("{}{value}", rule.prefix),
    };
    // An unusable second identity must not cost the contact; without any it is a problem of its own.
    let usable = match rule.kind {
        IdentityKind::Phone => crate::contact::is_e164(&value),
        IdentityKind::Email => value.contains('@') && !value.contains(char::is_whitespace),
        IdentityKind::Social | IdentityKind::External => value.contains(':'),
    };
    (usable && value.chars().count() <= 320).then_some(Identity {
        kind: rule.kind,
        value,
        verified: rule.verified,
    })
}

fn attachments(file: &PresetFile, item: &Item<'_>) -> Vec<Attachment> {
    let mut found = Vec::new();
    for rule in &file.attachments {
        for part in item.each(&rule.items).unwrap_or_default() {
            found.push(Attachment {
                file_name: cut(part.text(&rule.file_name), 255),
                content_type: cut(part.text(&rule.content_type), 255),
                size_bytes: part.text(&rule.size_bytes).parse().unwrap_or(0).max(0),
                sha256: part.text(&rule.sha256),
                content_id: String::new(),
            });
        }
    }
    found.truncate(100);
    found
}

/// One of our own words, as the preset's map must give them; missing gives `fallback`.
fn word<T: serde::de::DeserializeOwned>(text: &str, field: &str, fallback: T) -> Result<T, NotUnderstood> {
    if text.is_empty() {
        return Ok(fallback);
    }
    serde_json::from_value(Json::String(text.to_owned())).map_err(|_| {
        NotUnderstood::new(
            "PAYLOAD_WORD_UNKNOWN",
            format!("{field} has a word that the preset does not map to one of ours"),
        )
    })
}

fn cut(text: String, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
