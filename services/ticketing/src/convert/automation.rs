//! Automations, in the contract; and what the log tells them.

use prost::Message as _;
use uuid::Uuid;
use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::automation::Trigger as Wire;
use vorrang_api::ticketing::v1::event::Payload;

use super::output::{maybe, ticket, time};
use super::{action, message, sla, words};
use crate::action::changed_fields;
use crate::automation::{Automation, Cause, Decided, EventKind, Outcome, Run, Step, StepOutcome, Trigger};
use crate::names::{self, TicketRef};
use crate::store::{StoredRun, Tested, Verdict};
use crate::ticket::{Change, Ticket};

/// An automation.
pub fn automation(one: &Automation) -> pb::Automation {
    pb::Automation {
        name: names::automation(one.id),
        display_name: one.profile.display_name.clone(),
        description: one.profile.description.clone(),
        position: one.position,
        trigger: Some(trigger(&one.profile.trigger)),
        condition: one.profile.condition.clone(),
        actions: one.profile.actions.iter().map(action::action).collect(),
        enabled_at: maybe(one.enabled_at),
        archived_at: maybe(one.archived_at),
        version: one.revision,
        applied_count: one.applied_count,
        last_applied_at: maybe(one.last_applied_at),
        created_at: time(one.created_at),
        updated_at: time(one.updated_at),
        etag: vorrang_service::etag(one.revision),
    }
}

fn trigger(trigger: &Trigger) -> Wire {
    match trigger {
        Trigger::Events(kinds) => Wire::OnEvents(pb::automation::OnEvents {
            events: kinds.iter().map(|kind| words::event_kind(*kind).into()).collect(),
        }),
        Trigger::Time(one) => Wire::OnTime(pb::automation::OnTime {
            anchor: words::anchor_kind(one.anchor).into(),
            seconds: one.seconds,
            before: one.before,
            clock: if one.business {
                pb::SlaClock::Business
            } else {
                pb::SlaClock::Elapsed
            }
            .into(),
            metric: one.metric.map_or(pb::SlaMetric::Unspecified, sla::metric).into(),
        }),
    }
}

/// A run, recorded at a time.
pub fn automation_run(run: &Run, of: Uuid, at: chrono::DateTime<chrono::Utc>) -> pb::AutomationRun {
    let event = run.trigger.parse().map(words::event_kind);
    let anchor = run.trigger.parse().map(words::anchor_kind);
    pb::AutomationRun {
        name: names::automation_run(run.id),
        automation: names::automation(run.automation),
        version: run.version,
        ticket: names::ticket(of),
        created_at: time(at),
        event: event.unwrap_or(pb::automation::Event::Unspecified).into(),
        anchor: anchor.unwrap_or(pb::automation::Anchor::Unspecified).into(),
        event_id: run.event.map(|id| id.to_string()).unwrap_or_default(),
        chain: chain(&run.cause),
        outcome: match run.outcome {
            Outcome::Applied => pb::automation_run::Outcome::Applied,
            Outcome::Failed => pb::automation_run::Outcome::Failed,
            Outcome::Stopped => pb::automation_run::Outcome::Stopped,
        }
        .into(),
        reason: run.reason.clone(),
        steps: run.steps.iter().map(step).collect(),
    }
}

/// A run as it was stored.
pub fn stored_run(stored: &StoredRun) -> pb::AutomationRun {
    automation_run(&stored.run, stored.ticket, stored.at)
}

fn step(step: &Step) -> pb::automation_run::Step {
    pb::automation_run::Step {
        action: step.kind.clone(),
        done: step.outcome == StepOutcome::Done,
        reason: match &step.outcome {
            StepOutcome::Refused(reason, _) => reason.clone(),
            StepOutcome::Done | StepOutcome::AlreadySo => String::new(),
        },
    }
}

fn chain(cause: &Cause) -> Vec<String> {
    cause.0.iter().map(|id| names::automation(*id)).collect()
}

/// What led to an event; none: somebody did it.
pub fn cause(cause: &Cause) -> Option<pb::Cause> {
    (!cause.0.is_empty()).then(|| pb::Cause {
        automations: chain(cause),
    })
}

/// What is told of a run.
pub fn automation_applied(after: &Ticket, run: &Run, now: chrono::DateTime<chrono::Utc>) -> Payload {
    Payload::AutomationApplied(pb::AutomationApplied {
        ticket: Some(ticket(after)),
        run: Some(automation_run(run, after.id, now)),
        webhooks: run.webhooks.iter().map(|id| names::webhook(*id)).collect(),
    })
}

/// What would become of a ticket.
pub fn tested(tested: &Tested) -> pb::test_automation_response::Result {
    use pb::test_automation_response::Verdict as Told;
    let mut result = pb::test_automation_response::Result {
        ticket: names::ticket(tested.ticket.id),
        number: tested.ticket.number,
        due_at: tested.anchor.as_ref().and_then(|anchor| time(anchor.due)),
        ..pb::test_automation_response::Result::default()
    };
    let verdict = match &tested.verdict {
        Verdict::NothingToWaitFor => Told::NothingToWaitFor,
        Verdict::Decided(Decided::Untouched(why)) => {
            result.reason = (*why).to_owned();
            Told::Untouched
        }
        Verdict::Decided(Decided::NotSo(parts)) => {
            result.false_parts.clone_from(parts);
            Told::ConditionFalse
        }
        Verdict::Decided(Decided::AlreadySo) => Told::AlreadySo,
        Verdict::Decided(Decided::Run(done)) => {
            result.reason.clone_from(&done.run.reason);
            result.steps = done.run.steps.iter().map(step).collect();
            for change in &done.changes {
                match change {
                    Change::Message(one) => result.messages.push(message(one)),
                    Change::Notified(notice) => result.notified.extend(notice.agents.iter().cloned()),
                    _ => {}
                }
            }
            match done.run.outcome {
                Outcome::Applied => {
                    let changed = changed_fields(&tested.ticket, &done.ticket);
                    result.changed_fields = changed.into_iter().map(str::to_owned).collect();
                    result.after = Some(ticket(&done.ticket));
                    Told::Applied
                }
                Outcome::Failed => Told::Failed,
                Outcome::Stopped => Told::Stopped,
            }
        }
    };
    result.verdict = verdict.into();
    result
}

/// The webhooks that a stored event is for, whatever their filters.
pub fn webhooks_told(payload: &[u8]) -> Vec<Uuid> {
    match pb::Event::decode(payload).ok().and_then(|event| event.payload) {
        Some(Payload::AutomationApplied(applied)) => {
            let ids = applied
                .webhooks
                .iter()
                .filter_map(|name| names::parse_webhook(name).ok());
            ids.collect()
        }
        _ => Vec::new(),
    }
}

/// What an event of the log tells automations.
#[derive(Debug)]
pub struct Told {
    /// The ticket that they look at.
    pub ticket: Uuid,
    /// What happened to it.
    pub what: Vec<EventKind>,
    /// Whether it may move a time that is waited for.
    pub moves: bool,
    /// The automations that led to it.
    pub cause: Vec<Uuid>,
}

/// Reads the part of a stored event that is not sealed. None: it tells automations nothing.
pub fn told(payload: &[u8]) -> Option<Told> {
    let event = pb::Event::decode(payload).ok()?;
    let automations = event.cause.unwrap_or_default().automations;
    let cause = automations.iter().filter_map(|name| names::parse_automation(name).ok());
    let (ticket, what, moves) = happened(event.payload?)?;
    let TicketRef::Id(ticket) = names::parse_ticket(&ticket?.name).ok()? else {
        return None;
    };
    Some(Told {
        ticket,
        what,
        moves,
        cause: cause.collect(),
    })
}

fn happened(payload: Payload) -> Option<(Option<pb::Ticket>, Vec<EventKind>, bool)> {
    use pb::ticket::State;
    Some(match payload {
        Payload::TicketCreated(one) => (one.ticket, vec![EventKind::TicketCreated], true),
        Payload::MessageCreated(one) => {
            let message = one.message.unwrap_or_default();
            let kind = message.actor.as_ref().map(feed::Actor::kind);
            let is_public = message.visibility() != pb::message::Visibility::Internal;
            let what = match kind {
                Some(feed::actor::Kind::Customer) => vec![EventKind::CustomerMessage],
                Some(feed::actor::Kind::Agent) if is_public => vec![EventKind::AgentMessage],
                _ => Vec::new(),
            };
            (one.ticket, what, true)
        }
        Payload::TicketStateChanged(one) => {
            let now = one.ticket.as_ref().map(pb::Ticket::state);
            let mut what = vec![EventKind::StateChanged];
            if one.previous_state() == State::Solved && now != Some(State::Closed) {
                what.push(EventKind::Reopened);
            }
            (one.ticket, what, true)
        }
        Payload::TicketUpdated(one) => {
            let kind = |field: &String| match field.as_str() {
                "priority" => Some(EventKind::PriorityChanged),
                "queue" => Some(EventKind::QueueChanged),
                "tags" => Some(EventKind::TagsChanged),
                _ => None,
            };
            let what = one.changed_fields.iter().filter_map(kind).collect();
            (one.ticket, what, false)
        }
        Payload::TicketAssigned(one) => (one.ticket, vec![EventKind::Assigned], false),
        Payload::SlaTargetAtRisk(one) => (one.ticket, vec![EventKind::SlaAtRisk], true),
        Payload::SlaTargetMissed(one) if one.live => (one.ticket, vec![EventKind::SlaMissed], true),
        Payload::SlaTargetMissed(one) => (one.ticket, Vec::new(), true),
        Payload::SlaTargetMet(one) => (one.ticket, Vec::new(), true),
        Payload::SlaTargetRevised(one) => (one.ticket, Vec::new(), true),
        Payload::SlaRecalculated(one) => (one.ticket, Vec::new(), true),
        Payload::SurveyAnswered(one) => (one.ticket, vec![EventKind::SurveyAnswered], false),
        Payload::TicketMerged(one) => (one.target, vec![EventKind::Merged], true),
        Payload::TicketUnmerged(one) => (one.ticket, Vec::new(), true),
        Payload::TicketSplit(one) => (one.ticket, Vec::new(), true),
        Payload::TicketDispositionChanged(one) => (one.ticket, Vec::new(), true),
        _ => return None,
    })
}
