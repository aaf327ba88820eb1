//! Webhooks whose endpoints are slow, wrong, down or gone, and processes that die in the middle.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use pb::delivery::State::{Dead, Pending, Succeeded};
use pb::webhook::DisabledReason;
use vorrang_testkit::{DEADLINE, both_engines, wait_until};

use super::webhook_receiver::{Does, Receiver, courier, states};
use super::*;

/// Longer than any pause.
const DAY: i64 = 24 * 3_600 + 1;

fn at(stamp: Option<&prost_types::Timestamp>) -> chrono::DateTime<chrono::Utc> {
    vorrang_api::from_timestamp(stamp.expect("a time")).expect("valid")
}

both_engines! {
    async fn what_is_not_taken_is_tried_again_later_under_the_same_id(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let tries = AtomicUsize::new(0);
        receiver.does(move |_| Does::Answers(if tries.fetch_add(1, Ordering::SeqCst) < 2 { 503 } else { 200 }));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        let now = chrono::DateTime::from_timestamp(START, 0).expect("valid");
        let waiting = desk.deliveries(&webhook).await.pop().expect("one");
        assert_eq!((waiting.state(), waiting.attempts, waiting.last_status, waiting.last_error.as_str()), (Pending, 1, 503, "STATUS"));
        let pause = at(waiting.next_attempt_at.as_ref()) - now;
        assert!((TimeDelta::seconds(1)..=TimeDelta::seconds(5)).contains(&pause), "{pause}");
        assert_eq!(at(desk.get_webhook(&webhook.name).await.failing_since.as_ref()), now);
        desk.carry().await;
        assert_eq!(receiver.count(), 1, "not before its time");
        desk.wait(5);
        desk.carry().await;
        desk.wait(20);
        desk.carry().await;
        let received = receiver.arrived();
        assert_eq!(received.len(), 3);
        let ids: HashSet<String> = received.iter().map(super::webhook_receiver::Received::id).collect();
        assert_eq!(ids.len(), 1, "receivers can tell that it is the same");
        let stamps: Vec<i64> = received.iter().map(|one| one.header("webhook-timestamp").parse().expect("seconds")).collect();
        assert_eq!(stamps, [START, START + 5, START + 25], "each attempt is signed for its own time");
        assert!(received.iter().all(|one| one.is_signed_by(&webhook.secret)));
        let done = desk.deliveries(&webhook).await.pop().expect("one");
        assert_eq!((done.state(), done.attempts, done.last_error.as_str()), (Succeeded, 3, ""));
        assert_eq!(desk.get_webhook(&webhook.name).await.failing_since, None);
    }

    /// Twelve attempts over days, while other events arrive: one that is refused is no reason to disable the endpoint.
    async fn what_is_never_taken_becomes_a_dead_letter(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|received| Does::Answers(if received.kind() == "customer_created" { 422 } else { 200 }));
        let webhook = desk.webhook(&receiver, "type = (customer_created OR ticket_created)").await;
        let customer = desk.customer("mara@example.org").await;
        for _ in 0..12 {
            desk.carry().await;
            desk.ticket_of(&customer).await;
            desk.carry().await;
            desk.wait(DAY);
        }
        let kinds = receiver.kinds();
        assert_eq!(kinds.iter().filter(|kind| *kind == "customer_created").count(), 12);
        assert_eq!(kinds.len(), 24);
        let dead = desk.dead_letters("webhooks/-").await;
        assert_eq!(dead, desk.dead_letters(&webhook.name).await);
        let [letter] = dead.as_slice() else { panic!("{dead:?}") };
        assert_eq!((letter.state(), letter.attempts, letter.last_status, letter.last_error.as_str()), (Dead, 12, 422, "STATUS"));
        assert_eq!((letter.event_type.as_str(), letter.event_subject.as_str()), ("customer_created", customer.name.as_str()));
        desk.carry().await;
        assert_eq!(receiver.count(), 0, "it is left alone");
        assert!(!desk.get_webhook(&webhook.name).await.disabled);
    }

    async fn an_endpoint_that_is_gone_is_disabled_at_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(410));
        let webhook = desk.webhook_with(pb::Webhook {
            url: receiver.url(),
            filter: "type = ticket_created".into(),
            max_in_flight: 1,
            ..pb::Webhook::default()
        }).await.expect("new");
        for _ in 0..3 {
            desk.ticket().await;
        }
        desk.carry().await;
        assert_eq!(receiver.count(), 1, "after the first answer nothing is sent");
        let disabled = desk.get_webhook(&webhook.name).await;
        assert_eq!((disabled.disabled, disabled.disabled_reason()), (true, DisabledReason::Gone));
        desk.carry().await;
        let dead = desk.dead_letters(&webhook.name).await;
        assert_eq!(states(&dead), [Dead, Dead, Dead]);
        let event = desk.events("acme").await.pop().expect("an event");
        let head = event.head.expect("a head");
        assert_eq!((head.r#type.as_str(), head.subject.as_str()), ("webhook_disabled", webhook.name.as_str()));
        assert_eq!(head.actor.expect("an actor").id, "webhooks");
    }

    async fn an_endpoint_that_takes_nothing_for_days_is_disabled(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(500));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        let watching = Receiver::start().await;
        desk.webhook(&watching, "type = webhook_disabled").await;
        desk.ticket().await;
        for _ in 0..5 {
            desk.carry().await;
            assert!(!desk.get_webhook(&webhook.name).await.disabled);
            desk.wait(DAY);
        }
        desk.carry().await;
        let disabled = desk.get_webhook(&webhook.name).await;
        assert_eq!(disabled.disabled_reason(), DisabledReason::Failing);
        desk.carry().await;
        assert_eq!(watching.kinds(), ["webhook_disabled"], "whoever wants to know is told");
        assert_eq!(desk.dead_letters(&webhook.name).await.len(), 1);
    }

    /// An endpoint that is down is asked now and then with one event, not with all of them.
    async fn an_endpoint_that_is_down_is_asked_now_and_then(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(502));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        for _ in 0..40 {
            desk.ticket().await;
        }
        desk.carry().await;
        assert!(receiver.arrived().len() <= 8 + 3, "no more than were under way when it was noticed");
        let paused = desk.get_webhook(&webhook.name).await;
        assert!(paused.paused_until.is_some());
        desk.carry().await;
        assert_eq!(receiver.count(), 0, "it is left alone");
        desk.wait(301);
        desk.carry().await;
        assert_eq!(receiver.arrived().len(), 1, "one asks whether it is back");
        receiver.does(|_| Does::Answers(200));
        desk.wait(DAY);
        desk.carry().await;
        assert_eq!(receiver.take().len(), 40, "it is, and gets all");
        assert_eq!(states(&desk.deliveries(&webhook).await), [Succeeded; 40]);
    }

    async fn an_endpoint_may_ask_for_a_pause(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let tries = AtomicUsize::new(0);
        receiver.does(move |_| Does::AsksToWait(if tries.fetch_add(1, Ordering::SeqCst) == 0 { 429 } else { 503 }, 600));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        desk.ticket().await;
        desk.wait(599);
        desk.carry().await;
        assert_eq!(receiver.arrived().len(), 1, "neither that event nor another one");
        desk.wait(1);
        desk.carry().await;
        let asked = receiver.arrived().len();
        assert!((1..=2).contains(&asked), "now it is asked again, and is busy again");
        desk.wait(599);
        desk.carry().await;
        assert_eq!(receiver.count(), 0);
        receiver.does(|_| Does::Answers(200));
        desk.wait(1);
        desk.carry().await;
        assert_eq!(receiver.arrived().len(), 2);
        assert_eq!(states(&desk.deliveries(&webhook).await), [Succeeded, Succeeded]);
    }

    async fn redirects_are_not_followed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (receiver, inside) = (Receiver::start().await, Receiver::start().await);
        let url = inside.url();
        receiver.does(move |_| Does::RedirectsTo(url.clone()));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        let one = desk.deliveries(&webhook).await.pop().expect("one");
        assert_eq!((one.state(), one.last_status, one.last_error.as_str()), (Pending, 307, "REDIRECT"));
        assert_eq!(inside.count(), 0);
    }

    /// An endpoint that never answers costs its own time and nobody else's.
    async fn one_that_hangs_holds_up_nobody(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (hanging, quick) = (Receiver::start().await, Receiver::start().await);
        hanging.does(|_| Does::Hangs);
        let webhook = desk.webhook(&hanging, "type = ticket_created").await;
        desk.webhook(&quick, "type = ticket_created").await;
        for _ in 0..20 {
            desk.ticket().await;
        }
        let slow = courier(&desk.app.store, &desk.app.feed, &desk.clock, DEADLINE);
        let carrying = tokio::spawn(async move { slow.tick().await });
        wait_until(DEADLINE, "the other one to get all", || async { quick.count() == 20 }).await;
        assert!(!carrying.is_finished(), "the one that hangs still does");
        carrying.abort();
        let impatient = courier(&desk.app.store, &desk.app.feed, &desk.clock, Duration::from_millis(200));
        desk.wait(61);
        impatient.tick().await.expect("carries");
        let failed = desk.deliveries(&webhook).await;
        assert!(failed.iter().any(|one| one.last_error == "TIMEOUT" && one.state() == Pending), "{failed:?}");
    }

    /// Killed with claims in its hands, or after sending and before it could say so: what it held is sent again when the lease ends.
    async fn what_a_dead_process_held_is_sent_again(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        for _ in 0..5 {
            desk.ticket().await;
        }
        receiver.does(|_| Does::Hangs);
        let dies = tokio::spawn({
            let courier = desk.app.courier.clone();
            async move { courier.tick().await }
        });
        wait_until(DEADLINE, "all to be under way", || async { receiver.count() == 5 }).await;
        dies.abort();
        assert!(dies.await.is_err(), "it was killed");
        let first: HashSet<String> = receiver.arrived().iter().map(super::webhook_receiver::Received::id).collect();
        receiver.does(|_| Does::Answers(200));

        let next = Fixture::restarted(&db, desk.clock.clone()).await;
        next.wait(59);
        next.carry().await;
        assert_eq!(receiver.count(), 0, "it may still be at it");
        next.wait(1);
        next.carry().await;
        let again: HashSet<String> = receiver.arrived().iter().map(super::webhook_receiver::Received::id).collect();
        assert_eq!((again.len(), again), (5, first));
        let deliveries = next.deliveries(&webhook).await;
        assert_eq!(states(&deliveries), [Succeeded; 5]);
        assert!(deliveries.iter().all(|one| one.attempts == 2), "what was lost counts as an attempt");
    }

    /// Several processes share the work: each event is made into one delivery, sent once while nothing fails, and the bound of an
    /// endpoint holds over all of them.
    async fn several_processes_share_the_work(db: TestDatabase) {
        let first = Fixture::new(&db).await;
        let second = Fixture::restarted(&db, first.clock.clone()).await;
        let third = Fixture::restarted(&db, first.clock.clone()).await;
        let receiver = Receiver::start().await;
        let webhook = first.webhook_with(pb::Webhook {
            url: receiver.url(),
            filter: "type = ticket_created".into(),
            max_in_flight: 2,
            ..pb::Webhook::default()
        }).await.expect("new");
        for _ in 0..60 {
            first.ticket().await;
        }
        loop {
            tokio::join!(first.carry(), second.carry(), third.carry());
            if states(&first.deliveries(&webhook).await) == [Succeeded; 60] {
                break;
            }
            first.wait(1);
        }
        let sequences: Vec<i64> = receiver.take().iter().map(super::webhook_receiver::Received::sequence).collect();
        let different: HashSet<i64> = sequences.iter().copied().collect();
        assert_eq!((sequences.len(), different.len()), (60, 60));
    }

    async fn no_more_are_under_way_than_the_endpoint_wants(db: TestDatabase) {
        let first = Fixture::new(&db).await;
        let second = Fixture::restarted(&db, first.clock.clone()).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Hangs);
        first.webhook_with(pb::Webhook {
            url: receiver.url(),
            filter: "type = ticket_created".into(),
            max_in_flight: 3,
            ..pb::Webhook::default()
        }).await.expect("new");
        for _ in 0..10 {
            first.ticket().await;
        }
        let one = tokio::spawn({
            let courier = first.app.courier.clone();
            async move { courier.tick().await }
        });
        wait_until(DEADLINE, "three to be under way", || async { receiver.count() == 3 }).await;
        second.wait(2);
        second.carry().await;
        assert_eq!(receiver.count(), 3, "another process has no place left");
        one.abort();
    }

    async fn with_one_at_a_time_events_arrive_in_their_order(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        desk.webhook_with(pb::Webhook { url: receiver.url(), max_in_flight: 1, ..pb::Webhook::default() }).await.expect("new");
        for _ in 0..20 {
            desk.ticket().await;
        }
        desk.carry().await;
        let sequences: Vec<i64> = receiver.arrived().iter().map(super::webhook_receiver::Received::sequence).collect();
        assert_eq!(sequences, (2..=41).collect::<Vec<_>>());
    }

    /// Addresses are judged when a call is made, not when the URL was stored.
    async fn a_url_that_may_not_be_called_any_more_is_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        let strict = vorrang_egress::Egress::new(
            vorrang_egress::Policy::default(),
            std::sync::Arc::new(vorrang_egress::SystemResolver),
            "",
            DEADLINE,
        ).expect("a client");
        let strict = crate::courier::Courier::new(desk.app.store.clone(), desk.app.feed.clone(), strict, desk.clock.shared());
        strict.tick().await.expect("carries");
        let one = desk.deliveries(&webhook).await.pop().expect("one");
        assert_eq!((one.state(), one.last_error.as_str()), (Pending, "ADDRESS_REFUSED"));
        assert_eq!(receiver.count(), 0);
    }
}
