//! Events of phone systems.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::file::{CallRule, PresetFile};
use super::super::find::Item;
use super::super::value::Value;
use super::{NotUnderstood, Payload, cut, id, identity, word};
use crate::contact::{CallEvent, CallKind, CallParty, Contact, is_agent, is_no_time};
use crate::intake::calls::{self, Call};

/// Characters of a call's id; longer ones are known by their hash.
const ID_MAX: usize = 128;

/// Reads what happened to a call.
pub(super) fn contact(
    file: &PresetFile,
    rule: &CallRule,
    payload: &Payload<'_>,
    item: &Item<'_>,
) -> Result<Contact, NotUnderstood> {
    let call = match id(item.text(&rule.id)) {
        unnamed if unnamed.is_empty() => {
            return Err(NotUnderstood::new(
                "PAYLOAD_WITHOUT_ID",
                "nothing in the payload says which call it is about",
            ));
        }
        id if id.chars().count() > ID_MAX => super::id(id.repeat(3)),
        id => id,
    };
    let kind: Option<CallKind> = word(&item.text(&rule.kind), "call.kind", None)?;
    let Some(kind) = kind else {
        return Err(NotUnderstood::new(
            "PAYLOAD_WORD_UNKNOWN",
            "nothing in the payload says what happened to the call",
        ));
    };
    let at = time(file, &rule.occurred_at, "call.occurred_at", payload, item)?;
    let started_at = time(file, &rule.started_at, "call.started_at", payload, item)?;
    let seconds = |value: &Value| {
        // Some systems count fractions.
        let seconds = item
            .text(value)
            .parse::<f64>()
            .ok()
            .filter(|seconds| (0.0..=604_800.0).contains(seconds))?;
        format!("{seconds:.0}").parse().ok()
    };
    let event = CallEvent {
        kind,
        at,
        agent: agent(&item.text(&rule.agent)),
        queue: queue(item.text(&rule.queue)),
        hung_up_by: word::<Option<CallParty>>(&item.text(&rule.hung_up_by), "call.hung_up_by", None)?,
        talk_seconds: seconds(&rule.talk_seconds),
        hold_seconds: seconds(&rule.hold_seconds),
    };
    let call = Call {
        source: payload.source.to_owned(),
        id: call,
        started_at,
        identities: file.identities.iter().filter_map(|rule| identity(rule, item)).collect(),
        display_name: cut(item.text(&file.contact.display_name), 200),
    };
    let mut contact = calls::contact(call, event);
    contact.strip_nul();
    Ok(contact)
}

/// One of our queues, or that of the ticket: a name that cannot be one must not cost the event.
fn queue(text: String) -> String {
    match is_agent(&format!("agents/{text}")) {
        true => text,
        false => String::new(),
    }
}

fn time(
    file: &PresetFile,
    value: &Value,
    name: &str,
    payload: &Payload<'_>,
    item: &Item<'_>,
) -> Result<DateTime<Utc>, NotUnderstood> {
    let at = file.contact.time_format.parse(&item.text(value));
    let possible = |at: &DateTime<Utc>| !is_no_time(*at) && *at <= payload.now + TimeDelta::days(1);
    at.filter(possible).ok_or_else(|| {
        NotUnderstood::new(
            "PAYLOAD_TIME_UNREADABLE",
            format!("{name} is no time in the format the preset expects"),
        )
    })
}

/// One of our agents, or nobody whom we know: that a name is strange must not cost the event.
fn agent(text: &str) -> String {
    let text = text.to_lowercase();
    let name = match text.starts_with("agents/") {
        true => text,
        false => format!("agents/{text}"),
    };
    if is_agent(&name) { name } else { String::new() }
}
