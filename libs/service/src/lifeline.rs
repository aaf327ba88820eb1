//! Ends calls whose clients do not read what they asked for.
//!
//! hyper asks a body for nothing more while it waits for the client's window, so a deadline that only the body knows is never
//! noticed then, and the call holds its place for ever. A lifeline is polled around hyper's own future instead: when it is
//! over, that future is dropped, which resets the stream (HTTP/2) or closes the connection (HTTP/1.1).

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    static CURRENT: Lifeline;
}

/// Until when the call in work may hold what it holds; for ever when nothing is said. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Lifeline(Arc<Mutex<Option<Instant>>>);

impl Lifeline {
    /// The one of the call that this task works on; one that nobody looks at outside of calls.
    pub(crate) fn current() -> Self {
        CURRENT.try_with(Self::clone).unwrap_or_default()
    }

    /// What this lifeline bounds is dropped at `at`, or earlier when something earlier was said. The task must be woken by
    /// something else to notice a change: what a body waits for does.
    pub(crate) fn end_at(&self, at: Instant) {
        let mut end = self.lock();
        *end = Some(end.map_or(at, |end| end.min(at)));
    }

    /// As [`Lifeline::end_at`], until what is returned is dropped: then the call has ended in time.
    pub(crate) fn hold(&self, at: Option<Instant>) -> Hold {
        if let Some(at) = at {
            self.end_at(at);
        }
        Hold(self.clone())
    }

    /// `future`, whose calls find this lifeline; `None` when it was dropped because time was up.
    pub(crate) async fn bound<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(CURRENT.scope(self.clone(), future));
        let mut timer = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            self.poll_end(&mut timer, context).map(|()| None)
        })
        .await
    }

    fn poll_end(&self, timer: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>) -> Poll<()> {
        let Some(end) = *self.lock() else {
            *timer = None;
            return Poll::Pending;
        };
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if timer.deadline() != end {
            timer.as_mut().reset(end);
        }
        timer.as_mut().poll(context)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// While it lives, the lifeline's end is in force. One call of a lifeline is in work at a time.
pub(crate) struct Hold(Lifeline);

impl Drop for Hold {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

#[cfg(test)]
mod tests;
