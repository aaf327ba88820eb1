//! Checks everything that happened in a test, whatever it was: the log against what is stored, and both against the rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pb::event::Payload;
use pb::ticket::State;

use super::merge::brief;
use super::*;

/// Everything that was told of one ticket, in order: the ticket after each operation (without its texts, which are not told beside another
/// ticket), with what happened in that operation.
type Steps = Vec<(pb::Ticket, Vec<pb::Event>)>;

impl Fixture {
    /// The checker of histories. Nothing may run meanwhile. Holds for tenant `acme`:
    /// - the log is dense, and the last that it tells of a ticket is what is stored;
    /// - every change of state and every assignment follows the one before it, and is told once;
    /// - a ticket waits exactly when nobody has it, it needs work and is one of its own; generations and etags only rise;
    /// - every message that was told is in exactly one ticket, the one that its name says, and no other message is;
    /// - merges lead in no circle, and every link is on both sides.
    pub async fn check_history(&self) {
        let events = self.events("acme").await;
        let stored = self.all_tickets().await;
        let mut steps: HashMap<String, Steps> = HashMap::new();
        for event in &events {
            for ticket in told(event) {
                let ticket = brief(ticket);
                let steps = steps.entry(ticket.name.clone()).or_default();
                match steps.last_mut() {
                    Some((last, happened)) if last.etag == ticket.etag => {
                        assert_eq!(*last, ticket, "all events of one operation tell the same");
                        happened.push(event.clone());
                    }
                    _ => steps.push((ticket, vec![event.clone()])),
                }
            }
        }
        assert_eq!(steps.len(), stored.len(), "every ticket was told");
        for (name, ticket) in &stored {
            let steps = &steps[name];
            assert_eq!(
                steps.last().map(|(last, _)| last),
                Some(&brief(ticket)),
                "the log tells what is stored"
            );
            check_steps(steps);
        }
        check_relations(&stored);
        self.check_messages(&events, &stored).await;
    }

    pub async fn all_tickets(&self) -> BTreeMap<String, pb::Ticket> {
        let mut all = BTreeMap::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListTicketsRequest {
                page_size: 500,
                page_token,
                show_merged: true,
                ..Default::default()
            };
            let page = list_tickets::handle(&self.app, acme(request)).await.expect("a page");
            all.extend(page.tickets.into_iter().map(|ticket| (ticket.name.clone(), ticket)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    async fn check_messages(&self, events: &[pb::Event], stored: &BTreeMap<String, pb::Ticket>) {
        let mut told: BTreeMap<String, String> = BTreeMap::new();
        for event in events {
            match &event.payload {
                Some(Payload::MessageCreated(created)) => {
                    let name = &created.message.as_ref().expect("one").name;
                    assert_eq!(told.insert(id(name), name.clone()), None, "a message is told once");
                }
                Some(Payload::TicketSplit(split)) => {
                    for message in &split.messages {
                        assert!(
                            told.insert(id(&message.name), message.name.clone()).is_some(),
                            "it was told before"
                        );
                    }
                }
                _ => {}
            }
        }
        let mut found = BTreeMap::new();
        for (name, ticket) in stored {
            let messages = self.messages(name, false).await;
            assert_eq!(messages.len(), ticket.message_count as usize, "{ticket:?}");
            for message in messages {
                assert!(message.name.starts_with(name.as_str()), "{}", message.name);
                assert_eq!(
                    found.insert(id(&message.name), message.name),
                    None,
                    "a message is in one ticket"
                );
            }
        }
        assert_eq!(found, told, "no message is lost, none is made up");
    }
}

/// All tickets that an event tells of, each as it is after the whole operation.
fn told(event: &pb::Event) -> Vec<&pb::Ticket> {
    let tickets = match event.payload.as_ref().expect("a payload") {
        Payload::TicketCreated(one) => [one.ticket.as_ref(), None],
        Payload::TicketUpdated(one) => [one.ticket.as_ref(), None],
        Payload::TicketStateChanged(one) => [one.ticket.as_ref(), None],
        Payload::TicketQueued(one) => [one.ticket.as_ref(), None],
        Payload::TicketAssigned(one) => [one.ticket.as_ref(), None],
        Payload::MessageCreated(one) => [one.ticket.as_ref(), None],
        Payload::SurveyAnswered(one) => [one.ticket.as_ref(), None],
        Payload::TicketMerged(one) => [one.ticket.as_ref(), one.target.as_ref()],
        Payload::TicketUnmerged(one) => [one.ticket.as_ref(), one.target.as_ref()],
        Payload::TicketSplit(one) => [one.ticket.as_ref(), one.new_ticket.as_ref()],
        Payload::TicketLinked(one) => [one.ticket.as_ref(), one.other.as_ref()],
        Payload::TicketUnlinked(one) => [one.ticket.as_ref(), one.other.as_ref()],
        // Kinds that no test of histories makes.
        _ => [None, None],
    };
    tickets.into_iter().flatten().collect()
}

fn id(message: &str) -> String {
    message.rsplit('/').next().expect("a name").to_owned()
}

fn revision(ticket: &pb::Ticket) -> i64 {
    ticket.etag.trim_matches('"').parse().expect("a revision")
}

fn check_steps(steps: &Steps) {
    let (first, _) = &steps[0];
    assert_eq!(first.etag, "\"1\"", "everything is told from the beginning");
    let mut state = State::New;
    let mut assignee = String::new();
    for (index, (ticket, happened)) in steps.iter().enumerate() {
        if index > 0 {
            let (before, _) = &steps[index - 1];
            assert!(revision(ticket) > revision(before), "{before:?} → {ticket:?}");
            assert!(ticket.generation >= before.generation, "{before:?} → {ticket:?}");
            if !before.merged_into.is_empty() && !ticket.merged_into.is_empty() {
                let quiet = |one: &pb::Ticket| (one.state, one.assignee.clone(), one.message_count);
                assert_eq!(quiet(before), quiet(ticket), "what is merged does not change");
            }
        }
        let is_own = ticket.merged_into.is_empty();
        let needs_work = [State::New, State::Open].contains(&ticket.state());
        let waits = is_own && needs_work && ticket.assignee.is_empty();
        assert_eq!(ticket.queue_entered_at.is_some(), waits, "{ticket:?}");

        let of_ticket = |event: &&pb::Event| event.head.as_ref().is_some_and(|head| head.subject == ticket.name);
        let mut changes = 0;
        for event in happened.iter().filter(of_ticket) {
            match event.payload.as_ref() {
                Some(Payload::TicketStateChanged(change)) => {
                    assert_eq!(change.previous_state(), state, "one follows the other: {event:?}");
                    changes += 1;
                }
                Some(Payload::TicketAssigned(change)) => {
                    assert_eq!(change.previous_assignee, assignee, "one follows the other: {event:?}");
                    assert_ne!(ticket.assignee, assignee, "an assignment assigns: {event:?}");
                    assignee.clone_from(&ticket.assignee);
                }
                Some(Payload::TicketQueued(_)) => assignee.clear(),
                Some(Payload::TicketUpdated(change))
                    if change.changed_fields.iter().any(|field| field == "assignee") =>
                {
                    assignee.clear();
                }
                _ => {}
            }
        }
        assert_eq!(
            changes,
            i32::from(ticket.state() != state),
            "a change of state is told once: {ticket:?}"
        );
        assert_eq!(ticket.assignee, assignee, "whoever has it was told");
        state = ticket.state();
    }
}

fn check_relations(stored: &BTreeMap<String, pb::Ticket>) {
    for (name, ticket) in stored {
        let mut seen = BTreeSet::from([name]);
        let mut at = ticket;
        while !at.merged_into.is_empty() {
            assert!(seen.insert(&at.merged_into), "merges lead in a circle: {seen:?}");
            at = &stored[&at.merged_into];
        }
        for link in &ticket.links {
            let kind = inverse(link.r#type());
            let other = &stored[&link.ticket];
            let back = other
                .links
                .iter()
                .filter(|back| (back.r#type(), &back.ticket) == (kind, name));
            assert_eq!(back.count(), 1, "a link is on both sides once: {link:?}");
        }
    }
}

fn inverse(kind: pb::ticket_link::Type) -> pb::ticket_link::Type {
    use pb::ticket_link::Type;
    match kind {
        Type::Unspecified => Type::Unspecified,
        Type::RelatesTo => Type::RelatesTo,
        Type::CausedBy => Type::Causes,
        Type::Causes => Type::CausedBy,
        Type::Duplicates => Type::DuplicatedBy,
        Type::DuplicatedBy => Type::Duplicates,
        Type::FollowUpOf => Type::FollowedUpBy,
        Type::FollowedUpBy => Type::FollowUpOf,
        Type::SplitFrom => Type::SplitInto,
        Type::SplitInto => Type::SplitFrom,
    }
}
