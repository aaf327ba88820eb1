//! EraseCustomer: what is gone, what stays, and the proof of it.

use pb::contact_result::Outcome;
use pb::erasure::Ground;
use pb::ticket::State;
use vorrang_testkit::{TestDatabase, both_engines};

use super::attachments::upload;
use super::privacy::{CANARY, canary_mail, holds};
use super::*;
use crate::{proofs, retention};

fn request(customer: &str) -> pb::EraseCustomerRequest {
    pb::EraseCustomerRequest {
        name: customer.into(),
        ground: Ground::Requested.into(),
        reference: "DSR-7".into(),
        ..pb::EraseCustomerRequest::default()
    }
}

impl Fixture {
    pub async fn erase(&self, customer: &str) -> Result<pb::Erasure, Error> {
        erase_customer::handle(&self.app, acme(request(customer))).await
    }

    async fn erasures(&self) -> Vec<pb::Erasure> {
        let list = pb::ListErasuresRequest::default();
        list_erasures::handle(&self.app, acme(list))
            .await
            .expect("listed")
            .erasures
    }

    pub async fn read(&self, customer: &str) -> pb::Customer {
        let request = pb::GetCustomerRequest { name: customer.into() };
        get_customer::handle(&self.app, acme(request))
            .await
            .expect("it is there")
    }
}

/// Messages whose texts take room.
async fn full_messages(db: &Database) -> i64 {
    let reader = db.reader();
    let sql = "SELECT count(*) FROM messages WHERE sealed IS NOT NULL";
    let statement = sea_orm::Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(reader), sql);
    let row = sea_orm::ConnectionTrait::query_one_raw(reader, statement).await;
    row.expect("reads")
        .expect("a row")
        .try_get_by_index(0)
        .expect("a count")
}

both_engines! {
    async fn nothing_personal_is_left(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1"), canary_mail("2")]).await;
        let (ticket, customer) = (first[0].ticket.clone(), first[0].customer.clone());
        let other = desk.record(vec![mail("ben@example.org", "<ben>")]).await.remove(0);
        let message = pb::CreateMessageRequest {
            request_id: "m".into(),
            parent: ticket.clone(),
            message: Some(agents_message(CANARY)),
            ..pb::CreateMessageRequest::default()
        };
        create_message::handle(&desk.app, acme(message.clone())).await.expect("answered");
        let file = upload(&desk, &customer, b"a letter").await.expect("stored");
        let before = desk.events("acme").await;

        let proof = desk.erase(&customer).await.expect("erased");
        assert_eq!((proof.position, proof.customer.as_str()), (1, customer.as_str()));
        assert_eq!((proof.destroyed_keys, proof.tickets, proof.messages, proof.attachments), (2, 1, 3, 1));
        assert_eq!((proof.ground(), proof.reference.as_str()), (Ground::Requested, "DSR-7"));

        // Rows: facts stay, texts are gone and say so.
        let left = desk.read(&customer).await;
        assert_eq!((left.display_name.as_str(), left.identities.len()), ("", 0));
        assert_eq!(left.erased_at, proof.erased_at);
        let closed = desk.get(&ticket).await;
        assert_eq!((closed.subject.as_str(), closed.erased, closed.state()), ("", true, State::Closed));
        assert_eq!((closed.message_count, &closed.customer), (3, &customer));
        let list = pb::ListMessagesRequest { parent: ticket.clone(), ..pb::ListMessagesRequest::default() };
        let messages = list_messages::handle(&desk.app, acme(list)).await.expect("listed").messages;
        assert_eq!(messages.len(), 3);
        for message in &messages {
            assert!(message.erased && message.text.is_empty() && message.attachments.is_empty(), "{message:?}");
            assert!(message.occurred_at.is_some() && message.external_id.is_empty());
        }
        // The log: every event is still there with its facts, and nothing else.
        let after = desk.events("acme").await;
        assert!(!format!("{after:?}").contains(CANARY));
        let kinds: Vec<String> = after[before.len()..].iter().map(|event| event.head.clone().expect("filled in").r#type).collect();
        assert_eq!(kinds, ["ticket_state_changed", "customer_erased"]);
        let Some(pb::event::Payload::MessageCreated(created)) = &after[2].payload else {
            panic!("{:?}", after[2])
        };
        let (of, text) = (created.ticket.as_ref().expect("facts"), created.message.as_ref().expect("facts"));
        assert!(of.erased && text.erased && of.number == 1 && text.actor.is_some());
        let Some(pb::event::Payload::CustomerErased(told)) = &after.last().expect("told").payload else {
            panic!("no event")
        };
        assert_eq!(told.erasure.as_ref(), Some(&proof));
        // Stored answers, files, and whoever asks again.
        let again = create_message::handle(&desk.app, acme(message)).await.expect_err("the answer is erased");
        assert_eq!(again.reason(), "ERASED");
        let gone = attachments::download(&desk, &file.name, 0, 0).await.expect_err("gone");
        assert_eq!(gone.kind(), vorrang_error::Kind::NotFound);
        assert!(desk.disk.all().await.iter().all(|(path, _)| path.starts_with("erasures/")));
        let lookup = pb::LookupCustomerRequest { identity: Some(email("kanarienvogel-mail@example.org")) };
        lookup_customer::handle(&desk.app, acme(lookup)).await.expect_err("nobody");

        // A process that has nothing in memory sees the same, and nobody else lost anything.
        let desk = Fixture::restarted(&db, desk.clock.clone()).await;
        assert!(!format!("{:?}", desk.events("acme").await).contains(CANARY));
        assert_eq!(desk.get(&other.ticket).await.subject, "Help");
        assert_eq!(desk.erase(&customer).await.expect_err("was").reason(), "ERASED");
    }

    /// However much there is: keys are destroyed, and no message or event is touched. Their room is freed later, in steps.
    async fn an_erasure_rewrites_no_message(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let contacts = (0..1_500).map(|index| mail("mara@example.org", &format!("<{index}>")));
        let contacts: Vec<_> = contacts.map(|one| pb::InboundContact { reference_keys: vec!["mail:<0>".into()], ..one }).collect();
        let mut first = None;
        for some in contacts.chunks(500) {
            first.get_or_insert(desk.record(some.to_vec()).await.remove(0));
        }
        let first = first.expect("recorded");
        let of_messages = async || full_messages(&desk.db).await;
        assert_eq!(of_messages().await, 1_500);
        let proof = desk.erase(&first.customer).await.expect("erased");
        assert_eq!((proof.tickets, proof.messages, proof.destroyed_keys), (1, 1_500, 2));
        assert_eq!(of_messages().await, 1_500, "not one was rewritten");
        let messages = desk.messages(&first.ticket, true).await;
        assert!(messages.iter().all(|message| message.erased && message.text.is_empty()), "and none can be read");
        assert_eq!(desk.app.store.free_texts(500).await.expect("freed"), 500);
        assert_eq!(of_messages().await, 1_000, "a step at a time");
        retention::tick(&desk.app.store, &desk.app.objects).await.expect("freed");
        assert_eq!(of_messages().await, 0);
        assert_eq!(desk.messages(&first.ticket, true).await, messages, "nobody sees a difference");
        assert_eq!(desk.app.store.free_texts(500).await.expect("nothing to do"), 0);
    }

    /// Whoever writes again is somebody new, and nothing leads from them to who was erased; what was delivered before the
    /// erasure and comes again brings nothing back.
    async fn a_new_contact_makes_a_new_customer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1")]).await.remove(0);
        desk.erase(&first.customer).await.expect("erased");
        let repeated = pb::InboundContact { request_id: String::new(), ..canary_mail("1") };
        let again = desk.record(vec![repeated]).await.remove(0);
        assert_eq!((again.outcome(), &again.customer), (Outcome::Duplicate, &first.customer));
        let later = desk.record(vec![canary_mail("2")]).await.remove(0);
        assert_eq!(later.outcome(), Outcome::Created);
        assert_ne!(later.customer, first.customer);
        assert_eq!(desk.get(&later.ticket).await.follow_up_of, "");
        assert_eq!(desk.read(&later.customer).await.display_name, "kanarienvogel-name");
    }

    async fn nothing_personal_is_added_to_who_was_erased(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1")]).await.remove(0);
        desk.erase(&first.customer).await.expect("erased");
        let ticket = pb::Ticket { customer: first.customer.clone(), ..pb::Ticket::default() };
        let create = pb::CreateTicketRequest { ticket: Some(ticket), ..pb::CreateTicketRequest::default() };
        assert_eq!(create_ticket::handle(&desk.app, acme(create)).await.expect_err("no ticket").reason(), "ERASED");
        let customer = pb::Customer { name: first.customer.clone(), display_name: "M".into(), ..pb::Customer::default() };
        let update = pb::UpdateCustomerRequest {
            customer: Some(customer),
            update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into()] }),
            ..pb::UpdateCustomerRequest::default()
        };
        assert_eq!(update_customer::handle(&desk.app, acme(update)).await.expect_err("no name").reason(), "ERASED");
        let message = pb::CreateMessageRequest {
            parent: first.ticket.clone(),
            message: Some(agents_message("note")),
            ..pb::CreateMessageRequest::default()
        };
        assert_eq!(create_message::handle(&desk.app, acme(message)).await.expect_err("no note").reason(), "TICKET_CLOSED");
        assert_eq!(upload(&desk, &first.customer, b"x").await.expect_err("no file").reason(), "ERASED");
        let hold = pb::SetLegalHoldRequest {
            legal_hold: Some(pb::LegalHold { name: format!("{}/legalHold", first.customer), ..pb::LegalHold::default() }),
            ..pb::SetLegalHoldRequest::default()
        };
        assert_eq!(set_legal_hold::handle(&desk.app, acme(hold)).await.expect_err("too late").reason(), "ERASED");
    }

    async fn proofs_are_chained_and_repeats_get_the_first_one(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut proofs = Vec::new();
        for index in 0..3 {
            let customer = desk.customer(&format!("{index}@example.org")).await;
            let request = pb::EraseCustomerRequest { request_id: format!("e-{index}"), ..request(&customer.name) };
            let proof = erase_customer::handle(&desk.app, acme(request.clone())).await.expect("erased");
            assert_eq!(erase_customer::handle(&desk.app, acme(request)).await.expect("again"), proof);
            let get = pb::GetErasureRequest { name: proof.name.clone() };
            assert_eq!(get_erasure::handle(&desk.app, acme(get)).await.expect("read"), proof);
            proofs.push(proof);
        }
        assert_eq!(proofs[0].previous_sha256, "");
        for pair in proofs.windows(2) {
            assert_eq!((pair[1].position, &pair[1].previous_sha256), (pair[0].position + 1, &pair[0].sha256));
        }
        proofs.reverse();
        assert_eq!(desk.erasures().await, proofs);
        let page = pb::ListErasuresRequest { page_size: 2, ..pb::ListErasuresRequest::default() };
        let first = list_erasures::handle(&desk.app, acme(page.clone())).await.expect("a page");
        assert_eq!(first.erasures, proofs[..2]);
        let page = pb::ListErasuresRequest { page_token: first.next_page_token, ..page };
        let rest = list_erasures::handle(&desk.app, acme(page)).await.expect("a page");
        assert_eq!((rest.erasures.as_slice(), rest.next_page_token.as_str()), (&proofs[2..], ""));
    }

    async fn a_legal_hold_forbids_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        let hold = pb::LegalHold { name: format!("{}/legalHold", customer.name), reference: "AZ 12".into(), created_at: None };
        let set = pb::SetLegalHoldRequest { legal_hold: Some(hold.clone()), ..pb::SetLegalHoldRequest::default() };
        let set = set_legal_hold::handle(&desk.app, acme(set)).await.expect("held");
        assert_eq!((&set.name, &set.reference), (&hold.name, &hold.reference));
        let refused = desk.erase(&customer.name).await.expect_err("held");
        assert_eq!((refused.reason(), refused.metadata()), ("LEGAL_HOLD", &[("reference", "AZ 12".to_owned())][..]));
        let list = list_legal_holds::handle(&desk.app, acme(pb::ListLegalHoldsRequest::default())).await.expect("listed");
        assert_eq!(list.legal_holds, std::slice::from_ref(&set));
        let clear = pb::ClearLegalHoldRequest { name: hold.name.clone(), ..pb::ClearLegalHoldRequest::default() };
        assert_eq!(clear_legal_hold::handle(&desk.app, acme(clear.clone())).await.expect("ended"), set);
        assert_eq!(clear_legal_hold::handle(&desk.app, acme(clear)).await.expect_err("none").kind(), vorrang_error::Kind::NotFound);
        desk.erase(&customer.name).await.expect("erased");
    }

    async fn nobody_erases_another_tenants_customer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        let theirs = by(Tenant::One("globex".into()), request(&customer.name));
        assert_eq!(erase_customer::handle(&desk.app, theirs).await.expect_err("not theirs").kind(), vorrang_error::Kind::NotFound);
        let nobody = request(&format!("customers/{}", uuid::Uuid::nil()));
        assert_eq!(erase_customer::handle(&desk.app, acme(nobody)).await.expect_err("nobody").kind(), vorrang_error::Kind::NotFound);
        let proof = desk.erase(&customer.name).await.expect("erased");
        let get = by(Tenant::One("globex".into()), pb::GetErasureRequest { name: proof.name });
        get_erasure::handle(&desk.app, get).await.expect_err("not theirs");
    }

    async fn what_is_wrong_with_a_request_is_said_at_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let wrong = pb::EraseCustomerRequest { name: "customers/x".into(), reference: "\u{1F600}".into(), ..pb::EraseCustomerRequest::default() };
        let error = erase_customer::handle(&desk.app, acme(wrong)).await.expect_err("wrong");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["name", "ground", "reference"]);
    }

    /// F30: the database goes back to a copy from before the erasure; its proof is in the object store.
    async fn a_restore_brings_nobody_back(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1")]).await.remove(0);
        let backup = Backup::take(&desk).await;
        let late = desk.customer("late@example.org").await;
        let proof = desk.erase(&first.customer).await.expect("erased");
        let second = desk.erase(&late.name).await.expect("erased");
        backup.restore(&desk).await;
        let again = Fixture::restarted(&db, desk.clock.clone()).await;
        assert_eq!(again.read(&first.customer).await.display_name, "kanarienvogel-name", "nothing was restored");

        let done = proofs::carry_out_again(&again.app.store, &desk.app.objects).await.expect("carried out");
        assert_eq!(done, 2);
        assert_eq!(again.read(&first.customer).await.display_name, "");
        assert!(!format!("{:?}", again.events("acme").await).contains(CANARY));
        let dump = super::privacy::dump(&again.db).await;
        assert!(!holds(&dump, CANARY));
        assert_eq!(again.erasures().await, [second, proof], "the chain is whole again");
        assert_eq!(again.kinds(0).await.last().map(String::as_str), Some("customer_erased"), "followers are told again");
        assert_eq!(proofs::carry_out_again(&again.app.store, &desk.app.objects).await.expect("nothing to do"), 0);
    }

    /// Who is merged into somebody after the backup is a customer of their own in it, and goes all the same.
    async fn a_restore_brings_nobody_back_who_was_merged_since(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mail = desk.record(vec![canary_mail("1")]).await.remove(0);
        let target = desk.customer("other@example.org").await;
        let stays = desk.customer("stays@example.org").await;
        let backup = Backup::take(&desk).await;
        desk.merge_customers(&mail.customer, &target.name).await.expect("merges");
        let proof = desk.erase(&target.name).await.expect("erased");
        assert_eq!(proof.merged_customers, std::slice::from_ref(&mail.customer));
        backup.restore(&desk).await;
        let again = Fixture::restarted(&db, desk.clock.clone()).await;
        assert_eq!(again.read(&mail.customer).await.display_name, "kanarienvogel-name", "nothing was restored");

        assert_eq!(proofs::carry_out_again(&again.app.store, &desk.app.objects).await.expect("carried out"), 1);
        assert!(!holds(&super::privacy::dump(&again.db).await, CANARY));
        for name in [&mail.customer, &target.name] {
            assert!(again.read(name).await.erased_at.is_some(), "{name}");
        }
        assert!(again.read(&stays.name).await.erased_at.is_none());
        assert_eq!(again.erasures().await, [proof]);
    }

    /// The erasure stands although its proof cannot be kept yet; the loop keeps it later.
    async fn an_object_store_that_is_down_stops_no_erasure(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = desk.customer("mara@example.org").await;
        let file = upload(&desk, &customer.name, b"a letter").await.expect("stored");
        desk.disk.set_down(true);
        desk.erase(&customer.name).await.expect("erased");
        proofs::keep(&desk.app.store, &desk.app.objects).await.expect_err("still down");
        assert_eq!(desk.app.store.erasures_not_kept(10).await.expect("read").len(), 1);
        desk.disk.set_down(false);
        assert_eq!(desk.disk.all().await.len(), 1, "the file's object is still there, and nobody can open it");
        attachments::download(&desk, &file.name, 0, 0).await.expect_err("gone for everybody");
        proofs::keep(&desk.app.store, &desk.app.objects).await.expect("kept");
        crate::retention::tick(&desk.app.store, &desk.app.objects).await.expect("swept");
        let left = desk.disk.all().await;
        assert!(left.len() == 1 && left[0].0.starts_with("erasures/acme/"), "{left:?}");
        assert!(desk.app.store.erasures_not_kept(10).await.expect("read").is_empty());
    }
}

/// The tables that matter here, as they were.
struct Backup;

impl Backup {
    const TABLES: [&'static str; 5] = [
        "customers",
        "customer_identities",
        "tickets",
        "messages",
        "personal_keys",
    ];

    /// Copies of tables, in the database itself.
    async fn take(desk: &Fixture) -> Self {
        use sea_orm::ConnectionTrait as _;
        let tx = desk.db.begin().await.expect("begins");
        for table in Self::TABLES {
            let copy = format!("CREATE TABLE backup_{table} AS SELECT * FROM {table}");
            tx.conn().execute_unprepared(&copy).await.expect("copied");
        }
        tx.commit().await.expect("commits");
        Self
    }

    async fn restore(self, desk: &Fixture) {
        use sea_orm::ConnectionTrait as _;
        let tx = desk.db.begin().await.expect("begins");
        for table in Self::TABLES {
            for statement in [
                format!("DELETE FROM {table}"),
                format!("INSERT INTO {table} SELECT * FROM backup_{table}"),
                format!("DROP TABLE backup_{table}"),
            ] {
                tx.conn().execute_unprepared(&statement).await.expect("restored");
            }
        }
        tx.conn()
            .execute_unprepared("DELETE FROM erasures")
            .await
            .expect("restored");
        tx.commit().await.expect("commits");
    }
}
