//! Redis is emptied and killed in the middle of the work: nothing is lost, nothing is served twice, the order holds.

use std::collections::{HashMap, HashSet};

use futures::future::join_all;
use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_api::routing::v1::{PeekQueueRequest, QueuedContact};
use vorrang_api::ticketing::v1::{Channel, event};
use vorrang_client::Client;
use vorrang_testkit::{DEADLINE, wait_for, wait_until};

use crate::desktop::{self, CHANNELS, Log};
use crate::journey::{contact, push, wait_queued};
use crate::stack::Stack;

const BEFORE: usize = 60;
const AFTER: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_served_twice_when_redis_is_emptied_during_traffic() {
    survives(Stack::with_own_redis().await, async |stack| {
        stack.redis.as_ref().expect("its own Redis").flush_all().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_served_twice_when_redis_is_killed_during_traffic() {
    survives(Stack::with_own_redis().await, async |stack| {
        let redis = stack.redis.as_mut().expect("its own Redis");
        redis.kill().await;
        redis.restart().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_private_redis_is_started_again_when_it_dies() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    push_many(&client, 0..12).await;
    wait_queued(&client, 12).await;
    let url = stack
        .running()
        .context()
        .redis_url()
        .await
        .expect("the suite has started one");
    // What SHUTDOWN does not save is what a crash loses.
    let mut connection = redis::Client::open(url)
        .expect("a url")
        .get_multiplexed_async_connection()
        .await
        .expect("connects");
    let _: Result<(), _> = redis::cmd("SHUTDOWN").arg("NOSAVE").query_async(&mut connection).await;
    wait_queued(&client, 12).await;
    assert_in_order(&peek(&client).await);
    stack.stop().await;
}

async fn survives(mut stack: Stack, fault: impl AsyncFnOnce(&mut Stack)) {
    let client = stack.client("acme").await;
    push_many(&client, 0..BEFORE).await;
    wait_queued(&client, BEFORE as i64).await;

    // Two agents at work, and contacts still coming in, when it happens.
    let log = Log::default();
    let desktops = [
        desktop::open(&client, "anna", &log).await,
        desktop::open(&client, "ben", &log).await,
    ];
    wait_until(DEADLINE, "a third of the work", || async {
        log.assigned().len() >= BEFORE / 3
    })
    .await;
    let pushing = tokio::spawn({
        let client = client.clone();
        async move { push_many(&client, BEFORE..BEFORE + AFTER).await }
    });
    fault(&mut stack).await;
    let late = pushing.await.expect("pushing goes on without Redis");
    assert_eq!(AFTER, late.len());

    wait_until(DEADLINE, "every ticket to be assigned", || async {
        assignments(&client).await.len() == BEFORE + AFTER
    })
    .await;
    drop(desktops);
    let assigned = assignments(&client).await;
    let twice: Vec<_> = assigned.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "assigned more than once: {twice:?}");
    // What desktops were told is what ticketing has recorded; an answer that was lost is not told twice.
    let told: HashSet<String> = log.assigned().into_iter().map(|ticket| ticket.name).collect();
    assert!(told.iter().all(|ticket| assigned.contains_key(ticket)));

    // And the order is as before: VIP and live first.
    push_many(&client, 1_000..1_000 + 24).await;
    wait_queued(&client, 24).await;
    let next = peek(&client).await;
    assert_eq!(24, next.len());
    assert_in_order(&next);
    assert_eq!("vip-live", next[0].class);
    stack.stop().await;
}

/// Pushes contacts of all channels and tiers, at once.
async fn push_many(client: &Client, numbers: std::ops::Range<usize>) -> Vec<String> {
    let pushes = numbers.map(|number| async move {
        let channel = CHANNELS[number % CHANNELS.len()];
        let tier = if number % 3 == 0 { "vip" } else { "standard" };
        push(client, contact(&format!("contact-{number}"), channel, tier, "Hello"))
            .await
            .ticket
    });
    join_all(pushes).await
}

async fn peek(client: &Client) -> Vec<QueuedContact> {
    wait_for(DEADLINE, "the queue to be readable", || async {
        let request = PeekQueueRequest {
            limit: 100,
            ..PeekQueueRequest::default()
        };
        Some(client.queues().peek_queue(request).await.ok()?.into_inner().contacts)
    })
    .await
}

fn assert_in_order(contacts: &[QueuedContact]) {
    let keys: Vec<_> = contacts
        .iter()
        .map(|contact| {
            let due = contact.due_at.map(|at| (at.seconds, at.nanos));
            let entered = contact.queue_entered_at.map(|at| (at.seconds, at.nanos));
            (contact.class_rank, due, entered)
        })
        .collect();
    assert!(keys.is_sorted(), "class, then due time, then arrival: {keys:#?}");
    let last_live = contacts
        .iter()
        .rposition(|contact| is_live(contact) && contact.tier == "vip");
    let first_other = contacts.iter().position(|contact| !is_live(contact));
    if let (Some(last_live), Some(first_other)) = (last_live, first_other) {
        assert!(last_live < first_other, "VIP live before everything that is not live");
    }
}

fn is_live(contact: &QueuedContact) -> bool {
    matches!(contact.channel(), Channel::Chat | Channel::Phone)
}

/// How often each ticket was assigned, by ticketing's own log.
async fn assignments(client: &Client) -> HashMap<String, usize> {
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        types: vec!["ticket_assigned".to_owned()],
        ..FollowRequest::default()
    };
    let mut feed = client
        .ticketing_feed()
        .follow(request)
        .await
        .expect("is served")
        .into_inner();
    let mut assigned = HashMap::new();
    loop {
        let batch = feed.message().await.expect("goes on").expect("does not end");
        for event in batch.events {
            if let Some(event::Payload::TicketAssigned(assignment)) = event.payload {
                *assigned.entry(assignment.ticket.expect("a ticket").name).or_insert(0) += 1;
            }
        }
        if batch.caught_up {
            return assigned;
        }
    }
}
