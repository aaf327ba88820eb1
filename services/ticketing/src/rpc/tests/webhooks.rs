//! Webhooks: made, changed, rotated, removed; what arrives.

use pb::delivery::State::{Pending, Succeeded};
use tokio_util::sync::CancellationToken;
use vorrang_error::Kind;
use vorrang_testkit::{DEADLINE, both_engines, wait_until};

use super::privacy::{dump, holds};
use super::webhook_receiver::{Does, Receiver, states};
use super::*;

fn update(webhook: &pb::Webhook, paths: &[&str]) -> pb::UpdateWebhookRequest {
    pb::UpdateWebhookRequest {
        webhook: Some(webhook.clone()),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        ..pb::UpdateWebhookRequest::default()
    }
}

fn fields(error: &Error) -> Vec<&str> {
    error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect()
}

both_engines! {
    async fn events_arrive_signed_as_cloud_events_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.ticket().await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "").await;
        let other = Receiver::start().await;
        desk.webhook(&other, "type = ticket_created ticket.queue = default").await;
        let ticket = desk.ticket().await;
        desk.carry().await;

        let received = receiver.take();
        let kinds: Vec<String> = received.iter().map(super::webhook_receiver::Received::kind).collect();
        assert_eq!(kinds, ["webhook_created", "customer_created", "ticket_created"], "the other webhook, not its own");
        let events = desk.events("acme").await;
        let last = &received[2];
        let event = events.last().expect("the ticket");
        let head = event.head.as_ref().expect("a head");
        assert_eq!(last.header("webhook-id"), head.id);
        assert_eq!(last.header("webhook-timestamp"), START.to_string());
        assert_eq!(last.header("content-type"), "application/cloudevents+json; charset=utf-8");
        assert!(last.is_signed_by(&webhook.secret));
        assert!(!last.is_signed_by("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        let json = last.json();
        assert_eq!((json["specversion"].as_str(), json["id"].as_str()), (Some("1.0"), Some(head.id.as_str())));
        assert_eq!((json["source"].as_str(), json["subject"].as_str()), (Some("/vorrang/ticketing/acme"), Some(ticket.name.as_str())));
        assert_eq!(json["sequence"].as_str(), Some(format!("{:019}", head.seq).as_str()));
        assert_eq!(json["data"]["ticketCreated"]["ticket"]["subject"], "Help", "what is stored sealed arrives open");
        assert_eq!(other.kinds(), ["ticket_created"]);

        desk.carry().await;
        assert_eq!((receiver.count(), other.count()), (0, 0), "nothing comes twice");
        let deliveries = desk.deliveries(&webhook).await;
        assert_eq!(states(&deliveries), [Succeeded, Succeeded, Succeeded]);
        let one = &deliveries[0];
        assert_eq!(one.name, format!("{}/deliveries/{}", webhook.name, head.seq));
        assert_eq!((one.event_id.as_str(), one.event_type.as_str(), one.event_subject.as_str()), (head.id.as_str(), "ticket_created", ticket.name.as_str()));
        assert_eq!((one.attempts, one.last_status, one.last_error.as_str()), (1, 204, ""));
        assert!(one.completed_at.is_some() && one.next_attempt_at.is_none());
    }

    /// The loop, without anybody's tick.
    async fn what_happens_is_carried_by_itself(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        desk.webhook(&receiver, "type = ticket_created").await;
        let stop = CancellationToken::new();
        let running = tokio::spawn(desk.app.courier.clone().run(stop.clone()));
        desk.ticket().await;
        wait_until(DEADLINE, "the event to arrive", || async { receiver.count() == 1 }).await;
        stop.cancel();
        running.await.expect("ends");
    }

    async fn a_secret_is_shown_once_and_lies_sealed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let request = pb::CreateWebhookRequest {
            request_id: "once".into(),
            webhook: Some(pb::Webhook { url: receiver.url(), ..pb::Webhook::default() }),
        };
        let made = create_webhook::handle(&desk.app, acme(request.clone())).await.expect("new");
        assert!(made.secret.starts_with("whsec_"));
        let again = create_webhook::handle(&desk.app, acme(request.clone())).await.expect("a repeat");
        assert_eq!(again, made, "a repeat gets the first answer, secret and all");
        assert_eq!(desk.get_webhook(&made.name).await, pb::Webhook { secret: String::new(), ..made.clone() });
        let listed = list_webhooks::handle(&desk.app, acme(pb::ListWebhooksRequest::default())).await.expect("lists");
        assert_eq!(listed.webhooks, [pb::Webhook { secret: String::new(), ..made.clone() }]);
        let stored = dump(&desk.db).await;
        let secret = made.secret.trim_start_matches("whsec_");
        assert!(!holds(&stored, secret), "neither in rows nor in answers nor in events");
        // Whoever repeats an old call does not learn a secret that came later.
        let rotate = pb::RotateWebhookSecretRequest { name: made.name.clone(), ..pb::RotateWebhookSecretRequest::default() };
        rotate_webhook_secret::handle(&desk.app, acme(rotate)).await.expect("a new one");
        let late = create_webhook::handle(&desk.app, acme(request)).await.expect("a repeat");
        assert_eq!(late, pb::Webhook { secret: String::new(), ..made.clone() });
        // Whoever follows the feed does not learn what the URL's query says.
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::WebhookCreated(created)) = &events[0].payload else { panic!("{events:?}") };
        let told = created.webhook.as_ref().expect("with it");
        assert!(told.url.ends_with("/in?…") && told.secret.is_empty(), "{told:?}");
    }

    async fn two_secrets_sign_while_receivers_change_over(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let first = desk.webhook(&receiver, "type = ticket_created").await;
        let rotate = async |grace: Option<i64>| {
            let request = pb::RotateWebhookSecretRequest {
                name: first.name.clone(),
                grace: grace.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
                ..pb::RotateWebhookSecretRequest::default()
            };
            rotate_webhook_secret::handle(&desk.app, acme(request)).await
        };
        let second = rotate(None).await.expect("a new one");
        assert_ne!(second.secret, first.secret);
        assert_ne!(second.etag, first.etag);
        let signed_by = async || {
            desk.ticket().await;
            desk.carry().await;
            receiver.take().pop().expect("it came")
        };
        let both = signed_by().await;
        assert!(both.is_signed_by(&first.secret) && both.is_signed_by(&second.secret));
        desk.wait(24 * 3_600);
        let later = signed_by().await;
        assert!(!later.is_signed_by(&first.secret) && later.is_signed_by(&second.secret), "the grace is over");
        let third = rotate(Some(0)).await.expect("at once");
        let now = signed_by().await;
        assert!(!now.is_signed_by(&second.secret) && now.is_signed_by(&third.secret));
        assert_eq!(fields(&rotate(Some(8 * 24 * 3_600)).await.expect_err("too long")), ["grace"]);
        assert_eq!(desk.kinds(0).await.iter().filter(|kind| *kind == "webhook_updated").count(), 2);
    }

    async fn only_what_makes_sense_is_taken(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let wrong = pb::Webhook {
            display_name: "x".repeat(101),
            url: "https://10.0.0.1/hook".into(),
            filter: "subject of the ticket".into(),
            max_in_flight: 33,
            ..pb::Webhook::default()
        };
        let error = desk.webhook_with(wrong).await.expect_err("nothing is right");
        assert_eq!(fields(&error), ["webhook.display_name", "webhook.max_in_flight", "webhook.url", "webhook.filter"]);
        for url in [
            "",
            "http://93.184.216.34/hook",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://mara:secret@hooks.example.org/",
            "gopher://hooks.example.org/",
            "https://hooks.example.org/#top",
        ] {
            let error = desk.webhook_with(pb::Webhook { url: url.into(), ..pb::Webhook::default() }).await.expect_err(url);
            assert_eq!(fields(&error), ["webhook.url"], "{url}");
        }
        let deep = format!("{}type = ticket_created{}", "(".repeat(1_000), ")".repeat(1_000));
        for filter in ["ticket.subject = x", deep.as_str()] {
            let webhook = pb::Webhook { url: "https://hooks.example.org/".into(), filter: filter.into(), ..pb::Webhook::default() };
            assert_eq!(fields(&desk.webhook_with(webhook).await.expect_err("no filter")), ["webhook.filter"]);
        }
        assert!(desk.events("acme").await.is_empty(), "nothing half done");
        for index in 0..50 {
            let webhook = pb::Webhook { url: format!("https://hooks.example.org/{index}"), ..pb::Webhook::default() };
            desk.webhook_with(webhook).await.expect("one of fifty");
        }
        let webhook = pb::Webhook { url: "https://hooks.example.org/".into(), ..pb::Webhook::default() };
        assert_eq!(desk.webhook_with(webhook).await.expect_err("one too many").reason(), "TOO_MANY_WEBHOOKS");
    }

    async fn changes_take_effect_and_are_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        let moved = pb::Webhook { url: elsewhere.url(), filter: "type = customer_created".into(), ..webhook.clone() };
        let request = update(&moved, &["url"]);
        let changed = update_webhook::handle(&desk.app, acme(request.clone())).await.expect("moves");
        assert_eq!((changed.url.clone(), changed.filter.as_str(), changed.secret.as_str()), (elsewhere.url(), "type = ticket_created", ""));
        assert_eq!(update_webhook::handle(&desk.app, acme(request)).await.expect_err("an old etag").reason(), "ETAG_MISMATCH");
        desk.ticket().await;
        desk.carry().await;
        assert_eq!((receiver.count(), elsewhere.kinds()), (0, vec!["ticket_created".to_owned()]));
        let same = update_webhook::handle(&desk.app, acme(update(&changed, &["url", "filter"]))).await.expect("nothing to do");
        assert_eq!(same, changed);
        let kinds: Vec<String> = desk.kinds(0).await.into_iter().filter(|kind| kind.starts_with("webhook")).collect();
        assert_eq!(kinds, ["webhook_created", "webhook_updated"]);
        let error = update_webhook::handle(&desk.app, acme(update(&changed, &["secret", "url"]))).await.expect_err("not to be set");
        assert_eq!(fields(&error), ["update_mask"]);
        let broken = pb::Webhook { url: "ftp://x".into(), ..changed.clone() };
        assert!(update_webhook::handle(&desk.app, acme(update(&broken, &["filter"]))).await.is_ok(), "only what is named is looked at");
    }

    async fn disabled_ends_what_is_pending_and_enabled_begins_anew(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(500));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        assert_eq!(states(&desk.deliveries(&webhook).await), [Pending]);
        let set = async |disabled: bool| {
            let wanted = pb::Webhook { disabled, etag: String::new(), ..webhook.clone() };
            update_webhook::handle(&desk.app, acme(update(&wanted, &["disabled"]))).await.expect("changes")
        };
        let off = set(true).await;
        assert_eq!((off.disabled, off.disabled_reason()), (true, pb::webhook::DisabledReason::Manual));
        desk.ticket().await;
        desk.wait(3_600);
        desk.carry().await;
        assert_eq!(receiver.take().len(), 1, "nothing is sent any more");
        let dead = desk.dead_letters(&webhook.name).await;
        assert_eq!((dead.len(), dead[0].last_error.as_str(), dead[0].attempts), (1, "WEBHOOK_DISABLED", 1));
        receiver.does(|_| Does::Answers(200));
        let on = set(false).await;
        assert!(!on.disabled && on.failing_since.is_none());
        desk.ticket().await;
        desk.carry().await;
        assert_eq!(receiver.kinds(), ["ticket_created"], "what happened meanwhile is not for it");
    }

    async fn removed_it_is_gone_with_its_deliveries(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(500));
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        desk.carry().await;
        let request = pb::DeleteWebhookRequest { request_id: "once".into(), name: webhook.name.clone(), etag: webhook.etag.clone() };
        let stale = pb::DeleteWebhookRequest { request_id: String::new(), etag: "\"9\"".into(), ..request.clone() };
        assert_eq!(delete_webhook::handle(&desk.app, acme(stale)).await.expect_err("another etag").reason(), "ETAG_MISMATCH");
        delete_webhook::handle(&desk.app, acme(request.clone())).await.expect("goes");
        delete_webhook::handle(&desk.app, acme(request)).await.expect("a repeat gets the first answer");
        let get = pb::GetWebhookRequest { name: webhook.name.clone() };
        assert_eq!(get_webhook::handle(&desk.app, acme(get)).await.expect_err("gone").kind(), Kind::NotFound);
        let list = pb::ListDeliveriesRequest { parent: webhook.name.clone(), ..pb::ListDeliveriesRequest::default() };
        assert_eq!(list_deliveries::handle(&desk.app, acme(list)).await.expect_err("gone").kind(), Kind::NotFound);
        desk.ticket().await;
        desk.wait(3_600);
        desk.carry().await;
        assert_eq!(receiver.take().len(), 1);
        assert!(!holds(&dump(&desk.db).await, &receiver.url()), "nothing of it is left");
        assert_eq!(desk.kinds(0).await.iter().filter(|kind| *kind == "webhook_deleted").count(), 1);
    }

    async fn nobody_sees_or_touches_anothers(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "").await;
        desk.ticket().await;
        desk.carry().await;
        let other = || Tenant::One("other".into());
        let name = webhook.name.clone();
        let not_found = |result: Result<(), Error>| assert_eq!(result.expect_err("not theirs").kind(), Kind::NotFound);
        not_found(get_webhook::handle(&desk.app, by(other(), pb::GetWebhookRequest { name: name.clone() })).await.map(drop));
        not_found(update_webhook::handle(&desk.app, by(other(), update(&webhook, &["url"]))).await.map(drop));
        not_found(delete_webhook::handle(&desk.app, by(other(), pb::DeleteWebhookRequest { name: name.clone(), ..Default::default() })).await);
        not_found(rotate_webhook_secret::handle(&desk.app, by(other(), pb::RotateWebhookSecretRequest { name: name.clone(), ..Default::default() })).await.map(drop));
        not_found(test_webhook::handle(&desk.app, by(other(), pb::TestWebhookRequest { name: name.clone() })).await.map(drop));
        not_found(list_deliveries::handle(&desk.app, by(other(), pb::ListDeliveriesRequest { parent: name.clone(), ..Default::default() })).await.map(drop));
        not_found(list_dead_letters::handle(&desk.app, by(other(), pb::ListDeadLettersRequest { parent: name.clone(), ..Default::default() })).await.map(drop));
        let delivery = format!("{name}/deliveries/2");
        not_found(replay_delivery::handle(&desk.app, by(other(), pb::ReplayDeliveryRequest { name: delivery, ..Default::default() })).await.map(drop));
        let from = Some(pb::replay_range_request::From::FromTime(prost_types::Timestamp { seconds: START, nanos: 0 }));
        not_found(replay_range::handle(&desk.app, by(other(), pb::ReplayRangeRequest { name, from, ..Default::default() })).await.map(drop));
        let all = pb::ListDeadLettersRequest { parent: "webhooks/-".into(), ..Default::default() };
        assert!(list_dead_letters::handle(&desk.app, by(other(), all)).await.expect("lists").deliveries.is_empty());
        // What happens at another tenant is not sent.
        receiver.take();
        let contacts = vec![mail("mara@example.org", "<1>")];
        record_contacts::handle(&desk.app, by(other(), pb::RecordContactsRequest { contacts })).await.expect("recorded");
        desk.carry().await;
        assert_eq!(receiver.count(), 0);
    }

    async fn a_test_is_sent_at_once_and_leaves_nothing(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        let test = async || test_webhook::handle(&desk.app, acme(pb::TestWebhookRequest { name: webhook.name.clone() })).await.expect("tries");
        let taken = test().await;
        assert_eq!((taken.taken, taken.status, taken.error.as_str()), (true, 204, ""));
        let sent = receiver.take().pop().expect("it came");
        assert!(sent.is_signed_by(&webhook.secret));
        assert_eq!((sent.kind().as_str(), sent.json()["data"]["webhook"].as_str()), ("webhook_test", Some(webhook.name.as_str())));
        receiver.does(|_| Does::Answers(403));
        let refused = test().await;
        assert_eq!((refused.taken, refused.status, refused.error.as_str()), (false, 403, "STATUS"));
        assert_eq!(desk.get_webhook(&webhook.name).await.failing_since, None);
        assert!(desk.deliveries(&webhook).await.is_empty());
    }
}
