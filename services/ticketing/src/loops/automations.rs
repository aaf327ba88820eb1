//! Lets automations work: follows the log of each tenant, and fires what is due.
//!
//! Any number of processes may run it: one at a time works for a tenant, and the others pass on. Never lets one tenant or ticket
//! hold up the others: what fails is left aside for a while.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::store::{Followed, Store};

/// What another process committed, and what time brought about, is noticed at most this much later.
pub const LOOK_EVERY: TimeDelta = TimeDelta::milliseconds(250);
/// Between two looks, however often the bell rings.
const PAUSE: Duration = Duration::from_millis(20);
/// Steps along one tenant's log before the others have their turn.
const STEPS: usize = 50;
/// Tickets of one look at what is due.
const AT_ONCE: u64 = 200;
/// What failed is left aside this long.
const ASIDE: TimeDelta = TimeDelta::seconds(60);

/// Tenants whose log, and tickets of which something due, cannot be worked on, with when to try again.
pub type Aside = HashMap<(String, Option<Uuid>), DateTime<Utc>>;

/// Goes on until `shutdown`.
pub async fn run(store: Store, clock: SharedClock, shutdown: CancellationToken) {
    let mut aside = Aside::new();
    let mut bell = store.bell();
    let mut is_failing = false;
    while !shutdown.is_cancelled() {
        let wait = match tick(&store, clock.now(), &mut aside).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => {
                is_failing = false;
                LOOK_EVERY.to_std().unwrap_or_default()
            }
            Err(error) => {
                // Once for an outage, not four times a second.
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::warn!(error = error.chain(), "automations do not work");
                }
                LOOK_EVERY.to_std().unwrap_or_default()
            }
        };
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = shutdown.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = bell.changed() => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// A bounded look at all that there is to do at `now`; whether there may be more.
///
/// # Errors
/// When the database fails as a whole.
pub async fn tick(store: &Store, now: DateTime<Utc>, aside: &mut Aside) -> Result<bool, Error> {
    aside.retain(|_, until| *until > now);
    let mut more = false;
    for tenant in store.behind_automations().await? {
        let key = (tenant, None);
        if aside.contains_key(&key) {
            continue;
        }
        match follow(store, &key.0).await {
            Ok(left) => more |= left,
            Err(error) if is_everybodys(&error) => return Err(error),
            Err(error) => {
                tracing::error!(
                    tenant = key.0,
                    error = error.chain(),
                    "the log cannot be followed by automations"
                );
                aside.insert(key, now + ASIDE);
            }
        }
    }
    let due = store.due_automations(now, AT_ONCE + aside.len() as u64).await?;
    more |= due.next.is_some_and(|next| next <= now);
    for (tenant, ticket) in due.tickets {
        let key = (tenant, Some(ticket));
        if aside.contains_key(&key) {
            continue;
        }
        match store.fire_automations(&key.0, ticket).await {
            Ok(left) => more |= left,
            Err(error) if is_everybodys(&error) => return Err(error),
            Err(error) => {
                tracing::error!(tenant = key.0, ticket = %ticket, error = error.chain(), "what is due for a ticket cannot be done");
                aside.insert(key, now + ASIDE);
            }
        }
    }
    Ok(more)
}

async fn follow(store: &Store, tenant: &str) -> Result<bool, Error> {
    for _ in 0..STEPS {
        match store.follow_automations(tenant).await? {
            Followed::More => {}
            Followed::Busy | Followed::UpToDate => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether it has nothing to do with the tenant or ticket at hand.
fn is_everybodys(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unavailable | Kind::Timeout | Kind::Limited | Kind::Conflict
    )
}
