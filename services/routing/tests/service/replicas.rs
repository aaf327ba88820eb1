//! Two routing processes on one Redis and one database.

use std::collections::BTreeSet;

use vorrang_api::routing::v1::Presence;
use vorrang_api::ticketing::v1::{Channel, Priority};
use vorrang_database::Database;
use vorrang_testkit::{DEADLINE, wait_until};

use crate::desktop::Desktop;
use crate::stack::{Stack, TENANT};
use crate::ticketing::FakeTicketing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_queues_and_serve_each_contact_once() {
    const CONTACTS: i64 = 40;
    let redis = vorrang_testkit::redis().await;
    let database = vorrang_testkit::postgres().await;
    let opened = Database::connect(database.url()).await.expect("connects");
    opened.migrate::<vorrang_routing::Migrator>().await.expect("migrates");
    let ticketing = FakeTicketing::new();
    let one = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    let two = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    for (stack, agent) in [(&one, "anna"), (&two, "ben"), (&one, "cleo"), (&two, "dora")] {
        stack.agent(agent).await;
    }
    let mut desktops = Vec::new();
    for (stack, agent) in [(&one, "anna"), (&two, "ben"), (&one, "cleo"), (&two, "dora")] {
        desktops.push(Desktop::open(stack, agent, &[(Channel::Email, 1)]).await);
    }
    let opened: BTreeSet<String> = (0..CONTACTS)
        .map(|at| ticketing.open(TENANT, Channel::Email, "standard", Priority::Normal, at))
        .collect();
    let served = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let workers: Vec<_> = desktops
        .into_iter()
        .map(|mut desktop| {
            let served = served.clone();
            tokio::spawn(async move {
                loop {
                    let ticket = desktop.take().await;
                    served.lock().expect("not poisoned").push(ticket.clone());
                    desktop.wrap_up(&ticket).await;
                    desktop.finished().await;
                }
            })
        })
        .collect();
    wait_until(DEADLINE, "every contact to be served", || async {
        served.lock().expect("not poisoned").len() >= CONTACTS as usize
    })
    .await;
    for worker in workers {
        worker.abort();
    }
    let served = served.lock().expect("not poisoned").clone();
    assert_eq!(served.len(), CONTACTS as usize, "none twice");
    assert_eq!(served.into_iter().collect::<BTreeSet<_>>(), opened, "none lost");
    assert_eq!(
        ticketing.accepts().len(),
        CONTACTS as usize,
        "ticketing was asked once for each"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_offers_of_a_process_that_died_go_to_the_other() {
    let redis = vorrang_testkit::redis().await;
    let database = vorrang_testkit::postgres().await;
    let opened = Database::connect(database.url()).await.expect("connects");
    opened.migrate::<vorrang_routing::Migrator>().await.expect("migrates");
    let ticketing = FakeTicketing::new();
    let one = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    one.change_policy(|policy| policy.lease = Some(prost_types::Duration { seconds: 2, nanos: 0 }))
        .await;
    let mut anna = one.desktop("anna", &[(Channel::Email, 1)]).await;
    let ticket = one.mail(1);
    anna.offer().await;
    drop(one);
    let two = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    let mut ben = two.desktop("ben", &[(Channel::Email, 1)]).await;
    assert_eq!(ben.take().await, ticket);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stops_gives_its_offers_back_first() {
    let redis = vorrang_testkit::redis().await;
    let database = vorrang_testkit::postgres().await;
    let opened = Database::connect(database.url()).await.expect("connects");
    opened.migrate::<vorrang_routing::Migrator>().await.expect("migrates");
    let ticketing = FakeTicketing::new();
    let one = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    let mut anna = one.desktop("anna", &[(Channel::Email, 1)]).await;
    let ticket = one.mail(1);
    anna.offer().await;
    one.running.shutdown().await;
    let two = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    // Long before the lease of 30 s is over.
    let mut ben = two.desktop("ben", &[(Channel::Email, 1)]).await;
    assert_eq!(ben.take().await, ticket);
    assert_eq!(two.read_agent("anna").await.presence(), Presence::Offline);
}
