//! Lines of an imported history as events: the same words, so that a figure is defined once for live and imported. Pure.

use vorrang_history::{self as told, Line, What};
use vorrang_sla::Policy;

use crate::buckets::Micros;
use crate::facts::{
    About, ActorKind, Answered, BenchmarkSeen, CustomerSeen, Event, Facts, Opened, Order, Presence, ReviewItem,
    SessionStep, Status, Survey, Workflow, Wrote,
};

const MICROS_OF_DAY: Micros = 86_400_000_000;

/// Adds what a line says. Lines may come in any order, each once: where one counts among those of its instant is decided by
/// its kind, then by its number.
pub fn apply(facts: &mut Facts, line: &Line) {
    let at = line.at.timestamp_micros();
    let order = Order::new(line.rank(), i64::try_from(line.number).unwrap_or(i64::MAX));
    tell(at, &line.what, &mut |event| facts.apply(at, order, event));
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("")
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// The events that a line tells.
pub fn tell(at: Micros, what: &What, tell: &mut dyn FnMut(Event<'_>)) {
    match what {
        What::Schedule { id, version } => tell(Event::Schedule { schedule: id, version }),
        What::SlaPolicy {
            id,
            schedule,
            targets,
            matching,
            position,
        } => tell(Event::Policy {
            policy: id,
            terms: Some(&Policy {
                id: id.clone(),
                position: *position,
                age: 0,
                matching: matching.clone(),
                goals: targets.clone(),
                schedule: schedule.clone(),
            }),
        }),
        What::Customer {
            id,
            organization,
            tier,
            language,
            country,
            ..
        } => tell(Event::Customer(CustomerSeen {
            customer: id,
            tier: tier.map(told::Tier::as_str),
            language: language.as_deref(),
            country: country.as_deref(),
            organization: organization.as_deref(),
            won: true,
        })),
        What::CustomerLeft { customer } => tell(Event::CustomerLeft { customer }),
        What::Agent { id, team, .. } => tell(Event::Agent {
            agent: id,
            team: team.as_deref(),
        }),
        What::AgentPresence { agent, state, channels } => {
            let channels = channels.as_deref().map(texts);
            tell(Event::Presence {
                agent,
                presence: presence(*state),
                channels: channels.as_deref(),
            });
        }
        What::TicketOpened {
            ticket,
            customer,
            channel,
            priority,
            tags,
            intent,
            queue,
            opened_by,
            ..
        } => tell(Event::Opened(Opened {
            ticket,
            customer,
            channel,
            priority: priority.map_or("", told::Priority::as_str),
            queue: text(queue),
            opened_by: opened_by.map(actor),
            intent: text(intent),
            tags: &texts(tags),
            ..Opened::default()
        })),
        What::SelfService {
            session,
            step,
            customer,
            ticket,
            ..
        } => tell(Event::Session {
            session,
            step: session_step(*step),
            customer: text(customer),
            ticket: text(ticket),
        }),
        What::ProactiveContact { customer, .. } => tell(Event::ProactiveContact { customer, id: "" }),
        What::Order { customer, id, .. } => tell(Event::Ordered { customer, id }),
        What::Benchmark {
            kpi,
            label,
            value,
            valid_from,
        } => tell(Event::Benchmark(BenchmarkSeen {
            kpi,
            label,
            value: *value,
            valid_from: valid_from.map_or(at, |date| Micros::from(date.to_epoch_days()) * MICROS_OF_DAY),
        })),
        what => tell_of_ticket(what, tell),
    }
}

fn tell_of_ticket(what: &What, tell: &mut dyn FnMut(Event<'_>)) {
    match what {
        What::Message {
            ticket,
            actor: by,
            visibility,
            channel,
            macro_id,
            ..
        } => {
            if let Some(id) = macro_id {
                let workflow = Workflow::Macro;
                tell(Event::Applied { ticket, workflow, id });
            }
            let message = Wrote {
                actor: actor(by.kind),
                id: text(&by.id),
                public: *visibility == told::Visibility::Public,
                channel: text(channel),
            };
            tell(Event::Message { ticket, message });
        }
        What::Status { ticket, status, actor } => tell(Event::Status {
            ticket,
            status: self::status(*status),
            actor: actor.as_ref().map(|by| self::actor(by.kind)),
        }),
        What::Assigned { ticket, agent, queue } => tell(Event::Assigned {
            ticket,
            agent: text(agent),
            queue: text(queue),
        }),
        What::QueueEntered { ticket, queue, .. } => tell(Event::QueueEntered { ticket, queue }),
        What::QueueAccepted { ticket, queue, agent } => tell(Event::QueueAccepted {
            ticket,
            queue,
            agent: text(agent),
            by_hand: false,
        }),
        What::QueueLeft { ticket, .. } => tell(Event::QueueLeft { ticket }),
        What::Handoff { ticket } => tell(Event::Handoff { ticket }),
        What::WrapUpEnded {
            ticket,
            agent,
            talk_seconds,
            hold_seconds,
        } => tell(Event::WrapUpEnded {
            ticket,
            agent,
            talk: *talk_seconds,
            hold: *hold_seconds,
        }),
        What::SlaApplied { ticket, id } => tell(applied(ticket, Workflow::SlaPolicy, id)),
        What::MacroApplied { ticket, id } => tell(applied(ticket, Workflow::Macro, id)),
        What::AutomationApplied { ticket, id } => tell(applied(ticket, Workflow::Automation, id)),
        What::SurveySent {
            ticket,
            customer,
            survey,
        } => tell(Event::SurveySent {
            about: about(ticket, customer),
            survey: self::survey(*survey),
        }),
        What::SurveyAnswered {
            ticket,
            customer,
            survey,
            score,
            agent,
            solve,
        } => tell(Event::SurveyAnswered(Answered {
            about: about(ticket, customer),
            survey: self::survey(*survey),
            score: *score,
            agent: text(agent),
            solve: solve.unwrap_or(0),
        })),
        What::Review {
            ticket,
            agent,
            rubric,
            weights,
        } => {
            let items: Vec<ReviewItem<'_>> = rubric
                .iter()
                .map(|(id, (points, of))| ReviewItem {
                    id,
                    points: *points,
                    of: *of,
                    weight: weights.get(id).copied().unwrap_or(1.0),
                })
                .collect();
            tell(Event::Reviewed {
                ticket,
                id: "",
                agent,
                items: &items,
            });
        }
        What::Merged { ticket, into } => tell(Event::Merged { ticket, into }),
        What::Unmerged { ticket, .. } => tell(Event::Unmerged { ticket }),
        What::Linked { ticket, to } => tell(Event::Linked { ticket, to }),
        // The rest is about something apart from a ticket.
        _ => {}
    }
}

fn applied<'a>(ticket: &'a str, workflow: Workflow, id: &'a str) -> Event<'a> {
    Event::Applied { ticket, workflow, id }
}

fn about<'a>(ticket: &'a Option<String>, customer: &'a Option<String>) -> About<'a> {
    match ticket {
        Some(ticket) => About::Ticket(ticket),
        None => About::Customer(text(customer)),
    }
}

fn actor(kind: told::ActorKind) -> ActorKind {
    match kind {
        told::ActorKind::Customer => ActorKind::Customer,
        told::ActorKind::Agent => ActorKind::Agent,
        told::ActorKind::Automation => ActorKind::Automation,
    }
}

fn presence(state: told::Presence) -> Presence {
    match state {
        told::Presence::Available => Presence::Available,
        told::Presence::Busy => Presence::Busy,
        told::Presence::Away => Presence::Away,
        told::Presence::Offline => Presence::Offline,
    }
}

fn session_step(step: told::Step) -> SessionStep {
    match step {
        told::Step::Started => SessionStep::Started,
        told::Step::Searched => SessionStep::Searched,
        told::Step::Viewed => SessionStep::Viewed,
        told::Step::Solved => SessionStep::Solved,
        told::Step::Escalated => SessionStep::Escalated,
        told::Step::Ended => SessionStep::Ended,
    }
}

fn status(status: told::Status) -> Status {
    match status {
        told::Status::Open => Status::Open,
        told::Status::Pending => Status::Pending,
        told::Status::OnHold => Status::OnHold,
        told::Status::Solved => Status::Solved,
        told::Status::Closed => Status::Closed,
        told::Status::Spam => Status::Spam,
        told::Status::Deleted => Status::Deleted,
    }
}

fn survey(survey: told::Survey) -> Survey {
    match survey {
        told::Survey::Csat => Survey::Csat,
        told::Survey::CesEffort => Survey::CesEffort,
        told::Survey::CesEase => Survey::CesEase,
        told::Survey::Nps => Survey::Nps,
        told::Survey::OneContact => Survey::OneContact,
        told::Survey::Pec => Survey::Pec,
    }
}
