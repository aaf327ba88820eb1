//! Tells ticketing that customers have left: those who said so, those who were silent for too long, and those whose line was cut and who did not come
//! back. What ticketing does not
//! know yet is noted in the database, so it is told after an outage and after a crash, once or several times with one effect.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_service::Peers;

use crate::rpc::leave_queue;
use crate::store::{Departure, Store};

/// How long a customer who waits may be away before they have left.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(3);

/// How often it is looked who has left.
const EVERY: Duration = Duration::from_secs(5);
/// When nobody looked for longer nobody could say either that they are there: then all have their whole patience once more.
const GAP_MAX: Duration = Duration::from_secs(60);
/// Before one that could not be told is tried again.
const RETRY: TimeDelta = TimeDelta::seconds(30);
/// Those that are told in one look.
const AT_ONCE: u64 = 200;

/// Tells who has left.
pub struct Departures {
    store: Store,
    peers: Peers,
    clock: SharedClock,
    /// Until then those of whom nobody has heard are not gone: they could not be heard of.
    grace_until: DateTime<Utc>,
}

impl Departures {
    /// Begins now: what happened before could not be heard.
    pub fn new(store: Store, peers: Peers, clock: SharedClock) -> Self {
        Self {
            grace_until: clock.now() + PATIENCE,
            store,
            peers,
            clock,
        }
    }

    /// Goes on until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut period = tokio::time::interval(EVERY);
        let mut looked = Instant::now();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = period.tick() => {}
            }
            if looked.elapsed() > GAP_MAX {
                self.grace_until = self.clock.now() + PATIENCE;
            }
            match self.tick().await {
                Ok(_) => looked = Instant::now(),
                Err(error) => tracing::debug!(error = error.chain(), "who has left is not known now; trying again"),
            }
        }
    }

    /// Tells of everybody who has left by now; what cannot be told holds up nobody. Gives how many were told of.
    ///
    /// # Errors
    /// When our database fails.
    async fn tick(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let unheard = now >= self.grace_until;
        let due = self.store.due_departures(now, unheard, AT_ONCE).await?;
        let mut told = 0;
        for departure in &due {
            match tell(&self.store, &self.peers, departure).await {
                Ok(Told::Later) => self.store.put_off_departure(departure, now + RETRY).await?,
                Ok(Told::Closed | Told::Left | Told::Stays) => told += 1,
                Err(error) => {
                    tracing::debug!(
                        error = error.chain(),
                        "that a customer left is not told now; trying again"
                    );
                    self.store.put_off_departure(departure, now + RETRY).await?;
                }
            }
        }
        Ok(told)
    }
}

/// What became of a word to ticketing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The ticket is closed.
    Closed,
    /// They have left the queue.
    Left,
    /// They did not wait: somebody has them, they had left before, or nothing of what they said is a ticket.
    Stays,
    /// What was said has no ticket yet.
    Later,
}

/// Tells ticketing, and forgets it then.
///
/// # Errors
/// As ticketing says, or our database; then it stays noted.
pub async fn tell(store: &Store, peers: &Peers, departure: &Departure) -> Result<Told, Error> {
    let Departure {
        tenant, conversation, ..
    } = departure;
    // Looked at first: what is delivered between the two is found by the second.
    let waiting = store.waiting_conversations(tenant, &[conversation]).await?;
    let told = match leave_queue::tell(peers, departure).await? {
        None if !waiting.is_empty() => return Ok(Told::Later),
        None => Told::Stays,
        Some(answer) if answer.closed => Told::Closed,
        Some(answer) if answer.left => Told::Left,
        Some(_) => Told::Stays,
    };
    store.departed(departure).await?;
    Ok(told)
}
