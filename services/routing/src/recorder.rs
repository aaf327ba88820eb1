//! Writes decisions into the log, everything that is waiting in one transaction per tenant: it flushes when the previous commit
//! returns, so the busier it is the more goes into one commit.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::decision::{Decision, What};
use crate::store::Store;

/// Decisions that may wait; then whoever decides waits.
const WAITING_MAX: usize = 4_096;
/// Most jobs in one round.
const ROUND_MAX: usize = 500;
/// How often a transaction that met another one is tried again.
const ATTEMPTS_MAX: u32 = 5;
const RETRY: Duration = Duration::from_millis(20);

struct Job {
    tenant: String,
    decisions: Vec<Decision>,
    done: oneshot::Sender<Result<(), Error>>,
}

/// Hands decisions to the writer. Clones share it.
#[derive(Clone)]
pub(crate) struct Recorder {
    jobs: mpsc::Sender<Job>,
    clock: SharedClock,
}

impl Recorder {
    /// The recorder and its writer, to be run as a task until `shutdown`.
    pub(crate) fn new(
        store: Store,
        clock: SharedClock,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, jobs) = mpsc::channel(WAITING_MAX);
        let recorder = Self {
            jobs: sender,
            clock: clock.clone(),
        };
        (recorder, write(store, clock, jobs, shutdown))
    }

    /// Writes `whats` as they are decided now, under one trace; returns when they are durable.
    ///
    /// Fails with Unavailable when the database is away or we are stopping, and as the database does.
    pub(crate) async fn record(&self, tenant: &str, trace: &str, whats: Vec<What>) -> Result<(), Error> {
        let at = self.clock.now();
        let decisions = whats
            .into_iter()
            .map(|what| Decision {
                at,
                trace: trace.to_owned(),
                what,
            })
            .collect();
        self.record_all(tenant, decisions).await
    }

    /// As [`Recorder::record`], each under its own trace.
    pub(crate) async fn record_all(&self, tenant: &str, decisions: Vec<Decision>) -> Result<(), Error> {
        if decisions.is_empty() {
            return Ok(());
        }
        let stopping = || Error::unavailable("SHUTTING_DOWN", "routing is stopping");
        let (done, answer) = oneshot::channel();
        let job = Job {
            tenant: tenant.to_owned(),
            decisions,
            done,
        };
        self.jobs.send(job).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }

    /// As [`Recorder::record`] for what has happened already and cannot be undone: a failure is logged.
    pub(crate) async fn note(&self, tenant: &str, trace: &str, whats: Vec<What>) {
        if let Err(error) = self.record(tenant, trace, whats).await {
            tracing::error!(error = error.chain(), "a decision is missing in the log");
        }
    }
}

async fn write(store: Store, clock: SharedClock, mut jobs: mpsc::Receiver<Job>, shutdown: CancellationToken) {
    let mut round = Vec::new();
    loop {
        tokio::select! {
            biased;
            taken = jobs.recv_many(&mut round, ROUND_MAX) => if taken == 0 { return },
            () = shutdown.cancelled() => {
                // What was handed in before the stop is still written.
                jobs.close();
                while jobs.recv_many(&mut round, ROUND_MAX).await > 0 {
                    flush(&store, &clock, &mut round).await;
                }
                return;
            }
        }
        flush(&store, &clock, &mut round).await;
    }
}

async fn flush(store: &Store, clock: &SharedClock, round: &mut Vec<Job>) {
    let mut tenants: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    for job in round.drain(..) {
        tenants.entry(job.tenant.clone()).or_default().push(job);
    }
    for (tenant, jobs) in tenants {
        let decisions: Vec<Decision> = jobs.iter().flat_map(|job| job.decisions.iter().cloned()).collect();
        if write_once(store, clock, &tenant, &decisions).await.is_ok() {
            for job in jobs {
                let _ = job.done.send(Ok(()));
            }
            continue;
        }
        // One that cannot be written must not spoil the others.
        for job in jobs {
            let written = write_once(store, clock, &tenant, &job.decisions).await;
            let _ = job.done.send(written);
        }
    }
}

async fn write_once(store: &Store, clock: &SharedClock, tenant: &str, decisions: &[Decision]) -> Result<(), Error> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store.record(tenant, decisions.to_vec(), clock.now()).await {
            Err(error) if error.kind() == Kind::Conflict && attempt < ATTEMPTS_MAX => {
                tokio::time::sleep(RETRY * attempt).await;
            }
            result => return result,
        }
    }
}
