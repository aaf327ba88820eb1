//! What stops automations, and that it is told.

use pb::automation_run::Outcome;
use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    async fn two_that_undo_each_other_stop_and_say_so(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let state = &[Event::StateChanged];
        let one = desk.automate(automation(on(state), "state = PENDING", vec![become_state(State::OnHold)])).await;
        let other = desk.automate(automation(on(state), "state = ON_HOLD", vec![become_state(State::Pending)])).await;
        let ticket = desk.ticket().await;
        desk.state(&ticket, State::Pending).await.expect("changes");
        desk.work().await;
        let told = desk.told_runs().await;
        let told: Vec<(&str, usize, &str)> = told
            .iter()
            .map(|(run, _)| (run.automation.as_str(), run.chain.len(), run.reason.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                // Both are set off by the hand; the second sees what the first did.
                (one.name.as_str(), 1, ""),
                (other.name.as_str(), 1, ""),
                // What the first did does not set it off again; what the second did does.
                (one.name.as_str(), 1, "OWN_DOING"),
                (one.name.as_str(), 2, ""),
                (other.name.as_str(), 1, "OWN_DOING"),
            ]
        );
        assert_eq!(desk.get(&ticket.name).await.state(), State::OnHold);
        // Somebody begins a new chain: the same again, but that they were stopped is told once an hour.
        desk.state(&ticket, State::Open).await.expect("changes");
        desk.work().await;
        desk.state(&ticket, State::Pending).await.expect("changes");
        desk.work().await;
        assert_eq!(desk.runs(&ticket).await.len(), 8);
    }

    async fn a_ticket_is_changed_at_most_so_often_an_hour(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let one = desk
            .automate(automation(on(&[Event::StateChanged]), "", vec![Action::Note(words(&[("", "noted")]))]))
            .await;
        let ticket = desk.ticket().await;
        for round in 0..35 {
            let state = if round % 2 == 0 { State::Pending } else { State::Open };
            desk.state(&ticket, state).await.expect("changes");
        }
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 30);
        let stopped: Vec<_> = desk.told_runs().await.into_iter().filter(|(run, _)| run.outcome() == Outcome::Stopped).collect();
        assert_eq!((stopped.len(), stopped[0].0.reason.as_str()), (1, "TOO_OFTEN"));
        assert_eq!(desk.get_automation(&one.name).await.applied_count, 30);
        desk.wait(3_601);
        desk.state(&ticket, State::Open).await.expect("changes");
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 31);
    }

    async fn no_machine_is_answered_and_no_customer_is_flooded(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.automate(automation(on(&[Event::TicketCreated]), "", vec![tag("seen"), reply("Thank you")])).await;
        let mut bounce = mail("mailer-daemon@example.org", "<bounce>");
        bounce.automated = true;
        let bounced = desk.record(vec![bounce]).await;
        let mut tickets = Vec::new();
        for index in 0..7 {
            let results = desk.record(vec![mail("mara@example.org", &format!("<{index}>"))]).await;
            tickets.push(results[0].ticket.clone());
        }
        desk.work().await;
        let machine = desk.get(&bounced[0].ticket).await;
        assert_eq!((machine.tags.len(), machine.message_count), (1, 1), "all but the reply is done");
        assert_eq!(desk.runs(&machine).await[0].steps[1].reason, "ANSWERS_AUTOMATED");
        let mut answered = 0;
        for name in &tickets {
            answered += desk.get(name).await.message_count - 1;
        }
        assert_eq!(answered, 5);
        let last = desk.get(&tickets[6]).await;
        assert_eq!(desk.runs(&last).await[0].steps[1].reason, "TOO_MANY_REPLIES");
    }

    async fn what_is_aside_merged_or_closed_is_left_alone(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (spam, closed) = (desk.ticket().await, desk.ticket().await);
        desk.automate(automation(on(&[Event::StateChanged, Event::CustomerMessage]), "", vec![tag("never")])).await;
        let contact = desk.record(vec![mail("mara@example.org", "<1>")]).await;
        let mark = pb::MarkTicketRequest {
            name: contact[0].ticket.clone(),
            disposition: pb::ticket::Disposition::Spam.into(),
            ..pb::MarkTicketRequest::default()
        };
        mark_ticket::handle(&desk.app, acme(mark)).await.expect("marks");
        desk.state(&closed, State::Closed).await.expect("closes");
        desk.work().await;
        let told = desk.told_runs().await;
        assert!(told.is_empty(), "{told:?}");
        assert!(desk.get(&spam.name).await.tags.is_empty());
    }

    async fn an_action_that_fails_below_is_recorded_and_passed_over(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let request = pb::CreateSubStateRequest {
            sub_state_id: "parts".into(),
            sub_state: Some(pb::SubState {
                state: State::OnHold.into(),
                display_name: "Parts".into(),
                ..pb::SubState::default()
            }),
            ..pb::CreateSubStateRequest::default()
        };
        create_sub_state::handle(&desk.app, acme(request)).await.expect("defines");
        let waits = Action::SetState(pb::ticket_action::Become {
            state: State::OnHold.into(),
            sub_state: "subStates/parts".into(),
        });
        desk.automate(automation(on(&[Event::TicketCreated]), "", vec![waits])).await;
        let request = pb::DeleteSubStateRequest { name: "subStates/parts".into(), ..pb::DeleteSubStateRequest::default() };
        delete_sub_state::handle(&desk.app, acme(request)).await.expect("deletes");
        let ticket = desk.ticket().await;
        desk.work().await;
        let runs = desk.runs(&ticket).await;
        assert_eq!((runs[0].outcome(), runs[0].steps[0].reason.as_str()), (Outcome::Failed, "RESOURCE_NOT_FOUND"));
        assert_eq!(desk.get(&ticket.name).await.state(), State::New);
    }
}
