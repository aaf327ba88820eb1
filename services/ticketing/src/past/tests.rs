//! What lines make of rows, without a store.

use chrono::TimeDelta;
use vorrang_history::read;

use super::*;
use crate::words::Channel;

fn now() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().expect("a time")
}

/// Takes lines of the same instant after another, a second apart; gives what was refused, by number.
fn take(past: &mut Past, lines: &[serde_json::Value]) -> Vec<(usize, Refusal)> {
    let ids = Ids::default();
    let mut refused = Vec::new();
    // What is taken later is later.
    let begin = now() - TimeDelta::days(30) + TimeDelta::hours(i64::try_from(past.new.len()).expect("few"));
    for (index, line) in lines.iter().enumerate() {
        let mut line = line.clone();
        let at = begin + TimeDelta::seconds(i64::try_from(index).expect("few"));
        line["at"] = at.to_rfc3339().into();
        let read = read(1, &line.to_string()).expect("a line");
        if let Err(refusal) = past.take(&read.line, &read.hash, "imports/1", &ids) {
            refused.push((index, refusal));
        }
    }
    refused
}

fn past() -> Past {
    Past {
        source: "old".to_owned(),
        now: now(),
        ..Past::default()
    }
}

fn opened(ticket: &str) -> serde_json::Value {
    serde_json::json!({"type": "ticket_opened", "ticket": ticket, "customer": "c", "channel": "WhatsApp", "queue": "Billing Team",
        "tags": ["b", "a", "a"], "priority": "urgent"})
}

fn status(ticket: &str, status: &str) -> serde_json::Value {
    serde_json::json!({"type": "status", "ticket": ticket, "status": status})
}

#[test]
fn a_ticket_is_as_its_lines_leave_it() {
    let mut past = past();
    let refused = take(
        &mut past,
        &[
            opened("1"),
            serde_json::json!({"type": "message", "ticket": "1", "actor": {"kind": "customer"}, "body": "Help"}),
            serde_json::json!({"type": "message", "ticket": "1", "actor": {"kind": "agent", "id": "Anna"}, "visibility": "internal"}),
            serde_json::json!({"type": "assigned", "ticket": "1", "agent": "anna"}),
            serde_json::json!({"type": "message", "ticket": "1", "actor": {"kind": "agent", "id": "anna"}, "body": "So"}),
            status("1", "solved"),
            status("1", "open"),
            status("1", "solved"),
            status("1", "closed"),
        ],
    );
    assert_eq!(refused, []);
    let ticket = past.tickets.values().next().expect("a ticket");
    assert_eq!(
        (ticket.state, ticket.solve_count, ticket.message_count),
        (State::Closed, 2, 3)
    );
    assert_eq!(ticket.external_id.as_deref(), Some("old:1"));
    assert_eq!(
        (ticket.channel, ticket.tags.join(",")),
        (Channel::Messaging, "a,b".to_owned())
    );
    assert_eq!(ticket.assignee.as_deref(), Some("agents/anna"));
    assert!(ticket.queue.starts_with("billing-team-"));
    assert_eq!(
        (ticket.queue_entered_at, &ticket.sla),
        (None, &None),
        "nothing begins to run"
    );
    let first = ticket.opened_at + TimeDelta::seconds(4);
    assert_eq!(ticket.first_replied_at, Some(first), "a note is no reply");
    assert_eq!(past.solves.iter().map(|solve| solve.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(past.solves[0].agent.as_deref(), Some("agents/anna"));
    assert_eq!(
        past.messages.iter().map(|one| one.position).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(past.customers.len(), 1, "made of the ticket alone");
    let customer = past.customers.values().next().expect("one");
    assert_eq!(
        customer.periods.last(),
        None,
        "without a line of their own they were never won"
    );
}

#[test]
fn spam_is_aside_until_it_is_something_again() {
    let mut past = past();
    take(&mut past, &[opened("1"), status("1", "spam")]);
    assert_eq!(
        past.tickets.values().next().expect("one").disposition,
        crate::words::Disposition::Spam
    );
    take(&mut past, &[status("1", "open")]);
    assert_eq!(
        past.tickets.values().next().expect("one").disposition,
        crate::words::Disposition::Normal
    );
}

#[test]
fn the_past_does_not_overrule_the_present() {
    let mut past = past();
    take(&mut past, &[opened("1"), status("1", "solved")]);
    let id = past.numbers["1"];
    let ticket = past.tickets.get_mut(&id).expect("a ticket");
    // As whoever reopens it leaves it.
    (ticket.revision, ticket.state) = (ticket.revision + 1, State::Open);
    let refused = take(
        &mut past,
        &[
            status("1", "closed"),
            serde_json::json!({"type": "assigned", "ticket": "1", "agent": "ben"}),
            serde_json::json!({"type": "message", "ticket": "1", "actor": {"kind": "customer"}}),
        ],
    );
    let ticket = &past.tickets[&id];
    assert_eq!(refused, []);
    assert_eq!(
        (ticket.state, &ticket.assignee, ticket.message_count),
        (State::Open, &None, 0)
    );
}

/// A line that comes late, corrected or from another file, does not undo what a newer one said.
#[test]
fn the_newest_line_decides_whenever_it_comes() {
    let mut past = past();
    let at = |line: serde_json::Value, second: i64| {
        let mut line = line;
        line["at"] = (now() - TimeDelta::days(1) + TimeDelta::seconds(second))
            .to_rfc3339()
            .into();
        read(1, &line.to_string()).expect("a line")
    };
    let assigned = |agent: &str| serde_json::json!({"type": "assigned", "ticket": "1", "agent": agent});
    for line in [
        at(opened("1"), 0),
        at(status("1", "solved"), 4),
        at(assigned("ben"), 5),
        at(status("1", "pending"), 3),
        at(assigned("anna"), 2),
    ] {
        past.take(&line.line, &line.hash, "imports/1", &Ids::default())
            .expect("taken");
    }
    let ticket = past.tickets.values().next().expect("one");
    assert_eq!(
        (ticket.state, ticket.assignee.as_deref()),
        (State::Solved, Some("agents/ben"))
    );
    assert_eq!(
        ticket.updated_at,
        now() - TimeDelta::days(1) + TimeDelta::seconds(5),
        "as old as its newest line"
    );
}

/// Two of one source who share an address are two; the address stays with the first.
#[test]
fn whom_the_source_tells_apart_stays_apart() {
    let mut past = past();
    let customer = |id: &str| serde_json::json!({"type": "customer", "id": id, "name": id, "attributes": {"email": "office@example.org"}});
    take(&mut past, &[customer("c1"), customer("c2")]);
    let names: Vec<&str> = past.customers.values().map(|one| one.display_name.as_str()).collect();
    assert_eq!(names, ["c1", "c2"]);
    assert_eq!(
        past.customers
            .values()
            .map(|one| one.identities.len())
            .collect::<Vec<_>>(),
        [2, 1]
    );
}

#[test]
fn who_was_erased_is_not_made_again() {
    let mut past = past();
    past.gone.insert(words::identity("old", "c").expect("fits").key());
    assert_eq!(take(&mut past, &[opened("1"), status("1", "open")]).len(), 2);
    assert_eq!((past.customers.len(), past.tickets.len()), (0, 0));
}

#[test]
fn customers_are_won_left_and_changed() {
    let mut past = past();
    let customer = |rest: serde_json::Value| {
        let mut line = serde_json::json!({"type": "customer", "id": "c"});
        line.as_object_mut()
            .expect("an object")
            .extend(rest.as_object().expect("fields").clone());
        line
    };
    take(
        &mut past,
        &[
            customer(
                serde_json::json!({"name": "Mara", "tier": "vip", "attributes": {"email": "Mara@Example.org", "plan": "gold"}}),
            ),
            opened("1"),
            customer(serde_json::json!({"tier": "standard", "country": "Germany"})),
            opened("2"),
            serde_json::json!({"type": "customer_left", "customer": "c"}),
            customer(serde_json::json!({"name": "Mara M."})),
        ],
    );
    let known = past.customers.values().next().expect("one");
    assert_eq!((known.display_name.as_str(), known.country.as_str()), ("Mara M.", ""));
    assert_eq!(
        (
            known.periods.earlier().len(),
            known.periods.last().expect("won").left_at
        ),
        (1, None)
    );
    let identities: Vec<&str> = known.identities.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(identities, ["old:c", "mara@example.org"]);
    let tiers: Vec<&str> = past.tickets.values().map(|ticket| ticket.tier.as_str()).collect();
    assert_eq!(tiers, ["vip", "standard"], "as it was at the opening");
}

#[test]
fn who_was_known_before_keeps_what_they_have() {
    let mut past = past();
    let id = Uuid::from_u128(1);
    let address =
        crate::customer::Identity::parse(crate::words::IdentityKind::Email, "mara@example.org", true).expect("fits");
    let profile = crate::customer::Profile {
        display_name: "Mara".to_owned(),
        identities: vec![address.clone()],
        ..Default::default()
    };
    past.customers
        .insert(id, Customer::new(id, profile, now()).expect("a customer"));
    past.owners.insert(address.key(), id);
    take(
        &mut past,
        &[
            serde_json::json!({"type": "customer", "id": "c", "name": "M. Old", "language": "de", "attributes": {"email": "mara@example.org"}}),
            opened("1"),
        ],
    );
    assert_eq!(past.customers.len(), 1);
    let known = &past.customers[&id];
    assert_eq!((known.display_name.as_str(), known.language.as_str()), ("Mara", "de"));
    assert_eq!(
        past.tickets.values().next().expect("one").customer,
        id,
        "found by the source's id from then on"
    );
}

#[test]
fn merges_links_and_refusals() {
    let mut past = past();
    let to = |kind: &str, ticket: &str, field: &str, other: &str| {
        let mut line = serde_json::json!({"type": kind, "ticket": ticket});
        line[field] = other.into();
        line
    };
    let refused = take(
        &mut past,
        &[
            opened("1"),
            opened("2"),
            to("merged", "2", "into", "1"),
            to("merged", "1", "into", "2"),
            to("linked", "1", "to", "2"),
            to("linked", "2", "to", "1"),
            status("3", "open"),
            opened("1"),
        ],
    );
    let reasons: Vec<(usize, &str)> = refused
        .iter()
        .map(|(index, refusal)| match refusal {
            Refusal::Bad(problem) => (*index, problem.reason.as_str()),
            Refusal::Erased => (*index, "ERASED"),
        })
        .collect();
    assert_eq!(
        reasons,
        [(3, "MERGE_CIRCLE"), (6, "TICKET_NOT_OPEN"), (7, "TICKET_TWICE")]
    );
    let (one, two) = (past.numbers["1"], past.numbers["2"]);
    assert_eq!(past.tickets[&two].merged_into, Some(one));
    assert_eq!((past.tickets[&one].links.len(), past.tickets[&two].links.len()), (1, 1));
    take(&mut past, &[to("unmerged", "2", "into", "1")]);
    assert_eq!(past.tickets[&two].merged_into, None);
    past.tickets.get_mut(&two).expect("there").erased = true;
    assert_eq!(take(&mut past, &[status("2", "open")]), [(0, Refusal::Erased)]);
}
