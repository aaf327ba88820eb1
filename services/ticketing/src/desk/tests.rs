use super::*;
use crate::customer::{Identity, Tier, Told};
use crate::message::Draft;
use crate::ticket::{Fields, QUEUE_DEFAULT};
use crate::words::{Channel, IdentityKind, Priority};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn contact(who: &str, id: &str) -> Contact {
    Contact {
        request_id: String::new(),
        request_hash: [0; 32],
        key: ContactKey {
            source: "email".to_owned(),
            external_id: id.to_owned(),
            content_hash: [1; 32],
        },
        channel: Channel::Email,
        identities: vec![Identity::parse(IdentityKind::Email, who, true).expect("valid")],
        display_name: String::new(),
        tier: None,
        told: Told::default(),
        same_person: false,
        message: Draft {
            actor: Actor {
                kind: ActorKind::Automation,
                id: String::new(),
            },
            visibility: Visibility::Internal,
            text: "Hello".to_owned(),
            quoted_text: String::new(),
            channel: None,
            attachments: Vec::new(),
            occurred_at: None,
            external_id: id.to_owned(),
            automated: false,
            from_macro: None,
            failed_recipients: Vec::new(),
        },
        thread_keys: vec![format!("mail:{id}")],
        reference_keys: Vec::new(),
        fields: Fields {
            subject: "Help".to_owned(),
            priority: Priority::Normal,
            queue: QUEUE_DEFAULT.to_owned(),
            tags: Vec::new(),
            intent: String::new(),
            language: String::new(),
            due_at: None,
            followers: Vec::new(),
            custom_fields: Default::default(),
        },
        automated: false,
        trace_parent: String::new(),
        call: None,
        asynchronous: false,
        received_at: None,
    }
}

fn answer_to(who: &str, id: &str, references: &[&str]) -> Contact {
    let reference_keys = references.iter().map(|key| (*key).to_owned()).collect();
    Contact {
        reference_keys,
        ..contact(who, id)
    }
}

fn vip() -> Tier {
    Tier {
        tier: "vip".to_owned(),
        source: "email".to_owned(),
        valid_until: None,
    }
}

const MARA: &str = "mara@example.org";

/// What one desk wrote, as the next one finds it.
fn known_after(written: Written) -> Known {
    Known {
        last_number: written.last_number,
        seen: written.seen.into_iter().collect(),
        owners: written
            .customers
            .values()
            .flat_map(|customer| customer.identities.iter().map(|one| (one.key(), customer.id)))
            .collect(),
        customers: written.customers.into_iter().collect(),
        domains: HashMap::new(),
        threads: written.threads.into_iter().collect(),
        tickets: written.tickets.into_iter().collect(),
        ..Known::default()
    }
}

fn kinds(written: &Written) -> Vec<&'static str> {
    written.events.iter().map(|event| event.fact.kind()).collect()
}

#[test]
fn a_contact_makes_customer_ticket_and_message() {
    let ids = Ids::default();
    let mut desk = Desk::new(
        Known {
            last_number: 41,
            ..Known::default()
        },
        &ids,
        at(0),
    );
    let recorded = desk.take(contact(MARA, "<1>"));
    assert_eq!((recorded.outcome, recorded.number), (Outcome::Created, 42));
    let written = desk.finish();
    assert_eq!(
        kinds(&written),
        ["customer_created", "ticket_created", "message_created"]
    );
    let ticket = &written.tickets[&recorded.ticket];
    assert_eq!(
        (ticket.revision, ticket.message_count, ticket.tier.as_str()),
        (1, 1, "standard")
    );
    let message = &written.messages[0];
    assert_eq!(
        (message.actor.kind, message.visibility),
        (ActorKind::Customer, Visibility::Public)
    );
    assert_eq!(message.actor.id, names::customer(recorded.customer));
    assert_eq!(written.last_number, 42);
}

#[test]
fn later_contacts_of_a_batch_see_the_earlier_ones() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let first = desk.take(contact(MARA, "<1>"));
    let again = desk.take(contact(MARA, "<1>"));
    let answer = desk.take(answer_to(MARA, "<2>", &["mail:<1>"]));
    let other = desk.take(contact(MARA, "<3>"));
    assert_eq!(
        (again.outcome, again.ticket, again.message),
        (Outcome::Duplicate, first.ticket, first.message)
    );
    assert_eq!((answer.outcome, answer.ticket), (Outcome::Appended, first.ticket));
    assert_eq!(
        (other.outcome, other.number, other.customer),
        (Outcome::Created, 2, first.customer)
    );
    let written = desk.finish();
    assert_eq!(
        (written.tickets.len(), written.messages.len(), written.customers.len()),
        (2, 3, 1)
    );
    let positions: Vec<i32> = written.messages.iter().map(|message| message.position).collect();
    assert_eq!(positions, [1, 2, 1]);
}

#[test]
fn the_same_id_with_other_content_is_another_contact_and_no_id_is_never_a_duplicate() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    desk.take(contact(MARA, "<1>"));
    let mut other = contact(MARA, "<1>");
    other.key.content_hash = [2; 32];
    assert_eq!(desk.take(other).outcome, Outcome::Created);
    let mut anonymous = contact(MARA, "");
    anonymous.thread_keys.clear();
    assert_eq!(desk.take(anonymous.clone()).outcome, Outcome::Created);
    assert_eq!(desk.take(anonymous).outcome, Outcome::Created);
}

#[test]
fn the_best_reference_wins() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let one = desk.take(contact(MARA, "<1>"));
    let two = desk.take(contact(MARA, "<2>"));
    assert_eq!(
        desk.take(answer_to(MARA, "<3>", &["mail:<2>", "mail:<1>"])).ticket,
        two.ticket
    );
    assert_eq!(
        desk.take(answer_to(MARA, "<4>", &["mail:<nobody>", "mail:<1>"])).ticket,
        one.ticket
    );
}

#[test]
fn a_stranger_joins_neither_by_a_subject_nor_by_a_message_id() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let mut first = contact(MARA, "<1>");
    first
        .thread_keys
        .extend(["subject:1".to_owned(), "mailed:ben".to_owned()]);
    let first = desk.take(first);
    let by_number = desk.take(answer_to("eve@example.org", "<2>", &["subject:1"]));
    let by_mail = desk.take(answer_to("eve@example.org", "<3>", &["mail:<1>"]));
    assert_eq!(
        (by_number.outcome, by_mail.outcome),
        (Outcome::Created, Outcome::Created)
    );
    let mara = desk.take(answer_to(MARA, "<4>", &["subject:1"]));
    assert_eq!((mara.outcome, mara.ticket), (Outcome::Appended, first.ticket));
    let colleague = desk.take(answer_to("ben@example.org", "<5>", &["mail:<1>", "mailed:ben"]));
    assert_eq!((colleague.outcome, colleague.ticket), (Outcome::Appended, first.ticket));
    assert_ne!(colleague.customer, first.customer);
    let mut pretender = answer_to("eve@example.org", "<6>", &["mail:<1>"]);
    pretender.automated = true;
    assert_eq!(
        desk.take(pretender).outcome,
        Outcome::Created,
        "anybody can say that they are a machine"
    );
    let written = desk.finish();
    let linked = |ticket: Uuid| written.tickets[&ticket].is_linked(LinkKind::RelatesTo, first.ticket);
    assert_eq!(
        (linked(by_number.ticket), linked(by_mail.ticket)),
        (false, true),
        "a number can be guessed"
    );
    assert!(written.tickets[&first.ticket].is_linked(LinkKind::RelatesTo, by_mail.ticket));
}

/// Whoever gives their mail the id of somebody else's.
#[test]
fn the_keys_of_a_mail_cannot_be_taken_away() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let mut first = contact(MARA, "<1>");
    first.thread_keys.push("mailed:mara".to_owned());
    let first = desk.take(first);
    let mut eve = contact("eve@example.org", "<1>");
    eve.key.content_hash = [2; 32];
    eve.thread_keys
        .extend(["mailed:mara".to_owned(), "mailed:eve".to_owned()]);
    let eve = desk.take(eve);
    assert_eq!(eve.outcome, Outcome::Created);
    let mara = desk.take(answer_to(MARA, "<2>", &["mail:<1>", "mailed:mara"]));
    assert_eq!((mara.outcome, mara.ticket), (Outcome::Appended, first.ticket));
    assert_eq!(desk.finish().threads["mailed:eve"].ticket, eve.ticket);
}

#[test]
fn a_closed_ticket_is_followed_up_and_the_conversation_moves_on() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let first = desk.take(contact(MARA, "<1>"));
    let mut known = known_after(desk.finish());
    known
        .tickets
        .get_mut(&first.ticket)
        .expect("it was written")
        .change_state(State::Closed, at(1))
        .expect("closes");
    let mut desk = Desk::new(known, &ids, at(2));
    let second = desk.take(answer_to(MARA, "<2>", &["mail:<1>"]));
    assert_eq!(second.outcome, Outcome::Created);
    let third = desk.take(answer_to(MARA, "<3>", &["mail:<1>"]));
    assert_eq!(
        (third.outcome, third.ticket),
        (Outcome::Appended, second.ticket),
        "one follow-up, not one a reply"
    );
    let written = desk.finish();
    let (follow_up, closed) = (&written.tickets[&second.ticket], &written.tickets[&first.ticket]);
    assert_eq!(follow_up.follow_up_of, Some(first.ticket));
    assert!(follow_up.is_linked(LinkKind::FollowUpOf, first.ticket));
    assert!(
        closed.is_linked(LinkKind::FollowedUpBy, second.ticket),
        "both sides say so"
    );
    assert_eq!(
        (closed.state, closed.message_count),
        (State::Closed, 1),
        "closed is final"
    );
    assert_eq!(
        kinds(&written),
        ["ticket_created", "ticket_linked", "message_created", "message_created"]
    );
}

#[test]
fn a_contact_joins_spam_and_wakes_nobody_but_what_is_deleted_is_followed_up() {
    let ids = Ids::default();
    for (disposition, outcome) in [
        (Disposition::Spam, Outcome::Appended),
        (Disposition::Deleted, Outcome::Created),
    ] {
        let mut desk = Desk::new(Known::default(), &ids, at(0));
        let first = desk.take(contact(MARA, "<1>"));
        let mut known = known_after(desk.finish());
        let ticket = known.tickets.get_mut(&first.ticket).expect("it was written");
        ticket.dispose(disposition, at(1)).expect("marks");
        let mut desk = Desk::new(known, &ids, at(2));
        let second = desk.take(answer_to(MARA, "<2>", &["mail:<1>"]));
        assert_eq!(second.outcome, outcome);
        let ticket = &desk.finish().tickets[&second.ticket];
        assert_eq!(ticket.queue_entered_at.is_some(), outcome == Outcome::Created);
        assert_eq!(ticket.follow_up_of.is_some(), outcome == Outcome::Created);
    }
}

#[test]
fn a_solved_ticket_is_reopened_by_a_customer_and_not_by_a_machine() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let first = desk.take(contact(MARA, "<1>"));
    let mut known = known_after(desk.finish());
    let ticket = known.tickets.get_mut(&first.ticket).expect("it was written");
    ticket.change_state(State::Solved, at(1)).expect("solves");
    let mut desk = Desk::new(known, &ids, at(2));
    let mut bounce = answer_to(MARA, "<2>", &["mail:<1>"]);
    bounce.automated = true;
    desk.take(bounce);
    desk.take(answer_to(MARA, "<3>", &["mail:<1>"]));
    let written = desk.finish();
    assert_eq!(
        kinds(&written),
        [
            "message_created",
            "message_created",
            "ticket_state_changed",
            "ticket_queued"
        ]
    );
    assert_eq!(written.messages[0].actor.kind, ActorKind::Automation);
    assert_eq!(written.tickets[&first.ticket].state, State::Open);
}

#[test]
fn a_known_customer_is_found_by_any_identity_and_learns_the_others() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let first = desk.take(contact(MARA, "<1>"));
    let mut both = contact(MARA, "<2>");
    let phone = Identity::parse(IdentityKind::Phone, "+4930123456", false).expect("valid");
    both.identities.insert(0, phone.clone());
    both.display_name = "Mara".to_owned();
    both.tier = Some(vip());
    let second = desk.take(both);
    assert_eq!(second.customer, first.customer);
    let mut call = contact(MARA, "<3>");
    call.identities = vec![phone];
    assert_eq!(desk.take(call).customer, first.customer);
    let written = desk.finish();
    let mara = &written.customers[&first.customer];
    assert_eq!((mara.identities.len(), mara.display_name.as_str()), (2, "Mara"));
    let tiers: Vec<&str> = written.tickets.values().map(|ticket| ticket.tier.as_str()).collect();
    assert_eq!(
        tiers,
        ["standard", "vip", "vip"],
        "a ticket keeps the tier of its opening"
    );
}

#[test]
fn an_identity_of_somebody_else_stays_theirs() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let mara = desk.take(contact(MARA, "<1>"));
    let ben = desk.take(contact("ben@example.org", "<2>"));
    let mut shared = contact(MARA, "<3>");
    shared
        .identities
        .push(Identity::parse(IdentityKind::Email, "ben@example.org", true).expect("valid"));
    assert_eq!(desk.take(shared).customer, mara.customer);
    assert_eq!(desk.take(contact("ben@example.org", "<4>")).customer, ben.customer);
    let written = desk.finish();
    assert_eq!(written.customers[&mara.customer].identities.len(), 1);
}

#[test]
fn times_come_from_the_source_but_never_from_the_future() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let mut old = contact(MARA, "<1>");
    old.message.occurred_at = Some(at(-86_400));
    let old = desk.take(old);
    let mut future = contact(MARA, "<2>");
    future.message.occurred_at = Some(at(86_400));
    let future = desk.take(future);
    let written = desk.finish();
    assert_eq!(written.tickets[&old.ticket].opened_at, at(-86_400));
    assert_eq!(
        written.tickets[&old.ticket].queue_entered_at,
        Some(at(0)),
        "it waits since we have it"
    );
    assert_eq!(written.tickets[&future.ticket].opened_at, at(0));
    assert_eq!(written.messages[1].occurred_at, at(0));
}

/// A batch after which `source` is part of `target`, as the next desk finds it.
fn merged(written: Written, source: Uuid, target: Uuid) -> Known {
    let mut known = known_after(written);
    let mut family = std::collections::BTreeMap::from_iter(known.tickets.drain());
    crate::ticket::merge::merge(&mut family, target, &[source], true, at(1)).expect("merges");
    known.leads.insert(source, target);
    let customer = family[&source].customer;
    known.guests.entry(target).or_default().insert(customer);
    known.tickets = family.into_iter().collect();
    known
}

#[test]
fn answers_to_a_merged_ticket_go_to_its_target_and_its_keys_stay() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let target = desk.take(contact(MARA, "<1>"));
    let mut chat = contact(MARA, "<2>");
    chat.thread_keys.push("conversation:7".to_owned());
    let source = desk.take(chat.clone());
    let mut desk = Desk::new(merged(desk.finish(), source.ticket, target.ticket), &ids, at(2));
    let answer = desk.take(answer_to(MARA, "<3>", &["mail:<2>"]));
    assert_eq!((answer.outcome, answer.ticket), (Outcome::Appended, target.ticket));
    let more = Contact {
        thread_keys: vec!["conversation:7".to_owned(), "mail:<4>".to_owned()],
        ..answer_to(MARA, "<4>", &["conversation:7"])
    };
    assert_eq!(desk.take(more).ticket, target.ticket);
    let written = desk.finish();
    let keys: Vec<&str> = written.threads.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["mail:<3>", "mail:<4>"],
        "after an unmerge the old keys lead to the source again"
    );
    assert!(written.threads.values().all(|thread| thread.ticket == target.ticket));
    assert!(
        !written.tickets.contains_key(&source.ticket),
        "a merged ticket does not change"
    );
}

#[test]
fn a_key_that_a_follow_up_took_over_knows_its_home() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let target = desk.take(contact(MARA, "<1>"));
    let source = desk.take(contact(MARA, "<2>"));
    let mut known = merged(desk.finish(), source.ticket, target.ticket);
    let closing = known.tickets.get_mut(&target.ticket).expect("it was written");
    closing.change_state(State::Closed, at(2)).expect("closes");
    let mut desk = Desk::new(known, &ids, at(3));
    let follow_up = desk.take(answer_to(MARA, "<3>", &["mail:<2>"]));
    assert_eq!(follow_up.outcome, Outcome::Created);
    assert_eq!(
        desk.take(answer_to(MARA, "<4>", &["mail:<2>"])).ticket,
        follow_up.ticket
    );
    let written = desk.finish();
    assert_eq!(written.tickets[&follow_up.ticket].follow_up_of, Some(target.ticket));
    let key = written.threads["mail:<2>"];
    assert_eq!((key.ticket, key.home), (follow_up.ticket, Some(source.ticket)));
    assert_eq!(
        key.message,
        Some(source.message),
        "the message that brought it stays the same"
    );
}

/// Whoever takes part in a merged conversation may answer by any of its subjects; a stranger may not.
#[test]
fn a_subject_joins_those_who_take_part() {
    let ids = Ids::default();
    let mut desk = Desk::new(Known::default(), &ids, at(0));
    let with_subject = |who: &str, id: &str, subject: &str| {
        let mut one = contact(who, id);
        one.thread_keys.push(subject.to_owned());
        one
    };
    let target = desk.take(with_subject(MARA, "<1>", "subject:1"));
    let source = desk.take(with_subject("ben@example.org", "<2>", "subject:2"));
    let mut desk = Desk::new(merged(desk.finish(), source.ticket, target.ticket), &ids, at(2));
    for (who, id, subject) in [
        ("ben@example.org", "<3>", "subject:2"),
        ("ben@example.org", "<4>", "subject:1"),
        (MARA, "<5>", "subject:1"),
        (MARA, "<6>", "subject:2"),
    ] {
        assert_eq!(
            desk.take(answer_to(who, id, &[subject])).ticket,
            target.ticket,
            "{who} {subject}"
        );
    }
    let eve = desk.take(answer_to("eve@example.org", "<7>", &["subject:1", "subject:2"]));
    assert_eq!(eve.outcome, Outcome::Created);
}
