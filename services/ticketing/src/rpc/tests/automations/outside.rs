//! What automations have others told: surveys go to customers, runs to webhooks.

use vorrang_testkit::both_engines;

use super::super::webhook_receiver::Receiver;
use super::*;

fn send_survey(id: &str) -> Action {
    Action::SendSurvey(format!("surveys/{id}"))
}

fn steps(run: &pb::AutomationRun) -> Vec<(&str, bool, &str)> {
    run.steps
        .iter()
        .map(|step| (step.action.as_str(), step.done, step.reason.as_str()))
        .collect()
}

both_engines! {
    /// Whatever the survey's own rule: it asks only when it is told to.
    async fn a_survey_is_sent_about_the_last_solve_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("effort", pb::SurveyKind::CesEffort, |survey| {
            let rule = survey.rule.as_mut().expect("a rule");
            rule.condition = "tags:never".into();
        })
        .await;
        let one = desk
            .automate(automation(on(&[Event::StateChanged, Event::TagsChanged]), "", vec![send_survey("effort")]))
            .await;
        let ticket = desk.ticket().await;
        desk.state(&ticket, pb::ticket::State::Pending).await.expect("waits");
        desk.work().await;
        assert!(desk.sent().await.is_empty(), "nothing is solved yet");
        assert_eq!(steps(&desk.runs(&ticket).await[0]), [("send_survey", false, "NOT_SOLVED")]);

        desk.solve(&ticket).await;
        desk.work().await;
        let sent = desk.sent().await;
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].ticket.as_str(), sent[0].solve), (ticket.name.as_str(), 1));
        let runs = desk.runs(&ticket).await;
        let applied: Vec<_> = runs.iter().filter(|run| run.outcome() == pb::automation_run::Outcome::Applied).collect();
        assert_eq!(applied.len(), 1, "the event of the assignment came too early: {runs:?}");
        assert_eq!(steps(applied[0]), [("send_survey", true, "")]);
        let events = desk.events("acme").await;
        let sending = events
            .iter()
            .find(|event| matches!(event.payload, Some(Payload::SurveySent(_))))
            .expect("it is told");
        let cause = sending.cause.clone().unwrap_or_default();
        assert_eq!(cause.automations.join(" "), one.name, "and says what led to it");

        // Set off again about the same solve: it is refused, and told so in what the dry run says, too.
        let test = pb::TestAutomationRequest {
            what: Some(pb::test_automation_request::What::Automation(one.name.clone())),
            on: Some(pb::test_automation_request::On::Ticket(ticket.name.clone())),
        };
        let told = test_automation::handle(&desk.app, acme(test)).await.expect("tests");
        assert_eq!(told.results[0].steps[0].reason, "SURVEY_ALREADY_SENT");
        assert_eq!(desk.sent().await.len(), 1);
    }

    /// Whoever solves it: by hand, by a macro or an automation, the rule of the survey asks.
    async fn what_macros_and_automations_solve_is_asked_about(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let solve = || act(become_state(pb::ticket::State::Solved));
        let closing = desk.try_macro(vec![solve()]).await.expect("a macro");
        let by_macro = desk.ticket().await;
        let apply = pb::ApplyMacroRequest {
            ticket: by_macro.name.clone(),
            r#macro: closing.name,
            agent: "agents/ada".into(),
            ..pb::ApplyMacroRequest::default()
        };
        apply_macro::handle(&desk.app, acme(apply)).await.expect("solves");
        let mut tagged = automation(on(&[Event::TagsChanged]), "tags:done", Vec::new());
        tagged.actions = vec![solve()];
        desk.automate(tagged).await;
        let by_automation = desk.ticket().await;
        let tagged = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket { name: by_automation.name.clone(), tags: vec!["done".into()], ..pb::Ticket::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["tags".into()] }),
            ..pb::UpdateTicketRequest::default()
        };
        update_ticket::handle(&desk.app, acme(tagged)).await.expect("tags");
        desk.work().await;
        let sent: Vec<String> = desk.sent().await.into_iter().map(|one| one.ticket).collect();
        assert_eq!(sent, [by_macro.name, by_automation.name]);
    }

    /// The second of two that send the same is refused, and takes nothing of the turn with it.
    async fn two_that_send_the_same_survey_send_it_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("effort", pb::SurveyKind::CesEffort, |survey| {
            survey.rule.as_mut().expect("a rule").condition = "tags:never".into();
        })
        .await;
        for tag_of in ["first", "second"] {
            desk.automate(automation(on(&[Event::StateChanged]), "state = SOLVED", vec![send_survey("effort"), tag(tag_of)]))
                .await;
        }
        desk.automate(automation(on(&[Event::StateChanged]), "state = SOLVED", vec![send_survey("effort")])).await;
        let ticket = desk.solved().await;
        desk.work().await;
        assert_eq!(desk.sent().await.len(), 1);
        assert_eq!(desk.get(&ticket.name).await.tags, ["first", "second"]);
        let mut runs = desk.runs(&ticket).await;
        runs.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(steps(&runs[0]), [("send_survey", true, ""), ("add_tags", true, "")]);
        assert_eq!(steps(&runs[1]), [("send_survey", false, "SURVEY_ALREADY_SENT"), ("add_tags", true, "")]);
        assert_eq!((runs[2].outcome(), runs[2].reason.as_str()), (pb::automation_run::Outcome::Failed, "ALL_REFUSED"));
        assert!(runs[2].chain.is_empty(), "it did nothing, so it led to nothing");
        assert_eq!(desk.told_runs().await.len(), 3, "each is told once");
    }

    async fn a_run_goes_to_the_webhook_that_it_names(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (named, other) = (Receiver::start().await, Receiver::start().await);
        let webhook = desk.webhook(&named, "type = customer_erased").await;
        desk.webhook(&other, "type = customer_erased").await;
        desk.automate(automation(
            on(&[Event::TicketCreated]),
            "",
            vec![Action::SendToWebhook(webhook.name.clone())],
        ))
        .await;
        let ticket = desk.ticket().await;
        desk.work().await;
        desk.carry().await;
        let received = named.take();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].kind(), "automation_applied");
        assert_eq!(received[0].json()["data"]["automationApplied"]["ticket"]["name"], ticket.name.as_str());
        assert_eq!(other.count(), 0);
        let run = &desk.runs(&ticket).await[0];
        assert_eq!(steps(run), [("send_to_webhook", true, "")]);
        desk.carry().await;
        assert_eq!(named.count(), 0, "once");
    }

    async fn what_is_not_there_is_said_when_it_is_saved_or_done(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let nowhere = "webhooks/018f0000-0000-7000-8000-000000000000";
        let actions = vec![send_survey("nothing"), Action::SendToWebhook(nowhere.into())];
        let error = desk
            .try_automation(automation(on(&[Event::TicketCreated]), "", actions))
            .await
            .expect_err("neither is there");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["automation.actions[0].send_survey", "automation.actions[1].send_to_webhook"]);

        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = customer_erased").await;
        desk.automate(automation(on(&[Event::TicketCreated]), "", vec![Action::SendToWebhook(webhook.name.clone())]))
            .await;
        let delete = pb::DeleteWebhookRequest { name: webhook.name, ..pb::DeleteWebhookRequest::default() };
        delete_webhook::handle(&desk.app, acme(delete)).await.expect("removed");
        let ticket = desk.ticket().await;
        desk.work().await;
        assert_eq!(steps(&desk.runs(&ticket).await[0]), [("send_to_webhook", false, "NOT_FOUND")]);
    }
}
