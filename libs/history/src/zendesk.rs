//! From a Zendesk export to a history. Pure.
//!
//! Reads JSON Lines as Zendesk's exports have them: tickets, with their `comments` or `audits`, and people around them nested
//! (`requester`, `assignee`) or in lines and lists of their own (`users`, `groups`, also as pages of the incremental exports). What an
//! export does not say is not invented: without audits only the last status has a time, and nobody's transfers are known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// People and groups, and who was told of already.
#[derive(Debug, Default)]
pub struct Converter {
    users: BTreeMap<String, Map<String, Value>>,
    groups: BTreeMap<String, String>,
    told: BTreeSet<String>,
    /// Who ever had a ticket.
    staff: BTreeSet<String>,
}

/// What Zendesk's own doings are signed with.
const SYSTEM: &str = "-1";

impl Converter {
    /// Learns who is in a line; the whole file is learned before any of it is converted.
    pub fn learn(&mut self, line: &Value) {
        for user in list(line, "users") {
            self.user(user);
        }
        for group in list(line, "groups") {
            self.group(group);
        }
        for ticket in tickets(line) {
            for role in ["requester", "submitter", "assignee"] {
                if ticket[role].is_object() {
                    self.user(&ticket[role]);
                }
            }
            self.group(&ticket["group"]);
            self.staff.extend(person(ticket, "assignee"));
            let events = list(ticket, "audits").iter().flat_map(|audit| list(audit, "events"));
            let given = events.filter(|event| event["field_name"] == "assignee_id");
            self.staff.extend(given.filter_map(|event| number(&event["value"])));
        }
        if line.get("role").is_some() && line.get("status").is_none() {
            self.user(line);
        }
    }

    fn user(&mut self, user: &Value) {
        if let (Some(id), Some(fields)) = (id(&user["id"]), user.as_object()) {
            // Told in several places: what one leaves out another may have.
            let known = self.users.entry(id).or_default();
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                known.insert(name.clone(), value.clone());
            }
        }
    }

    fn group(&mut self, group: &Value) {
        if let (Some(id), Some(name)) = (id(&group["id"]), text(&group["name"])) {
            self.groups.insert(id, name);
        }
    }

    /// The history of everything in a line; a line without a ticket has none.
    ///
    /// # Errors
    /// What a ticket lacks that has to be there.
    pub fn convert(&mut self, line: &Value) -> Result<Vec<Value>, String> {
        let mut history = Vec::new();
        for ticket in tickets(line) {
            self.ticket(ticket, &mut history)?;
        }
        Ok(history)
    }

    fn ticket(&mut self, ticket: &Value, history: &mut Vec<Value>) -> Result<(), String> {
        let id = id(&ticket["id"]).ok_or("a ticket has no id")?;
        let opened = text(&ticket["created_at"]).ok_or_else(|| format!("ticket {id} has no created_at"))?;
        let requester = person(ticket, "requester").ok_or_else(|| format!("ticket {id} has no requester_id"))?;
        self.customer(&requester, &opened, history);
        let channel = channel(&ticket["via"]);
        let mut line =
            json!({"at": opened, "type": "ticket_opened", "ticket": id, "customer": requester, "channel": channel});
        put(
            &mut line,
            "subject",
            text(&ticket["subject"]).or_else(|| text(&ticket["raw_subject"])),
        );
        put(&mut line, "priority", text(&ticket["priority"]));
        let tags: Vec<&str> = list(ticket, "tags")
            .iter()
            .filter_map(Value::as_str)
            .filter(|tag| !tag.trim().is_empty())
            .collect();
        if !tags.is_empty() {
            line["tags"] = json!(tags);
        }
        put(&mut line, "queue", self.first_group(ticket));
        let submitter = person(ticket, "submitter").unwrap_or_else(|| requester.clone());
        line["opened_by"] = json!(self.kind(&submitter, &requester));
        history.push(line);
        self.comments(ticket, &id, &requester, history);
        match list(ticket, "audits") {
            [] => self.ending(ticket, &id, &opened, history),
            audits => self.audits(audits, &id, &requester, history),
        }
        let rating = &ticket["satisfaction_rating"];
        if let (Some(score), Some(at)) = (rated(&rating["score"]), text(&rating["created_at"])) {
            history.push(json!({"at": at, "type": "survey_answered", "ticket": id, "survey": "csat", "score": score}));
        }
        Ok(())
    }

    /// Told once, at the first ticket or when they became known, whichever was first.
    fn customer(&mut self, id: &str, opened: &str, history: &mut Vec<Value>) {
        if !self.told.insert(format!("customer {id}")) {
            return;
        }
        let none = Map::new();
        let user = self.users.get(id).unwrap_or(&none);
        let field = |name: &str| user.get(name).and_then(text);
        let known = field("created_at").filter(|at| at.as_str() < opened);
        let mut line = json!({"at": known.unwrap_or_else(|| opened.to_owned()), "type": "customer", "id": id});
        put(&mut line, "name", field("name"));
        put(&mut line, "language", field("locale"));
        put(
            &mut line,
            "organization",
            user.get("organization").and_then(|one| text(&one["name"])),
        );
        let attributes: Map<String, Value> = ["email", "phone", "external_id"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), Value::from(field(name)?))))
            .collect();
        if !attributes.is_empty() {
            line["attributes"] = attributes.into();
        }
        history.push(line);
    }

    fn agent(&mut self, id: &str, at: &str, history: &mut Vec<Value>) {
        if !self.told.insert(format!("agent {id}")) {
            return;
        }
        let mut line = json!({"at": at, "type": "agent", "id": id});
        put(
            &mut line,
            "name",
            self.users.get(id).and_then(|user| text(user.get("name")?)),
        );
        history.push(line);
    }

    fn kind(&self, id: &str, requester: &str) -> &'static str {
        let role = self
            .users
            .get(id)
            .and_then(|user| user.get("role"))
            .and_then(Value::as_str);
        match role {
            _ if id == SYSTEM => "automation",
            Some("end-user") => "customer",
            Some(_) => "agent",
            // Whom nobody knows is one of many outside, unless tickets are given to them.
            None if id != requester && self.staff.contains(id) => "agent",
            None => "customer",
        }
    }

    fn actor(&mut self, id: &str, requester: &str, at: &str, history: &mut Vec<Value>) -> Value {
        let kind = self.kind(id, requester);
        if kind == "agent" && !at.is_empty() {
            self.agent(id, at, history);
        }
        json!({"kind": kind, "id": id})
    }

    fn comments(&mut self, ticket: &Value, id: &str, requester: &str, history: &mut Vec<Value>) {
        let comments = list(ticket, "comments");
        if comments.is_empty() && list(ticket, "audits").is_empty() {
            // Exports without comments have at least the first one.
            if let (Some(body), Some(at)) = (text(&ticket["description"]), text(&ticket["created_at"])) {
                history.push(json!({"at": at, "type": "message", "ticket": id, "actor": {"kind": "customer", "id": requester}, "body": body}));
            }
        }
        for comment in comments {
            let at = text(&comment["created_at"]);
            self.comment(comment, at, id, requester, history);
        }
    }

    fn comment(
        &mut self,
        comment: &Value,
        at: Option<String>,
        ticket: &str,
        requester: &str,
        history: &mut Vec<Value>,
    ) {
        let mut line = json!({"type": "message", "ticket": ticket});
        // What lacks its author or its time is a bad line, and is named by its number instead of vanishing.
        if let Some(author) = number(&comment["author_id"]) {
            line["actor"] = self.actor(&author, requester, at.as_deref().unwrap_or_default(), history);
        }
        put(&mut line, "at", at);
        if comment["public"] == json!(false) {
            line["visibility"] = json!("internal");
        }
        put(
            &mut line,
            "body",
            text(&comment["plain_body"]).or_else(|| text(&comment["body"])),
        );
        if comment["via"]["channel"].is_string() {
            line["channel"] = json!(channel(&comment["via"]));
        }
        history.push(line);
    }

    /// Every change, at its time. Comments are among them when they are not told apart.
    fn audits(&mut self, audits: &[Value], id: &str, requester: &str, history: &mut Vec<Value>) {
        let comments_apart = history
            .iter()
            .any(|line| line["type"] == "message" && line["ticket"] == *id);
        // A line without an agent gives a ticket back, so each names who has it.
        let mut has: Option<String> = None;
        for audit in audits {
            let Some(at) = text(&audit["created_at"]) else { continue };
            let author = number(&audit["author_id"]).unwrap_or_else(|| SYSTEM.to_owned());
            let (mut moved, mut queue) = (false, None);
            for event in list(audit, "events") {
                match (event["type"].as_str(), event["field_name"].as_str()) {
                    (Some("Comment"), _) if !comments_apart => {
                        let mut comment = event.clone();
                        if comment["author_id"].is_null() {
                            comment["author_id"] = json!(author);
                        }
                        self.comment(&comment, Some(at.clone()), id, requester, history);
                    }
                    (Some("Create" | "Change"), Some("status")) => {
                        if let Some(status) = status(&event["value"]) {
                            let actor = self.actor(&author, requester, &at, history);
                            history.push(
                                json!({"at": at, "type": "status", "ticket": id, "status": status, "actor": actor}),
                            );
                        }
                    }
                    (Some("Create" | "Change"), Some("assignee_id")) => {
                        has = number(&event["value"]);
                        moved = true;
                        if let Some(agent) = has.clone() {
                            self.agent(&agent, &at, history);
                        }
                    }
                    // The group of the opening is in its own line.
                    (Some("Change"), Some("group_id")) => {
                        queue = number(&event["value"]).map(|group| self.groups.get(&group).cloned().unwrap_or(group));
                    }
                    (Some("Create" | "Change"), Some("satisfaction_score")) => {
                        if let Some(score) = rated(&event["value"]) {
                            history.push(json!({"at": at, "type": "survey_answered", "ticket": id, "survey": "csat", "score": score}));
                        }
                    }
                    _ => {}
                }
            }
            if moved || queue.is_some() {
                let mut line = json!({"at": at, "type": "assigned", "ticket": id});
                put(&mut line, "agent", has.clone());
                put(&mut line, "queue", queue);
                history.push(line);
            }
        }
    }

    /// The group that a ticket was opened in: as its first change says, else the one that it has.
    fn first_group(&self, ticket: &Value) -> Option<String> {
        let created = |audit: &Value| {
            let events = list(audit, "events").iter();
            let mut groups = events.filter(|event| event["type"] == "Create" && event["field_name"] == "group_id");
            groups.find_map(|event| number(&event["value"]))
        };
        let first = list(ticket, "audits").iter().find_map(created);
        let group = first
            .or_else(|| number(&ticket["group_id"]))
            .or_else(|| id(&ticket["group"]["id"]))?;
        Some(self.groups.get(&group).cloned().unwrap_or(group))
    }

    /// Who has it and how it ended, where nothing tells how it came about.
    fn ending(&mut self, ticket: &Value, id: &str, opened: &str, history: &mut Vec<Value>) {
        let metrics = &ticket["metric_set"];
        if let Some(agent) = person(ticket, "assignee") {
            let at = text(&metrics["initially_assigned_at"]).unwrap_or_else(|| opened.to_owned());
            self.agent(&agent, &at, history);
            history.push(json!({"at": at, "type": "assigned", "ticket": id, "agent": agent}));
        }
        let Some(last) = status(&ticket["status"]) else { return };
        let updated = text(&ticket["updated_at"]).unwrap_or_else(|| opened.to_owned());
        let solved = text(&metrics["solved_at"]).or_else(|| text(&ticket["solved_at"]));
        if matches!(last, "solved" | "closed") {
            let at = solved.unwrap_or_else(|| updated.clone());
            history.push(json!({"at": at, "type": "status", "ticket": id, "status": "solved"}));
        }
        if last != "solved" {
            history.push(json!({"at": updated, "type": "status", "ticket": id, "status": last}));
        }
    }
}

fn tickets(line: &Value) -> Vec<&Value> {
    match line.get("tickets") {
        Some(Value::Array(tickets)) => tickets.iter().collect(),
        _ if line.get("ticket").is_some_and(Value::is_object) => vec![&line["ticket"]],
        _ if line.get("status").is_some() && line.get("id").is_some() => vec![line],
        _ => Vec::new(),
    }
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// A text that says something.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// An id: a number, or a number as text.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<String> {
    id(value)
}

/// `requester_id`, or the id of the nested `requester`.
fn person(ticket: &Value, role: &str) -> Option<String> {
    number(&ticket[format!("{role}_id")]).or_else(|| id(&ticket[role]["id"]))
}

fn put(line: &mut Value, field: &str, value: Option<String>) {
    if let Some(value) = value {
        line[field] = json!(value);
    }
}

fn channel(via: &Value) -> &str {
    match via["channel"].as_str() {
        Some("web" | "mobile" | "mobile_sdk" | "web_widget") => "web_form",
        Some("voice" | "phone" | "voicemail") => "phone",
        Some("native_messaging" | "chat" | "chat_transcript") => "chat",
        Some("any_channel" | "twitter" | "twitter_dm") => "social",
        Some("") | None => "api",
        Some(other) => other,
    }
}

/// None: it is still new, which the format has no line for.
fn status(value: &Value) -> Option<&'static str> {
    match value.as_str()? {
        "open" => Some("open"),
        "pending" => Some("pending"),
        "hold" => Some("on_hold"),
        "solved" => Some("solved"),
        "closed" => Some("closed"),
        "deleted" => Some("deleted"),
        _ => None,
    }
}

/// Good and bad are the ends of a scale of five.
fn rated(value: &Value) -> Option<u8> {
    match value.as_str()? {
        "good" | "good_with_comment" => Some(5),
        "bad" | "bad_with_comment" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = include_str!("../fixtures/zendesk.jsonl");

    fn converted() -> String {
        let lines: Vec<Value> = EXPORT
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let mut converter = Converter::default();
        lines.iter().for_each(|line| converter.learn(line));
        let history = lines.iter().flat_map(|line| converter.convert(line).expect("a ticket"));
        history.map(|line| line.to_string() + "\n").collect()
    }

    #[test]
    fn an_export_becomes_this_history() {
        insta::assert_snapshot!(converted());
    }

    #[test]
    fn what_comes_out_has_no_bad_line() {
        let (lines, bad) = crate::read_all(&converted());
        assert_eq!(bad, []);
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.what.type_name() == "ticket_opened")
                .count(),
            3
        );
    }

    #[test]
    fn what_a_ticket_lacks_is_said() {
        let mut converter = Converter::default();
        for (ticket, lacks) in [
            (json!({"id": 1, "status": "new"}), "ticket 1 has no created_at"),
            (
                json!({"id": 1, "status": "new", "created_at": "2021-01-01T00:00:00Z"}),
                "ticket 1 has no requester_id",
            ),
        ] {
            assert_eq!(converter.convert(&ticket), Err(lacks.to_owned()));
        }
        assert_eq!(converter.convert(&json!({"count": 7})), Ok(Vec::new()));
    }

    #[test]
    fn whom_nobody_knows_is_no_agent_and_what_lacks_its_time_is_a_bad_line() {
        let ticket = json!({"id": 1, "status": "open", "created_at": "2021-01-01T00:00:00Z", "requester_id": 1, "assignee_id": 2, "comments": [
            {"author_id": 2, "body": "Ours", "created_at": "2021-01-01T01:00:00Z"},
            {"author_id": 3, "body": "A colleague of theirs", "created_at": "2021-01-01T02:00:00Z"},
            {"author_id": 3, "body": "Some time"},
            {"body": "Somebody", "created_at": "2021-01-01T03:00:00Z"},
        ]});
        let mut converter = Converter::default();
        converter.learn(&ticket);
        let history = converter.convert(&ticket).expect("a ticket");
        let kinds: Vec<&str> = history
            .iter()
            .filter_map(|line| line["actor"]["kind"].as_str())
            .collect();
        assert_eq!(kinds, ["agent", "customer", "customer"]);
        let text: String = history.iter().map(|line| line.to_string() + "\n").collect();
        let reasons: Vec<_> = crate::read_all(&text)
            .1
            .into_iter()
            .map(|bad| bad.problems[0].field.clone())
            .collect();
        assert_eq!(reasons, ["at", "actor"]);
    }
}
