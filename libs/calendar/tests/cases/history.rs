//! A history as far as it is about hours: schedules, policies, tickets with the times of messages and solves.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use vorrang_calendar::{Calendar, Schedule, Version};

/// A ticket.
#[derive(Debug)]
pub struct Ticket {
    pub opened: DateTime<Utc>,
    pub channel: String,
    /// Public messages: when, and whether an agent wrote it (otherwise the customer).
    messages: Vec<(DateTime<Utc>, bool)>,
    /// Whether it is solved or closed, and its last solve.
    pub over: bool,
    solved: Option<DateTime<Utc>>,
    /// The policy that it matched, and its calendar.
    pub policy: Option<String>,
    pub calendar: Option<Calendar>,
}

/// Everything of a case.
#[derive(Debug, Default)]
pub struct Desk {
    pub tickets: Vec<Ticket>,
}

struct Policy {
    id: String,
    position: i64,
    schedule: Option<String>,
    channels: Vec<String>,
}

impl Desk {
    pub fn read(text: &str) -> Self {
        let mut lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line"))
            .collect();
        // Within an instant schedules and policies come first, then tickets, then the rest.
        let rank = |line: &Value| match word(line, "type").as_str() {
            "ticket_opened" => 1,
            "message" | "status" => 2,
            _ => 0,
        };
        lines.sort_by_key(|line| (at(line), rank(line)));
        let mut schedules: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        let mut policies: Vec<Policy> = Vec::new();
        let mut tickets: BTreeMap<String, Ticket> = BTreeMap::new();
        for line in lines {
            match word(&line, "type").as_str() {
                "schedule" => schedules.entry(word(&line, "id")).or_default().push(version(&line)),
                "sla_policy" => policies.push(policy(&line)),
                "ticket_opened" => {
                    let ticket = opened(&line, &schedules, &policies);
                    tickets.insert(word(&line, "ticket"), ticket);
                }
                "message" => {
                    let agent = line["actor"]["kind"] == "agent";
                    let ticket = tickets.get_mut(&word(&line, "ticket")).expect("a ticket");
                    ticket.messages.push((at(&line), agent));
                }
                "status" => {
                    let ticket = tickets.get_mut(&word(&line, "ticket")).expect("a ticket");
                    let status = word(&line, "status");
                    ticket.over = status == "solved" || status == "closed";
                    ticket.solved = if status == "solved" {
                        Some(at(&line))
                    } else {
                        ticket.solved
                    };
                }
                _ => {}
            }
        }
        Self {
            tickets: tickets.into_values().collect(),
        }
    }
}

impl Ticket {
    /// From the first message of the customer to the first reply after it, in open seconds.
    pub fn first_response(&self) -> Option<f64> {
        let (asked, _) = *self.messages.iter().find(|(_, agent)| !agent)?;
        let (replied, _) = *self.messages.iter().find(|(at, agent)| *agent && *at >= asked)?;
        self.business(asked, replied)
    }

    /// When it was last solved, and the open seconds from its opening until then.
    pub fn resolution(&self) -> Option<(DateTime<Utc>, f64)> {
        let solved = self.solved.filter(|_| self.over)?;
        Some((solved, self.business(self.opened, solved)?))
    }

    fn business(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<f64> {
        let open = self.calendar.as_ref()?.business(from, to);
        Some(open.as_seconds_f64())
    }
}

fn opened(line: &Value, schedules: &BTreeMap<String, Vec<Version>>, policies: &[Policy]) -> Ticket {
    let (opened, channel) = (at(line), word(line, "channel"));
    let fits = |policy: &&Policy| policy.channels.is_empty() || policy.channels.contains(&channel);
    let policy = policies.iter().filter(fits).min_by_key(|policy| policy.position);
    let calendar = policy
        .and_then(|policy| schedules.get(policy.schedule.as_ref()?))
        .and_then(|versions| Schedule::new(versions.clone()).ok()?.known_at(opened))
        .map(|schedule| Calendar::new(&schedule));
    Ticket {
        opened,
        channel,
        messages: Vec::new(),
        over: false,
        solved: None,
        policy: policy.map(|policy| policy.id.clone()),
        calendar,
    }
}

/// A line without its type and id is a draft as it is.
fn version(line: &Value) -> Version {
    let mut draft = line.clone();
    let fields = draft.as_object_mut().expect("an object");
    fields.remove("type");
    fields.remove("id");
    serde_json::from_value(draft).expect("a version")
}

fn policy(line: &Value) -> Policy {
    let channels = line["match"]["channel"].as_array().cloned().unwrap_or_default();
    Policy {
        id: word(line, "id"),
        position: line["position"].as_i64().unwrap_or(i64::MAX),
        schedule: line["schedule"].as_str().map(str::to_owned),
        channels: channels
            .iter()
            .filter_map(|channel| channel.as_str().map(str::to_owned))
            .collect(),
    }
}

fn at(line: &Value) -> DateTime<Utc> {
    word(line, "at").parse().expect("a time")
}

fn word(line: &Value, field: &str) -> String {
    line[field].as_str().unwrap_or_default().to_owned()
}
