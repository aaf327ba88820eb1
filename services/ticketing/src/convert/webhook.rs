//! Webhooks and deliveries, both ways.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use crate::names;
use crate::webhook::{
    Delivery, Disabled, Field, GRACE_DEFAULT, GRACE_MAX, IN_FLIGHT_DEFAULT, IN_FLIGHT_MAX, Settings, State, Webhook,
    WebhookChange,
};

/// Characters of a display name.
const DISPLAY_NAME_MAX: usize = 100;

fn time(at: DateTime<Utc>) -> Option<prost_types::Timestamp> {
    Some(vorrang_api::timestamp(at))
}

fn maybe(at: Option<DateTime<Utc>>) -> Option<prost_types::Timestamp> {
    at.map(vorrang_api::timestamp)
}

/// A webhook without its secret.
pub fn webhook(webhook: &Webhook) -> pb::Webhook {
    use pb::webhook::DisabledReason;
    pb::Webhook {
        name: names::webhook(webhook.id),
        display_name: webhook.display_name.clone(),
        url: webhook.url.clone(),
        filter: webhook.filter.clone(),
        disabled: webhook.disabled.is_some(),
        disabled_reason: match webhook.disabled {
            None => DisabledReason::Unspecified,
            Some(Disabled::Manual) => DisabledReason::Manual,
            Some(Disabled::Gone) => DisabledReason::Gone,
            Some(Disabled::Failing) => DisabledReason::Failing,
        }
        .into(),
        max_in_flight: webhook.max_in_flight,
        secret: String::new(),
        previous_secret_expires_at: maybe(webhook.previous_secret_expires_at),
        failing_since: maybe(webhook.health.failing_since),
        paused_until: maybe(webhook.health.paused_until),
        replay_after: webhook.replay.map_or(0, |replay| replay.after),
        replay_until: webhook.replay.map_or(0, |replay| replay.until),
        created_at: time(webhook.created_at),
        updated_at: time(webhook.updated_at),
        etag: vorrang_service::etag(webhook.revision),
    }
}

/// What the log tells of a change. Whoever follows the feed may not know what the URL's query says.
pub fn webhook_event(after: &Webhook, change: &WebhookChange) -> pb::event::Payload {
    use pb::event::Payload;
    let mut shown = webhook(after);
    if let Some((place, _)) = shown.url.split_once('?') {
        shown.url = format!("{place}?…");
    }
    let webhook = Some(shown);
    match change {
        WebhookChange::Created => Payload::WebhookCreated(pb::WebhookCreated { webhook }),
        WebhookChange::Updated(fields) => Payload::WebhookUpdated(pb::WebhookUpdated {
            webhook,
            changed_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        }),
        WebhookChange::Deleted => Payload::WebhookDeleted(pb::WebhookDeleted { webhook }),
        WebhookChange::Disabled => Payload::WebhookDisabled(pb::WebhookDisabled { webhook }),
    }
}

/// A delivery.
pub fn delivery(delivery: &Delivery) -> pb::Delivery {
    let last = delivery.last.as_ref();
    pb::Delivery {
        name: names::delivery(delivery.webhook, delivery.seq),
        seq: delivery.seq,
        event_id: delivery.event_id.to_string(),
        event_type: delivery.event_type.clone(),
        event_subject: delivery.event_subject.clone(),
        state: match delivery.state {
            State::Pending => pb::delivery::State::Pending,
            State::Succeeded => pb::delivery::State::Succeeded,
            State::Dead => pb::delivery::State::Dead,
        }
        .into(),
        attempts: delivery.attempts,
        next_attempt_at: maybe(delivery.next_attempt_at),
        last_attempt_at: maybe(last.map(|attempt| attempt.at)),
        last_status: last.map_or(0, |attempt| attempt.status),
        last_error: delivery.last_error.clone(),
        last_duration: last.map(|attempt| vorrang_api::duration(attempt.duration)),
        created_at: time(delivery.created_at),
        completed_at: maybe(delivery.completed_at),
    }
}

/// What can be set of a webhook. URL and filter are checked by who knows where calls may go and what events have.
pub fn settings(prefix: &str, webhook: &pb::Webhook, violations: &mut Violations) -> Settings {
    let path = |field: &str| format!("{prefix}.{field}");
    if webhook.display_name.chars().count() > DISPLAY_NAME_MAX {
        violations.add(
            path("display_name"),
            format!("must have at most {DISPLAY_NAME_MAX} characters"),
        );
    }
    if webhook.display_name.contains('\0') {
        violations.add(path("display_name"), "must not hold NUL characters");
    }
    let max_in_flight = match webhook.max_in_flight {
        0 => IN_FLIGHT_DEFAULT,
        given if (1..=IN_FLIGHT_MAX).contains(&given) => given,
        _ => {
            violations.add(path("max_in_flight"), format!("must be 1 to {IN_FLIGHT_MAX}, or 0"));
            IN_FLIGHT_DEFAULT
        }
    };
    Settings {
        display_name: webhook.display_name.clone(),
        url: webhook.url.clone(),
        filter: webhook.filter.trim().to_owned(),
        disabled: webhook.disabled,
        max_in_flight,
    }
}

/// The webhook that a request names.
pub fn webhook_id(field: &str, name: &str, violations: &mut Violations) -> Uuid {
    violations.take(field, names::parse_webhook(name)).unwrap_or_default()
}

/// The fields of a webhook that a mask names; at least one.
pub fn webhook_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<Field> {
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.is_empty() {
        violations.add("update_mask", "must name at least one field");
    }
    let mut fields = Vec::with_capacity(paths.len());
    for path in paths {
        match Field::parse(path) {
            Some(field) => fields.push(field),
            None => violations.add("update_mask", format!("{path:?} is not a field that can be changed")),
        }
    }
    fields
}

/// For how long the secret before goes on signing.
pub fn grace(given: Option<&prost_types::Duration>, violations: &mut Violations) -> TimeDelta {
    let Some(given) = given else { return GRACE_DEFAULT };
    match vorrang_api::from_duration(given) {
        Some(grace) if (TimeDelta::zero()..=GRACE_MAX).contains(&grace) => grace,
        _ => {
            violations.add("grace", format!("must be 0 to {} days", GRACE_MAX.num_days()));
            GRACE_DEFAULT
        }
    }
}

/// A state of deliveries; none when unspecified.
pub fn delivery_state(field: &str, value: i32, violations: &mut Violations) -> Option<State> {
    match pb::delivery::State::try_from(value) {
        Ok(pb::delivery::State::Unspecified) => None,
        Ok(pb::delivery::State::Pending) => Some(State::Pending),
        Ok(pb::delivery::State::Succeeded) => Some(State::Succeeded),
        Ok(pb::delivery::State::Dead) => Some(State::Dead),
        Err(_) => {
            violations.add(field, "is not a known value");
            None
        }
    }
}
