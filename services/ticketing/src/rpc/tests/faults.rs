//! The connection to the database breaks at any moment: whoever repeats with the same ids gets one effect.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use pb::contact_result::Outcome;
use vorrang_testkit::Proxy;

use super::*;

const WRITERS: usize = 8;
const EACH: usize = 25;

/// Every third success cuts all connections, so that the other writers are hit wherever they are: before their
/// transaction, inside, or between its commit and the answer.
#[test]
fn repeats_over_broken_connections_have_one_effect() {
    vorrang_testkit::run(async {
        let db = vorrang_testkit::postgres().await;
        let direct = Fixture::new(&db).await;
        let proxy = Proxy::before(db.url()).await;
        let desk = Fixture::at(&proxy.url(db.url()), direct.clock.clone()).await;
        let (done, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let push = async |writer: usize, item: usize| {
            let id = format!("{writer}-{item}");
            // Half of them are protected by their request id only, the other half by their key only.
            let mut contact = mail(&format!("{writer}@example.org"), &format!("<{id}>"));
            if item.is_multiple_of(2) {
                contact.external_id = String::new();
                contact.request_id = id;
            }
            loop {
                let results = desk.record(vec![contact.clone()]).await;
                if results[0].outcome() != Outcome::Unspecified {
                    break;
                }
                let code = results[0].error.as_ref().map(|error| tonic::Code::from(error.code));
                let passing = [
                    tonic::Code::Unavailable,
                    tonic::Code::DeadlineExceeded,
                    tonic::Code::Aborted,
                ];
                assert!(code.is_some_and(|code| passing.contains(&code)), "{results:?}");
                failed.fetch_add(1, Ordering::Relaxed);
            }
            if done.fetch_add(1, Ordering::Relaxed) % 3 == 0 {
                proxy.cut();
            }
        };
        let push = &push;
        join_all((0..WRITERS).map(|writer| async move {
            for item in 0..EACH {
                push(writer, item).await;
            }
        }))
        .await;
        assert!(
            failed.load(Ordering::Relaxed) > 0,
            "nothing broke, so nothing was tested"
        );

        let events = direct.events("acme").await;
        let mut numbers: Vec<i64> = events
            .iter()
            .filter_map(|event| match &event.payload {
                Some(pb::event::Payload::TicketCreated(created)) => Some(created.ticket.as_ref()?.number),
                _ => None,
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=(WRITERS * EACH) as i64).collect::<Vec<_>>());
        let known = events
            .iter()
            .filter(|event| matches!(event.payload, Some(pb::event::Payload::CustomerCreated(_))));
        assert_eq!(known.count(), WRITERS);
    });
}
