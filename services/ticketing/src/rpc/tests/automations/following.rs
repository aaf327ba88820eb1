//! What happens sets automations off, once.

use vorrang_testkit::{Proxy, both_engines};

use super::*;

/// VIP mail: priority, tag, and a reply by macro.
async fn vip(desk: &Fixture) -> (pb::Macro, pb::Automation) {
    let greeting = desk
        .try_macro(vec![
            act(reply("Hello {{customer.name|there}}, we saw #{{ticket.number}}")),
            act(tag("greeted")),
        ])
        .await
        .expect("a macro");
    let actions = vec![
        Action::SetPriority(pb::Priority::Urgent.into()),
        tag("vip"),
        Action::ApplyMacro(greeting.name.clone()),
        Action::Notify(pb::ticket_action::Notify {
            agents: vec!["agents/lead".into()],
            text: "A VIP waits".into(),
            ..Default::default()
        }),
    ];
    let one = desk
        .automate(automation(
            on(&[Event::CustomerMessage]),
            "channel = EMAIL -tags:vip",
            actions,
        ))
        .await;
    (greeting, one)
}

both_engines! {
    async fn mail_gets_priority_tag_reply_and_word_in_one_step(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (greeting, one) = vip(&desk).await;
        let ticket = desk.asked().await;
        desk.work().await;
        let after = desk.get(&ticket.name).await;
        assert_eq!((after.priority(), after.tags.len(), after.message_count), (pb::Priority::Urgent, 2, 2));
        let answer = desk.messages(&ticket.name, false).await.pop().expect("the reply");
        assert_eq!(answer.text, "Hello there, we saw #1");
        assert_eq!((answer.automated, answer.r#macro.as_str()), (true, greeting.name.as_str()));
        assert_eq!(answer.actor, actor(feed::actor::Kind::Automation, &one.name));

        let events = desk.events("acme").await;
        let caused: Vec<&pb::Event> = events.iter().filter(|event| event.cause.is_some()).collect();
        let kinds: Vec<&str> = caused.iter().map(|event| event.head.as_ref().expect("head").r#type.as_str()).collect();
        assert_eq!(
            kinds,
            ["ticket_updated", "ticket_updated", "message_created", "ticket_updated", "macro_applied", "agents_notified",
             "automation_applied"]
        );
        for event in &caused {
            assert_eq!(event.cause.as_ref().expect("one").automations.join(" "), one.name);
            let actor = event.head.as_ref().and_then(|head| head.actor.clone()).expect("somebody");
            assert_eq!((actor.kind(), actor.id), (feed::actor::Kind::Automation, one.name.clone()));
        }
        let Some(Payload::AgentsNotified(word)) = &caused[5].payload else { panic!("another kind") };
        assert_eq!((word.agents.as_slice(), word.text.as_str()), (&["agents/lead".to_owned()][..], "A VIP waits"));

        let runs = desk.runs(&ticket).await;
        assert_eq!(runs.len(), 1);
        let written = events.iter().find(|event| matches!(event.payload, Some(Payload::MessageCreated(_)))).expect("one");
        assert_eq!(runs[0].event_id, written.head.as_ref().expect("head").id);
        assert_eq!((runs[0].event(), runs[0].outcome()), (Event::CustomerMessage, pb::automation_run::Outcome::Applied));
        assert!(runs[0].steps.iter().all(|step| step.done) && runs[0].steps.len() == 4);
        assert_eq!(desk.told_runs().await[0].0, runs[0]);
        let counted = desk.get_automation(&one.name).await;
        assert_eq!((counted.applied_count, counted.last_applied_at), (1, runs[0].created_at));
        assert_eq!(counted.version, one.version, "a count is no change");
    }

    async fn nothing_before_it_was_enabled_and_nothing_of_history_sets_it_off(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk
            .try_automation(automation(on(&[Event::TicketCreated]), "", vec![tag("seen")]))
            .await
            .expect("makes");
        let before = desk.ticket().await;
        desk.work().await;
        let enabled = desk.enable(&made).await;
        let after = desk.ticket().await;
        desk.wait(30 * 86_400);
        let mut old = mail("late@example.org", "<late>");
        old.message = Some(pb::Message {
            text: "Long ago".into(),
            occurred_at: super::super::sla::at(10),
            ..pb::Message::default()
        });
        let history = desk.record(vec![old]).await;
        let request = pb::DisableAutomationRequest { name: enabled.name.clone(), ..pb::DisableAutomationRequest::default() };
        disable_automation::handle(&desk.app, acme(request)).await.expect("rests");
        let resting = desk.ticket().await;
        let again = desk.enable(&enabled).await;
        assert_eq!(again.version, enabled.version + 2);
        let late = desk.ticket().await;
        desk.work().await;
        let mut seen = Vec::new();
        for name in [&before.name, &after.name, &history[0].ticket, &resting.name, &late.name] {
            seen.push(desk.get(name).await.tags.len());
        }
        // What happened between the two enablings is before the second.
        assert_eq!(seen, [0, 0, 0, 0, 1]);
    }

    async fn what_happened_while_nobody_was_up_is_caught_up_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.automate(automation(on(&[Event::TicketCreated]), "", vec![tag("seen"), reply("Seen")])).await;
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(desk.ticket().await);
        }
        let (one, other) = (
            Fixture::restarted(&db, desk.clock.clone()).await,
            Fixture::restarted(&db, desk.clock.clone()).await,
        );
        // Two processes at once, each as eager as it can be.
        let race = async |desk: &Fixture| {
            for _ in 0..40 {
                match desk.app.store.follow_automations("acme").await {
                    Ok(_) => {}
                    Err(error) => assert!(error.kind().retryable(), "{error:?}"),
                }
            }
        };
        futures::join!(race(&one), race(&other));
        one.work().await;
        for ticket in &tickets {
            let after = desk.get(&ticket.name).await;
            assert_eq!((after.tags.len(), after.message_count), (1, 1));
            assert_eq!(desk.runs(ticket).await.len(), 1);
        }
    }

    async fn later_ones_see_what_earlier_ones_did_and_their_events_set_others_off(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let created = &[Event::TicketCreated];
        let first = desk.automate(automation(on(created), "", vec![Action::SetPriority(pb::Priority::High.into())])).await;
        let second = desk.automate(automation(on(created), "priority = HIGH", vec![tag("b")])).await;
        let third = desk.automate(automation(on(&[Event::TagsChanged]), "tags:b", vec![Action::SetQueue("b".into())])).await;
        let ticket = desk.ticket().await;
        desk.work().await;
        let after = desk.get(&ticket.name).await;
        assert_eq!((after.priority(), after.queue.as_str()), (pb::Priority::High, "b"));
        let chains: Vec<Vec<String>> = desk.told_runs().await.into_iter().map(|(run, _)| run.chain).collect();
        assert_eq!(chains, [vec![first.name], vec![second.name.clone()], vec![second.name, third.name]]);
    }

    async fn a_macro_that_is_archived_fails_its_action_and_blocks_nobody(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let gone = desk.try_macro(vec![act(tag("never"))]).await.expect("a macro");
        let broken = desk
            .automate(automation(on(&[Event::TicketCreated]), "", vec![Action::ApplyMacro(gone.name.clone())]))
            .await;
        let whole = desk.automate(automation(on(&[Event::TicketCreated]), "", vec![tag("seen")])).await;
        desk.archive_macro(&gone).await;
        let ticket = desk.ticket().await;
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.tags, ["seen"]);
        let runs = desk.runs(&ticket).await;
        let of = |name: &str| runs.iter().find(|run| run.automation == name).expect("recorded");
        let failed = of(&broken.name);
        assert_eq!((failed.outcome(), failed.reason.as_str()), (pb::automation_run::Outcome::Failed, "ALL_REFUSED"));
        assert_eq!(failed.steps[0].reason, "MACRO_ARCHIVED");
        assert_eq!(of(&whole.name).outcome(), pb::automation_run::Outcome::Applied);
        assert_eq!(desk.get_automation(&broken.name).await.applied_count, 0);
    }

    async fn every_kind_of_event_sets_off_what_waits_for_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        for (index, event) in (1..=13).filter_map(|number| Event::try_from(number).ok()).enumerate() {
            let note = Action::Note(words(&[("", &format!("{index} {}", event.as_str_name()))]));
            desk.automate(automation(on(&[event]), "", vec![note])).await;
        }
        desk.policy(super::super::sla::usual()).await;
        let ticket = desk.asked().await;
        let request = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket {
                name: ticket.name.clone(),
                priority: pb::Priority::Low.into(),
                queue: "other".into(),
                tags: vec!["a".into()],
                ..pb::Ticket::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["priority".into(), "queue".into(), "tags".into()] }),
            ..pb::UpdateTicketRequest::default()
        };
        update_ticket::handle(&desk.app, acme(request)).await.expect("changes");
        let request = pb::AssignTicketRequest {
            name: ticket.name.clone(),
            agent: "agents/anna".into(),
            ..pb::AssignTicketRequest::default()
        };
        assign_ticket::handle(&desk.app, acme(request)).await.expect("assigns");
        desk.wait(2_900);
        desk.wake().await;
        desk.wait(701);
        desk.wake().await;
        desk.reply(&ticket, None).await;
        desk.state(&ticket, pb::ticket::State::Solved).await.expect("solves");
        let request = pb::AnswerSurveyRequest {
            ticket: ticket.name.clone(),
            survey: "csat".into(),
            score: 5,
            ..pb::AnswerSurveyRequest::default()
        };
        answer_survey::handle(&desk.app, acme(request)).await.expect("answers");
        desk.state(&ticket, pb::ticket::State::Open).await.expect("reopens");
        let customer = pb::Customer { name: ticket.customer.clone(), ..pb::Customer::default() };
        let source = desk.ticket_of(&customer).await;
        let request = pb::MergeTicketsRequest {
            target: ticket.name.clone(),
            sources: vec![source.name.clone()],
            ..pb::MergeTicketsRequest::default()
        };
        merge_tickets::handle(&desk.app, acme(request)).await.expect("merges");
        desk.work().await;
        let mut seen: Vec<Event> = desk.runs(&ticket).await.iter().map(pb::AutomationRun::event).collect();
        seen.sort_unstable();
        seen.dedup();
        let all: Vec<Event> = (1..=13).filter_map(|number| Event::try_from(number).ok()).collect();
        assert_eq!(seen, all);
    }
}

/// Each step is broken before and after it took effect.
const ROUNDS: usize = 32;

/// The connection is cut wherever it is: at any statement, and above all at the commit, before and after it took effect. What an event
/// sets off is done once, since the effect and the cursor are one transaction.
#[test]
fn whatever_breaks_an_effect_is_there_once() {
    vorrang_testkit::run(async {
        let db = vorrang_testkit::postgres().await;
        let direct = Fixture::new(&db).await;
        direct
            .automate(automation(
                on(&[Event::TicketCreated]),
                "",
                vec![tag("seen"), reply("Seen")],
            ))
            .await;
        let proxy = Proxy::before(db.url()).await;
        let mut unheard = 0;
        for step in 0..ROUNDS {
            let ticket = direct.ticket().await;
            let desk = Fixture::at(&proxy.url(db.url()), direct.clock.clone()).await;
            // What comes before the ticket in the log is passed in a step of its own.
            desk.app.store.follow_automations("acme").await.expect("passes");
            let side = if step % 2 == 0 {
                vorrang_testkit::Stall::Before
            } else {
                vorrang_testkit::Stall::After
            };
            match step / 2 {
                0 => proxy.stall_on("COMMIT", side),
                step => proxy.stall_at(step as u64, side),
            }
            let mut following = Box::pin(async {
                for _ in 0..4 {
                    desk.app.store.follow_automations("acme").await?;
                }
                Ok::<_, Error>(())
            });
            let stalled =
                vorrang_testkit::wait_until(vorrang_testkit::DEADLINE, "the step", || async { proxy.has_stalled() });
            let early = tokio::select! {
                result = &mut following => Some(result),
                () = stalled => None,
            };
            proxy.cut();
            proxy.pass();
            let result = match early {
                Some(result) => result,
                None => following.await,
            };
            let there = direct.get(&ticket.name).await.message_count;
            unheard += usize::from(result.is_err() && there == 1);
            assert!(there <= 1, "{step} {side:?}");
            direct.work().await;
            let after = direct.get(&ticket.name).await;
            assert_eq!((after.message_count, after.tags.len()), (1, 1), "{step} {side:?}");
            assert_eq!(direct.runs(&ticket).await.len(), 1, "{step} {side:?}");
        }
        assert!(unheard > 0, "no commit lost its reply");
        let told = direct.told_runs().await.len();
        assert_eq!(told, ROUNDS, "every effect is told once");
    });
}
