//! Automations, read from the contract.

use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::automation::Trigger as Wire;
use vorrang_error::Violations;
use vorrang_filter::Filter;
use vorrang_sla::Metric;

use super::action::{Known, actions, shown};
use super::{mask_of, text};
use crate::automation::{AnchorKind, EventKind, Field, Profile, TimeTrigger, Trigger};
use crate::convert::words;
use crate::filter;
use crate::names;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 500;
/// Longest time that is waited for.
const SECONDS_MAX: i64 = 31_536_000;

/// The automation that a request names.
pub fn automation_id(field: &str, name: &str, violations: &mut Violations) -> uuid::Uuid {
    violations
        .take(field, names::parse_automation(name))
        .unwrap_or_default()
}

/// The fields of an automation that a mask names; at least one.
pub fn automation_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<Field> {
    mask_of(mask, Field::parse, violations)
}

/// What of an automation can be changed: all of it, or what a mask names. The rest is not looked at.
pub fn automation_profile(
    prefix: &str,
    given: &pb::Automation,
    only: Option<&[Field]>,
    known: &Known<'_>,
    violations: &mut Violations,
) -> Profile {
    let path = |field: &str| format!("{prefix}.{field}");
    let wants = |field: Field| only.is_none_or(|only| only.contains(&field));
    let mut profile = Profile {
        display_name: String::new(),
        description: String::new(),
        trigger: Trigger::Events(Vec::new()),
        condition: String::new(),
        actions: Vec::new(),
    };
    if wants(Field::DisplayName) {
        profile.display_name = shown(&path("display_name"), &given.display_name, violations);
    }
    if wants(Field::Description) {
        profile.description = text(&path("description"), &given.description, DESCRIPTION_MAX, violations);
    }
    if wants(Field::Trigger) {
        profile.trigger = match &given.trigger {
            Some(Wire::OnEvents(one)) => Trigger::Events(events(&path("on_events.events"), &one.events, violations)),
            Some(Wire::OnTime(one)) => on_time(&path("on_time"), one, violations),
            None => {
                violations.add(path("trigger"), "must say what sets it off: on_events or on_time");
                profile.trigger
            }
        };
    }
    if wants(Field::Condition) {
        let read =
            Filter::parse(&given.condition, &filter::schema(known.definitions)).map_err(|wrong| wrong.to_string());
        if violations.take(path("condition"), read).is_some() {
            given.condition.trim().clone_into(&mut profile.condition);
        }
    }
    if wants(Field::Actions) {
        profile.actions = actions(&path("actions"), &given.actions, known, violations);
    }
    profile
}

fn events(field: &str, given: &[i32], violations: &mut Violations) -> Vec<EventKind> {
    let most = EventKind::ALL.len();
    if !(1..=most).contains(&given.len()) {
        violations.add(field, format!("must be 1 to {most} events"));
    }
    let mut read: Vec<EventKind> = Vec::new();
    for (index, value) in given.iter().take(most).enumerate() {
        let field = format!("{field}[{index}]");
        match words::read_event_kind(*value, &field, violations) {
            Some(kind) if read.contains(&kind) => violations.add(field, "must not be named twice"),
            Some(kind) => read.push(kind),
            None if *value == 0 => violations.add(field, "must be given"),
            None => {}
        }
    }
    read
}

fn on_time(path: &str, given: &pb::automation::OnTime, violations: &mut Violations) -> Trigger {
    let anchor = words::read_anchor_kind(given.anchor, &format!("{path}.anchor"), violations);
    if given.anchor == 0 {
        violations.add(format!("{path}.anchor"), "must say from what it counts");
    }
    let anchor = anchor.unwrap_or(AnchorKind::Opened);
    let is_sla = anchor == AnchorKind::SlaDue;
    let least = i64::from(!is_sla);
    if !(least..=SECONDS_MAX).contains(&given.seconds) {
        violations.add(format!("{path}.seconds"), format!("must be {least} to {SECONDS_MAX}"));
    }
    if given.before && !is_sla {
        violations.add(format!("{path}.before"), "is for SLA_DUE only");
    }
    let metric = match pb::SlaMetric::try_from(given.metric) {
        Ok(pb::SlaMetric::FirstResponse) => Some(Metric::FirstResponse),
        Ok(pb::SlaMetric::NextResponse) => Some(Metric::NextResponse),
        Ok(pb::SlaMetric::Resolution) => Some(Metric::Resolution),
        Ok(pb::SlaMetric::Unspecified) => None,
        Err(_) => {
            violations.add(format!("{path}.metric"), "is not a known value");
            None
        }
    };
    if metric.is_some() != is_sla {
        violations.add(
            format!("{path}.metric"),
            "must be given for SLA_DUE, and for nothing else",
        );
    }
    let business = match pb::SlaClock::try_from(given.clock) {
        Ok(pb::SlaClock::Business) => true,
        Ok(pb::SlaClock::Elapsed | pb::SlaClock::Unspecified) => false,
        Err(_) => {
            violations.add(format!("{path}.clock"), "is not a known value");
            false
        }
    };
    Trigger::Time(TimeTrigger {
        anchor,
        seconds: given.seconds,
        before: given.before,
        business,
        metric,
    })
}
