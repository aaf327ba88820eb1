//! Ends leases that have run out, and notices queues that Redis has lost even when nobody asks for them.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_error::Error;
use vorrang_queue::Swept;

use crate::app::App;
use crate::decision::{Reason, What};
use crate::desks::Notice;
use crate::rebuild;

/// A contact waits at most this much longer than its lease.
const EVERY: Duration = Duration::from_millis(500);
/// Leases ended by one script call.
const LEASES_MAX: usize = 200;

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shutdown.cancelled() => return,
        }
        match tick(&app).await {
            Ok(()) => failing = false,
            Err(error) => {
                // Once for an outage, not twice a second.
                if !failing {
                    tracing::warn!(error = error.chain(), "leases are not swept");
                }
                failing = true;
            }
        }
    }
}

/// One sweep over all tenants.
pub(crate) async fn tick(app: &App) -> Result<(), Error> {
    for tenant in app.desks.tenants() {
        sweep(app, &tenant).await?;
    }
    Ok(())
}

async fn sweep(app: &App, tenant: &str) -> Result<(), Error> {
    let policy = app.policies.of(tenant).await?;
    loop {
        let expired = match app.queue.expire(tenant, LEASES_MAX, policy.returns()).await? {
            Swept::Expired(expired) => expired,
            Swept::NotReady => {
                rebuild::start(app, tenant);
                return Ok(());
            }
        };
        if expired.is_empty() {
            return Ok(());
        }
        let last = expired.len() < LEASES_MAX;
        let mut returned = Vec::with_capacity(expired.len());
        for one in expired {
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
