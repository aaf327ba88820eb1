//! Erasing while others write: whatever comes first, nothing personal of the customer is left, and nothing is lost of anybody
//! else.

use futures::future::join_all;
use vorrang_testkit::{TestDatabase, both_engines};

use super::attachments::upload;
use super::privacy::{CANARY, canary_mail};
use super::records::{of, order};
use super::*;
use crate::retention;

/// What a writer may hear when the erasure was faster.
const REFUSALS: &[&str] = &["ERASED", "TICKET_CLOSED", "RESOURCE_NOT_FOUND"];

/// Everything that adds something personal to the customer or the ticket, from a process of its own.
async fn write(desk: &Fixture, customer: &str, ticket: &str, round: usize) {
    let refused = |result: Result<(), Error>| {
        if let Err(error) = result {
            assert!(REFUSALS.contains(&error.reason()), "{error:?}");
        }
    };
    let message = async |index: usize| {
        let request = pb::CreateMessageRequest {
            request_id: format!("message-{round}-{index}"),
            parent: ticket.into(),
            message: Some(agents_message(CANARY)),
            ..pb::CreateMessageRequest::default()
        };
        create_message::handle(&desk.app, acme(request)).await.map(drop)
    };
    let rename = async |index: usize| {
        let customer = pb::Customer {
            name: customer.into(),
            display_name: format!("{CANARY}-{index}"),
            ..pb::Customer::default()
        };
        let request = pb::UpdateCustomerRequest {
            request_id: format!("rename-{round}-{index}"),
            customer: Some(customer),
            update_mask: super::organizations::mask(&["display_name"]),
        };
        update_customer::handle(&desk.app, acme(request)).await.map(drop)
    };
    let open = async |index: usize| {
        let ticket = pb::Ticket {
            customer: customer.into(),
            subject: CANARY.into(),
            ..pb::Ticket::default()
        };
        let request = pb::CreateTicketRequest {
            request_id: format!("ticket-{round}-{index}"),
            ticket: Some(ticket),
            ..pb::CreateTicketRequest::default()
        };
        create_ticket::handle(&desk.app, acme(request)).await.map(drop)
    };
    let bought = async |index: usize| {
        let order = pb::Order {
            note: CANARY.into(),
            ..order(&format!("{round}-{index}"), 5)
        };
        let request = pb::RecordOrdersRequest {
            source: "shop".into(),
            items: vec![of(customer, order)],
            ..pb::RecordOrdersRequest::default()
        };
        record_orders::handle(&desk.app, acme(request)).await.map(drop)
    };
    let four = |index: usize| {
        let (message, rename, open, bought) = (&message, &rename, &open, &bought);
        async move { tokio::join!(message(index), rename(index), open(index), bought(index)) }
    };
    let uploads = join_all((0..3).map(|index| {
        let bytes = format!("{CANARY}-{index}");
        async move { upload(desk, customer, bytes.as_bytes()).await.map(drop) }
    }));
    let (done, uploads) = tokio::join!(join_all((0..4).map(four)), uploads);
    for (one, two, three, other) in done {
        [one, two, three, other].into_iter().for_each(refused);
    }
    uploads.into_iter().for_each(refused);
}

both_engines! {
    async fn a_second_process_that_writes_leaves_nothing(db: TestDatabase) {
        let one = Fixture::new(&db).await;
        let mut two = Fixture::restarted(&db, one.clock.clone()).await;
        two.app.objects = one.app.objects.clone();
        for round in 0..4 {
            let from = |index: usize| pb::InboundContact { request_id: String::new(), ..canary_mail(&format!("{round}-{index}")) };
            let first = one.record(vec![from(0)]).await.remove(0);
            // The second process has the keys in memory.
            two.get(&first.ticket).await;
            let contacts = join_all((1..5).map(|index| two.record(vec![from(index)])));
            let (erased, (), contacts) = tokio::join!(
                one.erase(&first.customer),
                write(&two, &first.customer, &first.ticket, round),
                contacts,
            );
            erased.expect("erased");

            // Every contact was taken: by who was erased, before, or by somebody new.
            let contacts: Vec<pb::ContactResult> = contacts.into_iter().flatten().collect();
            let fresh = Fixture::restarted(&db, one.clock.clone()).await;
            for contact in &contacts {
                let ticket = fresh.get(&contact.ticket).await;
                assert_eq!(ticket.erased, ticket.customer == first.customer, "{contact:?}");
                assert_eq!(ticket.subject.is_empty(), ticket.erased);
            }
            let about: Vec<String> = fresh.all_tickets().await.into_values()
                .filter(|ticket| ticket.customer == first.customer)
                .inspect(|ticket| assert!(ticket.erased, "{ticket:?}"))
                .map(|ticket| ticket.name)
                .collect();
            let events = fresh.events("acme").await;
            let theirs = events.iter().filter(|event| {
                event.head.as_ref().is_some_and(|head| head.subject == first.customer || about.contains(&head.subject))
            });
            assert!(!format!("{:?}", theirs.collect::<Vec<_>>()).contains(CANARY), "in the log");
            for ticket in &about {
                assert!(!format!("{:?}", fresh.messages(ticket, true).await).contains(CANARY));
            }
            assert_eq!(fresh.orders(&first.customer).await.iter().filter(|order| !order.note.is_empty()).count(), 0);
            let somebody = contacts.iter().find(|contact| contact.customer != first.customer);
            if let Some(somebody) = somebody {
                one.erase(&somebody.customer).await.expect("erased, too");
            }
        }
        one.clock.advance(chrono::TimeDelta::days(2));
        retention::tick(&one.app.store, &one.app.objects).await.expect("swept");
        let left = one.disk.all().await;
        assert!(left.iter().all(|(path, _)| path.starts_with("erasures/")), "no file outlives its customer");
    }
}
