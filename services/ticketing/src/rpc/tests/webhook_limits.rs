//! What webhooks never do: tell what is erased, write down what is personal, let one hold up the others, or go on for ever.

use std::io;
use std::sync::{Arc, Mutex};

use pb::delivery::State::{Dead, Pending, Succeeded};
use tokio::sync::Notify;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::fmt::MakeWriter;
use vorrang_testkit::{DEADLINE, both_engines, wait_until};

use super::privacy::{CANARY, canary_mail, dump, holds};
use super::webhook_receiver::{Does, Received, Receiver, states};
use super::*;

/// Everything that is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

both_engines! {
    /// Between the first attempt and the next the customer is erased: what happened is told, and nothing of what was said.
    async fn what_is_erased_meanwhile_is_told_without_its_text(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Answers(503));
        let webhook = desk.webhook(&receiver, "type = (ticket_created OR message_created OR customer_created)").await;
        let recorded = desk.record(vec![canary_mail("1")]).await.remove(0);
        desk.carry().await;
        let before = receiver.take();
        assert!(before.iter().any(|one| holds(&one.body, CANARY)), "it was told while it was known");
        desk.erase(&recorded.customer).await.expect("erased");
        receiver.does(|_| Does::Answers(200));
        desk.wait(600);
        desk.carry().await;
        let after = receiver.take();
        assert_eq!(
            after.iter().map(Received::id).collect::<Vec<_>>(),
            before.iter().map(Received::id).collect::<Vec<_>>(),
            "the same events under the same ids"
        );
        for one in &after {
            assert!(!holds(&one.body, CANARY), "{}", String::from_utf8_lossy(&one.body));
            assert!(one.is_signed_by(&webhook.secret));
        }
        let created = after.iter().find(|one| one.kind() == "ticket_created").expect("among them");
        assert_eq!(created.json()["data"]["ticketCreated"]["ticket"]["name"], recorded.ticket, "pseudonyms stay");
    }

    /// X13: neither in tables nor in logs, whatever the level and whatever goes wrong; URLs' secrets neither.
    async fn nothing_personal_or_secret_is_written_down(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|received| match received.kind().as_str() {
            "ticket_created" => Does::Answers(410),
            _ => Does::AsksToWait(429, 1),
        });
        let webhook = desk.webhook(&receiver, "").await;
        desk.record(vec![canary_mail("1")]).await;
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(lines.clone())
            .finish();
        let work = async {
            for _ in 0..8 {
                desk.carry().await;
                desk.wait(60);
            }
        };
        work.with_subscriber(subscriber).await;
        assert!(receiver.take().iter().any(|one| holds(&one.body, CANARY)), "it was sent");
        assert!(desk.get_webhook(&webhook.name).await.disabled);
        let logged = lines.0.lock().expect("not poisoned").clone();
        assert!(holds(&logged, "a webhook was disabled"), "nothing was logged");
        let rows = dump(&desk.db).await;
        let secret = webhook.secret.trim_start_matches("whsec_");
        for (place, bytes) in [("the log", &logged), ("a table", &rows)] {
            assert!(!holds(bytes, CANARY), "{place} has what is personal");
            assert!(!holds(bytes, secret), "{place} has the secret");
        }
        assert!(!holds(&logged, "geheim"), "the log has the URL's query");
    }

    /// All attempts that a tenant may make at once hang; another tenant's event arrives meanwhile.
    async fn a_tenant_whose_endpoints_hang_holds_up_no_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (hanging, theirs) = (Receiver::start().await, Receiver::start().await);
        hanging.does(|_| Does::Hangs);
        for _ in 0..9 {
            desk.webhook(&hanging, "type = ticket_created").await;
        }
        for _ in 0..8 {
            desk.ticket().await;
        }
        let carrying = tokio::spawn({
            let courier = desk.app.courier.clone();
            async move { courier.tick().await }
        });
        wait_until(DEADLINE, "all of its places to be taken", || async { hanging.count() == 64 }).await;
        let other = || Tenant::One("other".into());
        let request = pb::CreateWebhookRequest {
            webhook: Some(pb::Webhook { url: theirs.url(), filter: "type = ticket_created".into(), ..pb::Webhook::default() }),
            ..pb::CreateWebhookRequest::default()
        };
        create_webhook::handle(&desk.app, by(other(), request)).await.expect("new");
        let contacts = vec![mail("mara@example.org", "<1>")];
        record_contacts::handle(&desk.app, by(other(), pb::RecordContactsRequest { contacts })).await.expect("recorded");
        let second = tokio::spawn({
            let courier = desk.app.courier.clone();
            async move { courier.tick().await }
        });
        wait_until(DEADLINE, "the other tenant's event", || async { theirs.count() == 1 }).await;
        assert_eq!(hanging.count(), 64, "no more than it may");
        carrying.abort();
        second.abort();
    }

    /// F18: what kills the process that sends it is given up in the end, where people see it, and the rest goes on.
    async fn what_is_lost_with_its_process_every_time_is_given_up(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let receiver = Receiver::start().await;
        receiver.does(|_| Does::Hangs);
        let webhook = desk.webhook(&receiver, "type = ticket_created").await;
        desk.ticket().await;
        for round in 1..=12 {
            let dies = tokio::spawn({
                let courier = desk.app.courier.clone();
                async move { courier.tick().await }
            });
            wait_until(DEADLINE, "it to be sent", || async { receiver.count() == round }).await;
            dies.abort();
            assert!(dies.await.is_err(), "it was killed");
            desk.wait(61);
        }
        receiver.arrived();
        receiver.does(|_| Does::Answers(200));
        desk.ticket().await;
        desk.carry().await;
        assert_eq!(receiver.arrived().len(), 1, "the other one");
        let deliveries = desk.deliveries(&webhook).await;
        assert_eq!(states(&deliveries), [Succeeded, Dead]);
        assert_eq!((deliveries[1].last_error.as_str(), deliveries[1].attempts), ("LOST", 12));
    }

    /// An attempt at the old address comes back after the webhook was changed: it says nothing about the new one.
    async fn what_was_under_way_when_it_was_changed_does_not_count_against_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (old, new) = (Receiver::start().await, Receiver::start().await);
        let answer = Arc::new(Notify::new());
        let told = answer.clone();
        old.does(move |_| Does::AnswersWhenTold(410, told.clone()));
        let webhook = desk.webhook(&old, "type = ticket_created").await;
        desk.ticket().await;
        let carrying = tokio::spawn({
            let courier = desk.app.courier.clone();
            async move { courier.tick().await }
        });
        wait_until(DEADLINE, "it to be under way", || async { old.count() == 1 }).await;
        let request = pb::UpdateWebhookRequest {
            webhook: Some(pb::Webhook { name: webhook.name.clone(), url: new.url(), ..pb::Webhook::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["url".into()] }),
            ..pb::UpdateWebhookRequest::default()
        };
        update_webhook::handle(&desk.app, acme(request)).await.expect("moves");
        answer.notify_one();
        carrying.await.expect("runs").expect("carries");
        assert!(!desk.get_webhook(&webhook.name).await.disabled);
        assert_eq!(states(&desk.deliveries(&webhook).await), [Pending], "it is tried again");
        desk.wait(5);
        desk.carry().await;
        assert_eq!(new.kinds(), ["ticket_created"]);
    }

    /// A filter means the same at a webhook and at a stream.
    async fn a_webhook_gets_what_a_follower_with_its_filter_gets(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let filter = "type = (ticket_created OR message_created) ticket.channel = EMAIL";
        let receiver = Receiver::start().await;
        desk.webhook(&receiver, filter).await;
        desk.ticket().await;
        let chat = pb::InboundContact { channel: pb::Channel::Chat.into(), ..mail("mara@example.org", "<c>") };
        desk.record(vec![mail("mara@example.org", "<1>"), chat, mail("mara@example.org", "<2>")]).await;
        desk.carry().await;
        let sent: Vec<i64> = receiver.take().iter().map(Received::sequence).collect();
        let filter = desk.app.feed.filter(filter).expect("a filter");
        let stored = event_log::read(&desk.db, "acme", 0, 500).await.expect("reads");
        let followed: Vec<i64> = stored.iter().filter(|event| filter.fits(event)).map(|event| event.seq).collect();
        assert_eq!(sent, followed);
        assert!(followed.len() >= 2 && followed.len() < stored.len(), "{followed:?}");
    }
}
