//! From contacts to answers: stores what came, tells ticketing, keeps in the inbox what ticketing cannot take now.
//!
//! Pushes of a tenant that arrive while a batch is on its way form the next batch: under load many contacts share one
//! commit, and a single push never waits for company.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::Instrument as _;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::contact::Contact;
use crate::outcome::PushResult;
use crate::rpc::record_contacts::{Delivery, Ticketing};
use crate::store::{NewInboxItem, NewRaw, Owner, Store, Whole};

/// Most contacts of a batch: what ticketing takes in one call.
const BATCH: usize = 500;
/// Largest batch in bytes, so that a call stays below the 4 MiB that a server accepts.
const BATCH_BYTES: usize = 2 << 20;

/// What pushes that are not answered yet may hold in memory together, in KiB.
const MEMORY_KIB: usize = 32 << 10;

/// A contact to be recorded.
#[derive(Debug, Clone)]
pub struct Push {
    /// Under which ticketing recognises a repeat; unique per tenant and contact.
    pub request_id: String,
    /// The contact.
    pub contact: Contact,
    /// What it came as.
    pub raw: Arc<NewRaw>,
    /// W3C traceparent of the push.
    pub trace_parent: String,
    /// Bytes it holds in memory until it is answered, about.
    pub weight: usize,
}

/// What a push is answered.
pub type Answer = Result<PushResult, Error>;

struct Job {
    push: Push,
    /// Its part of the memory that pushes may take together.
    memory: Option<OwnedSemaphorePermit>,
    answer: oneshot::Sender<Answer>,
    span: tracing::Span,
}

/// Records contacts. Clones share the queues.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    store: Store,
    ticketing: Ticketing,
    clock: SharedClock,
    /// The tenants that have something to do; each has one batch on its way, so that their contacts stay in order.
    queues: Mutex<HashMap<String, VecDeque<Job>>>,
    /// In KiB: what pushes that are not answered yet may hold together. Whoever comes later waits, and with it its stream.
    memory: Arc<Semaphore>,
}

/// The answer of a push that was handed in.
pub struct Pending(oneshot::Receiver<Answer>);

impl Pending {
    /// Waits for it.
    ///
    /// # Errors
    /// Invalid when ticketing refuses the contact for good; Unavailable when it could neither be recorded nor kept.
    pub async fn answer(self) -> Answer {
        // The sender is gone when the batch panicked; the panic is in the log.
        self.0
            .await
            .unwrap_or_else(|_| Err(Error::internal("recording a contact was given up")))
    }
}

impl Recorder {
    /// A recorder over `store` and `ticketing`.
    pub fn new(store: Store, ticketing: Ticketing, clock: SharedClock) -> Self {
        Self(Arc::new(Inner {
            store,
            ticketing,
            clock,
            queues: Mutex::default(),
            memory: Arc::new(Semaphore::new(MEMORY_KIB)),
        }))
    }

    /// Hands a contact in, once there is memory for it; contacts of one tenant are recorded in the order in which they are
    /// handed in. Recording goes on when the answer is not waited for.
    pub async fn submit(&self, tenant: &str, push: Push) -> Pending {
        let kib = (push.weight / 1024 + 1).min(MEMORY_KIB / 2);
        let memory = self
            .0
            .memory
            .clone()
            .acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX))
            .await;
        let (answer, pending) = oneshot::channel();
        let job = Job {
            push,
            // The semaphore is never closed.
            memory: memory.ok(),
            answer,
            span: tracing::Span::current(),
        };
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        match queues.get_mut(tenant) {
            Some(queue) => queue.push_back(job),
            None => {
                queues.insert(tenant.to_owned(), VecDeque::from([job]));
                tokio::spawn(drain(self.0.clone(), tenant.to_owned()));
            }
        }
        Pending(pending)
    }

    /// Records one contact.
    ///
    /// # Errors
    /// As [`Pending::answer`].
    pub async fn record(&self, tenant: &str, push: Push) -> Answer {
        self.submit(tenant, push).await.answer().await
    }

    /// Keeps contacts in the inbox, in this order, without asking ticketing: they are ACCEPTED. Contacts that were handed in
    /// too stay one, since ticketing knows them by their request id.
    ///
    /// # Errors
    /// Unavailable when the database is down.
    pub async fn keep(&self, tenant: &str, pushes: &[Push]) -> Result<Vec<Answer>, Error> {
        let all: Vec<usize> = (0..pushes.len()).collect();
        let kept = self.0.park(tenant, pushes, &all).await?;
        let answers: Vec<Answer> = kept.into_iter().map(|(_, answer)| answer).collect();
        for answer in answers.iter().flatten() {
            crate::metrics::pushed(answer.outcome);
        }
        Ok(answers)
    }
}

/// Works until the tenant has nothing left to do.
async fn drain(inner: Arc<Inner>, tenant: String) {
    loop {
        let batch = {
            let mut queues = inner.queues.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(queue) = queues.get_mut(&tenant) else { return };
            if queue.is_empty() {
                queues.remove(&tenant);
                return;
            }
            take_batch(queue)
        };
        // A task of its own: a panic costs this batch and not the tenant's queue.
        let span = batch.first().map_or_else(tracing::Span::none, |job| job.span.clone());
        let work = process(inner.clone(), tenant.clone(), batch).instrument(span);
        if tokio::spawn(work).await.is_err() {
            tracing::error!("recording a batch of contacts panicked; its senders were told so");
        }
    }
}

fn take_batch(queue: &mut VecDeque<Job>) -> Vec<Job> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while let Some(job) = queue.front() {
        let weight = job.push.contact.weight();
        if !batch.is_empty() && (batch.len() == BATCH || bytes + weight > BATCH_BYTES) {
            break;
        }
        bytes += weight;
        batch.extend(queue.pop_front());
    }
    batch
}

async fn process(inner: Arc<Inner>, tenant: String, batch: Vec<Job>) {
    let mut pushes = Vec::with_capacity(batch.len());
    let mut answers = Vec::with_capacity(batch.len());
    let mut memory = Vec::with_capacity(batch.len());
    for job in batch {
        pushes.push(job.push);
        answers.push(job.answer);
        memory.push(job.memory);
    }
    let results = inner.record_batch(&tenant, &pushes).await;
    drop((pushes, memory));
    for (answer, result) in answers.into_iter().zip(results) {
        let outcome = result.as_ref().ok().map(|result| result.outcome);
        // Nobody listens when the sender has hung up, who will push again and be told the same, or was told ACCEPTED.
        if let (Ok(()), Some(outcome)) = (answer.send(result), outcome) {
            crate::metrics::pushed(outcome);
        }
    }
}

impl Inner {
    async fn record_batch(&self, tenant: &str, pushes: &[Push]) -> Vec<Answer> {
        match self.try_batch(tenant, pushes).await {
            Ok(results) => results,
            Err(error) => {
                tracing::warn!(
                    error = error.chain(),
                    "contacts could neither be recorded nor kept; their senders are told so"
                );
                let same = || Error::new(error.kind(), error.reason(), error.message());
                pushes.iter().map(|_| Err(same())).collect()
            }
        }
    }

    async fn try_batch(&self, tenant: &str, pushes: &[Push]) -> Result<Vec<Answer>, Error> {
        let now = self.clock.now();
        let conversations: Vec<&str> = pushes
            .iter()
            .map(|push| push.contact.conversation.as_str())
            .filter(|conversation| !conversation.is_empty())
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        let behind = self.store.waiting_conversations(tenant, &conversations).await?;
        let mut parked: Vec<usize> = Vec::new();
        let mut sent: Vec<usize> = Vec::new();
        for (index, push) in pushes.iter().enumerate() {
            if behind.contains(&push.contact.conversation) {
                parked.push(index)
            } else {
                sent.push(index)
            }
        }
        let raws: Vec<NewRaw> = sent.iter().map(|&index| (*pushes[index].raw).clone()).collect();
        // Both are done before the answer, which is what counts. What came is kept with whose it is, so that it can be erased.
        let recorded = self.tell(tenant, pushes, &sent).await;
        let owner = |(index, result): (&usize, &Answer)| {
            let customer = result.as_ref().ok()?.customer.clone();
            let sha256 = pushes.get(*index)?.raw.sha256;
            Some(Owner { sha256, customer })
        };
        let owners: Vec<Owner> = sent.iter().zip(&recorded).filter_map(owner).collect();
        let whole = |(index, result): (&usize, &Answer)| Whole::of(&pushes.get(*index)?.contact, result.as_ref().ok()?);
        let wholes: Vec<Whole> = sent.iter().zip(&recorded).filter_map(whole).collect();
        self.store.keep_raw(tenant, &raws, &owners, &wholes, now).await?;
        let mut answers: Vec<Option<Answer>> = pushes.iter().map(|_| None).collect();
        for (&index, result) in sent.iter().zip(recorded) {
            match result {
                Err(error) if error.kind() != Kind::Invalid => {
                    tracing::debug!(error = error.chain(), "ticketing cannot take a contact now");
                    parked.push(index);
                }
                result => answers[index] = Some(result),
            }
        }
        parked.sort_unstable();
        for (index, answer) in self.park(tenant, pushes, &parked).await? {
            answers[index] = Some(answer);
        }
        Ok(answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(Error::internal("a contact of a batch was forgotten"))))
            .collect())
    }

    async fn tell(&self, tenant: &str, pushes: &[Push], indexes: &[usize]) -> Vec<Answer> {
        if indexes.is_empty() {
            return Vec::new();
        }
        let deliveries: Vec<Delivery<'_>> = indexes.iter().map(|&index| delivery(&pushes[index])).collect();
        self.ticketing.record_each(tenant, &deliveries).await
    }

    async fn park(&self, tenant: &str, pushes: &[Push], indexes: &[usize]) -> Result<Vec<(usize, Answer)>, Error> {
        let items: Vec<NewInboxItem> = indexes
            .iter()
            .map(|&index| &pushes[index])
            .map(|push| NewInboxItem {
                request_id: push.request_id.clone(),
                contact: push.contact.clone(),
                trace_parent: push.trace_parent.clone(),
                raw_sha256: push.raw.sha256,
            })
            .collect();
        let raws: Vec<NewRaw> = indexes.iter().map(|&index| (*pushes[index].raw).clone()).collect();
        let receipts = self.store.park(tenant, &items, &raws, self.clock.now()).await?;
        Ok(indexes
            .iter()
            .copied()
            .zip(receipts.into_iter().map(|receipt| receipt.map(PushResult::accepted)))
            .collect())
    }
}

fn delivery(push: &Push) -> Delivery<'_> {
    Delivery {
        request_id: &push.request_id,
        contact: &push.contact,
        trace_parent: &push.trace_parent,
    }
}
