use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_is_never_ready_ends_when_it_was_said() {
    let start = Instant::now();
    let stuck = async {
        let _hold = Lifeline::current().hold(Some(start + 3 * SECOND));
        std::future::pending::<()>().await;
    };
    assert_eq!(Lifeline::default().bound(stuck).await, None);
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_earliest_end_counts() {
    let start = Instant::now();
    let stuck = async {
        let _hold = Lifeline::current().hold(Some(start + 9 * SECOND));
        tokio::time::advance(SECOND).await;
        Lifeline::current().end_at(start + 2 * SECOND);
        Lifeline::current().end_at(start + 5 * SECOND);
        std::future::pending::<()>().await;
    };
    assert_eq!(Lifeline::default().bound(stuck).await, None);
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ended_leaves_no_end_for_the_next_one() {
    let calls = async {
        drop(Lifeline::current().hold(Some(Instant::now() + SECOND)));
        tokio::time::advance(9 * SECOND).await;
        "done"
    };
    assert_eq!(Lifeline::default().bound(calls).await, Some("done"));
}
