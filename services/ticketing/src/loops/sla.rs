//! Tells what only the passing of time brings about: targets that become at risk or are missed.
//!
//! Telling, not deciding: what a target is follows from times alone, and whoever comes late tells it late with the time at
//! which it was so. While it is up that is well within a second. Any number of processes may run it: each thing is told
//! once, by whoever gets the ticket's lock first.
//!
//! Never lets one ticket hold up the others: what fails is left aside for a while.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::store::Store;

/// What another process brought about is noticed at most this much later.
pub const LOOK_EVERY: TimeDelta = TimeDelta::milliseconds(250);
/// Tickets of one look, and so of one transaction: keeps the locks short.
const AT_ONCE: u64 = 200;
/// What failed is left aside this long.
const ASIDE: TimeDelta = TimeDelta::seconds(60);

/// Tickets whose promises cannot be told, with when to try again.
pub type Aside = HashMap<Uuid, DateTime<Utc>>;

/// Goes on until `shutdown`.
pub async fn run(store: Store, clock: SharedClock, shutdown: CancellationToken) {
    let mut aside = Aside::new();
    let mut is_failing = false;
    while !shutdown.is_cancelled() {
        let wait = match tick(&store, clock.now(), &mut aside).await {
            Ok(next) => {
                is_failing = false;
                let until = next.map_or(LOOK_EVERY, |next| next - clock.now());
                until.clamp(TimeDelta::zero(), LOOK_EVERY)
            }
            Err(error) => {
                // Once for an outage, not four times a second.
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::warn!(error = error.chain(), "due times are not told");
                }
                LOOK_EVERY
            }
        };
        // A look that follows at once leaves others their turn.
        let wait = wait.to_std().unwrap_or_default().max(Duration::from_millis(1));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Tells what there is to tell at `now`, at most [`AT_ONCE`] tickets of it, and gives when there will be something next.
pub async fn tick(store: &Store, now: DateTime<Utc>, aside: &mut Aside) -> Result<Option<DateTime<Utc>>, Error> {
    aside.retain(|_, until| *until > now);
    let limit = AT_ONCE + aside.len() as u64;
    let due = store.due_promises(now, limit).await?;
    for (tenant, mut ids) in due.tickets {
        ids.retain(|id| !aside.contains_key(id));
        if ids.is_empty() {
            continue;
        }
        let Err(error) = store.tell_promises(&tenant, ids.clone()).await else {
            continue;
        };
        if is_everybodys(&error) {
            return Err(error);
        }
        // Something is wrong with one of them: the others are told.
        for id in ids {
            if let Err(error) = store.tell_promises(&tenant, vec![id]).await {
                if is_everybodys(&error) {
                    return Err(error);
                }
                tracing::error!(tenant, ticket = %id, error = error.chain(), "due times of a ticket cannot be told");
                aside.insert(id, now + ASIDE);
            }
        }
    }
    Ok(due.next)
}

/// Whether it has nothing to do with the tickets at hand.
fn is_everybodys(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unavailable | Kind::Timeout | Kind::Limited | Kind::Conflict
    )
}
