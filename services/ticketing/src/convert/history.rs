//! Lines of an imported history as events tell them.

use std::collections::BTreeMap;

use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::history_recorded::Line as Payload;
use vorrang_calendar::{Draft, Version};
use vorrang_history::{Bad, Problem, Survey, Visibility, What};
use vorrang_sla::ClockKind;

use super::words;
use crate::names;
use crate::past::words::{agent, external};
use crate::past::{Recorded, Refusal};
use crate::words::Actor;

/// What became of a line.
pub enum Became {
    /// It is in the log.
    Recorded,
    /// It was before.
    Duplicate,
    /// It cannot be read.
    Bad(Bad),
    /// It can, and must not be taken in.
    Refused(Refusal),
}

/// For the answer.
pub fn history_result(became: Became) -> pb::HistoryResult {
    use pb::history_result::Outcome;
    let (outcome, problems) = match became {
        Became::Recorded => (Outcome::Recorded, Vec::new()),
        Became::Duplicate => (Outcome::Duplicate, Vec::new()),
        Became::Bad(bad) => (Outcome::Refused, bad.problems.iter().map(history_problem).collect()),
        Became::Refused(Refusal::Bad(problem)) => (Outcome::Refused, vec![history_problem(&problem)]),
        Became::Refused(Refusal::Erased) => {
            let erased = pb::HistoryProblem {
                reason: "ERASED".to_owned(),
                field: String::new(),
                text: "is about somebody who was erased".to_owned(),
            };
            (Outcome::Refused, vec![erased])
        }
    };
    pb::HistoryResult {
        outcome: outcome.into(),
        problems,
    }
}

/// One thing that is wrong with a line.
pub fn history_problem(problem: &Problem) -> pb::HistoryProblem {
    pb::HistoryProblem {
        reason: problem.reason.as_str().to_owned(),
        field: problem.field.clone(),
        text: problem.text.clone(),
    }
}

/// A recorded line; `actor` is who did it, by the names that they have here.
pub fn recorded(one: &Recorded, actor: &Actor) -> pb::HistoryRecorded {
    pb::HistoryRecorded {
        source: one.source.clone(),
        import_name: one.import.clone(),
        number: i64::try_from(one.line.number).unwrap_or(i64::MAX),
        rank: one.line.rank().into(),
        ticket: one.ticket.map(names::ticket).unwrap_or_default(),
        other_ticket: one.other.map(names::ticket).unwrap_or_default(),
        customer: one.customer.map(names::customer).unwrap_or_default(),
        erased: false,
        line: Some(payload(one, actor)),
    }
}

fn payload(one: &Recorded, actor: &Actor) -> Payload {
    let by = || {
        Some(feed::Actor {
            kind: words::actor_kind(actor.kind).into(),
            id: actor.id.clone(),
        })
    };
    let agent_if_any = |id: &Option<String>| id.as_deref().map(agent).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match &one.line.what {
        What::Schedule { id, version } => Payload::Schedule(schedule(id, version)),
        What::SlaPolicy {
            id,
            schedule,
            targets,
            matching,
            position,
        } => Payload::SlaPolicy(pb::HistorySlaPolicy {
            id: id.clone(),
            schedule: text(schedule),
            targets: targets
                .iter()
                .map(|goal| pb::HistoryTarget {
                    metric: goal.metric.as_str().to_owned(),
                    seconds: goal.seconds,
                    business: goal.clock == ClockKind::Business,
                })
                .collect(),
            tiers: matching.tiers.clone(),
            channels: matching.channels.clone(),
            priorities: matching.priorities.clone(),
            position: *position,
        }),
        What::Customer {
            name,
            organization,
            tier,
            language,
            country,
            attributes,
            ..
        } => Payload::CustomerChanged(pb::HistoryCustomer {
            name: text(name),
            organization: text(organization),
            tier: tier.map(|tier| tier.as_str().to_owned()).unwrap_or_default(),
            language: text(language),
            country: text(country),
            attributes_json: attributes
                .as_ref()
                .map(|all| serde_json::Value::Object(all.clone()).to_string())
                .unwrap_or_default(),
        }),
        What::CustomerLeft { .. } => Payload::CustomerLeft(pb::HistoryCustomerLeft {}),
        What::Agent { id, name, team } => Payload::Agent(pb::HistoryAgent {
            agent: agent(id),
            name: text(name),
            team: text(team),
        }),
        What::AgentPresence {
            agent: id,
            state,
            channels,
        } => Payload::AgentPresence(pb::HistoryAgentPresence {
            agent: agent(id),
            state: state.as_str().to_owned(),
            channels: channels.clone().unwrap_or_default(),
        }),
        What::TicketOpened {
            ticket,
            channel,
            subject,
            priority,
            tags,
            intent,
            queue,
            opened_by,
            ..
        } => Payload::TicketOpened(pb::HistoryTicketOpened {
            external_id: external(&one.source, ticket),
            channel: channel.clone(),
            subject: text(subject),
            priority: priority.map(|one| one.as_str().to_owned()).unwrap_or_default(),
            tags: tags.clone(),
            intent: text(intent),
            queue: text(queue),
            opened_by: opened_by.map(|one| one.as_str().to_owned()).unwrap_or_default(),
        }),
        What::Message {
            visibility,
            body,
            channel,
            macro_id,
            ..
        } => Payload::Message(pb::HistoryMessage {
            actor: by(),
            internal: *visibility == Visibility::Internal,
            message: one
                .ticket
                .zip(one.message)
                .map(|(ticket, message)| names::message(ticket, message))
                .unwrap_or_default(),
            body: text(body),
            channel: text(channel),
            macro_id: text(macro_id),
        }),
        What::Status { status, actor, .. } => Payload::Status(pb::HistoryStatus {
            status: status.as_str().to_owned(),
            actor: actor.as_ref().and_then(|_| by()),
        }),
        What::Assigned { agent, queue, .. } => Payload::Assigned(pb::HistoryAssigned {
            agent: agent_if_any(agent),
            queue: text(queue),
        }),
        What::QueueEntered { queue, agent, .. } => Payload::QueueEntered(pb::HistoryQueueEntered {
            queue: queue.clone(),
            agent: agent_if_any(agent),
        }),
        What::QueueAccepted { queue, agent, .. } => Payload::QueueAccepted(pb::HistoryQueueAccepted {
            queue: queue.clone(),
            agent: agent_if_any(agent),
        }),
        What::QueueLeft { queue, agent, .. } => Payload::QueueLeft(pb::HistoryQueueLeft {
            queue: queue.clone(),
            agent: agent_if_any(agent),
        }),
        What::Handoff { .. } => Payload::Handoff(pb::HistoryHandoff {}),
        What::WrapUpEnded {
            agent: id,
            talk_seconds,
            hold_seconds,
            ..
        } => Payload::WrapUpEnded(pb::HistoryWrapUpEnded {
            agent: agent(id),
            talk_seconds: *talk_seconds,
            hold_seconds: *hold_seconds,
        }),
        What::SlaApplied { id, .. } => Payload::SlaApplied(pb::HistorySlaApplied { id: id.clone() }),
        What::MacroApplied { id, .. } => Payload::MacroApplied(pb::HistoryMacroApplied { id: id.clone() }),
        What::AutomationApplied { id, .. } => {
            Payload::AutomationApplied(pb::HistoryAutomationApplied { id: id.clone() })
        }
        What::SurveyAnswered {
            survey,
            score,
            agent,
            solve,
            ..
        } => Payload::SurveyAnswered(pb::HistorySurveyAnswered {
            survey: survey_word(*survey),
            score: *score,
            agent: agent_if_any(agent),
            solve: solve.and_then(|number| i32::try_from(number).ok()).unwrap_or_default(),
        }),
        What::SurveySent { survey, .. } => Payload::SurveySent(pb::HistorySurveySent {
            survey: survey_word(*survey),
        }),
        What::Review {
            agent: id,
            rubric,
            weights,
            ..
        } => Payload::Review(pb::HistoryReview {
            agent: agent(id),
            rubric: rubric
                .iter()
                .map(|(item, (points, of))| {
                    let points = pb::HistoryPoints {
                        points: *points,
                        of: *of,
                        weight: weights.get(item).copied().unwrap_or(1.0),
                    };
                    (item.clone(), points)
                })
                .collect(),
        }),
        What::Merged { .. } => Payload::Merged(pb::HistoryMerged {}),
        What::Unmerged { .. } => Payload::Unmerged(pb::HistoryUnmerged {}),
        What::Linked { .. } => Payload::Linked(pb::HistoryLinked {}),
        What::SelfService {
            session,
            step,
            query,
            article,
            ..
        } => Payload::SelfService(pb::HistorySelfService {
            session: session.clone(),
            step: step.as_str().to_owned(),
            // Of nobody it could not be erased with anybody.
            query: match one.ticket.or(one.customer) {
                Some(_) => text(query),
                None => String::new(),
            },
            article: text(article),
        }),
        What::ProactiveContact { reason, .. } => {
            Payload::ProactiveContact(pb::HistoryProactiveContact { reason: reason.clone() })
        }
        What::Order {
            id, amount, currency, ..
        } => Payload::Order(pb::HistoryOrder {
            id: id.clone(),
            amount: *amount,
            currency: text(currency),
        }),
        What::Benchmark {
            kpi,
            label,
            value,
            valid_from,
        } => Payload::Benchmark(pb::HistoryBenchmark {
            kpi: kpi.clone(),
            label: label.clone(),
            value: *value,
            valid_from: valid_from.map(|date| date.to_string()).unwrap_or_default(),
        }),
    }
}

fn survey_word(survey: Survey) -> String {
    survey.as_str().to_owned()
}

fn schedule(id: &str, version: &Version) -> pb::HistorySchedule {
    let Draft {
        time_zone,
        weekly,
        exceptions,
        valid_from,
        ..
    } = version.draft();
    let hours = |all: BTreeMap<String, Vec<String>>| {
        all.into_iter()
            .map(|(day, spans)| (day, pb::HistoryHours { spans }))
            .collect()
    };
    pb::HistorySchedule {
        id: id.to_owned(),
        time_zone,
        weekly: hours(weekly),
        exceptions: hours(exceptions),
        valid_from: valid_from.unwrap_or_default(),
    }
}
