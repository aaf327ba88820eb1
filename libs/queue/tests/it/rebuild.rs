//! Rebuilding: one at a time, nothing shown before it is complete.

use vorrang_error::Kind;
use vorrang_queue::{Applied, Batch, Begin, Claimed, Peeked, Queue};

use crate::desk::{Desk, LONG_MS, leave, new_token, tickets, try_claim, wait};

#[tokio::test]
async fn queues_that_were_never_built_are_not_ready() {
    let redis = vorrang_testkit::redis().await;
    let queue = Queue::connect(redis.url()).expect("a URL");
    assert_eq!(
        try_claim(&queue, "acme", "anna", &[("chat", 1)], 1, LONG_MS).await,
        Claimed::NotReady
    );
    let batch = Batch {
        from: 0,
        to: 1,
        cursor: "c".to_owned(),
        mark: None,
        operations: vec![wait("a", 1, "chat", 0, 1, 1)],
    };
    assert_eq!(queue.apply("acme", &batch).await.expect("applies"), Applied::NotReady);
    assert_eq!(
        queue.peek("acme", "default", &[], 5).await.expect("peeks"),
        Peeked::NotReady
    );
    let swept = queue.expire("acme", 10, crate::desk::RETURNS, 0).await.expect("sweeps");
    assert_eq!(swept, vorrang_queue::Swept::NotReady);
    assert!(!queue.stats("acme", 6, 5).await.expect("counts").complete);
    assert_eq!(queue.state("acme").await.expect("reads").complete, None);
}

#[tokio::test]
async fn a_rebuild_shows_nothing_before_it_ends_and_all_after() {
    let redis = vorrang_testkit::redis().await;
    let queue = Queue::connect(redis.url()).expect("a URL");
    let token = new_token();
    assert_eq!(
        queue.begin_rebuild("acme", &token, None).await.expect("begins"),
        Begin::Yours
    );
    queue
        .load(
            "acme",
            &token,
            &[wait("a", 4, "chat", 0, 1, 1), leave("b", 2, Some("anna"), Some("chat"))],
        )
        .await
        .expect("loads");
    assert_eq!(
        try_claim(&queue, "acme", "anna", &[("chat", 2)], 2, LONG_MS).await,
        Claimed::NotReady
    );
    queue.end_rebuild("acme", &token, 17, "cursor-17").await.expect("ends");
    let Claimed::Offers(offers) = try_claim(&queue, "acme", "anna", &[("chat", 2)], 2, LONG_MS).await else {
        panic!("ready");
    };
    assert_eq!(tickets(&offers), ["a"]);
    let state = queue.state("acme").await.expect("reads");
    assert_eq!(
        (state.seq, state.cursor.as_str(), state.complete),
        (17, "cursor-17", Some(token))
    );
    assert_eq!(queue.tenants().await.expect("reads"), ["acme"]);
}

#[tokio::test]
async fn only_one_rebuilds_and_who_lost_the_right_is_told() {
    let redis = vorrang_testkit::redis().await;
    let queue = Queue::connect(redis.url()).expect("a URL");
    let (first, second) = (new_token(), new_token());
    assert_eq!(
        queue.begin_rebuild("acme", &first, None).await.expect("begins"),
        Begin::Yours
    );
    assert!(matches!(
        queue.begin_rebuild("acme", &second, None).await.expect("asks"),
        Begin::Busy(1..)
    ));
    let lost = queue
        .load("acme", &second, &[wait("a", 1, "chat", 0, 1, 1)])
        .await
        .expect_err("has no right");
    assert_eq!((lost.kind(), lost.reason()), (Kind::Conflict, "REBUILD_LOST"));
    assert_eq!(
        queue
            .end_rebuild("acme", &second, 1, "")
            .await
            .expect_err("has no right")
            .reason(),
        "REBUILD_LOST"
    );
    queue.end_rebuild("acme", &first, 1, "").await.expect("ends");
    assert_eq!(
        queue.begin_rebuild("acme", &second, None).await.expect("asks"),
        Begin::Complete
    );
    assert_eq!(
        queue
            .begin_rebuild("acme", &second, Some("another"))
            .await
            .expect("asks"),
        Begin::Complete
    );
    assert_eq!(
        queue.begin_rebuild("acme", &second, Some(&first)).await.expect("asks"),
        Begin::Yours
    );
}

#[tokio::test]
async fn a_rebuild_forgets_everything_from_before() {
    let desk = Desk::open().await;
    desk.apply((0..5).map(|n| wait(&format!("t{n}"), 1, "chat", 0, n, n)).collect())
        .await;
    assert_eq!(desk.claim("anna", &[("chat", 2)], 2).await.len(), 2);
    let found = desk.queue.state("acme").await.expect("reads").complete;
    let token = new_token();
    assert_eq!(
        desk.queue
            .begin_rebuild("acme", &token, found.as_deref())
            .await
            .expect("begins"),
        Begin::Yours
    );
    desk.queue
        .load("acme", &token, &[wait("t9", 1, "email", 0, 1, 1)])
        .await
        .expect("loads");
    desk.queue.end_rebuild("acme", &token, 3, "c").await.expect("ends");
    let offers = desk.claim("anna", &[("chat", 2), ("email", 1)], 5).await;
    assert_eq!(tickets(&offers), ["t9"]);
    assert_eq!(desk.queue.stats("acme", 1, 0).await.expect("counts").offered, 1);
}

#[tokio::test]
async fn replaying_the_feed_over_a_snapshot_that_was_read_later_converges() {
    let redis = vorrang_testkit::redis().await;
    let queue = Queue::connect(redis.url()).expect("a URL");
    let token = new_token();
    assert_eq!(
        queue.begin_rebuild("acme", &token, None).await.expect("begins"),
        Begin::Yours
    );
    // Position 10 was read first; the page was read after position 13, when `back` had been assigned and given back.
    queue
        .load("acme", &token, &[wait("back", 3, "chat", 0, 1, 1)])
        .await
        .expect("loads");
    queue.end_rebuild("acme", &token, 10, "cursor-10").await.expect("ends");
    let mut operations = vec![
        wait("gone", 1, "chat", 0, 1, 1),
        leave("back", 2, Some("anna"), Some("chat")),
        leave("gone", 2, Some("ben"), None),
    ];
    for (operation, at) in operations.iter_mut().zip(11..) {
        match operation {
            vorrang_queue::Operation::Wait { seq, .. } | vorrang_queue::Operation::Leave { seq, .. } => *seq = at,
        }
    }
    let batch = Batch {
        from: 10,
        to: 13,
        cursor: "cursor-13".to_owned(),
        mark: None,
        operations,
    };
    assert_eq!(
        queue.apply("acme", &batch).await.expect("applies"),
        Applied::Done(vec![])
    );
    let Claimed::Offers(offers) = try_claim(&queue, "acme", "anna", &[("chat", 9)], 9, LONG_MS).await else {
        panic!("ready");
    };
    assert_eq!(tickets(&offers), ["back"]);
}

#[tokio::test]
async fn a_rebuild_given_up_lets_the_next_one_begin_at_once() {
    let redis = vorrang_testkit::redis().await;
    let queue = Queue::connect(redis.url()).expect("a URL");
    let (first, second) = (new_token(), new_token());
    assert_eq!(
        queue.begin_rebuild("acme", &first, None).await.expect("begins"),
        Begin::Yours
    );
    queue.abandon_rebuild("acme", &second).await.expect("is not theirs");
    assert!(matches!(
        queue.begin_rebuild("acme", &second, None).await.expect("asks"),
        Begin::Busy(_)
    ));
    queue.abandon_rebuild("acme", &first).await.expect("gives up");
    assert_eq!(queue.state("acme").await.expect("reads").complete, None);
    assert_eq!(
        queue.begin_rebuild("acme", &second, None).await.expect("begins"),
        Begin::Yours
    );
}

#[tokio::test]
async fn traces_that_a_rebuild_could_not_know_are_given_back() {
    let desk = Desk::open().await;
    let untraced = |ticket: &str, generation| {
        let mut operation = wait(ticket, generation, "chat", 0, 1, 1);
        if let vorrang_queue::Operation::Wait { waiting, .. } = &mut operation {
            waiting.trace.clear();
        }
        operation
    };
    desk.apply(vec![untraced("a", 2), wait("b", 1, "chat", 0, 2, 2), untraced("c", 1)])
        .await;
    let news = [
        wait("a", 1, "chat", 0, 1, 1),
        wait("a", 2, "chat", 0, 1, 1),
        leave("b", 2, None, None),
        wait("gone", 1, "chat", 0, 1, 1),
    ];
    assert_eq!(desk.queue.recall("acme", &news).await.expect("recalls"), 1);
    let offers = desk.claim("anna", &[("chat", 9)], 9).await;
    let traces: Vec<&str> = offers.iter().map(|offer| offer.trace.as_str()).collect();
    assert_eq!(traces, ["trace-of-a", "", "trace-of-b"]);
}
