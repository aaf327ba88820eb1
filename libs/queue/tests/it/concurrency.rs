//! Many processes on one Redis.

use std::collections::BTreeSet;

use vorrang_queue::{Applied, Batch, Queue};

use crate::desk::{Desk, LONG_MS, RETURNS, try_claim, wait};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_claims_at_once_never_exceed_a_capacity_of_one() {
    let desk = Desk::open().await;
    desk.apply((0..200).map(|n| wait(&format!("t{n}"), 1, "chat", 0, n, n)).collect())
        .await;
    let claims = (0..100).map(|_| desk.claim("anna", &[("chat", 1)], 3));
    let offers = futures::future::join_all(claims).await;
    assert_eq!(offers.iter().map(Vec::len).sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_contact_is_offered_to_one_of_many_agents() {
    let desk = Desk::open().await;
    let url = desk.redis.as_ref().expect("has one").url().to_owned();
    desk.apply((0..300).map(|n| wait(&format!("t{n}"), 1, "chat", 0, n, n)).collect())
        .await;
    let workers = (0..16).map(|worker| {
        let queue = Queue::connect(&url).expect("a URL");
        tokio::spawn(async move {
            let mut mine = Vec::new();
            let agent = format!("agent-{worker}");
            loop {
                let claimed = try_claim(&queue, "acme", &agent, &[("chat", 1000)], 3, LONG_MS).await;
                let vorrang_queue::Claimed::Offers(offers) = claimed else {
                    panic!("ready")
                };
                if offers.is_empty() {
                    return mine;
                }
                mine.extend(offers.into_iter().map(|offer| offer.ticket));
            }
        })
    });
    let all: Vec<String> = futures::future::join_all(workers)
        .await
        .into_iter()
        .flat_map(|mine| mine.expect("no worker panics"))
        .collect();
    assert_eq!(all.len(), 300);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sweepers_end_each_lease_once() {
    let desk = Desk::open().await;
    desk.apply((0..100).map(|n| wait(&format!("t{n}"), 1, "chat", 0, n, n)).collect())
        .await;
    assert_eq!(desk.claim_for("anna", &[("chat", 100)], 100, 0).await.len(), 100);
    let sweeps = (0..20).map(|_| desk.expire(10, RETURNS));
    let ended: usize = futures::future::join_all(sweeps)
        .await
        .into_iter()
        .map(|swept| swept.len())
        .sum();
    assert_eq!(ended, 100);
    assert_eq!(desk.claim("anna", &[("chat", 100)], 100).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_followers_apply_each_batch_once() {
    let desk = Desk::open().await;
    let url = desk.redis.as_ref().expect("has one").url().to_owned();
    let followers = (0..2).map(|_| {
        let queue = Queue::connect(&url).expect("a URL");
        tokio::spawn(async move {
            let mut done = 0;
            let mut from = 0;
            while from < 200 {
                let to = from + 1;
                let mut operation = wait(
                    &format!("t{to}"),
                    1,
                    if to % 2 == 0 { "chat" } else { "email" },
                    0,
                    to,
                    to,
                );
                if let vorrang_queue::Operation::Wait { seq, .. } = &mut operation {
                    *seq = to;
                }
                let batch = Batch {
                    from,
                    to,
                    cursor: format!("cursor-{to}"),
                    mark: None,
                    operations: vec![operation],
                };
                match queue.apply("acme", &batch).await.expect("applies") {
                    Applied::Done(_) => done += 1,
                    Applied::Seen => {}
                    other => panic!("{other:?}"),
                }
                from = to;
            }
            done
        })
    });
    let done: Vec<i32> = futures::future::join_all(followers)
        .await
        .into_iter()
        .map(|done| done.expect("no follower panics"))
        .collect();
    assert_eq!(done.iter().sum::<i32>(), 200);
    let counts = desk.queue.stats("acme", 1, 0).await.expect("counts");
    assert_eq!(counts.lanes.iter().map(|lane| lane.waiting).sum::<u64>(), 200);
}
