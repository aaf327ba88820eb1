//! From the contract to the domain. Every mistake of a request is found before any answer: what is wrong goes to the
//! violations under its path, and a harmless value stands in for it until they are looked at.

mod action;
mod attributes;
mod automation;
mod contact;
pub mod custom;
mod customer;
mod organization;
mod record;
mod schedule;
mod sla;

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use super::words;
use crate::custom::Definitions;
use crate::message::{ATTACHMENTS_MAX, Attachment, Draft, TEXT_BYTES_MAX};
use crate::names::{self, TicketRef};
use crate::state::State;
use crate::survey::answer::COMMENT_MAX;
use crate::ticket::{self, Fields, LinkKind, Mask, QUEUE_DEFAULT, TAGS_MAX};
use crate::words::{Actor, ActorKind, Channel, Disposition, Priority, Visibility};

pub use action::{Known, macro_id, macro_mask, macro_profile};
pub use automation::{automation_id, automation_mask, automation_profile};
pub use contact::{contact, key as thread_key};
pub use customer::{customer_id, customer_mask, identity, identity_key, profile, two_customers};
pub use organization::{domain, external_id, organization_id, organization_mask, organization_profile};
pub use record::{milestone, order, proactive_contact, source};
pub use schedule::{date, schedule, schedule_mask, years};
pub use sla::{policy_draft, reason, sla_policy_id, sla_policy_mask};

/// Characters of a subject.
const SUBJECT_MAX: usize = 500;
/// Characters of a display name.
pub(super) const DISPLAY_NAME_MAX: usize = 200;
/// Characters of a tag, an intent.
const WORD_MAX: usize = 100;
/// Characters of a tier.
const TIER_MAX: usize = 63;
/// Characters of the name of a source.
const SOURCE_MAX: usize = 100;
/// Characters of a comment in a review.
const REVIEW_COMMENT_MAX: usize = 10_000;
/// Followers of a ticket.
const FOLLOWERS_MAX: usize = 50;

/// The ticket that a request names.
pub fn ticket_ref(field: &str, name: &str, violations: &mut Violations) -> TicketRef {
    violations
        .take(field, names::parse_ticket(name))
        .unwrap_or(TicketRef::Number(0))
}

/// The message that a request names, with the ticket that it says it belongs to.
pub fn message_ref(field: &str, name: &str, violations: &mut Violations) -> (uuid::Uuid, uuid::Uuid) {
    violations.take(field, names::parse_message(name)).unwrap_or_default()
}

/// A kind of link that may be asked for.
pub fn link_kind(field: &str, value: i32, violations: &mut Violations) -> LinkKind {
    let before = violations.is_empty();
    let kind = words::read_link_kind(value, field, violations).filter(|kind| kind.is_by_hand());
    if kind.is_none() && (!before || violations.is_empty()) {
        violations.add(
            field,
            "must be RELATES_TO, CAUSED_BY, CAUSES, DUPLICATES or DUPLICATED_BY",
        );
    }
    kind.unwrap_or(LinkKind::RelatesTo)
}

/// The schedule that a request names.
pub fn schedule_id(field: &str, name: &str, violations: &mut Violations) -> uuid::Uuid {
    violations.take(field, names::parse_schedule(name)).unwrap_or_default()
}

/// An agent's name; empty is none.
pub fn agent(field: &str, name: &str, violations: &mut Violations) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    violations.take(field, names::check_agent(name));
    Some(name.to_owned())
}

/// A queue's name; empty is none.
pub fn queue(field: &str, name: &str, violations: &mut Violations) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    violations.take(field, names::check_queue(name));
    Some(name.to_owned())
}

/// A state; none when unspecified.
pub fn state(field: &str, value: i32, violations: &mut Violations) -> Option<State> {
    words::read_state(value, field, violations)
}

/// How a ticket is marked: as what does not count.
pub fn mark(field: &str, value: i32, violations: &mut Violations) -> Disposition {
    let mut unknown = Violations::new();
    let read = words::read_disposition(value, field, &mut unknown);
    match read {
        Some(mark @ (Disposition::Spam | Disposition::Deleted)) => mark,
        _ => {
            violations.add(field, "must be SPAM or DELETED");
            Disposition::Spam
        }
    }
}

/// A channel; none when unspecified.
pub fn channel(field: &str, value: i32, violations: &mut Violations) -> Option<Channel> {
    words::read_channel(value, field, violations)
}

/// The states that a list is of, each once: a value of its own for each repeat is more than a statement takes. Of wrong
/// ones only the first is told, since an answer has no room for thousands.
pub fn states(field: &str, given: &[i32], violations: &mut Violations) -> Vec<State> {
    let mut read = Vec::new();
    for (index, value) in given.iter().enumerate() {
        let field = format!("{field}[{index}]");
        match words::read_state(*value, &field, violations) {
            Some(state) if read.contains(&state) => {}
            Some(state) => read.push(state),
            None => {
                if *value == 0 {
                    violations.add(field, "must be given");
                }
                break;
            }
        }
    }
    read
}

/// A time; none when missing.
pub fn time(field: &str, at: Option<&prost_types::Timestamp>, violations: &mut Violations) -> Option<DateTime<Utc>> {
    let at = at?;
    let read = vorrang_api::from_timestamp(at).filter(|_| believed(at));
    if read.is_none() {
        violations.add(field, "must be a time of the years 1990 to 9999");
    }
    read
}

/// Whether somebody can mean this time: before 1990 lies what clocks say that were never set, and one such time would
/// spoil every figure it is in.
fn believed(at: &prost_types::Timestamp) -> bool {
    /// 1990-01-01T00:00:00Z.
    const EARLIEST: i64 = 631_152_000;
    at.seconds >= EARLIEST
}

/// A length of time in `range`, both ends included; none when missing or zero.
pub(super) fn span(
    field: &str,
    given: Option<&prost_types::Duration>,
    range: (TimeDelta, TimeDelta, &str),
    violations: &mut Violations,
) -> Option<TimeDelta> {
    let (least, most, words) = range;
    let given = given.filter(|length| (length.seconds, length.nanos) != (0, 0))?;
    let read = vorrang_api::from_duration(given).filter(|length| (least..=most).contains(length));
    if read.is_none() {
        violations.add(field, format!("must be {words}"));
    }
    read
}

/// What a customer adds to an answer.
pub fn comment(field: &str, value: &str, violations: &mut Violations) -> String {
    text(field, value.trim(), COMMENT_MAX, violations)
}

/// What a reviewer adds to a review.
pub fn review_comment(field: &str, value: &str, violations: &mut Violations) -> String {
    text(field, value.trim(), REVIEW_COMMENT_MAX, violations)
}

/// The fields of a ticket that a client sets. `definitions` are those of the tenant's own fields, if it sets any.
pub fn ticket_fields(
    prefix: &str,
    ticket: &pb::Ticket,
    definitions: &Definitions,
    violations: &mut Violations,
) -> Fields {
    let path = |field: &str| format!("{prefix}.{field}");
    Fields {
        subject: text(&path("subject"), &ticket.subject, SUBJECT_MAX, violations),
        priority: words::read_priority(ticket.priority, &path("priority"), violations).unwrap_or(Priority::Normal),
        queue: queue(&path("queue"), &ticket.queue, violations).unwrap_or_else(|| QUEUE_DEFAULT.to_owned()),
        tags: tags(&path("tags"), &ticket.tags, violations),
        intent: text(&path("intent"), &ticket.intent, WORD_MAX, violations),
        language: language(&path("language"), &ticket.language, violations),
        due_at: time(&path("due_at"), ticket.due_at.as_ref(), violations),
        followers: followers(&path("followers"), &ticket.followers, violations),
        custom_fields: custom::values(&ticket.custom_fields, definitions, violations),
    }
}

/// The fields of a ticket that a mask names; at least one.
pub fn ticket_mask(
    mask: Option<&prost_types::FieldMask>,
    definitions: &Definitions,
    violations: &mut Violations,
) -> Mask {
    let mut read = Mask::default();
    let paths = mask_of(mask, |path| Some(path.to_owned()), violations);
    for path in paths {
        match (path.strip_prefix("custom_fields."), ticket::Field::parse(&path)) {
            (Some(id), _) if definitions.get(id).is_some() => {
                read.custom.ids.insert(id.to_owned());
            }
            (_, Some(ticket::Field::CustomFields)) => read.custom.all = true,
            (_, Some(field)) => read.fields.push(field),
            _ => violations.add("update_mask", format!("{path:?} is not a field that can be changed")),
        }
    }
    read
}

/// What a mask names; at least one field.
pub(super) fn mask_of<F>(
    mask: Option<&prost_types::FieldMask>,
    parse: impl Fn(&str) -> Option<F>,
    violations: &mut Violations,
) -> Vec<F> {
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.is_empty() {
        violations.add("update_mask", "must name at least one field");
    }
    let mut fields = Vec::with_capacity(paths.len());
    for path in paths {
        match parse(path) {
            Some(field) => fields.push(field),
            None => violations.add("update_mask", format!("{path:?} is not a field that can be changed")),
        }
    }
    fields
}

/// A message of an agent or automation, or, where `customer_allowed`, of the customer.
pub fn message(
    prefix: &str,
    message: &pb::Message,
    customer_allowed: bool,
    credential: &str,
    violations: &mut Violations,
) -> Draft {
    let actor = actor(
        &format!("{prefix}.actor"),
        message,
        customer_allowed,
        credential,
        violations,
    );
    let mut draft = content(prefix, message, violations);
    let visibility = words::read_visibility(message.visibility, &format!("{prefix}.visibility"), violations);
    draft.visibility = visibility.unwrap_or(Visibility::Public);
    if actor.kind == ActorKind::Customer && draft.visibility == Visibility::Internal {
        violations.add(format!("{prefix}.visibility"), "a customer's message is always public");
    }
    draft.actor = actor;
    says_something(prefix, message, violations);
    storable(prefix, message, violations);
    draft
}

/// A message without words or files is none: as an agent's it would count as the answer that a customer waits for.
fn says_something(prefix: &str, message: &pb::Message, violations: &mut Violations) {
    if message.text.trim().is_empty() && message.attachments.is_empty() {
        violations.add(format!("{prefix}.text"), "must be given when there is no attachment");
    }
}

/// Clients can send again what we cannot keep as it is; customers' own words come another way and are never refused.
fn storable(prefix: &str, message: &pb::Message, violations: &mut Violations) {
    let texts = [("text", &message.text), ("quoted_text", &message.quoted_text)];
    for (field, value) in texts {
        without_nul(&format!("{prefix}.{field}"), value, violations);
    }
    for (index, file) in message.attachments.iter().enumerate().take(ATTACHMENTS_MAX) {
        let texts = [
            ("file_name", &file.file_name),
            ("content_type", &file.content_type),
            ("sha256", &file.sha256),
            ("content_id", &file.content_id),
        ];
        for (field, value) in texts {
            without_nul(&format!("{prefix}.attachments[{index}].{field}"), value, violations);
        }
    }
}

fn actor(
    field: &str,
    message: &pb::Message,
    customer_allowed: bool,
    credential: &str,
    violations: &mut Violations,
) -> Actor {
    let (kind, id) = message
        .actor
        .as_ref()
        .map_or((0, ""), |actor| (actor.kind, actor.id.as_str()));
    let kind = words::read_actor_kind(kind, &format!("{field}.kind"), violations);
    let id_field = format!("{field}.id");
    let id = match kind {
        None => {
            violations.add(format!("{field}.kind"), "must say who wrote the message");
            String::new()
        }
        Some(ActorKind::Agent) => {
            violations.take(&id_field, names::check_agent(id));
            id.to_owned()
        }
        Some(ActorKind::Customer) if customer_allowed => id.to_owned(),
        Some(ActorKind::Customer) => {
            violations.add(format!("{field}.kind"), "a customer's message comes by ingestion");
            String::new()
        }
        Some(ActorKind::Automation) if id.is_empty() => credential.to_owned(),
        Some(ActorKind::Automation) => text(&id_field, id, WORD_MAX, violations),
    };
    Actor {
        kind: kind.unwrap_or(ActorKind::Automation),
        id,
    }
}

/// What a message says, whoever wrote it.
fn content(prefix: &str, message: &pb::Message, violations: &mut Violations) -> Draft {
    let path = |field: &str| format!("{prefix}.{field}");
    if message.attachments.len() > ATTACHMENTS_MAX {
        violations.add(path("attachments"), format!("at most {ATTACHMENTS_MAX} files"));
    }
    Draft {
        actor: Actor {
            kind: ActorKind::Automation,
            id: String::new(),
        },
        visibility: Visibility::Public,
        text: body(&path("text"), &message.text, violations),
        quoted_text: body(&path("quoted_text"), &message.quoted_text, violations),
        channel: words::read_channel(message.channel, &path("channel"), violations),
        attachments: message
            .attachments
            .iter()
            .take(ATTACHMENTS_MAX)
            .enumerate()
            .map(|(index, file)| attachment(&path(&format!("attachments[{index}]")), file, violations))
            .collect(),
        occurred_at: time(&path("occurred_at"), message.occurred_at.as_ref(), violations),
        external_id: String::new(),
        automated: false,
        from_macro: None,
        failed_recipients: Vec::new(),
    }
}

fn attachment(path: &str, file: &pb::Attachment, violations: &mut Violations) -> Attachment {
    let stored = match file.name.as_str() {
        "" => None,
        name => violations.take(format!("{path}.name"), names::parse_attachment(name)),
    };
    let (of, sha256) = match stored {
        Some((customer, sha256)) => (Some(customer), sha256),
        None => (None, cut(&file.sha256, 64)),
    };
    Attachment {
        file_name: cut(&file.file_name, 255),
        content_type: cut(&file.content_type, 255),
        size_bytes: file.size_bytes.max(0),
        sha256,
        of,
        content_id: cut(&file.content_id, 255),
    }
}

fn tags(field: &str, tags: &[String], violations: &mut Violations) -> Vec<String> {
    if tags.len() > TAGS_MAX {
        violations.add(field, format!("at most {TAGS_MAX} tags"));
    }
    let mut read: Vec<String> = Vec::new();
    for (index, tag) in tags.iter().take(TAGS_MAX).enumerate() {
        let field = format!("{field}[{index}]");
        if tag.trim().is_empty() {
            violations.add(&field, "must not be empty");
        }
        read.push(text(&field, tag.trim(), WORD_MAX, violations));
    }
    read.sort_unstable();
    read.dedup();
    read
}

/// Agents, each once.
fn followers(field: &str, agents: &[String], violations: &mut Violations) -> Vec<String> {
    if agents.len() > FOLLOWERS_MAX {
        violations.add(field, format!("at most {FOLLOWERS_MAX} followers"));
    }
    let mut read: Vec<String> = Vec::new();
    for (index, name) in agents.iter().take(FOLLOWERS_MAX).enumerate() {
        if violations
            .take(format!("{field}[{index}]"), names::check_agent(name))
            .is_some()
        {
            read.push(name.clone());
        }
    }
    read.sort_unstable();
    read.dedup();
    read
}

/// The state that a request asks for, with the sub-state that it names.
pub fn wanted(state: Option<State>, sub_state: &str, violations: &mut Violations) -> Option<(State, Option<String>)> {
    let id = match sub_state {
        "" => None,
        name => violations.take("sub_state", names::parse_sub_state(name).map(str::to_owned)),
    };
    if state.is_none() && !sub_state.is_empty() {
        violations.add("sub_state", "must come with the state that it belongs to");
    }
    Some((state?, id))
}

/// A BCP 47 language; empty is none.
pub fn language(field: &str, tag: &str, violations: &mut Violations) -> String {
    if tag.len() > 35 || !tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        violations.add(field, "must be a BCP 47 language, for example de");
    }
    tag.to_owned()
}

/// A text of at most `most` characters, without NUL, which PostgreSQL cannot keep.
pub(super) fn text(field: &str, value: &str, most: usize, violations: &mut Violations) -> String {
    if value.chars().count() > most {
        violations.add(field, format!("at most {most} characters"));
    }
    without_nul(field, value, violations);
    value.to_owned()
}

fn without_nul(field: &str, value: &str, violations: &mut Violations) {
    if value.contains('\0') {
        violations.add(field, "must not contain NUL characters");
    }
}

fn body(field: &str, value: &str, violations: &mut Violations) -> String {
    if value.len() > TEXT_BYTES_MAX {
        violations.add(field, format!("at most {TEXT_BYTES_MAX} bytes"));
    }
    // Customers paste what they like into a mail: a NUL is no reason to refuse it. Clients are told by `storable`.
    visible(value)
}

/// The first `most` characters, storable.
fn cut(value: &str, most: usize) -> String {
    visible(&value.chars().take(most).collect::<String>())
}

/// The text with NUL, which PostgreSQL cannot keep, made visible.
fn visible(value: &str) -> String {
    value.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests;

/// The system that a history comes from: a word that can stand before ids.
pub fn history_source(field: &str, given: &str, violations: &mut Violations) {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=40).contains(&given.len()) || !given.bytes().all(fits) {
        violations.add(field, "must be 1 to 40 of a-z, 0-9 and -");
    }
}
