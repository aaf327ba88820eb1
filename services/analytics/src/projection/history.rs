//! Lines of an imported history as ticketing recorded them: read back to what they said, so that a figure of the past comes about as one of
//! the present. Tickets, customers and agents have the names by then that they have here; everything else keeps its id at the source, with the
//! source before it, since ids of two sources never mean the same.

use std::collections::BTreeMap;

use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::ticketing::v1::history_recorded::Line;
use vorrang_api::ticketing::v1::{
    HistoryCustomer, HistoryHours, HistoryRecorded, HistoryReview, HistorySchedule, HistorySlaPolicy,
    HistoryTicketOpened,
};
use vorrang_calendar::{Draft, Overlaps};
use vorrang_history::{self as told, What};
use vorrang_sla::{ClockKind, Goal, Match, Metric};

use crate::buckets::Micros;
use crate::facts::Event;
use crate::history;

/// The source whose ids stay as they are: the one that is meant when none is named.
const DEFAULT_SOURCE: &str = "history";

/// Tells what a recorded line means. One that this version cannot read, or that names nobody any more, means nothing.
pub fn recorded(at: Micros, recorded: &HistoryRecorded, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let Some(what) = what(at, recorded) {
        history::tell(at, &what, &mut |event| tell(at, event));
    }
}

fn what(at: Micros, recorded: &HistoryRecorded) -> Option<What> {
    let id = |id: &str| match recorded.source.as_str() {
        DEFAULT_SOURCE => id.to_owned(),
        source => format!("{source}:{id}"),
    };
    let customer = || named(&recorded.customer);
    Some(match recorded.line.as_ref()? {
        Line::Schedule(schedule) => What::Schedule {
            id: id(&schedule.id),
            version: version(at, schedule)?,
        },
        Line::SlaPolicy(policy) => sla_policy(policy, &id)?,
        Line::CustomerChanged(changed) => changed_customer(customer()?, changed),
        Line::CustomerLeft(_) => What::CustomerLeft { customer: customer()? },
        Line::Agent(agent) => What::Agent {
            id: named(&agent.agent)?,
            name: None,
            team: named(&agent.team),
        },
        Line::AgentPresence(presence) => What::AgentPresence {
            agent: named(&presence.agent)?,
            state: told::Presence::read(&presence.state)?,
            channels: Some(presence.channels.clone()).filter(|channels| !channels.is_empty()),
        },
        Line::SelfService(step) => What::SelfService {
            session: id(&step.session),
            step: told::Step::read(&step.step)?,
            customer: customer(),
            query: None,
            article: None,
            ticket: named(&recorded.ticket),
        },
        Line::ProactiveContact(_) => What::ProactiveContact {
            customer: customer()?,
            ticket: named(&recorded.ticket),
            reason: String::new(),
        },
        Line::Order(order) => What::Order {
            customer: customer()?,
            id: id(&order.id),
            amount: order.amount,
            currency: named(&order.currency),
        },
        Line::Benchmark(benchmark) => What::Benchmark {
            kpi: benchmark.kpi.clone(),
            label: benchmark.label.clone(),
            value: benchmark.value,
            valid_from: benchmark.valid_from.parse().ok(),
        },
        Line::SurveyAnswered(answer) => What::SurveyAnswered {
            ticket: named(&recorded.ticket),
            customer: customer(),
            survey: told::Survey::read(&answer.survey)?,
            score: answer.score,
            agent: named(&answer.agent),
            solve: u32::try_from(answer.solve).ok().filter(|number| *number > 0),
        },
        Line::SurveySent(sent) => What::SurveySent {
            ticket: named(&recorded.ticket),
            customer: customer(),
            survey: told::Survey::read(&sent.survey)?,
        },
        line => of_ticket(named(&recorded.ticket)?, recorded, line, &id)?,
    })
}

/// What is about a ticket and nothing without one.
fn of_ticket(ticket: String, recorded: &HistoryRecorded, line: &Line, id: &dyn Fn(&str) -> String) -> Option<What> {
    let other = || named(&recorded.other_ticket);
    Some(match line {
        Line::TicketOpened(opened) => ticket_opened(ticket, recorded.customer.clone(), opened),
        Line::Message(message) => What::Message {
            ticket,
            actor: by(message.actor.as_ref()?)?,
            visibility: match message.internal {
                true => told::Visibility::Internal,
                false => told::Visibility::Public,
            },
            body: None,
            channel: named(&message.channel),
            macro_id: named(&message.macro_id).map(|macro_id| id(&macro_id)),
        },
        Line::Status(status) => What::Status {
            ticket,
            status: told::Status::read(&status.status)?,
            actor: status.actor.as_ref().and_then(by),
        },
        Line::Assigned(assigned) => What::Assigned {
            ticket,
            agent: named(&assigned.agent),
            queue: named(&assigned.queue),
        },
        Line::QueueEntered(entered) => What::QueueEntered {
            ticket,
            queue: entered.queue.clone(),
            agent: named(&entered.agent),
        },
        Line::QueueAccepted(accepted) => What::QueueAccepted {
            ticket,
            queue: accepted.queue.clone(),
            agent: named(&accepted.agent),
        },
        Line::QueueLeft(left) => What::QueueLeft {
            ticket,
            queue: left.queue.clone(),
            agent: named(&left.agent),
        },
        Line::Handoff(_) => What::Handoff { ticket },
        Line::WrapUpEnded(ended) => What::WrapUpEnded {
            ticket,
            agent: ended.agent.clone(),
            talk_seconds: ended.talk_seconds,
            hold_seconds: ended.hold_seconds,
        },
        Line::SlaApplied(applied) => What::SlaApplied {
            ticket,
            id: id(&applied.id),
        },
        Line::MacroApplied(applied) => What::MacroApplied {
            ticket,
            id: id(&applied.id),
        },
        Line::AutomationApplied(applied) => What::AutomationApplied {
            ticket,
            id: id(&applied.id),
        },
        Line::Review(review) => reviewed(ticket, review),
        Line::Merged(_) => What::Merged { ticket, into: other()? },
        Line::Unmerged(_) => What::Unmerged { ticket, into: other()? },
        Line::Linked(_) => What::Linked { ticket, to: other()? },
        // What stands alone was read before.
        _ => return None,
    })
}

/// `None` for the empty text, by which the contract says that something was not said.
fn named(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn by(actor: &Actor) -> Option<told::Actor> {
    let kind = match actor.kind() {
        actor::Kind::Customer => told::ActorKind::Customer,
        actor::Kind::Agent => told::ActorKind::Agent,
        actor::Kind::Automation => told::ActorKind::Automation,
        _ => return None,
    };
    Some(told::Actor {
        kind,
        id: named(&actor.id),
    })
}

fn changed_customer(id: String, changed: &HistoryCustomer) -> What {
    What::Customer {
        id,
        name: None,
        organization: named(&changed.organization),
        tier: told::Tier::read(&changed.tier),
        language: named(&changed.language),
        country: named(&changed.country),
        attributes: None,
    }
}

fn ticket_opened(ticket: String, customer: String, opened: &HistoryTicketOpened) -> What {
    What::TicketOpened {
        ticket,
        customer,
        channel: opened.channel.clone(),
        subject: None,
        priority: told::Priority::read(&opened.priority),
        tags: opened.tags.clone(),
        intent: named(&opened.intent),
        queue: named(&opened.queue),
        opened_by: told::ActorKind::read(&opened.opened_by),
    }
}

fn reviewed(ticket: String, review: &HistoryReview) -> What {
    let items = || review.rubric.iter();
    What::Review {
        ticket,
        agent: review.agent.clone(),
        rubric: items()
            .map(|(item, points)| (item.clone(), (points.points, points.of)))
            .collect(),
        weights: items().map(|(item, points)| (item.clone(), points.weight)).collect(),
    }
}

fn version(at: Micros, schedule: &HistorySchedule) -> Option<vorrang_calendar::Version> {
    let hours = |all: &BTreeMap<String, HistoryHours>| -> BTreeMap<String, Vec<String>> {
        all.iter()
            .map(|(day, hours)| (day.clone(), hours.spans.clone()))
            .collect()
    };
    let draft = Draft {
        at: chrono::DateTime::from_timestamp_micros(at)?,
        time_zone: schedule.time_zone.clone(),
        weekly: hours(&schedule.weekly),
        exceptions: hours(&schedule.exceptions),
        valid_from: named(&schedule.valid_from),
    };
    draft.check(Overlaps::Joined).ok()
}

fn sla_policy(policy: &HistorySlaPolicy, id: &dyn Fn(&str) -> String) -> Option<What> {
    let mut targets = Vec::new();
    for target in &policy.targets {
        let metric = match target.metric.as_str() {
            "first_response" => Metric::FirstResponse,
            "next_response" => Metric::NextResponse,
            "resolution" => Metric::Resolution,
            _ => return None,
        };
        let clock = match target.business {
            true => ClockKind::Business,
            false => ClockKind::Elapsed,
        };
        targets.push(Goal::new(metric, target.seconds, clock));
    }
    Some(What::SlaPolicy {
        id: id(&policy.id),
        schedule: named(&policy.schedule).map(|schedule| id(&schedule)),
        targets,
        matching: Match {
            tiers: policy.tiers.clone(),
            channels: policy.channels.clone(),
            priorities: policy.priorities.clone(),
        },
        position: policy.position,
    })
}
