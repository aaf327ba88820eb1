//! F2: `kill -9` of PostgreSQL under 32 writers. Nothing that was acknowledged is lost, nothing is there twice.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::join_all;
use vorrang_testkit::{DEADLINE, PostgresServer, run, wait_for, wait_until};

use crate::count;
use crate::desk::{Desk, migrated};
use crate::work::{create, log, may_be_repeated};

const WRITERS: usize = 32;
/// Acknowledged between two kills, so that every one of them hits work.
const BETWEEN: usize = 150;

#[test]
fn what_was_acknowledged_survives_kill_9_of_postgres_and_nothing_is_doubled() {
    run(async {
        let mut server = PostgresServer::start().await;
        let url = server.database().await;
        drop(migrated(&url).await);
        let desk = Arc::new(Desk::on(&url).await);
        let customer = desk.customer().await;
        let stop = Arc::new(AtomicBool::new(false));
        let (acknowledged, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (desk, customer, stop) = (desk.clone(), customer.clone(), stop.clone());
                let (acknowledged, failed) = (acknowledged.clone(), failed.clone());
                tokio::spawn(async move {
                    let mut tickets = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        let request_id = format!("{writer}-{}", tickets.len());
                        // Whatever became of it, the repeat is harmless: it has a request id.
                        let ticket = wait_for(DEADLINE, "PostgreSQL to take a ticket again", || async {
                            match create(&desk, &request_id, &customer).await {
                                Ok(ticket) => Some(ticket.name),
                                Err(status) => {
                                    assert!(may_be_repeated(&status), "{status:?}");
                                    failed.fetch_add(1, Ordering::SeqCst);
                                    None
                                }
                            }
                        });
                        tickets.push(ticket.await);
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                    }
                    tickets
                })
            })
            .collect();
        for _ in 0..count(3, 50) {
            let before = acknowledged.load(Ordering::SeqCst);
            wait_until(DEADLINE, "work between two kills", || async {
                acknowledged.load(Ordering::SeqCst) >= before + BETWEEN
            })
            .await;
            server.kill().await;
            server.restart().await;
        }
        stop.store(true, Ordering::SeqCst);
        let tickets: Vec<String> = join_all(writers)
            .await
            .into_iter()
            .flat_map(|writer| writer.expect("no panic"))
            .collect();
        assert!(
            failed.load(Ordering::SeqCst) > 0,
            "nothing broke, so nothing was tested"
        );

        let there: HashSet<String> = desk.all_tickets().await.into_iter().collect();
        let known: HashSet<String> = tickets.iter().cloned().collect();
        assert_eq!(known.len(), tickets.len(), "a ticket for each request");
        assert_eq!(
            there, known,
            "every ticket is one that was acknowledged, and every one of those is there"
        );
        let database = migrated(&url).await;
        let created = log(&database).await.into_iter().filter(|kind| kind == "ticket_created");
        assert_eq!(created.count(), tickets.len());
    });
}
