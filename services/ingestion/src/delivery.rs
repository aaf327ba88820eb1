//! Brings to ticketing what waits in the inbox, in order per conversation.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::metrics;
use crate::outcome::PushResult;
use crate::rpc::record_contacts::{Delivery, Ticketing};
use crate::store::{NewQuarantineItem, NewRaw, QuarantineState, Store, Waiting, Whole};

/// Most contacts brought at once.
const BATCH: u64 = 200;
/// Largest batch in bytes, so that a call stays far below what a server accepts, and memory does.
const BATCH_BYTES: usize = 2 << 20;
/// How often the inbox is looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// Batches of a tenant before the next one has its turn.
const ROUNDS: usize = 20;
/// Tenants that are worked for side by side: one whose calls take long holds up no other.
const SIDE_BY_SIDE: usize = 8;
/// Whom ticketing could not be asked about is tried again after this. Those behind it come first.
const OUTAGE: TimeDelta = TimeDelta::seconds(1);
/// A contact that ticketing alone refuses for now is tried again after this, doubled each time, at most [`SLOWEST`].
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(1);
/// A contact is never given up.
const SLOWEST: TimeDelta = TimeDelta::minutes(5);

/// The delivery. One runs in each process; two that bring the same contact do no harm, since its request id is the same.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    ticketing: Ticketing,
    clock: SharedClock,
}

impl Courier {
    /// From `store` to `ticketing`.
    pub fn new(store: Store, ticketing: Ticketing, clock: SharedClock) -> Self {
        Self {
            store,
            ticketing,
            clock,
        }
    }

    /// Empties the inbox until `shutdown`. Tenants have their turns one after the other, some side by side.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut period = tokio::time::interval(PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut line = Line::default();
        let mut turns = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = period.tick() => {
                    match self.store.tenants_due(self.clock.now()).await {
                        Ok(tenants) => line.join(tenants),
                        Err(error) => tracing::warn!(error = error.chain(), "the inbox cannot be read"),
                    }
                    if let Ok(waiting) = self.store.waiting().await {
                        metrics::waiting(waiting);
                    }
                }
                Some(ended) = turns.join_next_with_id() => match ended {
                    Ok((id, more)) => line.leave(id, more),
                    Err(panicked) => line.leave(panicked.id(), false),
                },
            }
            while turns.len() < SIDE_BY_SIDE
                && let Some(tenant) = line.next()
            {
                let turn = self.clone().turn(tenant.clone()).in_current_span();
                line.working.insert(turns.spawn(turn).id(), tenant);
            }
        }
    }

    /// Brings contacts of a tenant, and says whether it has more that can be brought at once.
    async fn turn(self, tenant: String) -> bool {
        let mut left = 0;
        let mut more = true;
        for _ in 0..ROUNDS {
            match self.round(&tenant).await {
                Ok(Round::Brought(count)) => left += count,
                Ok(Round::Over(count)) => {
                    left += count;
                    more = false;
                }
                Err(error) => {
                    tracing::warn!(error = error.chain(), "the inbox cannot be worked on");
                    more = false;
                }
            }
            if !more {
                break;
            }
        }
        if left > 0 {
            tracing::info!(left, "contacts left the inbox");
        }
        more
    }

    /// One call: contacts of one tenant, each of another conversation.
    async fn round(&self, tenant: &str) -> Result<Round, Error> {
        let due = self.store.due(tenant, self.clock.now(), BATCH, BATCH_BYTES).await?;
        if due.is_empty() {
            return Ok(Round::Over(0));
        }
        let deliveries: Vec<Delivery<'_>> = due
            .iter()
            .map(|one| Delivery {
                request_id: &one.request_id,
                contact: &one.contact,
                trace_parent: &one.trace_parent,
            })
            .collect();
        let results = self.ticketing.record_patiently(tenant, &deliveries).await;
        // When nobody had an answer in time, that says nothing about anyone.
        let answers = results.iter().any(|result| match result {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), Kind::Unavailable | Kind::Limited | Kind::Timeout),
        });
        let mut done = Vec::new();
        let mut not_asked = Vec::new();
        let mut wholes = Vec::new();
        for (one, result) in due.iter().zip(results) {
            match result {
                Ok(result) => {
                    wholes.extend(Whole::of(&one.contact, &result));
                    done.push((one.id, result));
                }
                Err(error) => match error.kind() {
                    Kind::Invalid => done.push((one.id, self.give_to_people(one, &error).await?)),
                    Kind::Unavailable | Kind::Limited => not_asked.push(one.id),
                    Kind::Timeout if !answers => not_asked.push(one.id),
                    _ => {
                        tracing::warn!(
                            receipt = %one.id,
                            attempts = one.attempts,
                            error = error.chain(),
                            "a contact stays in the inbox"
                        );
                        let next = self.clock.now() + pause(one.attempts);
                        self.store.attempted(tenant, &[one.id], next).await?;
                    }
                },
            }
        }
        let now = self.clock.now();
        self.store.postponed(tenant, &not_asked, now + OUTAGE).await?;
        self.store.delivered(tenant, &done, &wholes, now).await?;
        Ok(match not_asked.is_empty() {
            true => Round::Brought(done.len()),
            false => Round::Over(done.len()),
        })
    }

    /// What ticketing refuses for good is put where people see it.
    async fn give_to_people(&self, one: &Waiting, error: &Error) -> Result<PushResult, Error> {
        // What it came as may have been erased with another customer's contact in it: then it is given as we understood it.
        let (content_type, content) = match self.store.raw(&one.tenant, &one.raw_sha256).await? {
            Some(raw) => (raw.content_type, raw.content),
            None => (
                "application/json".to_owned(),
                serde_json::to_vec(&one.contact).unwrap_or_default(),
            ),
        };
        let (source, external_id) = (&one.contact.source, &one.contact.external_id);
        let came = NewRaw::new(source, external_id, &content_type, content.into());
        let item = NewQuarantineItem {
            id: one.id,
            state: QuarantineState::Waiting,
            reason: "REFUSED_BY_TICKETING",
            detail: error.message().to_owned(),
            queue: one.contact.queue.clone(),
            recorded: Vec::new(),
        };
        let id = self
            .store
            .quarantine(&one.tenant, item, &came, self.clock.now())
            .await?;
        Ok(PushResult::quarantined(id))
    }
}

fn pause(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or(0);
    (FIRST_RETRY * 2_i32.pow(doublings)).min(SLOWEST)
}

/// How a call went, and how many contacts left the inbox by it.
enum Round {
    /// Each has an answer.
    Brought(usize),
    /// Nothing is due, or ticketing has no ear for this tenant now.
    Over(usize),
}

/// The tenants that have something to bring, in the order of their turns.
#[derive(Default)]
struct Line {
    waiting: VecDeque<String>,
    working: HashMap<task::Id, String>,
}

impl Line {
    /// Those who are not there yet stand behind all others.
    fn join(&mut self, tenants: Vec<String>) {
        let mut there: HashSet<String> = self.working.values().chain(&self.waiting).cloned().collect();
        self.waiting
            .extend(tenants.into_iter().filter(|tenant| there.insert(tenant.clone())));
    }

    fn next(&mut self) -> Option<String> {
        self.waiting.pop_front()
    }

    /// A turn is over; who has more stands in line again.
    fn leave(&mut self, turn: task::Id, more: bool) {
        if let Some(tenant) = self.working.remove(&turn)
            && more
        {
            self.waiting.push_back(tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_tried_ever_less_often_and_never_given_up() {
        let pauses: Vec<i64> = [0, 1, 5, 30, i32::MAX]
            .map(|attempts| pause(attempts).num_seconds())
            .into();
        assert_eq!(pauses, [1, 2, 32, 300, 300]);
    }

    #[test]
    fn tenants_take_turns() {
        let mut line = Line::default();
        line.join(vec!["a".to_owned(), "b".to_owned()]);
        line.join(vec!["c".to_owned(), "a".to_owned()]);
        let mut turns = Vec::new();
        while let Some(tenant) = line.next() {
            turns.push(tenant);
        }
        assert_eq!(turns, ["a", "b", "c"]);
    }
}
