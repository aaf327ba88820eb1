//! What tickets are promised, and how it follows what happens to them.

use pb::SlaMetric::{FirstResponse, NextResponse, Resolution};
use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    /// The first policy that fits is kept with the ticket; what becomes of it later changes nothing.
    async fn a_ticket_keeps_the_policy_of_its_opening(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let phone = pb::SlaPolicy {
            display_name: "Phone".into(),
            position: 1,
            r#match: Some(pb::sla_policy::Match { channels: vec![pb::Channel::Phone.into()], ..Default::default() }),
            ..usual()
        };
        desk.policy(phone).await;
        let policy = desk.policy(pb::SlaPolicy { position: 2, ..usual() }).await;
        desk.policy(pb::SlaPolicy { display_name: "Later".into(), position: 3, ..usual() }).await;
        let ticket = desk.asked().await;
        assert_eq!((ticket.sla_policy.as_str(), ticket.schedule.as_str()), (policy.name.as_str(), ""));
        assert_eq!(statuses(&ticket), [(FirstResponse, Status::Running), (Resolution, Status::Running)]);
        let first = &ticket.sla_targets[0];
        assert_eq!((first.seconds, first.turn, first.clock()), (HOUR, 1, pb::SlaClock::Elapsed));
        assert_eq!((second(&first.started_at), second(&first.due_at)), (Some(0), Some(HOUR)));
        assert_eq!((second(&first.at_risk_at), first.at_risk), (Some(HOUR / 5 * 4), false));
        assert_eq!((first.remaining.as_ref().map(|left| left.seconds), second(&first.running_since)), (Some(HOUR), Some(0)));
        let events = desk.events("acme").await;
        let kinds: Vec<String> = desk.kinds(3).await;
        assert_eq!(kinds, ["customer_created", "ticket_created", "message_created", "sla_applied"]);
        let (Some(Payload::TicketCreated(created)), Some(Payload::SlaApplied(applied))) = (&events[4].payload, &events[6].payload) else {
            panic!("{events:?}")
        };
        assert_eq!(created.ticket.as_ref(), Some(&ticket), "the ticket as it is after the whole call");
        assert_eq!((applied.ticket.as_ref(), applied.policy.as_ref()), (Some(&ticket), Some(&policy)));

        let stricter = pb::SlaPolicy { goals: vec![goal(FirstResponse, 1)], ..policy.clone() };
        let request = pb::UpdateSlaPolicyRequest {
            sla_policy: Some(stricter),
            update_mask: Some(prost_types::FieldMask { paths: vec!["goals".into()] }),
            ..Default::default()
        };
        update_sla_policy::handle(&desk.app, acme(request)).await.expect("changes");
        desk.wait(1);
        assert_eq!(desk.asked().await.sla_targets.len(), 1, "whoever comes now gets what counts now");
        let delete = pb::DeleteSlaPolicyRequest { name: policy.name.clone(), ..Default::default() };
        delete_sla_policy::handle(&desk.app, acme(delete)).await.expect("removes");
        let desk = Fixture::restarted(&db, desk.clock).await;
        let answered = desk.reply(&ticket, None).await;
        assert_eq!(statuses(&answered), [(FirstResponse, Status::Met), (Resolution, Status::Running)]);
        desk.wait(1);
        let now = desk.asked().await;
        assert_ne!(now.sla_policy, policy.name, "the next one that fits");
        assert_eq!(now.sla_targets.len(), 2);
    }

    async fn targets_follow_turns_pauses_and_solves(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let ask = async |second: i64| {
            desk.set(second, 0);
            let results = desk.record(vec![written("mara@example.org", "1", &format!("<{second}>"), second)]).await;
            desk.get(&results[0].ticket).await
        };
        let ticket = ask(0).await;
        desk.set(600, 0);
        let answered = desk.reply(&ticket, None).await;
        assert_eq!(statuses(&answered), [(FirstResponse, Status::Met), (Resolution, Status::Running)]);
        let end = &answered.sla_targets[0];
        assert_eq!((second(&end.ended_at), end.end()), (Some(600), pb::sla_target::End::Replied));

        // A second turn, of two messages.
        ask(1_000).await;
        let asked = ask(1_100).await;
        let next = &asked.sla_targets[1];
        assert_eq!((next.metric(), next.turn, second(&next.due_at)), (NextResponse, 2, Some(1_000 + HOUR / 2)));

        // Pending: resolution stands still, the answer is owed as before.
        desk.set(2_000, 0);
        let pending = desk.state(&ticket, State::Pending).await.expect("parks");
        assert_eq!(statuses(&pending)[1..], [(NextResponse, Status::Running), (Resolution, Status::Paused)]);
        let paused = &pending.sla_targets[2];
        assert_eq!((paused.due_at.as_ref(), paused.running_since.as_ref()), (None, None));
        assert_eq!(paused.remaining.as_ref().map(|left| left.seconds), Some(4 * HOUR - 2_000));
        desk.set(2_500, 0);
        let open = desk.state(&ticket, State::OnHold).await.expect("goes on");
        assert_eq!(second(&open.sla_targets[2].due_at), Some(4 * HOUR + 500), "not while on hold");

        // Solved at the due second is in time, and the answer that was owed is late.
        desk.set(4 * HOUR + 500, 0);
        let solved = desk.state(&ticket, State::Solved).await.expect("solves");
        assert_eq!(statuses(&solved)[1..], [(NextResponse, Status::Missed), (Resolution, Status::Met)]);
        assert_eq!(solved.sla_targets[1].end(), pb::sla_target::End::Solved, "late, but nobody waits any more");
        let reopened = ask(4 * HOUR + 600).await;
        assert_eq!(reopened.state(), State::Open);
        assert_eq!(statuses(&reopened)[1..], [(NextResponse, Status::Running), (Resolution, Status::Met)]);
        let told = desk.told(1).await;
        let expected = [
            "applied Usual",
            "met first_response at 600",
            // Nobody looked: it is told with the next thing that happens.
            "at risk next_response at 2440",
            "missed next_response at 2800 live",
            "met resolution at 14900",
        ];
        assert_eq!(told, expected);
        let all = desk.targets(&ticket).await;
        let all: Vec<_> = all.iter().map(|target| (target.turn, target.status())).collect();
        assert_eq!(all, [(0, Status::Met), (1, Status::Met), (2, Status::Missed), (3, Status::Running)]);
    }

    /// Whatever was told before: a reply that was written in time is in time.
    async fn a_reply_recorded_late_takes_back_what_was_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let ticket = desk.asked().await;
        desk.set(HOUR + 60, 0);
        desk.wake().await;
        assert_eq!(desk.get(&ticket.name).await.sla_targets[0].status(), Status::Missed);
        desk.set(HOUR + 120, 0);
        let answered = desk.reply(&ticket, Some(HOUR)).await;
        assert_eq!(answered.sla_targets[0].status(), Status::Met);
        let told = desk.told(1).await[1..].to_vec();
        assert_eq!(told, ["missed first_response at 3600 live", "met first_response at 3600 after missed"]);
    }

    /// A mail that arrives later than younger ones makes the wait longer, or makes turns where there was one.
    async fn a_message_out_of_order_is_judged_by_the_whole_history(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        desk.set(3_000, 0);
        let results = desk.record(vec![written("mara@example.org", "1", "<b>", 3_000)]).await;
        let ticket = desk.get(&results[0].ticket).await;
        desk.set(3_700, 0);
        desk.reply(&ticket, None).await;
        desk.set(3_800, 0);
        desk.record(vec![written("mara@example.org", "1", "<a>", 0)]).await;
        let first = desk.get(&ticket.name).await.sla_targets[0];
        assert_eq!((second(&first.started_at), second(&first.due_at), first.status()), (Some(0), Some(HOUR), Status::Missed));
        let told = desk.told(1).await[1..].to_vec();
        assert_eq!(told, ["met first_response at 3700", "missed first_response at 3600 after met"]);

        // Two at once in one call, the younger one first; and one between them that arrives later still.
        desk.set(9_000, 0);
        let thread = |id: &str, second: i64| written("ben@example.org", "2", id, second);
        let results = desk.record(vec![thread("<w>", 7_900), thread("<z>", 9_000), thread("<x>", 8_000)]).await;
        let other = desk.get(&results[0].ticket).await;
        assert_eq!(other.name, results[2].ticket);
        assert_eq!(second(&other.sla_targets[0].started_at), Some(7_900));
        let answered = desk.reply(&other, Some(8_500)).await;
        assert_eq!(statuses(&answered)[..2], [(FirstResponse, Status::Met), (NextResponse, Status::Running)]);
        assert_eq!(second(&answered.sla_targets[1].started_at), Some(9_000), "what was one turn is two");
        let all = desk.targets(&other).await;
        assert_eq!(all.len(), 3);
        assert_eq!(all[1..].iter().map(pb::SlaTarget::status).collect::<Vec<_>>(), [Status::Met, Status::Running]);
    }

    /// Last week's mail is counted, and alarms nobody.
    async fn a_backfill_raises_no_alarm(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        desk.set(7 * 24 * HOUR, 0);
        let results = desk.record(vec![written("mara@example.org", "1", "<old>", 10)]).await;
        let ticket = desk.get(&results[0].ticket).await;
        assert_eq!(statuses(&ticket), [(FirstResponse, Status::Missed), (Resolution, Status::Missed)]);
        let told = desk.told(1).await;
        assert_eq!(told, ["applied Usual", "missed first_response at 3610", "missed resolution at 14410"]);
        desk.wake().await;
        assert_eq!(desk.told(1).await.len(), 3, "there is nothing to wake for");
    }

    /// What was promised when it was written counts, not what is promised when it arrives.
    async fn a_late_mail_gets_the_policy_of_its_time(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.set(100, 0);
        let policy = desk.policy(usual()).await;
        desk.set(200, 0);
        let request = pb::UpdateSlaPolicyRequest {
            sla_policy: Some(pb::SlaPolicy { name: policy.name.clone(), goals: vec![goal(FirstResponse, 60)], ..Default::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["goals".into()] }),
            ..Default::default()
        };
        update_sla_policy::handle(&desk.app, acme(request)).await.expect("changes");
        desk.set(300, 0);
        let mails = [("a", 99), ("b", 100), ("c", 199), ("d", 200)];
        let contacts = mails.iter().map(|(who, at)| written(&format!("{who}@example.org"), who, &format!("<{who}>"), *at));
        let results = desk.record(contacts.collect()).await;
        let mut seconds = Vec::new();
        for result in &results {
            let ticket = desk.get(&result.ticket).await;
            seconds.push(ticket.sla_targets.first().map(|target| target.seconds));
        }
        assert_eq!(seconds, [None, Some(HOUR), Some(HOUR), Some(60)]);
    }

    /// Only an agent's public message is a reply, and nobody owes a machine an answer.
    async fn notes_and_machines_meet_nothing_and_are_owed_nothing(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let ticket = desk.asked().await;
        let says = async |kind: feed::actor::Kind, id: &str, visibility: pb::message::Visibility| {
            let message = pb::Message {
                actor: actor(kind, id),
                visibility: visibility.into(),
                text: "Hm".into(),
                ..pb::Message::default()
            };
            let request = pb::CreateMessageRequest { parent: ticket.name.clone(), message: Some(message), ..Default::default() };
            create_message::handle(&desk.app, acme(request)).await.expect("adds").ticket.expect("a ticket")
        };
        use pb::message::Visibility;
        says(feed::actor::Kind::Agent, "agents/anna", Visibility::Internal).await;
        let after = says(feed::actor::Kind::Automation, "bot", Visibility::Public).await;
        assert_eq!(after.sla_targets[0].status(), Status::Running);
        let bounce = pb::InboundContact { automated: true, ..mail("daemon@example.org", "<bounce>") };
        let results = desk.record(vec![bounce]).await;
        assert_eq!(statuses(&desk.get(&results[0].ticket).await), [(Resolution, Status::Running)]);
    }
}
