//! Sub-states: defined, given, gone.

use pb::ticket::State;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

async fn define(desk: &Fixture, id: &str, state: State, position: i32) -> Result<pb::SubState, Error> {
    let request = pb::CreateSubStateRequest {
        sub_state_id: id.into(),
        sub_state: Some(pb::SubState {
            state: state.into(),
            display_name: id.to_uppercase(),
            position,
            ..pb::SubState::default()
        }),
        ..pb::CreateSubStateRequest::default()
    };
    create_sub_state::handle(&desk.app, acme(request)).await
}

async fn give(desk: &Fixture, ticket: &pb::Ticket, state: State, sub_state: &str) -> Result<pb::Ticket, Error> {
    let request = pb::ChangeTicketStateRequest {
        name: ticket.name.clone(),
        state: state.into(),
        sub_state: sub_state.into(),
        ..pb::ChangeTicketStateRequest::default()
    };
    change_ticket_state::handle(&desk.app, acme(request)).await
}

fn delete(id: &str) -> pb::DeleteSubStateRequest {
    pb::DeleteSubStateRequest {
        name: format!("subStates/{id}"),
        ..pb::DeleteSubStateRequest::default()
    }
}

fn archive(id: &str, etag: &str) -> pb::UpdateSubStateRequest {
    pb::UpdateSubStateRequest {
        sub_state: Some(pb::SubState {
            name: format!("subStates/{id}"),
            archived: true,
            etag: etag.into(),
            ..pb::SubState::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["archived".into()],
        }),
        ..pb::UpdateSubStateRequest::default()
    }
}

both_engines! {
    async fn a_sub_state_is_given_with_its_state_and_goes_with_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let parts = define(&desk, "parts", State::OnHold, 1).await.expect("defines");
        assert_eq!((parts.name.as_str(), parts.state()), ("subStates/parts", State::OnHold));
        define(&desk, "bank", State::OnHold, 1).await.expect("defines");
        let held = give(&desk, &ticket, State::OnHold, "subStates/parts").await.expect("waits");
        assert_eq!((held.state(), held.sub_state.as_str()), (State::OnHold, "subStates/parts"));
        assert_eq!(desk.get(&ticket.name).await, held);
        let other = give(&desk, &ticket, State::OnHold, "subStates/bank").await.expect("waits");
        assert_eq!(other.sub_state, "subStates/bank");
        let request = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(agents_message("It will take a week.")),
            state: State::OnHold.into(),
            sub_state: "subStates/parts".into(),
            ..pb::CreateMessageRequest::default()
        };
        let answer = create_message::handle(&desk.app, acme(request)).await.expect("writes");
        assert_eq!(answer.ticket.expect("with it").sub_state, "subStates/parts");
        let open = desk.state(&ticket, State::Open).await.expect("goes on");
        assert_eq!(open.sub_state, "");
        let events = desk.events("acme").await;
        let told: Vec<&str> = events.iter().filter_map(|event| Some(event.head.as_ref()?.r#type.as_str())).collect();
        assert_eq!(told[2..], [
            "sub_state_changed", "sub_state_changed", "ticket_state_changed", "ticket_updated", "message_created",
            "ticket_updated", "ticket_state_changed", "ticket_queued",
        ]);
    }

    async fn it_must_be_there_fit_and_not_be_archived(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let parts = define(&desk, "parts", State::OnHold, 1).await.expect("defines");
        let error = give(&desk, &ticket, State::Pending, "subStates/parts").await.expect_err("of another state");
        assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::Invalid, "sub_state"));
        let error = give(&desk, &ticket, State::OnHold, "subStates/none").await.expect_err("unknown");
        assert_eq!((error.kind(), error.resource().map(|one| one.0)), (Kind::NotFound, Some(crate::names::SUB_STATE)));
        let error = give(&desk, &ticket, State::OnHold, "parts").await.expect_err("no name");
        assert_eq!(error.violations()[0].field, "sub_state");
        update_sub_state::handle(&desk.app, acme(archive("parts", &parts.etag))).await.expect("archives");
        let error = give(&desk, &ticket, State::OnHold, "subStates/parts").await.expect_err("archived");
        assert_eq!(error.reason(), "SUB_STATE_ARCHIVED");
        let error = update_sub_state::handle(&desk.app, acme(archive("parts", &parts.etag))).await.expect_err("stale");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        let without_state = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(agents_message("Hello")),
            sub_state: "subStates/parts".into(),
            ..pb::CreateMessageRequest::default()
        };
        let error = create_message::handle(&desk.app, acme(without_state)).await.expect_err("no state");
        assert_eq!(error.violations()[0].field, "sub_state");
        assert_eq!(desk.get(&ticket.name).await, ticket, "nothing happened");
    }

    async fn one_in_use_is_archived_not_deleted(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        define(&desk, "parts", State::OnHold, 1).await.expect("defines");
        define(&desk, "unused", State::OnHold, 2).await.expect("defines");
        give(&desk, &ticket, State::OnHold, "subStates/parts").await.expect("waits");
        let error = delete_sub_state::handle(&desk.app, acme(delete("parts"))).await.expect_err("in use");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "SUB_STATE_IN_USE"));
        delete_sub_state::handle(&desk.app, acme(delete("unused"))).await.expect("deletes");
        let gone = pb::GetSubStateRequest { name: "subStates/unused".into() };
        let error = get_sub_state::handle(&desk.app, acme(gone)).await.expect_err("gone");
        assert_eq!(error.kind(), Kind::NotFound);
        desk.state(&ticket, State::Open).await.expect("goes on");
        delete_sub_state::handle(&desk.app, acme(delete("parts"))).await.expect("now nobody has it");
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::SubStateChanged(last)) = &events[events.len() - 1].payload else {
            panic!("{events:?}")
        };
        assert!(last.deleted);
    }

    async fn definitions_are_checked_bounded_and_the_tenants_own(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let error = define(&desk, "Parts!", State::New, 1).await.expect_err("two mistakes");
        assert_eq!(error.violations().len(), 2);
        for index in 0..100 {
            define(&desk, &format!("s{index}"), State::Open, -index).await.expect("defines");
        }
        let error = define(&desk, "s100", State::Open, 0).await.expect_err("too many");
        assert_eq!(error.reason(), "TOO_MANY_SUB_STATES");
        let error = define(&desk, "s1", State::Open, 0).await.expect_err("taken");
        assert_eq!((error.kind(), error.reason()), (Kind::AlreadyExists, "SUB_STATE_EXISTS"));

        let list = async |token: String| {
            let request = pb::ListSubStatesRequest { page_size: 60, page_token: token };
            list_sub_states::handle(&desk.app, acme(request)).await.expect("a page")
        };
        let first = list(String::new()).await;
        let second = list(first.next_page_token.clone()).await;
        assert_eq!((first.sub_states.len(), second.sub_states.len()), (60, 40));
        assert_eq!(first.sub_states[0].name, "subStates/s99", "lowest position first");
        assert_eq!(second.next_page_token, "");

        let other = || Tenant::One("other".into());
        let request = by(other(), pb::ListSubStatesRequest::default());
        assert!(list_sub_states::handle(&desk.app, request).await.expect("none").sub_states.is_empty());
        let request = by(other(), delete("s1"));
        assert_eq!(delete_sub_state::handle(&desk.app, request).await.expect_err("not theirs").kind(), Kind::NotFound);
    }

    /// Whichever comes first: a ticket never has a sub-state that is not there.
    async fn giving_and_deleting_at_once_leave_no_ticket_without_its_definition(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        for round in 0..8 {
            let ticket = desk.ticket().await;
            let id = format!("s{round}");
            define(&desk, &id, State::OnHold, 1).await.expect("defines");
            let name = format!("subStates/{id}");
            let (given, deleted) = tokio::join!(
                give(&desk, &ticket, State::OnHold, &name),
                delete_sub_state::handle(&desk.app, acme(delete(&id)))
            );
            let defined = desk.app.store.sub_state("acme", &id).await.is_ok();
            assert_eq!(defined, deleted.is_err());
            if given.is_ok() {
                assert!(defined, "what a ticket has is there");
                assert_eq!(deleted.expect_err("in use").reason(), "SUB_STATE_IN_USE");
            }
        }
    }
}
