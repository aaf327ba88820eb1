//! Ends leases that have run out, lets parked contacts wait again after a while, and notices queues that Redis has lost even when nobody asks for them.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_error::Error;
use vorrang_queue::{Outcome, Swept};

use crate::app::App;
use crate::decision::{Reason, What};
use crate::desks::Notice;
use crate::rebuild;

/// A contact waits at most this much longer than its lease.
const EVERY: Duration = Duration::from_millis(500);
/// Leases ended, and parked contacts set free, by one script call.
const AT_ONCE: usize = 200;
/// What came back too often waits so long where people see it, then again in its place: what was in the way may have passed.
const PARKED_MS: u64 = 600_000;

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = BTreeSet::new();
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shutdown.cancelled() => return,
        }
        tick(&app, &mut failing).await;
    }
}

/// One sweep over all tenants; one that fails stops no other. `failing` are those that failed in the last one.
async fn tick(app: &App, failing: &mut BTreeSet<String>) {
    for tenant in app.desks.tenants() {
        match sweep(app, &tenant).await {
            Ok(()) => {
                failing.remove(&tenant);
            }
            Err(error) => {
                // Once for an outage, not twice a second.
                if failing.insert(tenant.clone()) {
                    tracing::warn!(tenant, error = error.chain(), "leases are not swept");
                }
            }
        }
    }
}

async fn sweep(app: &App, tenant: &str) -> Result<(), Error> {
    let policy = app.policies.of(tenant).await?;
    loop {
        let (expired, unparked) = match app.queue.expire(tenant, AT_ONCE, policy.returns(), PARKED_MS).await? {
            Swept::Done { expired, unparked } => (expired, unparked),
            Swept::NotReady => {
                rebuild::start(app, tenant);
                return Ok(());
            }
        };
        if expired.is_empty() && unparked == 0 {
            return Ok(());
        }
        let last = expired.len() < AT_ONCE && unparked < AT_ONCE;
        let mut returned = Vec::with_capacity(expired.len());
        for one in expired {
            if one.outcome == Outcome::Parked {
                tracing::warn!(
                    tenant,
                    ticket = one.lease.ticket,
                    "a contact came back too often; parked"
                );
            }
            app.desks.tell(
                tenant,
                &one.agent,
                Notice::Expired {
                    offer: one.lease.token.clone(),
                },
            );
            returned.push(What::Returned {
                offer: one.lease.token,
                agent: one.agent,
                ticket: one.lease.ticket,
                reason: Reason::Expired,
                decline_reason: String::new(),
            });
        }
        app.desks.ring(tenant);
        app.recorder.note(tenant, "", returned).await;
        if last {
            return Ok(());
        }
    }
}
