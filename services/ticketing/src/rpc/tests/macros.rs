//! Macros: made, changed, archived, used.

use pb::event::Payload;
use pb::ticket::State;
use pb::ticket_action::{self, Action, LocalizedText};
use vorrang_testkit::both_engines;

use super::*;

pub fn act(action: Action) -> pb::TicketAction {
    pb::TicketAction { action: Some(action) }
}

pub fn words(texts: &[(&str, &str)]) -> ticket_action::Text {
    ticket_action::Text {
        texts: texts
            .iter()
            .map(|(language, text)| LocalizedText {
                language: (*language).into(),
                text: (*text).into(),
            })
            .collect(),
    }
}

pub fn tags(tags: &[&str]) -> ticket_action::Tags {
    ticket_action::Tags {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

pub fn become_state(state: State) -> Action {
    Action::SetState(ticket_action::Become {
        state: state.into(),
        sub_state: String::new(),
    })
}

impl Fixture {
    pub async fn try_macro(&self, actions: Vec<pb::TicketAction>) -> Result<pb::Macro, Error> {
        let request = pb::CreateMacroRequest {
            r#macro: Some(pb::Macro {
                display_name: "Macro".into(),
                actions,
                ..pb::Macro::default()
            }),
            ..pb::CreateMacroRequest::default()
        };
        create_macro::handle(&self.app, acme(request)).await
    }

    pub async fn archive_macro(&self, one: &pb::Macro) -> pb::Macro {
        let request = pb::ArchiveMacroRequest {
            name: one.name.clone(),
            ..pb::ArchiveMacroRequest::default()
        };
        archive_macro::handle(&self.app, acme(request)).await.expect("archives")
    }
}

fn apply(ticket: &pb::Ticket, one: &pb::Macro) -> pb::ApplyMacroRequest {
    pb::ApplyMacroRequest {
        ticket: ticket.name.clone(),
        r#macro: one.name.clone(),
        agent: "agents/anna".into(),
        ..pb::ApplyMacroRequest::default()
    }
}

fn refund() -> Vec<pb::TicketAction> {
    vec![
        act(Action::Reply(words(&[
            ("de", "Hallo {{customer.name|zusammen}}, Vorgang {{ticket.number}}"),
            ("en", "Hello {{customer.name}}, case {{ticket.number}}"),
        ]))),
        act(Action::AddTags(tags(&["refund"]))),
        act(Action::SetPriority(pb::Priority::High.into())),
        act(become_state(State::Pending)),
    ]
}

both_engines! {
    async fn a_macro_is_applied_in_one_step_previewed_and_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let one = desk.try_macro(refund()).await.expect("makes");
        assert_eq!((one.version, one.actions.len()), (1, 4));
        let before = desk.events("acme").await.len();

        let mut preview = apply(&ticket, &one);
        preview.preview = true;
        let seen = apply_macro::handle(&desk.app, acme(preview)).await.expect("previews");
        assert_eq!(seen.changed_fields, ["priority", "state", "tags"]);
        assert_eq!(seen.messages[0].text, "Hallo zusammen, Vorgang 1");
        assert_eq!(desk.get(&ticket.name).await, ticket, "nothing was done");
        assert_eq!(desk.events("acme").await.len(), before);

        let mut request = apply(&ticket, &one);
        request.request_id = "r-1".into();
        request.etag.clone_from(&ticket.etag);
        request.language = "en-GB".into();
        let done = apply_macro::handle(&desk.app, acme(request.clone())).await.expect("applies");
        let after = done.ticket.clone().expect("the ticket");
        assert_eq!((after.state(), after.priority()), (State::Pending, pb::Priority::High));
        assert_eq!((after.tags.as_slice(), after.first_replied_at.is_some()), (&["refund".to_owned()][..], false));
        assert_eq!(done.messages[0].text, "Hello, case 1");
        assert_eq!(done.messages[0].r#macro, one.name);
        assert_eq!(done.messages[0].actor, actor(feed::actor::Kind::Agent, "agents/anna"));
        assert_eq!(desk.get(&ticket.name).await, after);
        assert_eq!(apply_macro::handle(&desk.app, acme(request)).await.expect("repeats"), done);

        let kinds = desk.kinds(before).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "macro_applied").count(), 1, "{kinds:?}");
        assert_eq!(kinds.last().map(String::as_str), Some("macro_applied"));
        let Some(Payload::MacroApplied(told)) = desk.events("acme").await.pop().expect("some").payload else {
            panic!("another kind")
        };
        assert_eq!((told.r#macro, told.version, told.by_hand), (one.name.clone(), 1, false));
        assert_eq!(told.messages, [done.messages[0].name.clone()]);
        assert_eq!(told.ticket, Some(after));
    }

    async fn a_macro_that_is_refused_does_nothing(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let one = desk.try_macro(refund()).await.expect("makes");
        desk.state(&ticket, State::Closed).await.expect("closes");
        let before = desk.events("acme").await.len();
        let error = apply_macro::handle(&desk.app, acme(apply(&ticket, &one))).await.expect_err("final");
        assert_eq!(error.reason(), "TICKET_CLOSED");
        assert!(error.metadata().contains(&("action", "0".to_owned())), "{error:?}");
        let open = desk.ticket().await;
        let mut stale = apply(&open, &one);
        stale.etag = "\"99\"".into();
        let error = apply_macro::handle(&desk.app, acme(stale)).await.expect_err("stale");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        let archived = desk.archive_macro(&one).await;
        assert!(archived.archived_at.is_some());
        let error = apply_macro::handle(&desk.app, acme(apply(&open, &one))).await.expect_err("archived");
        assert_eq!(error.reason(), "MACRO_ARCHIVED");
        assert_eq!(desk.get(&open.name).await, open);
        assert!(!desk.kinds(before).await.contains(&"macro_applied".to_owned()));
    }

    async fn every_version_is_kept_and_archived_macros_stay(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let one = desk.try_macro(refund()).await.expect("makes");
        let request = pb::UpdateMacroRequest {
            r#macro: Some(pb::Macro {
                name: one.name.clone(),
                display_name: "Money back".into(),
                etag: one.etag.clone(),
                ..pb::Macro::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into()] }),
            ..pb::UpdateMacroRequest::default()
        };
        let two = update_macro::handle(&desk.app, acme(request.clone())).await.expect("changes");
        assert_eq!((two.version, two.actions.len()), (2, 4));
        let error = update_macro::handle(&desk.app, acme(request)).await.expect_err("stale");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        desk.archive_macro(&two).await;
        let get = |version| pb::GetMacroRequest { name: one.name.clone(), version };
        let first = get_macro::handle(&desk.app, acme(get(1))).await.expect("kept");
        assert_eq!(first, one);
        let newest = get_macro::handle(&desk.app, acme(get(0))).await.expect("there");
        assert_eq!((newest.version, newest.archived_at.is_some()), (3, true));
        assert_eq!(get_macro::handle(&desk.app, acme(get(9))).await.expect_err("none").reason(), "RESOURCE_NOT_FOUND");
        let list = async |show_archived| {
            let request = pb::ListMacrosRequest { show_archived, ..pb::ListMacrosRequest::default() };
            list_macros::handle(&desk.app, acme(request)).await.expect("lists").macros.len()
        };
        assert_eq!((list(false).await, list(true).await), (0, 1));
        let request = pb::RestoreMacroRequest { name: one.name.clone(), ..pb::RestoreMacroRequest::default() };
        let back = restore_macro::handle(&desk.app, acme(request)).await.expect("restores");
        assert_eq!((back.version, back.archived_at, list(false).await), (4, None, 1));
        let told = desk.kinds(0).await;
        assert_eq!(told.iter().filter(|kind| *kind == "macro_changed").count(), 4);
    }

    async fn everything_that_cannot_work_is_refused_when_it_is_saved(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let error = desk
            .try_macro(vec![
                act(Action::Reply(words(&[("de", "{{customer.iban}}"), ("DE", "x")]))),
                act(Action::Note(words(&[("", "{{custom_fields.order}}")]))),
                act(Action::SetField(ticket_action::Field { field: "ticketFields/nope".into(), value: None })),
                act(become_state(State::New)),
                act(Action::SetState(ticket_action::Become {
                    state: State::Open.into(),
                    sub_state: "subStates/nope".into(),
                })),
                act(Action::Notify(ticket_action::Notify::default())),
                act(Action::AddTags(tags(&[]))),
                act(Action::SetQueue("Big Queue".into())),
                act(Action::SetPriority(0)),
                act(Action::Assign(ticket_action::Assign { agent: "anna".into() })),
                pb::TicketAction::default(),
                act(Action::ApplyMacro("macros/1".into())),
            ])
            .await
            .expect_err("all of it is wrong");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        for expected in [
            "macro.actions[0].reply.texts[0].text",
            "macro.actions[0].reply.texts[1].language",
            "macro.actions[1].note.texts[0].text",
            "macro.actions[2].set_field.field",
            "macro.actions[3].set_state.state",
            "macro.actions[4].set_state.sub_state",
            "macro.actions[5]",
            "macro.actions[5].notify",
            "macro.actions[6].add_tags.tags",
            "macro.actions[7].set_queue",
            "macro.actions[8].set_priority",
            "macro.actions[9].assign.agent",
            "macro.actions[10]",
            "macro.actions[11].apply_macro",
        ] {
            assert!(fields.contains(&expected), "{expected} is not among {fields:?}");
        }
        assert!(desk.try_macro(Vec::new()).await.is_err());
    }

    async fn a_message_says_from_which_macro_it_was_written(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let one = desk.try_macro(refund()).await.expect("makes");
        let from = |name: &str| pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(pb::Message { r#macro: name.into(), ..agents_message("Hello Mara") }),
            ..pb::CreateMessageRequest::default()
        };
        let written = create_message::handle(&desk.app, acme(from(&one.name))).await.expect("adds");
        assert_eq!(written.message.as_ref().expect("it").r#macro, one.name);
        let Some(Payload::MacroApplied(told)) = desk.events("acme").await.pop().expect("some").payload else {
            panic!("another kind")
        };
        assert_eq!((told.by_hand, told.messages.as_slice()), (true, &[written.message.expect("it").name][..]));
        let error = create_message::handle(&desk.app, acme(from("macros/1"))).await.expect_err("no name");
        assert_eq!(error.violations()[0].field, "message.macro");
        let nobodys = format!("macros/{}", uuid::Uuid::from_u128(9));
        let error = create_message::handle(&desk.app, acme(from(&nobodys))).await.expect_err("not there");
        assert_eq!(error.reason(), "RESOURCE_NOT_FOUND");
        desk.archive_macro(&one).await;
        let error = create_message::handle(&desk.app, acme(from(&one.name))).await.expect_err("archived");
        assert_eq!(error.reason(), "MACRO_ARCHIVED");
        assert_eq!(desk.get(&ticket.name).await.message_count, 1);
    }
}
