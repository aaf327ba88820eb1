//! Two routing processes on one Redis and one database.

use std::collections::BTreeSet;

use vorrang_api::routing::v1::Presence;
use vorrang_api::routing::v1::event::Payload;
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

/// What a process leaves behind that dies between the claim and the offer, or that never got the reply to its claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_nobody_knows_of_runs_out_and_the_contact_goes_to_somebody() {
    let redis = vorrang_testkit::redis().await;
    let stack = Stack::on(redis.url(), "", FakeTicketing::new()).await;
    let ticket = stack.mail(1);
    stack.waiting(1).await;
    let queue = vorrang_queue::Queue::connect(redis.url()).expect("a URL");
    let claim = vorrang_queue::Claim {
        agent: "ghost",
        queues: &["default".to_owned()],
        capacities: &[("EMAIL".to_owned(), 1)],
        lease_ms: 500,
        tokens: &["lost".to_owned()],
    };
    let claimed = queue.claim(TENANT, &claim).await.expect("claims");
    assert!(
        matches!(&claimed, vorrang_queue::Claimed::Offers(offers) if offers.len() == 1),
        "{claimed:?}"
    );
    let mut ben = stack.desktop("ben", &[(Channel::Email, 1)]).await;
    assert_eq!(ben.take().await, ticket);
    let stats = stack.stats_when(|stats| stats.offered_count == 0).await;
    assert_eq!(stats.lanes[0].waiting_count, 0);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_stream_in_another_process_ends_the_older() {
    let redis = vorrang_testkit::redis().await;
    let database = vorrang_testkit::postgres().await;
    let opened = Database::connect(database.url()).await.expect("connects");
    opened.migrate::<vorrang_routing::Migrator>().await.expect("migrates");
    let ticketing = FakeTicketing::new();
    let one = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    let two = Stack::on(redis.url(), database.url(), ticketing.clone()).await;
    let older = one.desktop("anna", &[(Channel::Email, 1)]).await;
    let mut newer = Desktop::open(&two, "anna", &[(Channel::Email, 1)]).await;
    let ended = older.end().await;
    assert_eq!(vorrang_service::reason(&ended).as_deref(), Some("SESSION_REPLACED"));
    assert_eq!(two.read_agent("anna").await.presence(), Presence::Available);
    let ticket = one.mail(1);
    assert_eq!(newer.take().await, ticket);
}

/// What a process leaves behind that is killed while a desktop has an offer: the slot is free when the desktop comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desktop_that_comes_back_after_a_crash_has_its_slots_at_once() {
    let redis = vorrang_testkit::redis().await;
    let stack = Stack::on(redis.url(), "", FakeTicketing::new()).await;
    let ticket = stack.mail(1);
    stack.waiting(1).await;
    let queue = vorrang_queue::Queue::connect(redis.url()).expect("a URL");
    let claim = vorrang_queue::Claim {
        agent: "anna",
        queues: &["default".to_owned()],
        capacities: &[("EMAIL".to_owned(), 1)],
        // Longer than any test.
        lease_ms: 3_600_000,
        tokens: &["shown".to_owned()],
    };
    let claimed = queue.claim(TENANT, &claim).await.expect("claims");
    assert!(
        matches!(&claimed, vorrang_queue::Claimed::Offers(offers) if offers.len() == 1),
        "{claimed:?}"
    );
    let mut anna = stack.desktop("anna", &[(Channel::Email, 1)]).await;
    assert_eq!(anna.take().await, ticket);
    let events = stack
        .log_when(|payload| matches!(payload, Payload::OfferReturned(_)))
        .await;
    let Some(Payload::OfferReturned(returned)) = &events.last().expect("one").payload else {
        panic!("returned")
    };
    assert_eq!(
        (returned.offer.as_str(), returned.agent.as_str()),
        ("shown", "agents/anna")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desktop_that_comes_back_is_told_what_its_agent_holds() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &[(Channel::Email, 3)]).await;
    let tickets: Vec<String> = (1..=3).map(|at| stack.mail(at)).collect();
    for ticket in &tickets {
        assert_eq!(&anna.take().await, ticket);
    }
    anna.wrap_up(&tickets[0]).await;
    anna.finished().await;
    drop(anna);
    stack.ticketing.solve(TENANT, &tickets[1]);
    let next = stack.mail(4);
    let mut anna = Desktop::open(&stack, "anna", &[(Channel::Email, 2)]).await;
    let held = anna.assigned().await;
    assert_eq!(held.offer, "", "by no offer of this stream");
    let held = held.ticket.expect("the ticket");
    assert_eq!(
        (held.name.as_str(), held.assignee.as_str()),
        (format!("tickets/{}", tickets[2]).as_str(), "agents/anna")
    );
    assert_eq!(anna.take().await, next);
    anna.has_nothing().await;
}
