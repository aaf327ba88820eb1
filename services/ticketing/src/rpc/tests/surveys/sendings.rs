use futures::future::join_all;
use pb::survey_sending::State;
use pb::ticket::State as Ticket;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    /// Sent in the transaction of the solve, once per solve, with all that is needed to pass it on.
    async fn a_solve_is_asked_about_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let ticket = desk.solved().await;
        assert_eq!(desk.kinds(3).await, ["ticket_assigned", "ticket_state_changed", "survey_sent"]);
        let events = desk.events("acme").await;
        let who = events[5].head.clone().and_then(|head| head.actor).expect("somebody");
        assert_eq!((who.kind(), who.id.as_str()), (feed::actor::Kind::Automation, "surveys/csat"));
        let Some(pb::event::Payload::SurveySent(told)) = &events[5].payload else { panic!("{events:?}") };
        assert_eq!(told.ticket.as_ref(), Some(&ticket));
        let sending = told.sending.clone().expect("the sending");
        assert_eq!((sending.ticket.as_str(), sending.customer.as_str()), (ticket.name.as_str(), ticket.customer.as_str()));
        assert_eq!((sending.solve, sending.agent.as_str(), sending.state()), (1, "agents/anna", State::Sent));
        let invitation = sending.invitation.clone().expect("in the event");
        assert_eq!((invitation.language.as_str(), invitation.choices.len()), ("en", 5));
        assert!(invitation.url.starts_with("https://help.example.com/s/"));
        assert!(!invitation.url.contains(&ticket.customer["customers/".len()..]), "nothing about a person");

        let get = pb::GetSurveySendingRequest { name: sending.name.clone() };
        let read = get_survey_sending::handle(&desk.app, acme(get)).await.expect("is there");
        assert_eq!(read, pb::SurveySending { invitation: None, ..sending }, "whoever reads it cannot answer");

        desk.state(&ticket, Ticket::Solved).await.expect("is solved already");
        desk.state(&ticket, Ticket::Closed).await.expect("closes");
        assert_eq!(desk.sent().await.len(), 1);
        let again = desk.send("surveys/csat", &ticket.name, "").await.expect_err("once per solve");
        assert_eq!((again.kind(), again.reason()), (Kind::AlreadyExists, "SURVEY_ALREADY_SENT"));

        let other = desk.solved().await;
        desk.state(&other, Ticket::Open).await.expect("reopens");
        desk.state(&other, Ticket::Solved).await.expect("solves again");
        let solves: Vec<i32> = desk.sent().await.iter().map(|sending| sending.solve).collect();
        assert_eq!(solves, [1, 1, 2], "each solve is asked about");
    }

    async fn rules_decide_who_is_asked(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("mail", pb::SurveyKind::Csat, |survey| rule(survey).condition = "channel = EMAIL".into()).await;
        desk.survey("none", pb::SurveyKind::Nps, |survey| rule(survey).share = Some(0.0)).await;
        desk.survey("off", pb::SurveyKind::Pec, |survey| survey.active = false).await;
        desk.survey("by-hand", pb::SurveyKind::OneContact, |survey| survey.rule = None).await;
        desk.survey("closed", pb::SurveyKind::CesEase, |survey| {
            rule(survey).trigger = pb::survey_rule::Trigger::Closed.into();
        }).await;
        let ticket = desk.solved().await;
        assert!(desk.sent().await.is_empty());
        desk.state(&ticket, Ticket::Closed).await.expect("closes");
        let sent = desk.sent().await;
        assert_eq!((sent.len(), sent[0].survey.as_str(), sent[0].solve), (1, "surveys/closed", 1));
        assert_eq!(sent[0].agent, "agents/anna", "who had it at the solve");

        let unsolved = desk.ticket().await;
        desk.state(&unsolved, Ticket::Closed).await.expect("closes");
        let mut machine = mail("machine@example.org", "<1@machine>");
        machine.automated = true;
        let recorded = desk.record(vec![machine, mail("mara@example.org", "<1@mara>")]).await;
        for result in recorded {
            let ticket = desk.get(&result.ticket).await;
            desk.solve(&ticket).await;
        }
        let sent = desk.sent().await;
        assert_eq!(sent.len(), 2, "neither the unsolved one nor the machine");
        assert_eq!(sent[1].survey, "surveys/mail");
    }

    async fn what_is_delayed_is_sent_when_it_is_due(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("later", pb::SurveyKind::CesEffort, |survey| rule(survey).delay = span(3_600)).await;
        let (ticket, reopened, again) = (desk.solved().await, desk.solved().await, desk.solved().await);
        desk.wait(1_800);
        desk.state(&reopened, Ticket::Open).await.expect("reopens");
        desk.state(&again, Ticket::Open).await.expect("reopens");
        desk.solve(&again).await;
        desk.tick().await;
        assert!(desk.sent().await.is_empty());
        let states = |sendings: &[pb::SurveySending]| sendings.iter().map(pb::SurveySending::state).collect::<Vec<_>>();
        assert_eq!(states(&desk.sendings().await), [State::Planned; 4], "nothing is due");

        desk.wait(1_800);
        let other = Fixture::restarted(&db, desk.clock.clone()).await;
        tokio::join!(desk.tick(), other.tick());
        let sent = desk.sent().await;
        assert_eq!((sent.len(), sent[0].ticket.as_str()), (1, ticket.name.as_str()), "two processes, one sending");
        assert_eq!(sent[0].sent_at.as_ref().map(|at| at.seconds), Some(START + 3_600));
        let sendings = desk.sendings().await;
        assert_eq!(states(&sendings), [State::Planned, State::Cancelled, State::Cancelled, State::Sent]);
        assert!(sendings[1..3].iter().all(|sending| sending.cancel_reason == "REOPENED"));

        desk.wait(1_800);
        desk.tick().await;
        assert_eq!(desk.sent().await[1].solve, 2, "the second solve is asked about by itself");
    }

    async fn a_survey_switched_off_cancels_what_was_planned(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let survey = desk.survey("later", pb::SurveyKind::Csat, |survey| rule(survey).delay = span(60)).await;
        let (first, _) = (desk.solved().await, desk.solved().await);
        let now = desk.send(&survey.name, &first.name, "").await.expect("what is planned can be sent now");
        assert!(now.invitation.is_some());
        let request = pb::UpdateSurveyRequest {
            survey: Some(pb::Survey { name: survey.name.clone(), ..pb::Survey::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["active".into()] }),
            ..pb::UpdateSurveyRequest::default()
        };
        update_survey::handle(&desk.app, acme(request)).await.expect("switches off");
        desk.wait(60);
        desk.tick().await;
        desk.tick().await;
        let sendings = desk.sendings().await;
        assert_eq!((sendings[0].state(), sendings[0].cancel_reason.as_str()), (State::Cancelled, "SURVEY_INACTIVE"));
        assert_eq!((sendings[1].name.as_str(), sendings[1].state()), (now.name.as_str(), State::Sent));
        assert_eq!(desk.sent().await.len(), 1);
        let off = desk.send(&survey.name, &first.name, "").await.expect_err("switched off");
        assert_eq!(off.reason(), "SURVEY_INACTIVE");
    }

    /// A customer is asked for one kind at most once in its time, whatever sends it, also when many solves come at once.
    async fn nobody_is_asked_too_often(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("nps", pb::SurveyKind::Nps, |survey| rule(survey).every = span(30 * 86_400)).await;
        desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let mara = desk.customer("mara@example.org").await;
        let mut tickets = Vec::new();
        for _ in 0..6 {
            tickets.push(desk.ticket_of(&mara).await);
        }
        join_all(tickets.iter().map(|ticket| desk.solve(ticket))).await;
        let asked = |sent: &[pb::SurveySending], kind: pb::SurveyKind| sent.iter().filter(|one| one.kind() == kind).count();
        let sent = desk.sent().await;
        assert_eq!((asked(&sent, pb::SurveyKind::Nps), asked(&sent, pb::SurveyKind::Csat)), (1, 6));
        let lately = desk.send("surveys/nps", "", &mara.name).await.expect_err("asked a moment ago");
        assert_eq!((lately.kind(), lately.reason()), (Kind::Precondition, "ASKED_LATELY"));
        desk.wait(30 * 86_400);
        let again = desk.send("surveys/nps", "", &mara.name).await.expect("long enough ago");
        assert_eq!((again.ticket.as_str(), again.solve, again.customer.as_str()), ("", 0, mara.name.as_str()));
        let ben = desk.customer("ben@example.org").await;
        desk.send("surveys/nps", "", &ben.name).await.expect("somebody else");
    }

    async fn sending_by_hand_needs_somebody_to_ask(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("nps", pb::SurveyKind::Nps, |survey| survey.rule = None).await;
        let ticket = desk.ticket().await;
        assert_eq!(desk.send("surveys/nps", &ticket.name, "").await.expect_err("no solve").reason(), "NOT_SOLVED");
        let both = desk.send("surveys/nps", &ticket.name, &ticket.customer).await.expect_err("one of them");
        assert_eq!(both.violations()[0].field, "ticket");
        let missing = [
            ("surveys/none", ticket.name.clone(), String::new()),
            ("surveys/nps", "tickets/99".into(), String::new()),
            ("surveys/nps", String::new(), format!("customers/{}", uuid::Uuid::nil())),
        ];
        for (survey, ticket, customer) in missing {
            assert_eq!(desk.send(survey, &ticket, &customer).await.expect_err("not there").kind(), Kind::NotFound);
        }
        let ticket = desk.solve(&ticket).await;
        let request = pb::SendSurveyRequest {
            request_id: "once".into(),
            survey: "surveys/nps".into(),
            ticket: format!("tickets/{}", ticket.number),
            language: "de".into(),
            ..pb::SendSurveyRequest::default()
        };
        let sent = send_survey::handle(&desk.app, acme(request.clone())).await.expect("sends");
        assert_eq!(sent.language, "de");
        let again = send_survey::handle(&desk.app, acme(request)).await.expect("the first answer again");
        assert_eq!((again, desk.sent().await.len()), (sent, 1));
    }
}
