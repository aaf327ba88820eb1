//! What the fields of each type of line say.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use vorrang_calendar::{Draft, Overlaps, Version};
use vorrang_sla::{ClockKind, Goal, Match, Metric};

use crate::fields::Fields;
use crate::line::{Actor, What};
use crate::read::Reason;
use crate::words::{ActorKind, Presence, Priority, Status, Step, Survey, Tier, Visibility};

/// Most entries of a list.
const LIST_MAX: usize = 200;

/// Reads the fields of a line of type `kind`. None when something that was needed is not there; what is wrong is noted in `fields`.
pub fn what(kind: &Value, at: DateTime<Utc>, fields: &mut Fields) -> Option<What> {
    let ticket = |fields: &mut Fields| fields.id("ticket");
    Some(match kind.as_str().unwrap_or_default() {
        "schedule" => What::Schedule {
            id: fields.id("id"),
            version: version(at, fields)?,
        },
        "sla_policy" => sla_policy(fields),
        "customer" => What::Customer {
            id: fields.id("id"),
            name: fields.id_if_any("name"),
            organization: fields.id_if_any("organization"),
            tier: fields.word("tier", Tier::ALL, Tier::as_str),
            language: fields.id_if_any("language"),
            country: fields.id_if_any("country"),
            attributes: fields.object("attributes"),
        },
        "customer_left" => What::CustomerLeft {
            customer: fields.id("customer"),
        },
        "agent" => What::Agent {
            id: fields.id("id"),
            name: fields.id_if_any("name"),
            team: fields.id_if_any("team"),
        },
        "agent_presence" => What::AgentPresence {
            agent: fields.id("agent"),
            channels: fields.ids("channels", LIST_MAX),
            state: fields.word_required("state", Presence::ALL, Presence::as_str)?,
        },
        "ticket_opened" => What::TicketOpened {
            ticket: ticket(fields),
            customer: fields.id("customer"),
            channel: fields.id("channel"),
            subject: fields.text("subject"),
            priority: fields.word("priority", Priority::ALL, Priority::as_str),
            tags: fields.ids("tags", LIST_MAX).unwrap_or_default(),
            intent: fields.id_if_any("intent"),
            queue: fields.id_if_any("queue"),
            opened_by: fields.word("opened_by", ActorKind::ALL, ActorKind::as_str),
        },
        "message" => message(fields)?,
        "status" => What::Status {
            ticket: ticket(fields),
            actor: actor_if_any(fields),
            status: fields.word_required("status", Status::ALL, Status::as_str)?,
        },
        "assigned" => What::Assigned {
            ticket: ticket(fields),
            agent: fields.id_if_any("agent"),
            queue: fields.id_if_any("queue"),
        },
        "queue_entered" => What::QueueEntered {
            ticket: ticket(fields),
            queue: fields.id("queue"),
            agent: fields.id_if_any("agent"),
        },
        "queue_accepted" => What::QueueAccepted {
            ticket: ticket(fields),
            queue: fields.id("queue"),
            agent: fields.id_if_any("agent"),
        },
        "queue_left" => What::QueueLeft {
            ticket: ticket(fields),
            queue: fields.id("queue"),
            agent: fields.id_if_any("agent"),
        },
        "handoff" => What::Handoff { ticket: ticket(fields) },
        "wrap_up_ended" => What::WrapUpEnded {
            ticket: ticket(fields),
            agent: fields.id("agent"),
            talk_seconds: fields.number("talk_seconds", 0.0),
            hold_seconds: fields.number("hold_seconds", 0.0),
        },
        "sla_applied" => What::SlaApplied {
            ticket: ticket(fields),
            id: fields.id("id"),
        },
        "macro_applied" => What::MacroApplied {
            ticket: ticket(fields),
            id: fields.id("id"),
        },
        "automation_applied" => What::AutomationApplied {
            ticket: ticket(fields),
            id: fields.id("id"),
        },
        "survey_answered" => answered(fields)?,
        "survey_sent" => {
            let (ticket, customer) = about(fields);
            What::SurveySent {
                ticket,
                customer,
                survey: fields.word_required("survey", Survey::ALL, Survey::as_str)?,
            }
        }
        "review" => review(fields),
        "merged" => What::Merged {
            ticket: ticket(fields),
            into: fields.id("into"),
        },
        "unmerged" => What::Unmerged {
            ticket: ticket(fields),
            into: fields.id("into"),
        },
        "linked" => What::Linked {
            ticket: ticket(fields),
            to: fields.id("to"),
        },
        "self_service" => What::SelfService {
            session: fields.id("session"),
            customer: fields.id_if_any("customer"),
            query: fields.text("query"),
            article: fields.id_if_any("article"),
            ticket: fields.id_if_any("ticket"),
            step: fields.word_required("step", Step::ALL, Step::as_str)?,
        },
        "proactive_contact" => What::ProactiveContact {
            customer: fields.id("customer"),
            ticket: fields.id_if_any("ticket"),
            reason: fields.said("reason"),
        },
        "order" => What::Order {
            customer: fields.id("customer"),
            id: fields.id("id"),
            amount: fields.number("amount", f64::MIN),
            currency: currency(fields),
        },
        "benchmark" => What::Benchmark {
            kpi: fields.id("kpi"),
            label: fields.id("label"),
            value: fields.number_required("value", f64::MIN),
            valid_from: fields.date("valid_from"),
        },
        _ => {
            fields.problem("type", Reason::UnknownType, "is no type of line");
            fields.forget();
            return None;
        }
    })
}

fn version(at: DateTime<Utc>, fields: &mut Fields) -> Option<Version> {
    let time_zone = fields.id("time_zone");
    let weekly = fields.object_required("weekly");
    let weekly = weekly.map(|object| fields.lists("weekly", object, LIST_MAX));
    let exceptions = fields.object("exceptions");
    let exceptions = exceptions.map(|object| fields.lists("exceptions", object, LIST_MAX));
    let draft = Draft {
        at,
        valid_from: fields.text("valid_from"),
        weekly: weekly?,
        exceptions: exceptions.unwrap_or_default(),
        time_zone: time_zone.clone(),
    };
    match draft.check(Overlaps::Joined) {
        Ok(version) => Some(version),
        Err(problems) => {
            for problem in problems {
                // That it is missing was said already.
                if problem.path != "time_zone" || !time_zone.is_empty() {
                    fields.value(&problem.path, format!("is wrong: {}", problem.reason));
                }
            }
            None
        }
    }
}

fn sla_policy(fields: &mut Fields) -> What {
    let position = fields.whole("position").and_then(|position| {
        let fits = i32::try_from(position).ok();
        if fits.is_none() {
            fields.value("position", "is out of range");
        }
        fits
    });
    What::SlaPolicy {
        id: fields.id("id"),
        schedule: fields.id_if_any("schedule"),
        targets: goals(fields),
        matching: matching(fields),
        position,
    }
}

fn goals(fields: &mut Fields) -> Vec<Goal> {
    let entries = match fields.take("targets") {
        Some(Value::Array(entries)) if !entries.is_empty() => entries,
        Some(_) => {
            fields.value("targets", "must be a list of at least one target");
            return Vec::new();
        }
        None => {
            fields.problem("targets", Reason::MissingField, "is missing");
            return Vec::new();
        }
    };
    let mut goals: Vec<Goal> = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let path = format!("targets[{index}]");
        let Some(object) = fields.as_object(&path, entry) else {
            continue;
        };
        let Some(goal) = fields.inner(&path, object, goal) else {
            continue;
        };
        if goals.iter().any(|other| other.metric == goal.metric) {
            fields.value(&format!("{path}.metric"), "has a target already");
        }
        goals.push(goal);
    }
    goals
}

fn goal(fields: &mut Fields) -> Option<Goal> {
    let metric = fields.word_required("metric", &Metric::ALL, Metric::as_str);
    let clock = fields.word_required(
        "clock",
        &[ClockKind::Elapsed, ClockKind::Business],
        |clock| match clock {
            ClockKind::Elapsed => "elapsed",
            ClockKind::Business => "business",
        },
    );
    let seconds = fields.whole("seconds");
    match seconds {
        Some(seconds) if (1..=vorrang_sla::SECONDS_MAX).contains(&seconds) => Some(Goal::new(metric?, seconds, clock?)),
        Some(_) => {
            fields.value("seconds", format!("must be 1 to {}", vorrang_sla::SECONDS_MAX));
            None
        }
        None => {
            fields.problem("seconds", Reason::MissingField, "must be there, a whole number");
            None
        }
    }
}

fn matching(fields: &mut Fields) -> Match {
    let Some(object) = fields.object("match") else {
        return Match::default();
    };
    fields.inner("match", object, |fields| Match {
        tiers: fields.ids("tier", LIST_MAX).unwrap_or_default(),
        channels: fields.ids("channel", LIST_MAX).unwrap_or_default(),
        priorities: fields.ids("priority", LIST_MAX).unwrap_or_default(),
    })
}

fn message(fields: &mut Fields) -> Option<What> {
    let actor = match fields.object_required("actor") {
        Some(object) => actor(fields, object),
        None => None,
    };
    let visibility = fields.word("visibility", Visibility::ALL, Visibility::as_str);
    let ticket = fields.id("ticket");
    let body = fields.text("body");
    let channel = fields.id_if_any("channel");
    let macro_id = fields.id_if_any("macro");
    let actor = actor?;
    Some(What::Message {
        visibility: match actor.kind {
            ActorKind::Customer => Visibility::Public,
            ActorKind::Agent | ActorKind::Automation => visibility.unwrap_or(Visibility::Public),
        },
        ticket,
        actor,
        body,
        channel,
        macro_id,
    })
}

fn actor_if_any(fields: &mut Fields) -> Option<Actor> {
    let object = fields.object("actor")?;
    actor(fields, object)
}

fn actor(fields: &mut Fields, object: Map<String, Value>) -> Option<Actor> {
    fields.inner("actor", object, |fields| {
        let id = fields.id_if_any("id");
        let kind = fields.word_required("kind", ActorKind::ALL, ActorKind::as_str)?;
        Some(Actor { kind, id })
    })
}

/// What a survey is about; one of the two must be there.
fn about(fields: &mut Fields) -> (Option<String>, Option<String>) {
    let (named_ticket, named_customer) = (fields.has("ticket"), fields.has("customer"));
    if !named_ticket && !named_customer {
        fields.problem("ticket", Reason::MissingField, "or customer must be there");
    }
    (fields.id_if_any("ticket"), fields.id_if_any("customer"))
}

fn answered(fields: &mut Fields) -> Option<What> {
    let (ticket, customer) = about(fields);
    let agent = fields.id_if_any("agent");
    let solve = fields.whole("solve").and_then(|solve| {
        let number = u32::try_from(solve).ok().filter(|number| *number > 0);
        if number.is_none() {
            fields.value("solve", "must be 1 or more");
        }
        number
    });
    let score = fields.number_required("score", f64::MIN);
    let survey = fields.word_required("survey", Survey::ALL, Survey::as_str)?;
    let (low, high) = survey.scale();
    if !(low..=high).contains(&score) {
        fields.value("score", format!("must be {low} to {high}"));
    } else if survey == Survey::OneContact && score.fract() != 0.0 {
        fields.value("score", "must be 0 or 1");
    }
    Some(What::SurveyAnswered {
        ticket,
        customer,
        survey,
        score,
        agent,
        solve,
    })
}

fn review(fields: &mut Fields) -> What {
    let ticket = fields.id("ticket");
    let agent = fields.id("agent");
    let mut rubric = BTreeMap::new();
    let object = fields.object_required("rubric");
    if object.as_ref().is_some_and(Map::is_empty) {
        fields.value("rubric", "must have at least one item");
    }
    for (item, value) in object.unwrap_or_default() {
        let pair = value.as_array().and_then(|pair| match pair.as_slice() {
            [points, of] => points.as_f64().zip(of.as_f64()),
            _ => None,
        });
        match pair {
            Some((points, of)) if of > 0.0 && (0.0..=of).contains(&points) => {
                rubric.insert(item, (points, of));
            }
            _ => fields.value(
                &format!("rubric.{item}"),
                "must be [points, of] with 0 ≤ points ≤ of and of above 0",
            ),
        }
    }
    let mut weights = BTreeMap::new();
    for (item, value) in fields.object("weights").unwrap_or_default() {
        let path = format!("weights.{item}");
        if !rubric.contains_key(&item) {
            fields.value(&path, "is no item of the rubric");
        }
        if let Some(weight) = fields.as_number(&path, &value, 0.0) {
            weights.insert(item, weight);
        }
    }
    let weighs = |item: &String| weights.get(item).is_none_or(|weight| *weight > 0.0);
    if !rubric.is_empty() && !rubric.keys().any(weighs) {
        fields.value("weights", "must leave at least one item a weight above 0");
    }
    What::Review {
        ticket,
        agent,
        rubric,
        weights,
    }
}

fn currency(fields: &mut Fields) -> Option<String> {
    let currency = fields.id_if_any("currency")?;
    if currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Some(currency);
    }
    fields.value("currency", "must be three capital letters, ISO 4217");
    None
}
