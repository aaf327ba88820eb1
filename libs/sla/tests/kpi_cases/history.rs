//! Reads a history: its policies and schedules, and each ticket with its facts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use vorrang_calendar::{Draft, Overlaps, Schedule, Version};
use vorrang_sla::{ClockKind, Fact, Goal, Match, Metric, Policy, Status, Subject, Terms, What, pick};

/// A line with its time, in the order in which lines count.
pub struct Line {
    pub at: DateTime<Utc>,
    pub kind: String,
    pub value: Value,
}

/// The lines in the order in which they count: of one instant configuration first, then openings, then the rest.
pub fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("a line of JSON");
            Line {
                at: time(&value["at"]),
                kind: word(&value["type"]).to_owned(),
                value,
            }
        })
        .collect();
    lines.sort_by_key(|line| {
        let rank = match line.kind.as_str() {
            "schedule" | "sla_policy" | "customer" | "agent" | "benchmark" => 0,
            "ticket_opened" => 1,
            _ => 2,
        };
        (line.at, rank)
    });
    lines
}

pub fn time(value: &Value) -> DateTime<Utc> {
    word(value).parse().expect("a time with offset")
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A ticket with everything its targets follow from.
pub struct Ticket {
    pub policy: Option<String>,
    pub terms: Terms,
    pub opened_at: DateTime<Utc>,
    pub facts: Vec<Fact>,
    /// Authors of replies.
    pub replies: Vec<(DateTime<Utc>, Option<String>)>,
    /// Who has it from when on, in order.
    pub assigned: Vec<(DateTime<Utc>, Option<String>)>,
    pub attributes: BTreeMap<&'static str, String>,
    gone: bool,
}

/// The tickets that count, as of `as_of`. A ticket that is merged then is in none of them, its messages are its target's.
pub fn tickets(lines: &[Line], as_of: DateTime<Utc>) -> Vec<Ticket> {
    let mut desk = Desk::default();
    let lines: Vec<&Line> = lines.iter().filter(|line| line.at <= as_of).collect();
    for line in &lines {
        let (source, target) = (word(&line.value["ticket"]), word(&line.value["into"]));
        match line.kind.as_str() {
            "merged" => drop(desk.merged.insert(source.to_owned(), target.to_owned())),
            "unmerged" => drop(desk.merged.remove(source)),
            _ => {}
        }
    }
    for line in lines {
        desk.read(line);
    }
    let merged = desk.merged;
    let own = |(name, ticket): (String, Ticket)| (!ticket.gone && !merged.contains_key(&name)).then_some(ticket);
    desk.tickets.into_iter().filter_map(own).collect()
}

#[derive(Default)]
struct Desk {
    schedules: BTreeMap<String, Vec<Version>>,
    policies: BTreeMap<String, Policy>,
    tiers: BTreeMap<String, String>,
    merged: BTreeMap<String, String>,
    tickets: BTreeMap<String, Ticket>,
    lines: i64,
}

impl Desk {
    fn read(&mut self, line: &Line) {
        self.lines += 1;
        let value = &line.value;
        match line.kind.as_str() {
            "schedule" => {
                let mut draft = value.clone();
                let fields = draft.as_object_mut().expect("an object");
                let id = fields.remove("id").expect("an id");
                fields.remove("type");
                let draft: Draft = serde_json::from_value(draft).expect("a schedule");
                let version = draft.check(Overlaps::Joined).expect("hours");
                self.schedules.entry(word(&id).to_owned()).or_default().push(version);
            }
            "sla_policy" => {
                let policy = policy(value, self.lines);
                self.policies.insert(policy.id.clone(), policy);
            }
            "customer" => {
                if let Some(tier) = value["tier"].as_str() {
                    self.tiers.insert(word(&value["id"]).to_owned(), tier.to_owned());
                }
            }
            "ticket_opened" => {
                let ticket = self.open(line);
                self.tickets.insert(word(&value["ticket"]).to_owned(), ticket);
            }
            "message" => self.message(line),
            "status" => self.status(line),
            "assigned" => {
                if let Some(ticket) = self.tickets.get_mut(word(&value["ticket"])) {
                    let agent = value["agent"].as_str().map(str::to_owned);
                    ticket.assigned.push((line.at, agent));
                }
            }
            _ => {}
        }
    }

    fn open(&self, line: &Line) -> Ticket {
        let value = &line.value;
        let tier = self
            .tiers
            .get(word(&value["customer"]))
            .map_or("standard", String::as_str);
        let subject = Subject {
            tier,
            channel: word(&value["channel"]),
            priority: value["priority"].as_str().unwrap_or("normal"),
        };
        let policy = pick(self.policies.values(), |policy| policy.matching.fits(&subject));
        let versions = policy
            .and_then(|policy| self.schedules.get(policy.schedule.as_ref()?))
            .and_then(|versions| Schedule::new(versions.clone()).ok());
        Ticket {
            policy: policy.map(|policy| policy.id.clone()),
            terms: Terms::new(policy.map(|policy| policy.goals.clone()).unwrap_or_default(), versions),
            opened_at: line.at,
            facts: Vec::new(),
            replies: Vec::new(),
            assigned: Vec::new(),
            attributes: BTreeMap::from([
                ("tier", subject.tier.to_owned()),
                ("channel", subject.channel.to_owned()),
                ("priority", subject.priority.to_owned()),
            ]),
            gone: false,
        }
    }

    fn message(&mut self, line: &Line) {
        let mut ticket = word(&line.value["ticket"]);
        while let Some(target) = self.merged.get(ticket) {
            ticket = target;
        }
        let Some(ticket) = self.tickets.get_mut(ticket) else {
            return;
        };
        let public = line.value["visibility"] != "internal";
        match word(&line.value["actor"]["kind"]) {
            "customer" => ticket.facts.push(Fact::new(line.at, What::CustomerWrote)),
            "agent" if public => {
                ticket.facts.push(Fact::new(line.at, What::Replied));
                let agent = line.value["actor"]["id"].as_str().map(str::to_owned);
                ticket.replies.push((line.at, agent));
            }
            _ => {}
        }
    }

    fn status(&mut self, line: &Line) {
        let Some(ticket) = self.tickets.get_mut(word(&line.value["ticket"])) else {
            return;
        };
        let status = word(&line.value["status"]);
        ticket.gone = matches!(status, "spam" | "deleted");
        if !ticket.gone {
            let status: Status = serde_json::from_value(line.value["status"].clone()).expect("a status");
            ticket.facts.push(Fact::new(line.at, What::Became(status)));
        }
    }
}

fn policy(value: &Value, line: i64) -> Policy {
    let words = |field: &str| {
        let values = value["match"][field].as_array().map(Vec::as_slice).unwrap_or_default();
        values.iter().map(|one| word(one).to_owned()).collect()
    };
    let goals = value["targets"].as_array().expect("targets").iter().map(|target| {
        let metric: Metric = serde_json::from_value(target["metric"].clone()).expect("a metric");
        let clock: ClockKind = serde_json::from_value(target["clock"].clone()).expect("a clock");
        Goal::new(metric, target["seconds"].as_i64().expect("seconds"), clock)
    });
    Policy {
        id: word(&value["id"]).to_owned(),
        position: value["position"]
            .as_i64()
            .and_then(|position| i32::try_from(position).ok()),
        age: line,
        matching: Match {
            tiers: words("tier"),
            channels: words("channel"),
            priorities: words("priority"),
        },
        goals: goals.collect(),
        schedule: value["schedule"].as_str().map(str::to_owned),
    }
}
