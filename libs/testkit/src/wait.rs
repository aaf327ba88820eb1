//! Waiting for a condition instead of for a time.

use std::time::{Duration, Instant};

/// Long enough for a loaded two-core machine; a test that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Short, since many tests wait for something that is already nearly there.
const POLL: Duration = Duration::from_millis(5);

/// Waits until `condition` gives a value, and gives it back.
///
/// # Panics
/// When `deadline` has passed; the message says `what` was waited for.
#[track_caller]
pub fn wait_for<T, F, Fut>(deadline: Duration, what: &str, mut condition: F) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let caller = std::panic::Location::caller();
    async move {
        let started = now();
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            assert!(
                now() - started < deadline,
                "{caller}: waited {deadline:?} in vain for: {what}"
            );
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Waits until `condition` is true.
///
/// # Panics
/// When `deadline` has passed; the message says `what` was waited for.
#[track_caller]
pub fn wait_until<F, Fut>(deadline: Duration, what: &str, mut condition: F) -> impl Future<Output = ()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    wait_for(deadline, what, move || {
        let holds = condition();
        async move { holds.await.then_some(()) }
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "a deadline of a test is about the machine's time, whatever the injected clock says"
)]
fn now() -> Instant {
    Instant::now()
}
