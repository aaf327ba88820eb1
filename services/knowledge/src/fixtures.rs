//! What tests of several modules share.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vorrang_clock::ManualClock;
use vorrang_database::Database;
use vorrang_service::Ids;
use vorrang_testkit::TestDatabase;

use crate::article::{Article, Text};
use crate::store::{Actor, Answer, Call, Migrator, Store};

/// When tests begin.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("valid")
}

/// A store on an empty database.
pub(crate) async fn store(db: &TestDatabase) -> Store {
    let database = Database::connect(db.url()).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    Store::new(database, Ids::default())
}

/// Changes of one tenant, a second apart.
pub(crate) struct Author {
    pub tenant: &'static str,
    clock: ManualClock,
    ids: Ids,
}

impl Author {
    pub(crate) fn of(tenant: &'static str) -> Self {
        Self {
            tenant,
            clock: ManualClock::new(start()),
            ids: Ids::default(),
        }
    }

    /// What the next change is made under.
    pub(crate) fn call(&self, request_id: &str) -> Call {
        self.clock.advance(TimeDelta::seconds(1));
        Call {
            tenant: self.tenant.to_owned(),
            request_id: request_id.to_owned(),
            request_hash: [7; 32],
            actor: Actor::Automation("author".to_owned()),
            trace_parent: String::new(),
            now: self.clock.shared().now(),
        }
    }

    /// A new id of this moment.
    pub(crate) fn id(&self) -> Uuid {
        self.ids.next(self.clock.shared().now())
    }

    /// Writes a draft.
    pub(crate) async fn writes(&self, store: &Store, text: Text) -> Article {
        let call = self.call("");
        let (article, event) = Article::create(self.id(), text, call.now);
        fresh(store.create_article(&call, article, event).await.expect("creates"))
    }

    /// Writes an article and publishes it.
    pub(crate) async fn publishes(&self, store: &Store, text: Text) -> Article {
        let draft = self.writes(store, text).await;
        let call = self.call("");
        fresh(
            store
                .change_article(&call, draft.id, |article| article.publish(call.now))
                .await
                .expect("publishes"),
        )
    }

    /// Takes an article back.
    pub(crate) async fn unpublishes(&self, store: &Store, id: Uuid) {
        let call = self.call("");
        fresh(
            store
                .change_article(&call, id, |article| Ok(article.unpublish(call.now)))
                .await
                .expect("unpublishes"),
        );
    }
}

/// The result of a change that is no repeat.
pub(crate) fn fresh<T>(answer: Answer<T>) -> T {
    match answer {
        Answer::Fresh(value) => value,
        Answer::Repeated(_) => panic!("this was a repeat"),
    }
}

/// An article's text.
pub(crate) fn text(locale: &str, title: &str, body: &str) -> Text {
    Text {
        locale: locale.into(),
        title: title.into(),
        body: body.into(),
        ..Text::default()
    }
}

/// A small help centre in two languages.
pub(crate) fn help_center() -> Vec<Text> {
    vec![
        text(
            "de",
            "Rückgabe von Artikeln",
            "Sie können Ihre Bestellung innerhalb von 14 Tagen zurückgeben. Den Rücksendeschein finden Sie im Kundenkonto.",
        ),
        text(
            "de",
            "Lieferung und Versand",
            "Pakete werden mit DHL verschickt. Die Lieferzeit beträgt zwei bis drei Werktage, auf Inseln auch länger.",
        ),
        text(
            "de-AT",
            "Rechnung",
            "Die Rechnung erhalten Sie per E-Mail. Größere Beträge können Sie in Raten bezahlen.",
        ),
        text(
            "de",
            "Passwort vergessen",
            "Klicken Sie auf der Anmeldeseite auf den Link, um ein neues Passwort zu setzen.",
        ),
        text(
            "en",
            "Returning items",
            "You can return your order within 14 days. The return label is in your customer account.",
        ),
        text(
            "en",
            "Delivery",
            "Parcels are shipped by courier. Deliveries take two or three working days.",
        ),
        text(
            "en-GB",
            "Invoices",
            "We send the invoice by e-mail. Larger amounts can be paid in instalments.",
        ),
        text(
            "fr",
            "Livraison à l'étranger",
            "Les colis sont expédiés sous trois jours.",
        ),
    ]
}
