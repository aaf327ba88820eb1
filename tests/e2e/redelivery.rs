//! F29: every vendor delivers everything three times and out of order, while ingestion, ticketing and their database are killed in turn.
//! Each message is on one ticket, once.

mod deliveries;
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, Statement};
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_api::ticketing::v1::{ListMessagesRequest, ListTicketsRequest};
use vorrang_testkit::{DEADLINE, PostgresServer, run, wait_for, wait_until};

use deliveries::{Delivery, Vendors};
use process::Installation;

pub const TENANT: &str = "acme";
const COPIES: usize = 3;
const SENDERS: usize = 6;
/// Longer than a service may take to start again, so that a vendor gives up on none.
const WHOLE: Duration = Duration::from_secs(300);

#[test]
fn what_is_delivered_three_times_out_of_order_under_kill_9_is_one_message_each() {
    run(async {
        let within = tokio::time::timeout(WHOLE, redelivered());
        within.await.expect("ends in time");
    });
}

async fn redelivered() {
    let mut server = PostgresServer::start().await;
    let mut installation = Installation::start(&server).await;
    let vendors = Arc::new(Vendors::meet(&installation).await);
    let expected = deliveries::all();
    let queue = Arc::new(deliveries::shuffled(&expected, COPIES));
    let (next, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let failures = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (queue, vendors) = (queue.clone(), vendors.clone());
            let (next, done, failures) = (next.clone(), done.clone(), failures.clone());
            tokio::spawn(async move {
                while let Some(delivery) = queue.get(next.fetch_add(1, Ordering::SeqCst)) {
                    deliver(&vendors, delivery, &failures).await;
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();

    // Nine kills, spread over the whole of it.
    let total = queue.len();
    for kill in 0..9 {
        wait_until(DEADLINE, "work between two kills", || async {
            done.load(Ordering::SeqCst) >= total * (kill + 1) / 11
        })
        .await;
        match kill % 3 {
            0 => installation.ingestion.kill_and_restart().await,
            1 => installation.ticketing.kill_and_restart().await,
            _ => {
                server.kill().await;
                server.restart().await;
            }
        }
    }
    for sender in join_all(senders).await {
        sender.expect("no panic");
    }
    assert!(
        failures.load(Ordering::SeqCst) > 0,
        "nothing broke, so nothing was tested"
    );

    installation.inbox_is_empty().await;
    let there = messages(&installation).await;
    let doubled: Vec<_> = there.iter().filter(|(_, tickets)| tickets.len() > 1).collect();
    assert!(doubled.is_empty(), "doubled: {doubled:?}");
    let there_texts: BTreeSet<&str> = there.keys().map(String::as_str).collect();
    let expected_texts: BTreeSet<&str> = expected
        .iter()
        .flat_map(|one| &one.messages)
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(expected_texts, there_texts, "each message is there, and nothing else");
    conversations_hold_together(&expected, &there);
    assert_eq!(0, installation.count("SELECT count(*) FROM quarantine").await);
}

/// As a vendor does: again and again, until it is told that it was taken.
async fn deliver(vendors: &Vendors, delivery: &Delivery, failures: &AtomicUsize) {
    wait_until(WHOLE, "a delivery to be taken", || async {
        let taken = vendors.push(delivery).await;
        if !taken {
            failures.fetch_add(1, Ordering::SeqCst);
        }
        taken
    })
    .await;
}

/// The tickets that each text is on.
async fn messages(installation: &Installation) -> BTreeMap<String, Vec<String>> {
    let mut client = TicketServiceClient::new(installation.ticketing.channel());
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListTicketsRequest {
            page_size: 500,
            page_token,
            ..ListTicketsRequest::default()
        };
        let page = client.list_tickets(request).await.expect("is listed").into_inner();
        for ticket in page.tickets {
            let request = ListMessagesRequest {
                parent: ticket.name.clone(),
                page_size: 500,
                ..ListMessagesRequest::default()
            };
            let page = client.list_messages(request).await.expect("is listed").into_inner();
            assert_eq!("", page.next_page_token, "a page is enough");
            for message in page.messages {
                all.entry(message.text.trim().to_owned())
                    .or_default()
                    .push(ticket.name.clone());
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// Where the vendor says what belongs together, it is on one ticket.
fn conversations_hold_together(expected: &[Delivery], there: &BTreeMap<String, Vec<String>>) {
    let mut tickets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for message in expected.iter().flat_map(|one| &one.messages) {
        let Some(conversation) = &message.conversation else {
            continue;
        };
        let on = there[&message.text].iter().map(String::as_str);
        tickets.entry(conversation).or_default().extend(on);
    }
    let apart: Vec<_> = tickets.iter().filter(|(_, tickets)| tickets.len() != 1).collect();
    assert!(apart.is_empty(), "on several tickets: {apart:?}");
}

impl Installation {
    /// Waits until ticketing has everything that ingestion took.
    async fn inbox_is_empty(&self) {
        wait_until(DEADLINE, "the inbox to be empty", || async {
            self.count("SELECT count(*) FROM inbox WHERE pending").await == 0
        })
        .await;
    }

    async fn count(&self, sql: &str) -> i64 {
        let database = wait_for(DEADLINE, "the database to answer", || async {
            Database::connect(&self.ingestion_database).await.ok()
        });
        let database = database.await;
        let statement = Statement::from_string(database.get_database_backend(), sql.to_owned());
        let rows = database.query_all_raw(statement).await.expect("reads");
        rows[0].try_get_by_index(0).expect("a number")
    }
}
