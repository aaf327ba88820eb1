//! A small reader of histories as JSON Lines: enough for the figures that are served. Not the importer.

use std::collections::HashSet;

use chrono::DateTime;
use serde_json::Value;
use vorrang_analytics::facts::{About, ActorKind, Answered, Event, Facts, Opened, Order, Status, Survey};

/// Line types that no figure served today reads.
const IRRELEVANT: &[&str] = &[
    "schedule",
    "sla_policy",
    "customer_left",
    "agent_presence",
    "sla_applied",
    "macro_applied",
    "automation_applied",
    "review",
    "linked",
    "proactive_contact",
    "order",
    "benchmark",
];

/// Adds every line of `text` to `facts`, by time, as an importer does. Equal lines are one event.
pub fn read(text: &str, facts: &mut Facts) {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("line {number}: {why}"));
        // serde_json keeps objects sorted by field, so equal values have equal texts.
        if seen.insert(value.to_string()) {
            let at = micros(value.get("at").and_then(Value::as_str).unwrap_or(""));
            lines.push((at, value));
        }
    }
    // Stable: lines of one instant stay as they are.
    lines.sort_by_key(|(at, _)| *at);
    for (number, (_, line)) in (1..).zip(&lines) {
        apply(line, number, facts);
    }
}

fn apply(line: &Value, number: i64, facts: &mut Facts) {
    let text = |field: &str| line.get(field).and_then(Value::as_str).unwrap_or("");
    let named = |field: &str| line.get(field).and_then(Value::as_str);
    let at = micros(text("at"));
    let ticket = text("ticket");
    let agent = text("agent");
    let actor = line.get("actor");
    let event = match text("type") {
        "customer" => Event::Customer {
            customer: text("id"),
            tier: named("tier"),
        },
        "agent" => Event::Agent {
            agent: text("id"),
            team: named("team"),
        },
        "ticket_opened" => Event::Opened(Opened {
            ticket,
            customer: text("customer"),
            channel: text("channel"),
            priority: text("priority"),
            queue: text("queue"),
            ..Opened::default()
        }),
        "message" => Event::Message {
            ticket,
            actor: kind(actor).expect("a message has an actor"),
            id: actor
                .and_then(|actor| actor.get("id"))
                .and_then(Value::as_str)
                .unwrap_or(""),
            public: text("visibility") != "internal",
        },
        "status" => Event::Status {
            ticket,
            status: status(text("status")),
            actor: kind(actor),
        },
        "assigned" => Event::Assigned {
            ticket,
            agent,
            queue: text("queue"),
        },
        "queue_entered" => Event::QueueEntered {
            ticket,
            queue: text("queue"),
        },
        "queue_accepted" => Event::QueueAccepted {
            ticket,
            queue: text("queue"),
            agent,
            by_hand: false,
        },
        "queue_left" => Event::QueueLeft { ticket },
        "handoff" => Event::Handoff { ticket },
        "wrap_up_ended" => Event::WrapUpEnded { ticket, agent },
        "merged" => Event::Merged {
            ticket,
            into: text("into"),
        },
        "unmerged" => Event::Unmerged { ticket },
        "survey_sent" => Event::SurveySent {
            about: about(line),
            survey: survey(text("survey")),
        },
        "survey_answered" => Event::SurveyAnswered(Answered {
            about: about(line),
            survey: survey(text("survey")),
            score: line.get("score").and_then(Value::as_f64).expect("a score"),
            agent,
            solve: line.get("solve").and_then(Value::as_u64).unwrap_or(0) as u32,
        }),
        "self_service" => {
            let session = text("session");
            let order = Order::new(0, number);
            facts.apply(
                at,
                order,
                Event::SessionSeen {
                    session,
                    customer: text("customer"),
                },
            );
            match text("step") {
                "solved" => Event::SessionSolved { session },
                "escalated" => Event::SessionEscalated { session },
                _ => return,
            }
        }
        other => {
            assert!(IRRELEVANT.contains(&other), "line {number}: unknown type {other}");
            // It still moves the end of the history, the default moment of asking.
            Event::SessionSeen {
                session: "",
                customer: "",
            }
        }
    };
    facts.apply(at, Order::new(0, number), event);
}

/// Microseconds since the epoch of an RFC 3339 time.
pub fn micros(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text)
        .unwrap_or_else(|why| panic!("{text}: {why}"))
        .timestamp_micros()
}

fn about(line: &Value) -> About<'_> {
    let text = |field: &str| line.get(field).and_then(Value::as_str);
    match text("ticket") {
        Some(ticket) => About::Ticket(ticket),
        None => About::Customer(text("customer").expect("a ticket or a customer")),
    }
}

fn kind(actor: Option<&Value>) -> Option<ActorKind> {
    Some(match actor?.get("kind")?.as_str()? {
        "customer" => ActorKind::Customer,
        "agent" => ActorKind::Agent,
        "automation" => ActorKind::Automation,
        other => panic!("unknown actor {other}"),
    })
}

fn status(text: &str) -> Status {
    match text {
        "open" => Status::Open,
        "pending" => Status::Pending,
        "on_hold" => Status::OnHold,
        "solved" => Status::Solved,
        "closed" => Status::Closed,
        "spam" => Status::Spam,
        "deleted" => Status::Deleted,
        other => panic!("unknown status {other}"),
    }
}

fn survey(text: &str) -> Survey {
    match text {
        "csat" => Survey::Csat,
        "ces_effort" => Survey::CesEffort,
        "ces_ease" => Survey::CesEase,
        "nps" => Survey::Nps,
        "one_contact" => Survey::OneContact,
        "pec" => Survey::Pec,
        other => panic!("unknown survey {other}"),
    }
}
