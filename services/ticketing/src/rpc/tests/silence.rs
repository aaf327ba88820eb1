//! X13: whatever goes wrong, no line of a log, no span and no status says what a customer wrote, is called or is reached by.

use std::io;
use std::sync::{Arc, Mutex};

use sea_orm::ConnectionTrait;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use vorrang_testkit::{TestDatabase, both_engines};

use super::attachments::upload;
use super::coverage::scene::scene;
use super::organizations::mask;
use super::privacy::{CANARY, canary_mail, holds};
use super::*;

/// Everything that this thread logs, spans too, from DEBUG on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::DEBUG)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("not poisoned").clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The refusal as a client gets it.
fn refused<T>(what: &str, result: Result<T, Error>) {
    let Err(error) = result else { panic!("{what} was taken") };
    silent(what, error);
}

fn silent(what: &str, error: Error) {
    let status = vorrang_service::status(error);
    let silent = !status.message().contains(CANARY) && !holds(status.details(), CANARY);
    assert!(silent, "{what}: {status:?}");
}

fn named(value: &str) -> pb::CreateCustomerRequest {
    pb::CreateCustomerRequest {
        customer: Some(pb::Customer {
            display_name: value.into(),
            ..pb::Customer::default()
        }),
        ..pb::CreateCustomerRequest::default()
    }
}

fn reached_by(kind: pb::identity::Kind, value: &str) -> pb::CreateCustomerRequest {
    pb::CreateCustomerRequest {
        customer: Some(pb::Customer {
            identities: vec![pb::Identity {
                kind: kind.into(),
                ..email(value)
            }],
            ..pb::Customer::default()
        }),
        ..pb::CreateCustomerRequest::default()
    }
}

both_engines! {
    async fn nothing_that_goes_wrong_says_what_a_customer_said(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (log, _guard) = Log::begin();
        let scene = scene(&desk).await;
        let app = &desk.app;
        let ticket = &scene.tickets[1];
        let long = CANARY.repeat(100_000);

        refused("a phone number", create_customer::handle(app, acme(reached_by(pb::identity::Kind::Phone, "kanarienvogel"))).await);
        refused("a taken address", create_customer::handle(app, acme(reached_by(pb::identity::Kind::Email, "kanarienvogel-mail@example.org"))).await);
        refused("a name", create_customer::handle(app, acme(named("kanarienvogel\0"))).await);
        refused("a long name", create_customer::handle(app, acme(named(&long))).await);
        let lookup = pb::LookupCustomerRequest { identity: Some(email("kanarienvogel-nobody@example.org")) };
        refused("an unknown address", lookup_customer::handle(app, acme(lookup)).await);
        let verify = pb::VerifyIdentityRequest {
            name: scene.customer.clone(),
            identity: Some(email("kanarienvogel-nobody@example.org")),
            ..pb::VerifyIdentityRequest::default()
        };
        refused("an unknown identity", verify_identity::handle(app, acme(verify)).await);
        for text in ["kanarienvogel\0", long.as_str()] {
            let message = pb::CreateMessageRequest {
                parent: ticket.clone(),
                message: Some(agents_message(text)),
                ..pb::CreateMessageRequest::default()
            };
            refused("a message", create_message::handle(app, acme(message)).await);
            let change = pb::Ticket { name: ticket.clone(), subject: text.into(), ..pb::Ticket::default() };
            let change = pb::UpdateTicketRequest {
                ticket: Some(change),
                update_mask: mask(&["subject"]),
                ..pb::UpdateTicketRequest::default()
            };
            refused("a subject", update_ticket::handle(app, acme(change)).await);
        }
        let erase = pb::EraseCustomerRequest { name: scene.customer.clone(), reference: "kanarienvogel\n".into(), ..Default::default() };
        refused("a reference", erase_customer::handle(app, acme(erase)).await);
        desk.disk.set_down(true);
        refused("a file", upload(&desk, &scene.customer, b"kanarienvogel").await);
        desk.disk.set_down(false);

        // The database fails in the middle of it.
        let tx = desk.db.begin().await.expect("begins");
        tx.conn().execute_unprepared("ALTER TABLE messages RENAME TO elsewhere").await.expect("renamed");
        tx.commit().await.expect("commits");
        let message = pb::CreateMessageRequest {
            parent: ticket.clone(),
            message: Some(agents_message("kanarienvogel")),
            ..pb::CreateMessageRequest::default()
        };
        refused("a message that breaks", create_message::handle(app, acme(message)).await);
        let contacts = pb::RecordContactsRequest { contacts: vec![canary_mail("9")] };
        match record_contacts::handle(app, acme(contacts)).await {
            Ok(answer) => assert!(!format!("{answer:?}").contains(CANARY)),
            Err(error) => silent("a contact that breaks", error),
        }

        let log = log.bytes();
        assert!(holds(&log, "messages"), "nothing was logged");
        let line = String::from_utf8_lossy(&log).lines().find(|line| line.contains(CANARY)).map(str::to_owned);
        assert_eq!(line, None);
    }
}
