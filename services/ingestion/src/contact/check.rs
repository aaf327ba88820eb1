use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use vorrang_error::Violations;

use super::{Contact, Identity, IdentityKind};

/// Longest `request_id`, in characters.
pub const MAX_REQUEST_ID: usize = 128;
/// Longest id at the source, in characters.
pub const MAX_EXTERNAL_ID: usize = 250;
/// Longest text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// Checks everything a sender can get wrong, into `violations`; field paths begin with `prefix` (`contact.`).
///
/// Ticketing checks the same again where it decides; here it is so that nothing that can never be recorded is accepted.
pub fn check(contact: &Contact, now: DateTime<Utc>, prefix: &str, violations: &mut Violations) {
    let mut bad = |field: &str, why: &str| violations.add(format!("{prefix}{field}"), why);
    if contact.external_id.contains('\0') {
        bad("external_id", "must not hold NUL characters");
    }
    if contact.conversation.contains('\0') {
        bad("conversation_id", "must not hold NUL characters");
    }
    if contact.external_id.chars().count() > MAX_EXTERNAL_ID {
        bad("external_id", "must have at most 250 characters");
    }
    match contact.identities.len() {
        0 => bad("identities", "must hold at least one identity of who wrote"),
        1..=20 => {}
        _ => bad("identities", "must hold at most 20 identities"),
    }
    for (index, identity) in contact.identities.iter().enumerate() {
        if let Some(why) = wrong_identity(identity) {
            bad(&format!("identities[{index}].value"), why);
        }
    }
    if contact.display_name.chars().count() > 200 {
        bad("display_name", "must have at most 200 characters");
    }
    if contact.tier.chars().count() > 63 {
        bad("tier", "must have at most 63 characters");
    }
    if contact.subject.chars().count() > 500 {
        bad("subject", "must have at most 500 characters");
    }
    if contact.text.len() > MAX_TEXT {
        bad("text", "must have at most 1 MiB");
    }
    if contact.subject.trim().is_empty() && contact.text.trim().is_empty() && contact.attachments.is_empty() {
        bad("text", "must not be empty together with subject");
    }
    if contact.tags.len() > 50 {
        bad("tags", "must hold at most 50 tags");
    }
    for (index, tag) in contact.tags.iter().enumerate() {
        if tag.is_empty() || tag.chars().count() > 100 {
            bad(&format!("tags[{index}]"), "must have 1 to 100 characters");
        }
    }
    if contact.intent.chars().count() > 100 {
        bad("intent", "must have at most 100 characters");
    }
    if !contact.language.is_empty() && !is_language(&contact.language) {
        bad("language", "must be a BCP 47 tag such as de or en-GB");
    }
    contact.profile.check(&format!("{prefix}profile."), violations);
    check_queue(&format!("{prefix}queue"), &contact.queue, violations);
    let mut bad = |field: &str, why: &str| violations.add(format!("{prefix}{field}"), why);
    if contact.occurred_at.is_some_and(|at| at > now + TimeDelta::days(1)) {
        bad("occurred_at", "must not be more than a day in the future");
    }
    for (field, at) in [("occurred_at", contact.occurred_at), ("due_at", contact.due_at)] {
        if at.is_some_and(is_no_time) {
            bad(field, "must not be before 1990; leave it out when it is unknown");
        }
    }
}

/// Whether a time is what systems write when they have none: the years 1, 1601, 1899, 1900 and 1970 are the zeros of .NET,
/// Windows, Delphi, Excel and Unix.
pub(crate) fn is_no_time(at: DateTime<Utc>) -> bool {
    at.year() < 1990
}

fn wrong_identity(identity: &Identity) -> Option<&'static str> {
    let value = identity.value.as_str();
    if value.is_empty() || value.chars().count() > 320 {
        return Some("must have 1 to 320 characters");
    }
    if value.contains(char::is_control) {
        return Some("must not hold control characters");
    }
    let pair = || {
        value
            .split_once(':')
            .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
    };
    match identity.kind {
        IdentityKind::Email if !value.contains('@') => Some("must be an e-mail address"),
        IdentityKind::Phone if !is_e164(value) => Some("must be a phone number in E.164, for example +4930123456"),
        IdentityKind::Social if !pair() => Some("must be network:handle, for example instagram:mara"),
        IdentityKind::External if !pair() => Some("must be system:id, for example zendesk:8447388090494"),
        IdentityKind::Email | IdentityKind::Phone | IdentityKind::Social | IdentityKind::External => None,
    }
}

/// `+`, then 7 to 15 digits of which the first is not 0.
pub(crate) fn is_e164(value: &str) -> bool {
    value.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// Checks the name of a queue; empty is the default one.
pub fn check_queue(field: &str, queue: &str, violations: &mut Violations) {
    if !queue.is_empty() && !is_queue(queue) {
        violations.add(field, "must be 1 to 63 of a-z, 0-9 and -");
    }
}

/// Whether it is `agents/{agent}`.
pub(crate) fn is_agent(name: &str) -> bool {
    name.strip_prefix("agents/").is_some_and(is_queue)
}

fn is_queue(value: &str) -> bool {
    (1..=63).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

pub(super) fn is_language(value: &str) -> bool {
    value.len() <= 35
        && value.split('-').enumerate().all(|(index, part)| {
            (1..=8).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && (index > 0 || (part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic())))
        })
}
