//! Sending again: one delivery, a range, what was given up; and how long deliveries are kept.

use chrono::TimeDelta;
use pb::delivery::State::{Dead, Pending, Succeeded};
use pb::replay_range_request::From;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::webhook_receiver::{Does, Receiver, states};
use super::*;

async fn replay(
    desk: &Fixture,
    webhook: &pb::Webhook,
    from: From,
    dead_letters_only: bool,
) -> Result<pb::Webhook, Error> {
    let request = pb::ReplayRangeRequest {
        name: webhook.name.clone(),
        from: Some(from),
        dead_letters_only,
        ..pb::ReplayRangeRequest::default()
    };
    replay_range::handle(&desk.app, acme(request)).await
}

fn time(seconds: i64) -> From {
    From::FromTime(prost_types::Timestamp { seconds, nanos: 0 })
}

async fn replay_one(desk: &Fixture, name: &str) -> Result<pb::Delivery, Error> {
    let request = pb::ReplayDeliveryRequest {
        name: name.into(),
        ..pb::ReplayDeliveryRequest::default()
    };
    replay_delivery::handle(&desk.app, acme(request)).await
}

async fn set_disabled(desk: &Fixture, webhook: &pb::Webhook, disabled: bool) {
    let request = pb::UpdateWebhookRequest {
        webhook: Some(pb::Webhook {
            name: webhook.name.clone(),
            disabled,
            ..pb::Webhook::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["disabled".into()],
        }),
        ..pb::UpdateWebhookRequest::default()
    };
    update_webhook::handle(&desk.app, acme(request)).await.expect("changes");
}

both_engines! {
    async fn one_delivery_is_sent_again_whatever_became_of_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        let first = receiver.take().pop().expect("it came");
        let done = desk.deliveries(&webhook).await.pop().expect("one");
        let due = replay_one(&desk, &done.name).await.expect("once more");
        assert_eq!((due.state(), due.attempts, due.completed_at), (Pending, 0, None));
        desk.carry().await;
        let again = receiver.take().pop().expect("it came again");
        assert_eq!((again.id(), again.json()), (first.id(), first.json()), "receivers can tell that it is the same");
        assert_eq!(desk.deliveries(&webhook).await[0].state(), Succeeded);
        for (name, kind) in [
            (format!("{}/deliveries/99", webhook.name), Kind::NotFound),
            (format!("webhooks/{}/deliveries/2", uuid::Uuid::from_u128(7)), Kind::NotFound),
            ("deliveries/2".to_owned(), Kind::Invalid),
        ] {
            assert_eq!(replay_one(&desk, &name).await.expect_err("nothing there").kind(), kind, "{name}");
        }
        set_disabled(&desk, &webhook, true).await;
        assert_eq!(replay_one(&desk, &done.name).await.expect_err("disabled").reason(), "WEBHOOK_DISABLED");
    }

    /// What happened before the webhook was made, while it was disabled, and what it had already: all of it, as the filter says.
    async fn a_range_is_sent_as_if_it_had_just_happened(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let before = desk.ticket().await;
        desk.wait(3_600);
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        set_disabled(&desk, &webhook, true).await;
        desk.ticket().await;
        desk.carry().await;
        assert_eq!(replay(&desk, &webhook, time(START), false).await.expect_err("disabled").reason(), "WEBHOOK_DISABLED");
        set_disabled(&desk, &webhook, false).await;
        desk.carry().await;
        assert_eq!(receiver.take().len(), 1);

        let running = replay(&desk, &webhook, time(START), false).await.expect("goes on");
        assert!(running.replay_until > 0);
        desk.carry().await;
        let subjects: Vec<String> = receiver
            .take()
            .iter()
            .map(|one| one.json()["subject"].as_str().expect("a subject").to_owned())
            .collect();
        assert_eq!(subjects.len(), 3);
        assert_eq!(subjects[0], before.name, "also what happened before it was made");
        assert_eq!(desk.get_webhook(&webhook.name).await.replay_until, 0, "it is through");
        // Only what came later: by time, and by cursor.
        replay(&desk, &webhook, time(START + 3_600), false).await.expect("goes on");
        desk.carry().await;
        assert_eq!(receiver.take().len(), 2);
        // And only what came earlier.
        let ended = |to: i64| pb::ReplayRangeRequest {
            name: webhook.name.clone(),
            from: Some(time(START)),
            to_time: Some(prost_types::Timestamp { seconds: to, nanos: 0 }),
            ..pb::ReplayRangeRequest::default()
        };
        replay_range::handle(&desk.app, acme(ended(START + 3_600))).await.expect("goes on");
        desk.carry().await;
        let subjects: Vec<String> = receiver.take().iter().map(|one| one.json()["subject"].as_str().expect("a subject").to_owned()).collect();
        assert_eq!(subjects, [before.name]);
        let error = replay_range::handle(&desk.app, acme(ended(START))).await.expect_err("nothing lies between");
        assert_eq!(error.violations()[0].field, "to_time");
        let cursor = desk.app.feed.get_head("acme").await.expect("reads").cursor;
        let nothing = replay(&desk, &webhook, From::FromCursor(cursor), false).await.expect("nothing to do");
        assert_eq!(nothing.replay_until, 0);
        let theirs = desk.app.feed.cursor("other", 0).await.expect("reads");
        assert_eq!(replay(&desk, &webhook, From::FromCursor(theirs), false).await.expect_err("not ours").reason(), "CURSOR_INVALID");
        let beyond = desk.app.feed.cursor("acme", 1_000).await.expect("reads");
        assert_eq!(replay(&desk, &webhook, From::FromCursor(beyond), false).await.expect_err("not there").reason(), "CURSOR_AHEAD");
        let nowhere = pb::ReplayRangeRequest { name: webhook.name.clone(), ..pb::ReplayRangeRequest::default() };
        let error = replay_range::handle(&desk.app, acme(nowhere)).await.expect_err("no beginning");
        assert_eq!(error.violations()[0].field, "from_time");
    }

    /// More than one step of a replay and of the making of deliveries.
    async fn a_long_range_goes_in_steps(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        for index in 0..6 {
            let contacts = (0..200).map(|one| mail("mara@example.org", &format!("<{index}-{one}>"))).collect();
            desk.record(contacts).await;
        }
        let receiver = Receiver::start().await;
        let filter = format!("type = ticket_created ticket.customer = {}", customer.name);
        let webhook = desk.webhook(&receiver, &filter).await;
        replay(&desk, &webhook, time(START), false).await.expect("goes on");
        desk.carry().await;
        assert_eq!(receiver.take().len(), 1_200);
        let page = async |page_token: String| {
            let request = pb::ListDeliveriesRequest { parent: webhook.name.clone(), page_size: 500, page_token, ..pb::ListDeliveriesRequest::default() };
            list_deliveries::handle(&desk.app, acme(request)).await.expect("a page")
        };
        let (mut count, mut token) = (0, String::new());
        loop {
            let listed = page(token).await;
            count += listed.deliveries.len();
            assert!(listed.deliveries.windows(2).all(|pair| pair[0].seq > pair[1].seq), "newest first");
            token = listed.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(count, 1_200);
    }

    async fn what_was_given_up_is_sent_again_and_nothing_else(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        receiver.does(|_| Does::Answers(410));
        for _ in 0..3 {
            desk.ticket().await;
        }
        desk.carry().await;
        desk.carry().await;
        assert_eq!(states(&desk.deliveries(&webhook).await), [Dead, Dead, Dead, Succeeded]);
        receiver.take();
        receiver.does(|_| Does::Answers(200));
        set_disabled(&desk, &webhook, false).await;
        replay(&desk, &webhook, time(START), true).await.expect("goes on");
        desk.carry().await;
        assert_eq!(receiver.take().len(), 3);
        assert_eq!(states(&desk.deliveries(&webhook).await), [Succeeded; 4]);
        assert!(desk.dead_letters("webhooks/-").await.is_empty());
        let pending = pb::ListDeliveriesRequest {
            parent: webhook.name.clone(),
            state: Succeeded.into(),
            ..pb::ListDeliveriesRequest::default()
        };
        assert_eq!(list_deliveries::handle(&desk.app, acme(pending)).await.expect("lists").deliveries.len(), 4);
    }

    async fn dead_letters_of_all_webhooks_are_paged(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(410));
        let mut webhooks = Vec::new();
        for _ in 0..2 {
            webhooks.push(desk.webhook(&receiver, "type = ticket_created").await);
        }
        for _ in 0..3 {
            desk.ticket().await;
        }
        desk.carry().await;
        desk.carry().await;
        let mut names = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListDeadLettersRequest { parent: "webhooks/-".into(), page_size: 2, page_token };
            let page = list_dead_letters::handle(&desk.app, acme(request)).await.expect("a page");
            names.extend(page.deliveries.into_iter().map(|one| one.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(names.len(), 6);
        let different: std::collections::HashSet<&String> = names.iter().collect();
        assert_eq!(different.len(), 6);
        assert_eq!(desk.dead_letters(&webhooks[0].name).await.len(), 3);
    }

    /// Retention of the feed was faster than an endpoint.
    async fn an_event_that_is_gone_cannot_be_sent(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(500));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        let trim = async || {
            let mut tx = desk.db.begin().await.expect("begins");
            let head = event_log::head(tx.conn(), "acme").await.expect("reads");
            event_log::trim(&mut tx, "acme", head).await.expect("trims");
            tx.commit().await.expect("commits");
        };
        trim().await;
        desk.wait(10);
        desk.carry().await;
        let dead = desk.dead_letters(&webhook.name).await.pop().expect("given up");
        assert_eq!((dead.attempts, dead.last_error.as_str()), (2, "EVENT_GONE"));
        assert_eq!(replay_one(&desk, &dead.name).await.expect_err("gone").reason(), "EVENT_GONE");
        // And faster than the making of deliveries: what is left is sent.
        desk.ticket().await;
        trim().await;
        receiver.take();
        receiver.does(|_| Does::Answers(200));
        desk.wait(10);
        desk.carry().await;
        desk.ticket().await;
        desk.carry().await;
        assert_eq!(receiver.kinds(), ["ticket_created"]);
    }

    async fn what_has_ended_is_kept_for_a_while(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        receiver.does(|_| Does::Answers(410));
        desk.ticket().await;
        desk.carry().await;
        desk.carry().await;
        let after = async |days: i64| {
            desk.clock.set(chrono::DateTime::from_timestamp(START, 0).expect("valid") + TimeDelta::days(days) + TimeDelta::seconds(1));
            desk.carry().await;
            states(&desk.deliveries(&webhook).await)
        };
        assert_eq!(after(6).await, [Dead, Succeeded]);
        assert_eq!(after(7).await, [Dead]);
        assert_eq!(after(29).await, [Dead]);
        assert_eq!(after(30).await, []);
    }
}
