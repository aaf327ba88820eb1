//! Promises, from the domain to the contract. Cannot fail.

use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_sla::{ClockKind, Goal, How, Metric, News, Standing, Status, Target, Warning};

use super::output::{maybe, ticket, time};
use super::words;
use crate::event::PolicyChange;
use crate::names;
use crate::sla::{self, Recalculated, SlaChange, SlaPolicy};
use crate::ticket::Ticket;

/// A target.
pub fn sla_target(target: &Target) -> pb::SlaTarget {
    // Of a clock that stands still the due time moves with every moment: there is none to tell.
    let moves = target.standing == Standing::Paused;
    pb::SlaTarget {
        metric: metric(target.metric).into(),
        status: standing(target.standing).into(),
        turn: i32::try_from(target.turn).unwrap_or(i32::MAX),
        seconds: target.seconds,
        clock: clock(target.clock).into(),
        started_at: time(target.started_at),
        due_at: maybe(target.due_at.filter(|_| !moves)),
        at_risk_at: maybe(target.warn_at.filter(|_| !moves)),
        at_risk: target.warned,
        remaining: Some(vorrang_api::duration(target.left)),
        running_since: maybe(target.since),
        ended_at: maybe(target.end.map(|end| end.at)),
        end: target
            .end
            .map_or(pb::sla_target::End::Unspecified, |end| match end.how {
                How::Replied => pb::sla_target::End::Replied,
                How::Solved => pb::sla_target::End::Solved,
                How::Closed => pb::sla_target::End::Closed,
            })
            .into(),
    }
}

/// The newest targets of a ticket.
pub fn sla_targets(ticket: &Ticket) -> Vec<pb::SlaTarget> {
    let told = ticket.sla.as_ref().map(|sla| sla.watch.told()).unwrap_or_default();
    told.iter().map(sla_target).collect()
}

/// A policy.
pub fn sla_policy(policy: &SlaPolicy) -> pb::SlaPolicy {
    let rules = &policy.rules;
    let numbers =
        |words: &[String], read: fn(&str) -> Option<i32>| words.iter().filter_map(|word| read(word)).collect();
    pb::SlaPolicy {
        name: names::sla_policy(policy.id),
        display_name: policy.display_name.clone(),
        position: rules.position.unwrap_or_default(),
        r#match: Some(pb::sla_policy::Match {
            tiers: rules.matching.tiers.clone(),
            channels: numbers(&rules.matching.channels, |word| {
                Some(words::channel(word.parse().ok()?).into())
            }),
            priorities: numbers(&rules.matching.priorities, |word| {
                Some(words::priority(word.parse().ok()?).into())
            }),
        }),
        condition: policy.condition.as_str().to_owned(),
        goals: rules.goals.iter().map(goal).collect(),
        schedule: rules.schedule.clone().unwrap_or_default(),
        created_at: time(policy.created_at),
        updated_at: time(policy.updated_at),
        etag: vorrang_service::etag(policy.revision),
    }
}

fn goal(goal: &Goal) -> pb::sla_policy::Goal {
    use pb::sla_policy::goal::AtRisk;
    let state = |status: &Status| words::state(sla::state(*status)).into();
    pb::sla_policy::Goal {
        metric: metric(goal.metric).into(),
        seconds: goal.seconds,
        clock: clock(goal.clock).into(),
        pauses: Some(pb::sla_policy::Pauses {
            states: goal.pauses.iter().map(state).collect(),
        }),
        at_risk: Some(match goal.warning {
            Warning::Percent(percent) => AtRisk::AtRiskPercent(percent.into()),
            Warning::SecondsLeft(seconds) => AtRisk::AtRiskSecondsLeft(seconds),
        }),
    }
}

/// What is told of a policy.
pub fn sla_policy_changed(policy: &SlaPolicy, change: PolicyChange) -> Payload {
    use pb::sla_policy_changed::Change;
    Payload::SlaPolicyChanged(pb::SlaPolicyChanged {
        policy: Some(sla_policy(policy)),
        change: match change {
            PolicyChange::Created => Change::Created,
            PolicyChange::Updated => Change::Updated,
            PolicyChange::Deleted => Change::Deleted,
        }
        .into(),
    })
}

/// What is told of a ticket's promises.
pub fn sla_payload(after: &Ticket, change: &SlaChange) -> Payload {
    let ticket = Some(ticket(after));
    match change {
        SlaChange::Applied(policy) => Payload::SlaApplied(pb::SlaApplied {
            ticket,
            policy: Some(sla_policy(policy)),
        }),
        SlaChange::Recalculated(recalculated) => Payload::SlaRecalculated(pb::SlaRecalculated {
            ticket,
            ..self::recalculated(recalculated)
        }),
        SlaChange::Target(news) => {
            let target = Some(sla_target(news.target()));
            let previous =
                |previous: Option<Standing>| previous.map_or(pb::sla_target::Status::Unspecified, standing).into();
            match &**news {
                News::AtRisk(_) => Payload::SlaTargetAtRisk(pb::SlaTargetAtRisk { ticket, target }),
                News::Missed {
                    previous: before, live, ..
                } => Payload::SlaTargetMissed(pb::SlaTargetMissed {
                    ticket,
                    target,
                    previous_status: previous(*before),
                    live: *live,
                }),
                News::Met { previous: before, .. } => Payload::SlaTargetMet(pb::SlaTargetMet {
                    ticket,
                    target,
                    previous_status: previous(*before),
                }),
                News::Revised { previous: before, .. } => Payload::SlaTargetRevised(pb::SlaTargetRevised {
                    ticket,
                    target,
                    previous_status: previous(Some(*before)),
                }),
            }
        }
    }
}

fn recalculated(change: &Recalculated) -> pb::SlaRecalculated {
    pb::SlaRecalculated {
        ticket: None,
        reason: change.reason.clone(),
        previous_policy: change.previous_policy.map(names::sla_policy).unwrap_or_default(),
        policy: change.policy.as_ref().map(sla_policy),
        previous_targets: change.previous_targets.iter().map(sla_target).collect(),
        targets: change.targets.iter().map(sla_target).collect(),
    }
}

pub(super) fn metric(metric: Metric) -> pb::SlaMetric {
    match metric {
        Metric::FirstResponse => pb::SlaMetric::FirstResponse,
        Metric::NextResponse => pb::SlaMetric::NextResponse,
        Metric::Resolution => pb::SlaMetric::Resolution,
    }
}

fn clock(clock: ClockKind) -> pb::SlaClock {
    match clock {
        ClockKind::Elapsed => pb::SlaClock::Elapsed,
        ClockKind::Business => pb::SlaClock::Business,
    }
}

fn standing(standing: Standing) -> pb::sla_target::Status {
    match standing {
        Standing::Running => pb::sla_target::Status::Running,
        Standing::Paused => pb::sla_target::Status::Paused,
        Standing::Met => pb::sla_target::Status::Met,
        Standing::Missed => pb::sla_target::Status::Missed,
        Standing::NotOwed => pb::sla_target::Status::Cancelled,
    }
}
