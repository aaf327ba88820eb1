//! Records what happened to a phone call.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message as _;
use tonic::Request;
use vorrang_api::from_timestamp;
use vorrang_api::ingestion::v1 as api;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::ticketing::v1::call_event::{Kind, Party};
use vorrang_error::{Error, Violations};

use crate::app::{App, check_request_id, delivery_id};
use crate::contact::{
    CallEvent, CallKind, CallParty, Contact, Identity, IdentityKind, check, check_queue, is_agent, is_no_time,
};
use crate::convert;
use crate::intake::calls::{self, Call};
use crate::intake::{CALL_TYPE, GRPC};
use crate::presets::NotUnderstood;
use crate::recorder::Push;
use crate::store::NewRaw;

/// Characters of a call's id.
const CALL_ID_MAX: usize = 128;
/// Seconds that a call may take: a week.
const SECONDS_MAX: i64 = 7 * 24 * 3_600;

pub async fn handle(
    app: &App,
    request: Request<api::RecordCallEventRequest>,
) -> Result<api::RecordCallEventResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let push = parse(request.into_inner(), app.clock.now())?;
    let result = app.recorder.record(&tenant, push).await?;
    Ok(api::RecordCallEventResponse {
        result: Some(convert::push_result(result)),
    })
}

/// Reads an event from the bytes it was kept as.
///
/// # Errors
/// [`NotUnderstood`] when they are no event: it was readable when it came, so another build kept it.
pub(crate) fn read_kept(kept: &[u8], now: DateTime<Utc>) -> Result<Contact, NotUnderstood> {
    let wrong = |detail: &str| NotUnderstood {
        reason: "CONTACT_INVALID",
        detail: detail.to_owned(),
    };
    let request = api::RecordCallEventRequest::decode(kept).map_err(|_| wrong("it cannot be decoded"))?;
    parse(request, now)
        .map(|push| push.contact)
        .map_err(|error| wrong(error.message()))
}

/// Reads an event, with every violation.
fn parse(request: api::RecordCallEventRequest, now: DateTime<Utc>) -> Result<Push, Error> {
    let mut violations = Violations::new();
    check_request_id(&request.request_id, &mut violations);
    let came = request.encode_to_vec();
    let characters = request.call_id.chars().count();
    if characters == 0 || characters > CALL_ID_MAX || request.call_id.chars().any(char::is_control) {
        violations.add(
            "call_id",
            "must have 1 to 128 characters, none of them a control character",
        );
    }
    let started_at = time("started_at", request.started_at, now, &mut violations);
    let event = event(request.event.unwrap_or_default(), now, &mut violations);
    let mut identities = Vec::new();
    if !request.caller.is_empty() {
        identities.push(Identity {
            kind: IdentityKind::Phone,
            value: request.caller.clone(),
            // The phone system has seen the number; that it is theirs nobody has proved.
            verified: false,
        });
    }
    let told = api::Contact {
        identities: request.identities,
        ..api::Contact::default()
    };
    let mut named = Violations::new();
    identities.extend(convert::read_contact(Some(told), &mut named).identities);
    take_over(named, &mut violations);
    let call = Call {
        source: GRPC.to_owned(),
        id: request.call_id,
        started_at: started_at.unwrap_or(now),
        identities,
        display_name: request.display_name,
    };
    let contact = event.map(|event| calls::contact(call, event));
    if let Some(contact) = &contact {
        let mut found = Violations::new();
        check(contact, now, "", &mut found);
        take_over(found, &mut violations);
    }
    violations.into_result()?;
    let contact = contact.unwrap_or_default();
    Ok(Push {
        weight: contact.weight() + came.len(),
        request_id: delivery_id(&request.request_id),
        raw: Arc::new(NewRaw::new(GRPC, &contact.external_id, CALL_TYPE, came.into())),
        contact,
        trace_parent: vorrang_service::trace_parent(),
    })
}

/// Says what was found of a contact by the names that the request has; the event's id at the source is made by us.
fn take_over(found: Violations, violations: &mut Violations) {
    let Err(error) = found.into_result() else { return };
    for violation in error.violations() {
        let field = violation.field.strip_prefix("contact.").unwrap_or(&violation.field);
        match field {
            "external_id" | "occurred_at" | "queue" => {}
            "identities[0].value" => violations.add("caller", violation.description.clone()),
            field => violations.add(field, violation.description.clone()),
        }
    }
}

fn event(event: ticketing::CallEvent, now: DateTime<Utc>, violations: &mut Violations) -> Option<CallEvent> {
    let kind = match Kind::try_from(event.kind) {
        Ok(Kind::Queued) => Some(CallKind::Queued),
        Ok(Kind::Answered) => Some(CallKind::Answered),
        Ok(Kind::HoldBegan) => Some(CallKind::HoldBegan),
        Ok(Kind::HoldEnded) => Some(CallKind::HoldEnded),
        Ok(Kind::HungUp) => Some(CallKind::HungUp),
        Ok(Kind::WrapUpEnded) => Some(CallKind::WrapUpEnded),
        Ok(Kind::Unspecified) | Err(_) => {
            violations.add("event.kind", "must be one of the kinds");
            None
        }
    };
    let hung_up_by = match Party::try_from(event.hung_up_by) {
        Ok(Party::Unspecified) => None,
        Ok(Party::Customer) => Some(CallParty::Customer),
        Ok(Party::Agent) => Some(CallParty::Agent),
        Ok(Party::System) => Some(CallParty::System),
        Err(_) => {
            violations.add("event.hung_up_by", "must be one of the parties");
            None
        }
    };
    check_queue("event.queue", &event.queue, violations);
    if !event.agent.is_empty() && !is_agent(&event.agent) {
        violations.add(
            "event.agent",
            "must be agents/{agent}, the agent being 1 to 63 of a-z, 0-9 and -",
        );
    }
    let mut seconds = |field: &str, length: Option<prost_types::Duration>| {
        let seconds = length?.seconds;
        if !(0..=SECONDS_MAX).contains(&seconds) {
            violations.add(field, "must be 0 s to 7 days");
        }
        u32::try_from(seconds).ok()
    };
    let talk_seconds = seconds("event.talk_time", event.talk_time);
    let hold_seconds = seconds("event.hold_time", event.hold_time);
    Some(CallEvent {
        at: time("event.occurred_at", event.occurred_at, now, violations)?,
        kind: kind?,
        agent: event.agent,
        queue: event.queue,
        hung_up_by,
        talk_seconds,
        hold_seconds,
    })
}

fn time(
    field: &str,
    given: Option<prost_types::Timestamp>,
    now: DateTime<Utc>,
    violations: &mut Violations,
) -> Option<DateTime<Utc>> {
    let at = given.as_ref().and_then(from_timestamp);
    match at {
        Some(at) if !is_no_time(at) && at <= now + TimeDelta::days(1) => return Some(at),
        Some(_) => violations.add(field, "must not be before 1990 or more than a day in the future"),
        None => violations.add(field, "must be given"),
    }
    None
}
