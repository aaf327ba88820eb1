//! What ticketing promised, as facts: schedules, policies, and which one a ticket was opened under.

use std::collections::BTreeMap;

use vorrang_api::ticketing::v1::{
    Channel, Priority, ScheduleException, ScheduleUpdated, ScheduleVersion, SlaClock, SlaMetric, SlaPolicy,
    SlaPolicyChanged, WeeklyHours, sla_policy, sla_policy_changed::Change, ticket::State,
};
use vorrang_calendar::{Draft, Overlaps, Version};
use vorrang_sla::{ClockKind, Goal, Match, Metric, Policy, Status};

use super::micros;
use super::ticketing::word;
use crate::buckets::Micros;
use crate::facts::Event;

/// The versions that were written.
pub fn schedule(at: Micros, updated: &ScheduleUpdated, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let Some(schedule) = &updated.schedule else { return };
    for version in updated
        .new_versions
        .iter()
        .filter_map(|version| read_version(at, version))
    {
        let written_at = version.at().timestamp_micros();
        let event = Event::Schedule {
            schedule: &schedule.name,
            version: &version,
        };
        tell(written_at, event);
    }
}

/// A version as the owner keeps it; None for one that no version of ours could have written.
fn read_version(at: Micros, version: &ScheduleVersion) -> Option<Version> {
    let at = micros(version.created_at.as_ref()).unwrap_or(at);
    let draft = Draft {
        at: chrono::DateTime::from_timestamp_micros(at)?,
        time_zone: version.time_zone.clone(),
        weekly: version.weekly.as_ref().map(weekly).unwrap_or_default(),
        exceptions: version.exceptions.iter().map(exception).collect(),
        valid_from: Some(version.valid_from.clone()).filter(|date| !date.is_empty()),
    };
    draft.check(Overlaps::Joined).ok()
}

fn weekly(hours: &WeeklyHours) -> BTreeMap<String, Vec<String>> {
    let days = [
        &hours.monday,
        &hours.tuesday,
        &hours.wednesday,
        &hours.thursday,
        &hours.friday,
        &hours.saturday,
        &hours.sunday,
    ];
    let named = vorrang_calendar::DAYS.iter().zip(days);
    named.map(|(name, spans)| ((*name).to_owned(), spans.clone())).collect()
}

fn exception(exception: &ScheduleException) -> (String, Vec<String>) {
    (exception.date.clone(), exception.hours.clone())
}

/// A policy was made, changed or removed. What tickets were promised stays theirs.
pub fn policy(at: Micros, changed: &SlaPolicyChanged, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let Some(policy) = &changed.policy else { return };
    let terms = (changed.change() != Change::Deleted).then(|| read_policy(policy));
    let event = Event::Policy {
        policy: &policy.name,
        terms: terms.as_ref(),
    };
    tell(at, event);
}

/// A ticket was promised what `policy` says now; None: nothing any more.
pub fn promised(at: Micros, ticket: &str, policy: Option<&SlaPolicy>, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let name = policy.map_or("", |policy| &policy.name);
    // It is told as it was applied: the log may begin after it was written.
    if let Some(terms) = policy.map(read_policy) {
        let event = Event::Policy {
            policy: name,
            terms: Some(&terms),
        };
        tell(at, event);
    }
    tell(at, Event::Promised { ticket, policy: name });
}

fn read_policy(policy: &SlaPolicy) -> Policy {
    let matching = policy.r#match.as_ref();
    Policy {
        id: policy.name.clone(),
        position: Some(policy.position).filter(|position| *position != 0),
        age: 0,
        matching: matching.map(read_match).unwrap_or_default(),
        goals: policy.goals.iter().filter_map(read_goal).collect(),
        schedule: Some(policy.schedule.clone()).filter(|schedule| !schedule.is_empty()),
    }
}

fn read_match(matching: &sla_policy::Match) -> Match {
    let channel = |channel: Channel| word(channel.as_str_name(), "CHANNEL_");
    let priority = |priority: Priority| word(priority.as_str_name(), "PRIORITY_");
    Match {
        tiers: matching.tiers.clone(),
        channels: matching.channels().map(channel).collect(),
        priorities: matching.priorities().map(priority).collect(),
    }
}

fn read_goal(goal: &sla_policy::Goal) -> Option<Goal> {
    let metric = match goal.metric() {
        SlaMetric::FirstResponse => Metric::FirstResponse,
        SlaMetric::NextResponse => Metric::NextResponse,
        SlaMetric::Resolution => Metric::Resolution,
        SlaMetric::Unspecified => return None,
    };
    let clock = match goal.clock() {
        SlaClock::Elapsed => ClockKind::Elapsed,
        SlaClock::Business => ClockKind::Business,
        SlaClock::Unspecified => return None,
    };
    let mut read = Goal::new(metric, goal.seconds, clock);
    if let Some(pauses) = &goal.pauses {
        let status = |state: State| match state {
            State::Pending => Some(Status::Pending),
            State::OnHold => Some(Status::OnHold),
            _ => None,
        };
        read.pauses = pauses.states().filter_map(status).collect();
    }
    Some(read)
}
