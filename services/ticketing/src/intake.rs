//! The intake: coalesces concurrent calls of a tenant into one transaction (group commit).
//!
//! While one transaction of a tenant commits, whatever arrives waits; when it returns, all of that goes into the next one.
//! So a lone call waits for nobody, and under load the batches grow by themselves: there is no timer to tune. Contacts of
//! a tenant are recorded in the order in which they came in.
//!
//! Never lets one call or item spoil another: when a batch fails for a reason that may lie in one of its items, it is
//! halved until that item stands alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use vorrang_error::{Error, Kind};

use crate::contact::{Contact, Recorded};
use crate::store::Store;

/// Contacts of one transaction: keeps the locks below some hundred milliseconds on the slowest machine we measured.
const BATCH_MAX: usize = 500;
/// Contacts of one tenant that may wait. Beyond it callers are told to come back: memory is bounded, and so is the wait.
const WAITING_MAX: usize = 20_000;
/// Text of one transaction: one batch of large mails must not take the memory of a hundred.
const BATCH_BYTES: usize = 8 << 20;
/// Text of one tenant that may wait.
const WAITING_BYTES: usize = 64 << 20;
/// When to come back.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// How often a batch that lost a race is tried again as it is.
const ATTEMPTS: u32 = 3;

type Results = Vec<Result<Recorded, Error>>;

/// Records contacts. Clones share the queues.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    tenants: Arc<Mutex<HashMap<String, Waiting>>>,
}

/// What waits for a tenant's running transaction. It exists exactly while a worker runs for the tenant.
#[derive(Default)]
struct Waiting {
    calls: VecDeque<Waiter>,
    contacts: usize,
    bytes: usize,
}

struct Waiter {
    contacts: Vec<Contact>,
    bytes: usize,
    answer: oneshot::Sender<Results>,
}

impl Intake {
    /// An intake that writes to `store`.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            tenants: Arc::default(),
        }
    }

    /// Records contacts in their order and gives the result of each. The work goes on when the caller stops waiting.
    ///
    /// # Errors
    /// Limited `INTAKE_FULL` when too many contacts of the tenant wait already; then nothing was recorded.
    pub async fn record(&self, tenant: &str, contacts: Vec<Contact>) -> Result<Results, Error> {
        if contacts.is_empty() {
            return Ok(Vec::new());
        }
        let bytes = contacts.iter().map(Contact::bytes).sum();
        let (answer, result) = oneshot::channel();
        let is_first = {
            let mut tenants = self.lock();
            let is_first = !tenants.contains_key(tenant);
            let waiting = tenants.entry(tenant.to_owned()).or_default();
            let full = waiting.contacts + contacts.len() > WAITING_MAX || waiting.bytes + bytes > WAITING_BYTES;
            if waiting.contacts > 0 && full {
                return Err(Error::limited(
                    "INTAKE_FULL",
                    "too many contacts are waiting to be recorded",
                    RETRY_AFTER,
                ));
            }
            waiting.contacts += contacts.len();
            waiting.bytes += bytes;
            waiting.calls.push_back(Waiter {
                contacts,
                bytes,
                answer,
            });
            is_first
        };
        if is_first {
            // A task of its own: the first caller may go away, those behind it still want their answers.
            tokio::spawn(self.clone().work(tenant.to_owned()));
        }
        result
            .await
            .map_err(|_| Error::internal("the intake ended without an answer"))
    }

    /// Records what waits until nothing does.
    async fn work(self, tenant: String) {
        while let Some(calls) = self.next(&tenant) {
            let sizes: Vec<usize> = calls.iter().map(|call| call.contacts.len()).collect();
            let mut answers = Vec::with_capacity(calls.len());
            let mut batch = Vec::with_capacity(sizes.iter().sum());
            for call in calls {
                batch.extend(call.contacts);
                answers.push(call.answer);
            }
            let total = batch.len();
            let recorded = std::panic::AssertUnwindSafe(record(&self.store, &tenant, batch))
                .catch_unwind()
                .await;
            let mut results = recorded.unwrap_or_else(|_| {
                // The next ones must not wait for a worker that is gone.
                (0..total)
                    .map(|_| Err(Error::internal("recording contacts panicked")))
                    .collect()
            });
            for (size, answer) in sizes.into_iter().zip(answers) {
                let rest = results.split_off(size.min(results.len()));
                // Whoever has stopped waiting asks again and gets the same answer by its request id.
                let _ = answer.send(std::mem::replace(&mut results, rest));
            }
        }
    }

    /// The next calls, whole ones, up to [`BATCH_MAX`] contacts but at least one call. None: this worker is done.
    fn next(&self, tenant: &str) -> Option<Vec<Waiter>> {
        let mut tenants = self.lock();
        let waiting = tenants.get_mut(tenant)?;
        let mut calls: Vec<Waiter> = Vec::new();
        let (mut contacts, mut bytes) = (0, 0);
        while let Some(call) = waiting.calls.front() {
            let full = contacts + call.contacts.len() > BATCH_MAX || bytes + call.bytes > BATCH_BYTES;
            if !calls.is_empty() && full {
                break;
            }
            contacts += call.contacts.len();
            bytes += call.bytes;
            calls.extend(waiting.calls.pop_front());
        }
        waiting.contacts -= contacts;
        waiting.bytes -= bytes;
        if calls.is_empty() {
            tenants.remove(tenant);
            return None;
        }
        Some(calls)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        // Nothing panics while it is held.
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records a batch; halves it when the reason for a failure may lie in one item.
fn record<'a>(store: &'a Store, tenant: &'a str, mut contacts: Vec<Contact>) -> BoxFuture<'a, Results> {
    async move {
        let mut attempt = 1;
        let error = loop {
            match store.record(tenant, contacts.clone()).await {
                Ok(results) => return results,
                Err(error) if error.kind() == Kind::Conflict && attempt < ATTEMPTS => attempt += 1,
                Err(error) => break error,
            }
        };
        // A rule of the database that an item broke is that item's; what is down or contended is everybody's.
        let everybodys = error.reason() != "ALREADY_WRITTEN"
            && matches!(
                error.kind(),
                Kind::Unavailable | Kind::Timeout | Kind::Limited | Kind::Conflict
            );
        if everybodys || contacts.len() == 1 {
            return contacts.iter().map(|_| Err(again(&error))).collect();
        }
        tracing::warn!(
            error = error.chain(),
            contacts = contacts.len(),
            "a batch of contacts is halved"
        );
        let second = contacts.split_off(contacts.len() / 2);
        let mut results = record(store, tenant, contacts).await;
        results.extend(record(store, tenant, second).await);
        results
    }
    .boxed()
}

/// The same error for one more item of a batch.
pub fn again(error: &Error) -> Error {
    if !error.violations().is_empty() {
        return Error::invalid(error.violations().to_vec());
    }
    let mut same = Error::new(error.kind(), error.reason(), error.message());
    for (key, value) in error.metadata() {
        same = same.with(key, value.clone());
    }
    if let Some(after) = error.retry_after() {
        same = same.with_retry_after(after);
    }
    match error.kind() {
        // The log of each item is to name the cause.
        Kind::Internal => same.caused_by(error.chain()),
        _ => same,
    }
}

#[cfg(test)]
mod tests;
