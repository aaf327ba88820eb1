//! From ticketing's feed to what waits.

use vorrang_api::ticketing::v1::ticket::Disposition;
use vorrang_api::ticketing::v1::{Channel, Priority};

use crate::desktop::id_of;
use crate::stack::{Stack, TENANT};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vip_and_live_chat_come_first_then_due_then_arrival() {
    let stack = Stack::start().await;
    let open = |channel, tier, priority, at| stack.ticketing.open(TENANT, channel, tier, priority, at);
    let low = open(Channel::Email, "standard", Priority::Low, 1_000);
    let second = open(Channel::Email, "standard", Priority::Normal, 2_002);
    let first = open(Channel::Web, "standard", Priority::Normal, 2_001);
    let urgent = open(Channel::Email, "standard", Priority::Urgent, 3_000);
    let vip = open(Channel::Email, "vip", Priority::Low, 4_000);
    let live = open(Channel::Chat, "standard", Priority::Normal, 5_000);
    let vip_live = open(Channel::Chat, "vip", Priority::Normal, 6_000);
    assert_eq!(
        stack.waiting(7).await,
        [vip_live, live, vip, urgent, first, second, low]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_assigned_or_solved_waits_no_more() {
    let stack = Stack::start().await;
    let (assigned, solved, waiting) = (stack.mail(1), stack.mail(2), stack.mail(3));
    assert_eq!(
        stack.waiting(3).await,
        [assigned.clone(), solved.clone(), waiting.clone()]
    );
    stack.ticketing.assign(TENANT, &assigned, "boss");
    stack.ticketing.solve(TENANT, &solved);
    assert_eq!(stack.waiting(1).await, std::slice::from_ref(&waiting));
    stack.ticketing.requeue(TENANT, &assigned, 9);
    assert_eq!(stack.waiting(2).await, [waiting, assigned]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stats_count_lanes_and_classes() {
    let stack = Stack::start().await;
    stack.mail(1);
    stack.ticketing.open(TENANT, Channel::Email, "vip", Priority::Normal, 2);
    stack
        .ticketing
        .open(TENANT, Channel::Chat, "standard", Priority::Normal, 3);
    stack.waiting(3).await;
    let stats = stack.stats_when(|stats| stats.lanes.len() == 2).await;
    let email = stats
        .lanes
        .iter()
        .find(|lane| lane.channel() == Channel::Email)
        .expect("a lane");
    assert_eq!((email.queue.as_str(), email.waiting_count), ("default", 2));
    assert_eq!(email.waiting_by_class["normal"], 1);
    assert_eq!(email.waiting_by_class["vip"], 1);
    assert!(email.head_wait.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_never_see_each_other() {
    let stack = Stack::start().await;
    let ours = stack.mail(1);
    stack
        .ticketing
        .open("other", Channel::Email, "vip", Priority::Urgent, 1);
    assert_eq!(stack.waiting(1).await, std::slice::from_ref(&ours));
    let mut anna = stack.desktop("anna", &[(Channel::Email, 5)]).await;
    assert_eq!(anna.take().await, ours);
    anna.has_nothing().await;
}

/// What is set aside leaves its queue at once, an offer of it is taken back; restored it waits anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_marked_as_spam_or_deleted_leaves_its_queue() {
    let stack = Stack::start().await;
    let (spam, gone, good) = (stack.mail(1), stack.mail(2), stack.mail(3));
    stack.waiting(3).await;
    let mut anna = stack.desktop("anna", &[(Channel::Email, 1)]).await;
    let offer = anna.offer().await;
    assert_eq!(id_of(&offer), spam);
    stack.ticketing.mark(TENANT, &spam, Disposition::Spam, None);
    assert_eq!(anna.rescinded().await.offer, offer.offer);
    assert_eq!(id_of(&anna.offer().await), gone, "the slot is free");
    stack.ticketing.mark(TENANT, &gone, Disposition::Deleted, None);
    anna.rescinded().await;
    assert_eq!(anna.take().await, good);
    stack.ticketing.mark(TENANT, &spam, Disposition::Normal, Some(9));
    assert_eq!(stack.waiting(1).await, [spam]);
}
