//! Brings to ticketing what waits in the inbox, in order per conversation.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::metrics;
use crate::outcome::PushResult;
use crate::rpc::record_contacts::{Delivery, Ticketing};
use crate::store::{NewQuarantineItem, NewRaw, QuarantineState, Store, Waiting};

/// Most contacts brought at once.
const BATCH: u64 = 200;
/// How often the inbox is looked at.
const PERIOD: Duration = Duration::from_millis(500);
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

    /// Brings what can be brought now, and gives how many contacts left the inbox.
    ///
    /// # Errors
    /// When the database fails. That ticketing is down is no error: 0 contacts left.
    pub async fn tick(&self) -> Result<usize, Error> {
        let mut left = 0;
        loop {
            let due = self.store.due(self.clock.now(), BATCH).await?;
            if due.is_empty() {
                return Ok(left);
            }
            let mut round = 0;
            for waiting in by_tenant(&due) {
                round += self.bring(&waiting).await?;
            }
            left += round;
            if round == 0 {
                return Ok(left);
            }
        }
    }

    /// Looks into the inbox until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut period = tokio::time::interval(PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = period.tick() => {}
            }
            let ticked = self.tick().await;
            if let Ok(waiting) = self.store.waiting().await {
                metrics::waiting(waiting);
            }
            match ticked {
                Ok(0) => {}
                Ok(left) => tracing::info!(left, "contacts left the inbox"),
                Err(error) => tracing::warn!(error = error.chain(), "the inbox cannot be worked on"),
            }
        }
    }

    /// Contacts of one tenant, each of another conversation.
    async fn bring(&self, waiting: &[&Waiting]) -> Result<usize, Error> {
        let Some(tenant) = waiting.first().map(|one| one.tenant.as_str()) else {
            return Ok(0);
        };
        let deliveries: Vec<Delivery<'_>> = waiting
            .iter()
            .map(|one| Delivery {
                request_id: &one.request_id,
                contact: &one.contact,
                trace_parent: &one.trace_parent,
            })
            .collect();
        let mut done = Vec::new();
        // When ticketing is down, the next look into the inbox is soon enough: nothing waits longer than it must.
        let mut down = Vec::new();
        for (one, result) in waiting
            .iter()
            .zip(self.ticketing.record_each(tenant, &deliveries).await)
        {
            match result {
                Ok(result) => done.push((one.id, result)),
                Err(error) if error.kind() == Kind::Invalid => {
                    done.push((one.id, self.give_to_people(one, &error).await?));
                }
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout | Kind::Limited) => {
                    down.push(one.id)
                }
                Err(error) => {
                    tracing::warn!(
                        attempts = one.attempts,
                        error = error.chain(),
                        "a contact stays in the inbox"
                    );
                    let next = self.clock.now() + pause(one.attempts);
                    self.store.attempted(tenant, &[one.id], next).await?;
                }
            }
        }
        let now = self.clock.now();
        self.store.attempted(tenant, &down, now).await?;
        self.store.delivered(tenant, &done, now).await?;
        Ok(done.len())
    }

    /// What ticketing refuses for good is put where people see it.
    async fn give_to_people(&self, one: &Waiting, error: &Error) -> Result<PushResult, Error> {
        let raw = self
            .store
            .raw(&one.tenant, &one.raw_sha256)
            .await?
            .ok_or_else(|| Error::internal("what a contact came as is gone"))?;
        let came = NewRaw::new(
            &one.contact.source,
            &one.contact.external_id,
            &raw.content_type,
            raw.content.into(),
        );
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

fn by_tenant(due: &[Waiting]) -> Vec<Vec<&Waiting>> {
    let mut groups: Vec<Vec<&Waiting>> = Vec::new();
    for one in due {
        match groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| first.tenant == one.tenant))
        {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}
