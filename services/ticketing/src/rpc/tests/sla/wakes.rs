//! What only the passing of time brings about.

use std::collections::BTreeMap;

use futures::future::join_all;
use sea_orm::ConnectionTrait;
use vorrang_testkit::{DEADLINE, both_engines, wait_until};

use super::*;

both_engines! {
    /// At the due second it is in time, a microsecond later it is not; each thing is told once.
    async fn each_thing_is_told_once_at_its_time(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let ticket = desk.asked().await;
        let skip = desk.events("acme").await.len();
        let looks = async |second: i64, micros: i64| {
            desk.set(second, micros);
            desk.wake().await;
            desk.told(skip).await
        };
        assert!(looks(HOUR / 5 * 4 - 1, 999_999).await.is_empty());
        assert_eq!(looks(HOUR / 5 * 4, 0).await, ["at risk first_response at 2880"]);
        assert_eq!(looks(HOUR, 0).await.len(), 1, "in time yet");
        assert_eq!(looks(HOUR, 1).await[1..], ["missed first_response at 3600 live"]);
        assert_eq!(looks(HOUR + 500, 0).await.len(), 2, "nothing is told twice");
        let after = desk.get(&ticket.name).await;
        assert_eq!((after.sla_targets[0].status(), after.sla_targets[0].at_risk), (Status::Missed, true));
        assert_eq!((&after.etag, &after.updated_at), (&ticket.etag, &ticket.updated_at), "nobody changed the ticket");
        let events = desk.events("acme").await;
        let last = events.last().expect("an event");
        let Some(Payload::SlaTargetMissed(missed)) = &last.payload else { panic!("{last:?}") };
        assert_eq!(missed.ticket.as_ref(), Some(&after));
        let head = last.head.as_ref().expect("filled in");
        assert_eq!(head.actor.as_ref().map(|actor| actor.id.as_str()), Some("sla"));
        // What is left is the resolution; that it was near is not told any more when it is past.
        assert_eq!(looks(4 * HOUR, 1).await[2..], ["missed resolution at 14400 live"]);
    }

    /// A loop that looks as often as ours tells each target well within a second of its due time, down to the microsecond at which
    /// that lies.
    async fn nothing_is_told_a_second_late(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(pb::SlaPolicy { goals: vec![goal(pb::SlaMetric::FirstResponse, 10)], ..usual() }).await;
        for step in 0..20 {
            desk.set(0, step * 137_137);
            desk.asked().await;
        }
        let mut aside = loops::sla::Aside::new();
        let (mut now, end) = (desk.clock.now(), desk.clock.now() + TimeDelta::seconds(12));
        while now < end {
            let next = loops::sla::tick(&desk.app.store, now, &mut aside).await.expect("looks");
            now = next.map_or(now + loops::sla::LOOK_EVERY, |next| next.clamp(now, now + loops::sla::LOOK_EVERY));
            desk.clock.set(now);
        }
        let mut told = BTreeMap::new();
        for event in desk.events("acme").await {
            let head = event.head.expect("filled in");
            let at = |time: &Option<prost_types::Timestamp>| {
                vorrang_api::from_timestamp(time.as_ref().expect("a time")).expect("a time")
            };
            let late = at(&head.recorded_at) - at(&head.occurred_at);
            if head.r#type.starts_with("sla_target") {
                assert!((TimeDelta::zero()..=TimeDelta::seconds(1)).contains(&late), "{late} late");
                *told.entry(head.r#type).or_insert(0) += 1;
            }
        }
        assert_eq!(told.into_iter().collect::<Vec<_>>(), [("sla_target_at_risk".to_owned(), 20), ("sla_target_missed".to_owned(), 20)]);
    }

    /// Down over the due time: what was missed is told with its due time, what was answered in time was never missed.
    async fn after_a_downtime_everything_is_as_if_there_had_been_none(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let answered = desk.asked().await;
        let forgotten = desk.asked().await;
        let skip = desk.events("acme").await.len();
        // Nothing runs until two hours later; then a reply is recorded that was written while we were down.
        desk.set(2 * HOUR, 0);
        let desk = Fixture::restarted(&db, desk.clock).await;
        desk.reply(&answered, Some(HOUR - 1)).await;
        desk.wake().await;
        let told = desk.told(skip).await;
        assert_eq!(told, ["met first_response at 3599", "missed first_response at 3600 live"]);
        assert_eq!(desk.get(&answered.name).await.sla_targets[0].status(), Status::Met);
        assert_eq!(desk.get(&forgotten.name).await.sla_targets[0].status(), Status::Missed);
        let events = desk.events("acme").await;
        let head = events.last().and_then(|event| event.head.clone()).expect("filled in");
        assert_eq!((second(&head.occurred_at), second(&head.recorded_at)), (Some(HOUR), Some(2 * HOUR)));
    }

    /// Several processes look at once, and agents work meanwhile: each thing is told once, and is so.
    async fn several_processes_tell_each_thing_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let contacts = (0..450).map(|index| mail(&format!("{index}@example.org"), &format!("<{index}>"))).collect();
        let results = desk.record(contacts).await;
        desk.set(HOUR, 1);
        let desks = [
            Fixture::restarted(&db, desk.clock.clone()).await,
            Fixture::restarted(&db, desk.clock.clone()).await,
        ];
        let wakes = join_all(desks.iter().flat_map(|desk| [desk.wake(), desk.wake()]));
        let replies = join_all(results.iter().take(30).map(async |result| {
            let ticket = pb::Ticket { name: result.ticket.clone(), ..pb::Ticket::default() };
            desk.reply(&ticket, None).await;
        }));
        tokio::join!(wakes, replies);
        desk.wake().await;
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for event in desk.events("acme").await {
            if let Some(Payload::SlaTargetMissed(missed)) = event.payload {
                *told.entry(missed.ticket.expect("a ticket").name).or_default() += 1;
            }
        }
        assert_eq!(told.len(), 450);
        assert!(told.values().all(|times| *times == 1), "{told:?}");
    }

    /// What cannot be told of one ticket is left aside; the others are told, and it itself once it can be.
    async fn one_broken_ticket_holds_up_no_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let broken = desk.asked().await;
        for _ in 0..3 {
            desk.asked().await;
        }
        let skip = desk.events("acme").await.len();
        let set = async |sql: &str| {
            let tx = desk.db.begin().await.expect("begins");
            tx.conn().execute_unprepared(sql).await.expect("is valid");
            tx.commit().await.expect("commits");
        };
        set("ALTER TABLE tickets ADD COLUMN kept TEXT").await;
        set("UPDATE tickets SET kept = sla, sla = '{' WHERE number = 1").await;
        desk.set(HOUR, 1);
        let mut aside = loops::sla::Aside::new();
        for _ in 0..3 {
            loops::sla::tick(&desk.app.store, desk.clock.now(), &mut aside).await.expect("looks");
        }
        assert_eq!((desk.told(skip).await.len(), aside.len()), (3, 1));
        set("UPDATE tickets SET sla = kept WHERE number = 1").await;
        desk.set(HOUR + 61, 0);
        loops::sla::tick(&desk.app.store, desk.clock.now(), &mut aside).await.expect("looks");
        assert_eq!((desk.told(skip).await.len(), aside.len()), (4, 0));
        assert_eq!(desk.get(&broken.name).await.sla_targets[0].status(), Status::Missed);
    }

    /// The loop itself: it notices by itself what falls due, also what another process brought about.
    async fn the_loop_tells_by_itself(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let shutdown = tokio_util::sync::CancellationToken::new();
        let running = tokio::spawn(loops::sla::run(desk.app.store.clone(), desk.clock.shared(), shutdown.clone()));
        let other = Fixture::restarted(&db, desk.clock.clone()).await;
        let ticket = other.asked().await;
        desk.set(HOUR, 1);
        wait_until(DEADLINE, "the missed target", || async {
            desk.get(&ticket.name).await.sla_targets[0].status() == Status::Missed
        })
        .await;
        shutdown.cancel();
        running.await.expect("it ends");
    }
}
