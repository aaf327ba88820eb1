//! Handlers on real stores: everything below the identity layer, on SQLite and on PostgreSQL.

mod assigners;
mod attachments;
mod automations;
mod contacts;
mod coverage;
mod customer_merges;
mod customers;
mod disk;
mod disposition;
mod erasure;
mod erasure_races;
mod export;
mod faults;
mod feed_consumers;
mod history;
mod identities;
mod imports;
mod intake;
mod links;
mod lists;
mod live;
mod macros;
mod merge;
mod messages;
mod organizations;
mod privacy;
mod queue;
mod races;
mod records;
mod relation_races;
mod retention;
mod reviews;
mod schedule_holidays;
mod schedules;
mod silence;
mod sla;
mod split;
mod sub_states;
mod suggestions;
pub mod surveys;
mod ticket_fields;
mod tickets;
mod webhook_failures;
mod webhook_limits;
mod webhook_receiver;
mod webhook_replays;
mod webhooks;

use std::sync::Arc;

use prost::Message;
use tonic::Request;
use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_clock::ManualClock;
use vorrang_database::{Database, event_log};
use vorrang_error::Error;
use vorrang_feed::{Feed, Owner};
use vorrang_identity::{Caller, Scopes, Tenant};
use vorrang_service::Ids;
use vorrang_testkit::TestDatabase;

pub use disk::Disk;

use super::*;
use crate::app::App;
use crate::convert::FeedFields;
use crate::intake::Intake;
use crate::objects::Objects;
use crate::store::migrations::Migrator;
use crate::store::{Personal, Store};
use crate::survey::Links;

/// Everything under the identity layer, for tenant `acme` unless said otherwise.
pub struct Fixture {
    pub app: App,
    pub clock: ManualClock,
    pub db: Database,
    pub disk: Arc<Disk>,
}

pub const START: i64 = 1_700_000_000;

impl Fixture {
    pub async fn new(db: &TestDatabase) -> Self {
        let clock = ManualClock::new(chrono::DateTime::from_timestamp(START, 0).expect("valid"));
        Self::restarted(db, clock).await
    }

    /// A process that finds what an earlier one left.
    pub async fn restarted(db: &TestDatabase, clock: ManualClock) -> Self {
        let template = db.copy_of("ticketing", |url| async move {
            let db = Database::connect(&url).await.expect("connects");
            db.migrate::<Migrator>().await.expect("migrates");
            db.close().await.expect("closes");
        });
        // Boxed: what a test does is deep enough for the compiler without it.
        Box::pin(template).await;
        Self::at(db.url(), clock).await
    }

    /// One that reaches its database by `url`.
    pub async fn at(url: &str, clock: ManualClock) -> Self {
        let db = Database::connect(url).await.expect("connects");
        db.migrate::<Migrator>().await.expect("migrates");
        let personal = Personal::new(b"a data key");
        let store = Store::new(db.clone(), clock.shared(), Ids::default(), personal, links());
        let feed = Feed::new(Owner::Ticketing, db.clone(), b"key", clock.shared())
            .with_fields(Arc::new(FeedFields))
            .with_opener(Arc::new(store.clone()));
        let disk = Arc::new(Disk::default());
        let courier = webhook_receiver::courier(&store, &feed, &clock, vorrang_testkit::DEADLINE);
        Self {
            app: App {
                intake: Intake::new(store.clone()),
                store,
                feed,
                objects: Objects::of(disk.clone()),
                attachment_max: 1 << 20,
                courier,
            },
            disk,
            clock,
            db,
        }
    }

    pub fn wait(&self, seconds: i64) {
        self.clock.advance(chrono::TimeDelta::seconds(seconds));
    }

    /// All events of a tenant in their order; checks that the log has no holes and that every payload is what its kind says.
    pub async fn events(&self, tenant: &str) -> Vec<pb::Event> {
        let mut all = Vec::new();
        loop {
            let after = all.len() as i64;
            let mut read = event_log::read(&self.db, tenant, after, 500).await.expect("reads");
            if read.is_empty() {
                return all;
            }
            self.app.store.open_events(tenant, &mut read).await.expect("opens");
            for stored in read {
                assert_eq!(stored.seq, all.len() as i64 + 1, "the log is dense");
                let mut event = pb::Event::decode(stored.payload.as_slice()).expect("an event of ours");
                event.head = Some(vorrang_feed::head(&stored));
                all.push(event);
            }
        }
    }

    /// The kinds of all events after the first `skip`.
    pub async fn kinds(&self, skip: usize) -> Vec<String> {
        let events = self.events("acme").await;
        events
            .into_iter()
            .skip(skip)
            .map(|event| event.head.expect("filled in").r#type)
            .collect()
    }

    pub async fn customer(&self, mail: &str) -> pb::Customer {
        let customer = pb::Customer {
            identities: vec![email(mail)],
            ..pb::Customer::default()
        };
        let request = pb::CreateCustomerRequest {
            customer: Some(customer),
            ..pb::CreateCustomerRequest::default()
        };
        create_customer::handle(&self.app, acme(request))
            .await
            .expect("a new customer")
    }

    /// A ticket that waits, by a customer of its own.
    pub async fn ticket(&self) -> pb::Ticket {
        let customer = self.customer(&format!("{}@example.org", uuid::Uuid::new_v4())).await;
        self.ticket_of(&customer).await
    }

    pub async fn ticket_of(&self, customer: &pb::Customer) -> pb::Ticket {
        let ticket = pb::Ticket {
            customer: customer.name.clone(),
            subject: "Help".into(),
            ..pb::Ticket::default()
        };
        let request = pb::CreateTicketRequest {
            ticket: Some(ticket),
            ..pb::CreateTicketRequest::default()
        };
        create_ticket::handle(&self.app, acme(request))
            .await
            .expect("a new ticket")
    }

    pub async fn state(&self, ticket: &pb::Ticket, state: pb::ticket::State) -> Result<pb::Ticket, Error> {
        let request = pb::ChangeTicketStateRequest {
            name: ticket.name.clone(),
            state: state.into(),
            agent: "agents/anna".into(),
            ..pb::ChangeTicketStateRequest::default()
        };
        change_ticket_state::handle(&self.app, acme(request)).await
    }

    pub async fn get(&self, name: &str) -> pb::Ticket {
        get_ticket::handle(&self.app, acme(pb::GetTicketRequest { name: name.into() }))
            .await
            .expect("it is there")
    }

    pub async fn record(&self, contacts: Vec<pb::InboundContact>) -> Vec<pb::ContactResult> {
        let request = pb::RecordContactsRequest { contacts };
        record_contacts::handle(&self.app, acme(request))
            .await
            .expect("recorded")
            .results
    }
}

/// Where the links of surveys lead.
pub fn links() -> Links {
    Links::new("https://help.example.com", &[b"a key of links"])
}

pub fn acme<T>(message: T) -> Request<T> {
    by(Tenant::One("acme".into()), message)
}

pub fn by<T>(tenant: Tenant, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller {
        tenant,
        credential_id: "key-1".into(),
        scopes: Scopes::of(&[]),
        subject: "keys/key-1".into(),
    });
    request
}

pub fn email(value: &str) -> pb::Identity {
    pb::Identity {
        kind: pb::identity::Kind::Email.into(),
        value: value.into(),
        verified: true,
    }
}

pub fn actor(kind: feed::actor::Kind, id: &str) -> Option<feed::Actor> {
    Some(feed::Actor {
        kind: kind.into(),
        id: id.into(),
    })
}

pub fn agents_message(text: &str) -> pb::Message {
    pb::Message {
        actor: actor(feed::actor::Kind::Agent, "agents/anna"),
        text: text.into(),
        ..pb::Message::default()
    }
}

/// A mail with this Message-ID.
pub fn mail(from: &str, id: &str) -> pb::InboundContact {
    pb::InboundContact {
        source: "email".into(),
        external_id: id.into(),
        content_hash: vec![1; 32].into(),
        channel: pb::Channel::Email.into(),
        identities: vec![email(from)],
        subject: "Help".into(),
        message: Some(pb::Message {
            text: "Hello".into(),
            ..pb::Message::default()
        }),
        thread_keys: vec![format!("mail:{id}")],
        ..pb::InboundContact::default()
    }
}

pub fn outcomes(results: &[pb::ContactResult]) -> Vec<pb::contact_result::Outcome> {
    results.iter().map(pb::ContactResult::outcome).collect()
}

/// An answer of the feed as a client decodes it.
pub fn decoded(response: vorrang_api::raw::FollowResponse) -> pb::FollowResponse {
    pb::FollowResponse::decode(response.encode_to_vec().as_slice()).expect("is one on the wire")
}
