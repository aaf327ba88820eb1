//! What actions do, without a store.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vorrang_service::Ids;

use super::*;
use crate::macros::Profile;
use crate::ticket::tests::opened;
use crate::ticket::{Change, Ticket};
use crate::words::{ActorKind, Disposition, Visibility};

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("valid") + TimeDelta::hours(1)
}

fn anna() -> Doer {
    Doer {
        actor: Actor {
            kind: ActorKind::Agent,
            id: "agents/anna".to_owned(),
        },
        automated: false,
        language: None,
        from_macro: None,
    }
}

fn text(language: &str, text: &str) -> Localized {
    Localized {
        language: language.to_owned(),
        text: text.to_owned(),
    }
}

fn called(name: &str) -> Surroundings {
    Surroundings {
        customer_name: name.to_owned(),
        ..Surroundings::default()
    }
}

fn macro_of(actions: Vec<Action>) -> Macro {
    let profile = Profile {
        display_name: "Macro".to_owned(),
        description: String::new(),
        actions,
    };
    Macro::new(Uuid::from_u128(77), profile, now())
}

fn said(words: &str, ticket: &mut Ticket, around: &Surroundings) -> String {
    let reply = Action::Reply(Text(vec![text("", words)]));
    let changes = reply
        .apply(ticket, &anna(), around, &Ids::default(), now())
        .expect("says it");
    match &changes[0] {
        Change::Message(message) => message.text.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn places_are_filled_and_what_is_missing_has_a_fallback() {
    let mut ticket = opened();
    ticket.subject = "Broken printer".to_owned();
    let mara = called("Mara");
    assert_eq!(
        said(
            "Hello {{customer.name}}, about {{ticket.subject}} (#{{ ticket.number }})",
            &mut ticket,
            &mara
        ),
        "Hello Mara, about Broken printer (#1)"
    );
    let nobody = called("");
    assert_eq!(said("Hello {{customer.name}}, hi", &mut ticket, &nobody), "Hello, hi");
    assert_eq!(
        said("Hello {{customer.name|dear customer}}!", &mut ticket, &nobody),
        "Hello dear customer!"
    );
    assert_eq!(
        said("Order {{custom_fields.order|(unknown)}}", &mut ticket, &nobody),
        "Order (unknown)"
    );
}

#[test]
fn what_customers_chose_is_one_harmless_line_and_never_a_place() {
    let mut ticket = opened();
    for name in ["Win at https://evil.example", "Visit WWW.evil.example now", " \n "] {
        assert_eq!(
            said("Hello {{customer.name}},", &mut ticket, &called(name)),
            "Hello,",
            "{name}"
        );
    }
    assert_eq!(
        said(
            "Hello {{customer.name}}",
            &mut ticket,
            &called("{{ticket.number}}\r\nBcc: x")
        ),
        "Hello {{ticket.number}}  Bcc: x"
    );
    let long = "n".repeat(5_000);
    assert_eq!(said("{{customer.name}}", &mut ticket, &called(&long)).len(), 200);
}

#[test]
fn a_text_that_cannot_be_filled_is_refused_when_it_is_read() {
    for (wrong, why) in [
        (
            "Hi {{customer.phone}}",
            "at character 4: there is no \"customer.phone\"",
        ),
        ("ä {{ticket.number", "at character 3: {{ without }}"),
        ("{{}}", "there is no \"\""),
        ("{{custom_fields.Big}}", "there is no"),
        ("{{customer.name|{{ticket.number}}", "a fallback is plain text"),
    ] {
        let error = Template::parse(wrong).expect_err(wrong);
        assert!(error.contains(why), "{wrong}: {error}");
    }
    assert!(Template::parse("a } b }} {").is_ok());
    assert!(Template::parse(&"{{ticket.number}}".repeat(300)).is_err());
}

#[test]
fn the_language_of_the_ticket_chooses_the_text() {
    let texts = Text(vec![text("en", "Hello"), text("de", "Hallo"), text("de-CH", "Grüezi")]);
    for (language, expected) in [
        ("de", "Hallo"),
        ("de-AT", "Hallo"),
        ("DE-ch", "Grüezi"),
        ("en-GB", "Hello"),
        ("fr", "Hello"),
        ("", "Hello"),
    ] {
        assert_eq!(texts.pick(language), expected, "{language}");
    }
    let texts = Text(vec![text("de", "Hallo"), text("", "Hi")]);
    assert_eq!((texts.pick("fr"), texts.pick("de-AT")), ("Hi", "Hallo"));
}

#[test]
fn a_macro_does_all_or_nothing_and_names_what_refused() {
    let ids = Ids::default();
    let before = opened();
    let mut ticket = before.clone();
    let used = macro_of(vec![
        Action::AddTags(vec!["refund".to_owned()]),
        Action::Reply(Text(vec![text("", "On its way")])),
        Action::Become(State::Solved, None),
    ]);
    let around = Surroundings::default();
    let changes = used.apply(&mut ticket, &anna(), &around, &ids, now()).expect("does it");
    assert_eq!(changed_fields(&before, &ticket), ["state", "tags"]);
    assert!(matches!(changes.last(), Some(Change::MacroApplied(one)) if one.messages.len() == 1 && !one.by_hand));
    assert!(changes.iter().any(|change| matches!(change, Change::Message(one)
        if one.from_macro == Some(used.id) && one.visibility == Visibility::Public && !one.automated)));

    let wrong = macro_of(vec![
        Action::AddTags(vec!["refund".to_owned()]),
        Action::SetField("nothing".to_owned(), None),
    ]);
    let mut ticket = before.clone();
    let refusal = wrong
        .apply(&mut ticket, &anna(), &around, &ids, now())
        .expect_err("no such field");
    assert!(refusal.metadata().contains(&("action", "1".to_owned())), "{refusal:?}");
    assert_eq!(ticket, before);

    let mut archived = used.clone();
    assert!(archived.archive(true, now()) && !archived.archive(true, now()));
    let refusal = archived
        .apply(&mut ticket, &anna(), &around, &ids, now())
        .expect_err("archived");
    assert_eq!((refusal.reason(), &ticket), ("MACRO_ARCHIVED", &before));
}

#[test]
fn nothing_is_done_to_what_is_aside_merged_or_closed() {
    let ids = Ids::default();
    let around = Surroundings::default();
    let all = [
        Action::AddTags(vec!["a".to_owned()]),
        Action::SetPriority(Priority::Urgent),
        Action::Note(Text(vec![text("", "note")])),
        Action::SetQueue("other".to_owned()),
        Action::Assign(Some("agents/ben".to_owned())),
        Action::Become(State::Pending, None),
    ];
    let mut spam = opened();
    spam.disposition = Disposition::Spam;
    let mut merged = opened();
    merged.merged_into = Some(Uuid::from_u128(5));
    let mut closed = opened();
    closed.state = State::Closed;
    for (before, reason) in [
        (spam, "TICKET_SET_ASIDE"),
        (merged, "TICKET_MERGED"),
        (closed, "TICKET_CLOSED"),
    ] {
        for action in &all {
            let mut ticket = before.clone();
            let refusal = action
                .apply(&mut ticket, &anna(), &around, &ids, now())
                .expect_err(reason);
            let allowed = [reason, "TRANSITION_NOT_ALLOWED"];
            assert!(allowed.contains(&refusal.reason()), "{action:?}: {refusal:?}");
            assert_eq!(ticket, before);
        }
    }
}

fn an_action() -> impl Strategy<Value = Action> {
    let tags = || prop::collection::vec("[a-d]", 1..4);
    prop_oneof![
        tags().prop_map(Action::AddTags),
        tags().prop_map(Action::RemoveTags),
        prop::sample::select(Priority::ALL).prop_map(Action::SetPriority),
        "[a-c]{0,2}".prop_map(Action::SetIntent),
        "[a-c]".prop_map(Action::SetQueue),
        prop::option::of("agents/[a-c]").prop_map(Action::Assign),
        prop::sample::select(&State::ALL[1..]).prop_map(|state| Action::Become(state, None)),
        "[a-z ]{0,9}".prop_map(|words| Action::Note(Text(vec![text("", &words)]))),
        Just(Action::SetField("nothing".to_owned(), None)),
    ]
}

proptest! {
    /// What is refused leaves no trace, and what was stored is read again as it was.
    #[test]
    fn an_action_is_done_whole_or_not_at_all(actions in prop::collection::vec(an_action(), 1..12)) {
        let ids = Ids::default();
        let around = Surroundings::default();
        let mut ticket = opened();
        for action in &actions {
            let before = ticket.clone();
            match action.apply(&mut ticket, &anna(), &around, &ids, now()) {
                Ok(changes) if changes.is_empty() => prop_assert_eq!(&ticket, &before),
                Ok(_) => prop_assert!(ticket.revision > before.revision),
                Err(_) => prop_assert_eq!(&ticket, &before),
            }
        }
        let stored = serde_json::to_string(&actions).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Vec<Action>>(&stored).expect("actions"), actions);
    }

    /// Whatever a text is, it is understood or refused; and what is put in is never read again.
    #[test]
    fn texts_never_panic(words in ".{0,60}", name in "(\\{\\{|\\}\\}|[a-z.|]){0,12}") {
        if let Ok(template) = Template::parse(&words) {
            let _ = template.fill(|_| Some(name.clone()));
        }
        let template = Template::parse("<{{customer.name|x}}>").expect("a text");
        let filled = template.fill(|_| Some(name.clone()));
        let shown = if name.trim().is_empty() || name.contains("www.") { "x" } else { name.trim() };
        prop_assert_eq!(filled, format!("<{shown}>"));
    }
}
