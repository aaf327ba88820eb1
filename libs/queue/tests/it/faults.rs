//! Redis forgets its scripts, its data, or its life.

use std::time::Duration;

use vorrang_error::Kind;
use vorrang_queue::{Claimed, Queue};
use vorrang_testkit::{DEADLINE, RedisServer, wait_for};

use crate::desk::{Desk, LONG_MS, leave, tickets, try_claim, wait};

#[tokio::test]
async fn forgotten_scripts_are_loaded_again() {
    let server = RedisServer::start().await;
    let desk = Desk::at(&server.url(), "acme").await;
    desk.apply(vec![wait("a", 1, "chat", 0, 1, 1)]).await;
    let client = redis::Client::open(server.url()).expect("a URL");
    let mut other = client.get_multiplexed_async_connection().await.expect("connects");
    let _: () = redis::cmd("SCRIPT")
        .arg("FLUSH")
        .query_async(&mut other)
        .await
        .expect("flushes");
    assert_eq!(tickets(&desk.claim("anna", &[("chat", 1)], 1).await), ["a"]);
}

#[tokio::test]
async fn after_flushall_the_queues_are_not_ready_rather_than_empty() {
    let server = RedisServer::start().await;
    let desk = Desk::at(&server.url(), "acme").await;
    desk.apply(vec![wait("a", 1, "chat", 0, 1, 1), wait("b", 1, "email", 0, 1, 1)])
        .await;
    server.flush_all().await;
    let claimed = try_claim(&desk.queue, "acme", "anna", &[("chat", 1)], 1, LONG_MS).await;
    assert_eq!(claimed, Claimed::NotReady);
    assert_eq!(desk.queue.state("acme").await.expect("reads").complete, None);
    desk.rebuild_empty().await;
    desk.apply(vec![wait("c", 1, "sms", 0, 1, 1)]).await;
    assert_eq!(tickets(&desk.claim("anna", &[("sms", 1)], 1).await), ["c"]);
}

#[tokio::test]
async fn an_unreachable_redis_is_unavailable_and_comes_back_by_itself() {
    let mut server = RedisServer::start_durable().await;
    let desk = Desk::at(&server.url(), "acme").await;
    desk.apply(vec![wait("a", 1, "chat", 0, 1, 1)]).await;
    server.kill().await;
    let error = wait_for(DEADLINE, "the loss to be noticed", || async {
        desk.queue.ping().await.err()
    })
    .await;
    assert_eq!((error.kind(), error.reason()), (Kind::Unavailable, "REDIS_UNAVAILABLE"));
    assert_eq!(
        desk.queue.state("acme").await.expect_err("is down").kind(),
        Kind::Unavailable
    );
    server.restart().await;
    wait_for(DEADLINE, "the queue to reconnect", || async {
        desk.queue.ping().await.ok()
    })
    .await;
    let state = desk.queue.state("acme").await.expect("reads");
    assert!(state.complete.is_some(), "an append-only file brings the queues back");
    assert_eq!(state.seq, 1);
    assert_eq!(tickets(&desk.claim("anna", &[("chat", 1)], 1).await), ["a"]);
}

/// Kill -9 in the middle of claims and releases, twice, with an append-only file: each contact is in exactly one place afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_during_operations_leaves_every_contact_in_exactly_one_place() {
    const CONTACTS: i64 = 300;
    let mut server = RedisServer::start_durable().await;
    let desk = Desk::at(&server.url(), "acme").await;
    desk.apply(
        (0..CONTACTS)
            .map(|n| wait(&format!("t{n:03}"), 1, "chat", 0, n, n))
            .collect(),
    )
    .await;
    for round in 0..2 {
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let done = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let (queue, stop, done) = (desk.queue.clone(), stop.clone(), done.clone());
                tokio::spawn(async move {
                    let agent = format!("agent-{worker}");
                    let (queues, capacities) = (["default".to_owned()], [("chat".to_owned(), 9)]);
                    while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                        let tokens = [crate::desk::new_token(), crate::desk::new_token()];
                        let claim = vorrang_queue::Claim {
                            agent: &agent,
                            queues: &queues,
                            capacities: &capacities,
                            lease_ms: LONG_MS,
                            tokens: &tokens,
                        };
                        if let Ok(Claimed::Offers(offers)) = queue.claim("acme", &claim).await {
                            let leases: Vec<_> = offers.iter().map(crate::desk::lease).collect();
                            let kind = vorrang_queue::ReleaseKind::Uncounted;
                            let _ = queue.release("acme", kind, crate::desk::RETURNS, &leases).await;
                        }
                        done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                })
            })
            .collect();
        wait_for(DEADLINE, "work to be under way", || {
            let enough = done.load(std::sync::atomic::Ordering::SeqCst) > 100;
            async move { enough.then_some(()) }
        })
        .await;
        server.kill().await;
        server.restart().await;
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        for worker in workers {
            worker.await.expect("no worker panics");
        }
        wait_for(DEADLINE, "the queue to reconnect", || async {
            desk.queue.ping().await.ok()
        })
        .await;
        let counts = desk.queue.stats("acme", 1, 0).await.expect("counts");
        let waiting: u64 = counts.lanes.iter().map(|lane| lane.waiting).sum();
        assert_eq!(
            waiting + counts.offered,
            CONTACTS as u64,
            "round {round}: none lost, none in two places"
        );
        crate::model::assert_consistent(&server.url(), "acme").await;
    }
}

#[tokio::test]
async fn a_rolled_back_redis_asks_for_the_feed_from_where_it_stands() {
    let server = RedisServer::start().await;
    let desk = Desk::at(&server.url(), "acme").await;
    desk.apply(vec![wait("a", 1, "chat", 0, 1, 1)]).await;
    // What an append-only file that lost its last second does: the queues stand at an older position than the follower.
    let batch = vorrang_queue::Batch {
        from: 5,
        to: 6,
        cursor: "cursor-6".to_owned(),
        mark: None,
        operations: vec![leave("a", 2, None, None)],
    };
    assert_eq!(
        desk.queue.apply("acme", &batch).await.expect("applies"),
        vorrang_queue::Applied::Gap {
            seq: 1,
            cursor: "cursor-1".to_owned()
        }
    );
}

#[tokio::test]
async fn a_redis_that_was_never_there_fails_fast() {
    let queue = Queue::connect("redis://127.0.0.1:1/0").expect("a URL");
    let ping = tokio::time::timeout(Duration::from_secs(20), queue.ping())
        .await
        .expect("does not hang");
    assert_eq!(ping.expect_err("nobody listens").kind(), Kind::Unavailable);
    assert_eq!(
        Queue::connect("http://example.org").expect_err("no Redis").kind(),
        Kind::Invalid
    );
}
