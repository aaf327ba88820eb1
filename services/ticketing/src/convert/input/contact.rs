//! One contact of `RecordContacts`. Lenient where a customer's own words are concerned, since refusing them would lose a
//! contact over a long subject: the whole of it lies in ingestion's raw store. Strict about what decides something.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use super::{
    DISPLAY_NAME_MAX, QUEUE_DEFAULT, SOURCE_MAX, SUBJECT_MAX, TAGS_MAX, TIER_MAX, WORD_MAX, agent, believed, content,
    cut, identity, queue, time,
};
use crate::attributes::Attributes;
use crate::contact::{Contact, ContactKey};
use crate::convert::words;
use crate::custom::CustomFields;
use crate::customer::{IDENTITIES_MAX, Identity, Tier, Told, tier};
use crate::message::{FAILED_RECIPIENTS_MAX, FailedRecipient};
use crate::ticket::{CallEvent, Fields};
use crate::words::Priority;

/// Bytes of a key as it is stored; a longer one is stored as its hash. PostgreSQL indexes at most some 2,700 bytes a row.
const KEY_BYTES: usize = 300;
/// Characters of an id at the source, as it is shown.
const EXTERNAL_ID_MAX: usize = 1_000;
/// Keys under which a contact is found.
const THREAD_KEYS_MAX: usize = 20;
/// Keys by which it looks.
const REFERENCE_KEYS_MAX: usize = 100;

/// Reads a contact.
///
/// # Errors
/// Invalid with all violations, their paths relative to the contact.
pub fn contact(mut given: pb::InboundContact) -> Result<Contact, Error> {
    let mut violations = Violations::new();
    // The trace and the id of a repeat may differ, what it says may not.
    let request_id = std::mem::take(&mut given.request_id);
    let trace_parent = std::mem::take(&mut given.trace_parent);
    let request_hash = vorrang_service::request_hash("RecordContacts", &given);

    let content_hash = <[u8; 32]>::try_from(given.content_hash.as_ref()).unwrap_or_else(|_| {
        violations.add("content_hash", "must have 32 bytes");
        [0; 32]
    });
    if given.source.is_empty() {
        violations.add("source", "must be given");
    }
    let source = key(&given.source);
    let external_id = key(&given.external_id);
    let channel = words::read_channel(given.channel, "channel", &mut violations);
    if channel.is_none() {
        violations.add("channel", "must be given");
    }
    let identities = who(&given.identities, &mut violations);
    let mut message = given.message.unwrap_or_else(|| {
        violations.add("message", "must be given");
        pb::Message::default()
    });
    // A source whose clock was never set does not know the time, and a contact is worth more than its time.
    message.occurred_at = message.occurred_at.filter(believed);
    let failed = message.failed_recipients.iter().take(FAILED_RECIPIENTS_MAX);
    let failed = failed.map(failed_recipient).collect();
    let due_at = given.due_at.filter(believed);
    let mut message = content("message", &message, &mut violations);
    // Whose it is is not known yet: what was uploaded for somebody is found by its content.
    for file in &mut message.attachments {
        file.of = None;
    }
    message.external_id = cut(&given.external_id, EXTERNAL_ID_MAX);
    message.failed_recipients = failed;
    let priority = words::read_priority(given.priority, "priority", &mut violations);
    let fields = Fields {
        subject: cut(&given.subject, SUBJECT_MAX),
        priority: priority.unwrap_or(Priority::Normal),
        queue: queue("queue", &given.queue, &mut violations).unwrap_or_else(|| QUEUE_DEFAULT.to_owned()),
        tags: tags(&given.tags),
        intent: cut(&given.intent, WORD_MAX),
        language: if given.language.len() > 35 {
            String::new()
        } else {
            cut(&given.language, 35)
        },
        due_at: time("due_at", due_at.as_ref(), &mut violations),
        followers: Vec::new(),
        custom_fields: CustomFields::new(),
    };
    let thread_keys = keys("thread_keys", &given.thread_keys, THREAD_KEYS_MAX, &mut violations);
    let reference_keys = keys(
        "reference_keys",
        &given.reference_keys,
        REFERENCE_KEYS_MAX,
        &mut violations,
    );
    let received_at = given.received_at.filter(believed);
    let received_at = time("received_at", received_at.as_ref(), &mut violations);
    let call = given.call.as_ref().map(|event| call_event(event, &mut violations));
    violations.into_result()?;

    Ok(Contact {
        request_id,
        request_hash,
        key: ContactKey {
            source,
            external_id,
            content_hash,
        },
        channel: channel.unwrap_or(crate::words::Channel::Api),
        identities,
        display_name: cut(given.display_name.trim(), DISPLAY_NAME_MAX),
        tier: said_tier(&given.tier, &given.source),
        told: given.profile.map(told).unwrap_or_default(),
        same_person: given.same_person,
        message,
        thread_keys,
        reference_keys,
        fields,
        automated: given.automated,
        trace_parent,
        call: call.flatten(),
        asynchronous: given.asynchronous,
        received_at,
    })
}

/// What happened to a call. A length that cannot be is left out, since the event says more than that.
fn call_event(given: &pb::CallEvent, violations: &mut Violations) -> Option<CallEvent> {
    let kind = words::read_call_kind(given.kind, "call.kind", violations);
    if given.kind == 0 {
        violations.add("call.kind", "must be given");
    }
    let at = time("call.occurred_at", given.occurred_at.as_ref(), violations);
    if given.occurred_at.is_none() {
        violations.add("call.occurred_at", "must be given");
    }
    let queue = match given.queue.as_str() {
        "" => String::new(),
        named => queue("call.queue", named, violations).unwrap_or_default(),
    };
    let length = |given: Option<&prost_types::Duration>| {
        let length = given.and_then(vorrang_api::from_duration);
        length.filter(|length| *length >= chrono::TimeDelta::zero())
    };
    Some(CallEvent {
        agent: agent("call.agent", &given.agent, violations).unwrap_or_default(),
        hung_up_by: words::read_call_party(given.hung_up_by, "call.hung_up_by", violations),
        talk_time: length(given.talk_time.as_ref()),
        hold_time: length(given.hold_time.as_ref()),
        kind: kind?,
        at: at?,
        queue,
    })
}

fn failed_recipient(given: &pb::FailedRecipient) -> FailedRecipient {
    FailedRecipient {
        address: cut(&given.address, 320),
        failed: given.failed,
        status: cut(&given.status, 20),
        diagnostic: cut(&given.diagnostic, 1_000),
    }
}

/// What the source says about the tier. It cannot speak for people, whatever it is called.
fn said_tier(given: &str, source: &str) -> Option<Tier> {
    let said = Tier {
        tier: cut(&tier::normal(given), TIER_MAX),
        source: cut(source, SOURCE_MAX),
        valid_until: None,
    };
    (!said.tier.is_empty() && !said.is_by_hand()).then_some(said)
}

/// What the source knows about the customer: what cannot be is left out, field by field.
fn told(given: pb::CustomerProfile) -> Told {
    let sound = |read: &dyn Fn(&mut Violations) -> Option<String>| {
        let mut wrong = Violations::new();
        let read = read(&mut wrong);
        read.filter(|_| wrong.into_result().is_ok()).unwrap_or_default()
    };
    let is_code = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let mut attributes = Attributes::new();
    for (key, value) in given.attributes {
        let mut wrong = Violations::new();
        let one = super::attributes::read("", &BTreeMap::from([(key, value)]), &mut wrong);
        if wrong.into_result().is_ok() {
            attributes.extend(one);
        }
    }
    Told {
        owner: sound(&|wrong| agent("owner", &given.owner, wrong)),
        language: sound(&|wrong| Some(super::language("language", &given.language, wrong))),
        country: Some(given.country.to_ascii_uppercase())
            .filter(is_code)
            .unwrap_or_default(),
        attributes,
    }
}

/// Who wrote: what identifies nobody is left out as long as something does.
fn who(given: &[pb::Identity], violations: &mut Violations) -> Vec<Identity> {
    let mut read: Vec<Identity> = Vec::new();
    let mut wrong = Violations::new();
    for (index, one) in given.iter().enumerate().take(IDENTITIES_MAX) {
        let Some(one) = identity(&format!("identities[{index}]"), one, &mut wrong) else {
            continue;
        };
        if read.iter().all(|known| known.key() != one.key()) {
            read.push(one);
        }
    }
    if read.is_empty() {
        violations.add("identities", "at least one must be there and valid");
        if let Err(error) = wrong.into_result() {
            for violation in error.violations() {
                violations.add(&violation.field, &violation.description);
            }
        }
    }
    read
}

fn tags(given: &[String]) -> Vec<String> {
    let mut read: Vec<String> = given
        .iter()
        .map(|tag| cut(tag.trim(), WORD_MAX))
        .filter(|tag| !tag.is_empty())
        .take(TAGS_MAX)
        .collect();
    read.sort_unstable();
    read.dedup();
    read
}

fn keys(field: &str, given: &[String], most: usize, violations: &mut Violations) -> Vec<String> {
    if given.len() > most {
        violations.add(field, format!("at most {most} keys"));
    }
    given
        .iter()
        .take(most)
        .filter(|one| !one.is_empty())
        .map(|one| key(one))
        .collect()
}

/// A key is never cut, since two that were cut could meet: what is too long to be indexed becomes its hash. What makes
/// a key special, its scope before the first colon, stays in front.
pub fn key(value: &str) -> String {
    if value.len() <= KEY_BYTES && !value.contains('\0') {
        return value.to_owned();
    }
    let scope = match value.split_once(':') {
        Some((scope, _)) if scope.len() < 40 && !scope.contains('\0') => scope,
        _ => "long",
    };
    format!("{scope}:sha256:{}", hex::encode(Sha256::digest(value.as_bytes())))
}
