//! Applies what was uploaded: batch by batch, in the order in which lines count, apart from live traffic.
//!
//! Nothing is held in memory over a batch but the tickets of a strict import while it is judged. A batch that ticketing has answered is
//! removed in one transaction with its counts: a kill at any point leaves it there, and its lines are told again, which changes nothing.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};
use vorrang_history::{Line, References, What};

use crate::import::{Import, LineError};
use crate::rpc::record_history::{History, Taken};
use crate::seal::Seal;
use crate::store::{Applied, BAD_KEPT, Pending, Store};

/// Lines of a batch: about what ticketing records in a few hundred milliseconds, so that what is live never waits long behind it.
const BATCH: u64 = 1_000;
/// Bytes of a batch, unless a single line is longer.
const BATCH_BYTES: usize = 1 << 20;
/// How often it is looked for work.
const PERIOD: Duration = Duration::from_millis(500);
/// One that cannot go on is tried again after this, doubled each time, at most [`SLOWEST`].
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(1);
/// An import is never given up.
const SLOWEST: TimeDelta = TimeDelta::minutes(1);
/// How long an import is kept after its end.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The applying. One runs in each process; two that are at the same batch do no harm, since its lines are recorded once.
#[derive(Clone)]
pub struct Importer {
    store: Store,
    ticketing: History,
    seal: Seal,
    clock: SharedClock,
}

/// What is known of imports between two looks.
#[derive(Default)]
pub struct Aside {
    /// Those that could not go on: until when each is left alone, and how often it failed.
    failed: HashMap<Uuid, (DateTime<Utc>, u32)>,
    /// Strict ones that are being judged, each by a task of its own: the largest holds up no other.
    judging: HashMap<Uuid, Judging>,
}

/// What is wrong with an import, when that is known: how many lines, and the first of them.
type Judgement = Result<(i64, Vec<LineError>), Error>;

/// A judging that ends when nobody waits for it any more.
struct Judging(JoinHandle<Judgement>);

impl Drop for Judging {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether there is more to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Something was done.
    Done,
    /// There is nothing.
    Nothing,
}

impl Importer {
    /// From `store` to `ticketing`.
    pub fn new(store: Store, ticketing: History, seal: Seal, clock: SharedClock) -> Self {
        Self {
            store,
            ticketing,
            seal,
            clock,
        }
    }

    /// Goes on until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut period = tokio::time::interval(PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut aside = Aside::default();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = period.tick() => {}
            }
            loop {
                // Whatever is cut off is done again.
                let worked = tokio::select! {
                    () = shutdown.cancelled() => return,
                    worked = self.tick(&mut aside) => worked,
                };
                match worked {
                    Ok(Work::Done) => {}
                    Ok(Work::Nothing) => break,
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "imports cannot be looked at");
                        break;
                    }
                }
            }
        }
    }

    /// One batch of each import that is not done, and whatever is old. One that cannot go on is left aside for a while, the longer the
    /// oftener it failed, and holds up no other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tick(&self, aside: &mut Aside) -> Result<Work, Error> {
        let now = self.clock.now();
        let mut work = match self.store.forget_imports(now - KEPT).await? {
            0 => Work::Nothing,
            _ => Work::Done,
        };
        let running = self.store.running_imports().await?;
        let runs = |id: &Uuid| running.iter().any(|import| import.id == *id);
        aside.failed.retain(|id, _| runs(id));
        aside.judging.retain(|id, _| runs(id));
        for import in &running {
            if aside.failed.get(&import.id).is_some_and(|(until, _)| now < *until) {
                continue;
            }
            match self.step(import, &mut aside.judging).await {
                Ok(Work::Done) => {
                    aside.failed.remove(&import.id);
                    work = Work::Done;
                }
                Ok(Work::Nothing) => {}
                // It was deleted meanwhile.
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => {
                    let failed = aside.failed.get(&import.id).map_or(0, |(_, failed)| *failed);
                    if failed == 0 {
                        tracing::warn!(import = %import.id, error = error.chain(), "an import waits");
                    }
                    let pause = (FIRST_RETRY * 2_i32.pow(failed.min(10))).min(SLOWEST);
                    aside.failed.insert(import.id, (now + pause, failed + 1));
                }
            }
        }
        Ok(work)
    }

    async fn step(&self, import: &Import, judging: &mut HashMap<Uuid, Judging>) -> Result<Work, Error> {
        if import.strict && !import.checked {
            let task = judging.entry(import.id).or_insert_with(|| {
                let (importer, import) = (self.clone(), import.clone());
                Judging(tokio::spawn(async move { importer.judge(&import).await }))
            });
            if !task.0.is_finished() {
                return Ok(Work::Nothing);
            }
            let judged = (&mut task.0).await;
            judging.remove(&import.id);
            let judgement = judged.map_err(|cause| Error::internal("judging was given up").caused_by(cause))??;
            self.store.judged(import, judgement, self.clock.now()).await?;
            return Ok(Work::Done);
        }
        let batch = self.batch(import, None).await?;
        let Some(last) = batch.last().map(|(pending, _)| pending.key) else {
            return Ok(Work::Nothing);
        };
        let count = batch.len() as u64;
        let lines = batch
            .into_iter()
            .map(|(pending, text)| (number(&pending), text))
            .collect();
        let mut applied = Applied::default();
        for taken in self.ticketing.record(import, lines).await? {
            match taken {
                Taken::Recorded => applied.recorded += 1,
                Taken::Duplicate => applied.duplicates += 1,
                Taken::Refused(errors) => {
                    applied.bad += 1;
                    applied.errors.extend(errors);
                }
            }
        }
        self.store
            .applied(import, last, count, applied, self.clock.now())
            .await?;
        Ok(Work::Done)
    }

    /// The next lines behind `after`, opened.
    async fn batch(&self, import: &Import, after: Option<(i64, i32, i64)>) -> Result<Vec<(Pending, String)>, Error> {
        let mut batch = Vec::new();
        let most = (BATCH, BATCH_BYTES);
        for pending in self.store.pending_lines(import.id, after, most).await? {
            let opened = self.seal.open(&place(import, number(&pending)), &pending.sealed)?;
            let text =
                String::from_utf8(opened).map_err(|cause| Error::internal("a line is no text").caused_by(cause))?;
            batch.push((pending, text));
        }
        Ok(batch)
    }

    /// What is wrong with the references of a strict import, before any of it is applied: all its lines in the order in which they count,
    /// on top of what ticketing has of this source.
    async fn judge(&self, import: &Import) -> Judgement {
        let mut references = References::new();
        let mut asked = std::collections::HashSet::new();
        let mut seen = std::collections::HashSet::new();
        let (mut bad, mut errors) = (0, Vec::new());
        let mut after = None;
        loop {
            let batch = self.batch(import, after).await?;
            let Some((last, _)) = batch.last() else {
                return Ok((bad, errors));
            };
            after = Some(last.key);
            let mut lines: Vec<(Line, Vec<u8>)> = Vec::with_capacity(batch.len());
            for (pending, text) in batch {
                // It could be read when it came.
                let Ok(read) = vorrang_history::read(number(&pending), &text) else {
                    continue;
                };
                // Twice in the file it is one event, which matters only where a second one would be wrong.
                let changes = matches!(
                    read.line.what,
                    What::TicketOpened { .. } | What::Merged { .. } | What::Unmerged { .. }
                );
                if !changes || seen.insert(read.hash) {
                    lines.push((read.line, pending.hash));
                }
            }
            let named = lines.iter().flat_map(|(line, _)| tickets(line)).map(str::to_owned);
            let unknown: Vec<String> = named.filter(|ticket| asked.insert(ticket.clone())).collect();
            let hashes = lines.iter().map(|(_, hash)| hash.clone()).collect();
            let found = self.ticketing.find(import, hashes, unknown).await?;
            for (ticket, opened_at, merged_into) in found.tickets {
                asked.insert(ticket.clone());
                if !references.knows(&ticket) {
                    references.know(ticket, opened_at, merged_into);
                }
            }
            for ((line, _), recorded) in lines.iter().zip(found.recorded) {
                // What is recorded was judged then.
                if recorded {
                    continue;
                }
                if let Err(problem) = references.see(line) {
                    bad += 1;
                    if bad > BAD_KEPT {
                        continue;
                    }
                    errors.push(LineError {
                        line: line.number,
                        position: 0,
                        reason: problem.reason.as_str().to_owned(),
                        field: problem.field,
                        text: problem.text,
                    });
                }
            }
        }
    }
}

/// What a line is sealed for: it opens nowhere else.
pub fn place(import: &Import, number: u64) -> String {
    format!("import {} line {number}", import.id)
}

fn number(pending: &Pending) -> u64 {
    u64::try_from(pending.key.2).unwrap_or_default()
}

fn tickets(line: &Line) -> Vec<&str> {
    match &line.what {
        What::TicketOpened { ticket, .. } => vec![ticket],
        what => what.tickets(),
    }
}
