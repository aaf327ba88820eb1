//! What comes back again and again.

use vorrang_api::ticketing::v1::Channel;

use crate::desktop::{Desktop, id_of};
use crate::stack::Stack;

const MAIL: [(Channel, i32); 1] = [(Channel::Email, 1)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_desktop_that_flaps_does_not_park_what_is_urgent() {
    let stack = Stack::start().await;
    stack.change_policy(|policy| policy.max_returns = 2).await;
    stack.agent("anna").await;
    let ticket = stack.mail(1);
    for _ in 0..4 {
        let mut anna = Desktop::open(&stack, "anna", &MAIL).await;
        assert_eq!(id_of(&anna.offer().await), ticket);
        drop(anna);
        assert_eq!(stack.waiting(1).await, std::slice::from_ref(&ticket));
    }
    let stats = stack.stats_when(|stats| stats.offered_count == 0).await;
    assert!(stats.parked.is_empty(), "{stats:?}");
    let mut ben = stack.desktop("ben", &MAIL).await;
    assert_eq!(ben.take().await, ticket);
}
