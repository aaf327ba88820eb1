//! Says that the streams of this process live, and sets agents offline whose process has died with their stream.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

use crate::app::App;
use crate::decision::What;
use crate::words::Presence;

const EVERY: Duration = Duration::from_secs(20);
/// Three times [`EVERY`], so that one missed round changes nothing.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(60);

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        if let Err(error) = tick(&app).await {
            tracing::warn!(error = error.chain(), "presence is not kept up");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// One round over all tenants.
pub(crate) async fn tick(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let sessions = app.desks.sessions();
    for (tenant, sessions) in &sessions {
        app.store.touch_sessions(tenant, sessions, now).await?;
    }
    for tenant in app.desks.tenants() {
        let lost = app.store.lost_sessions(&tenant, now - LOST_AFTER).await?;
        let offline = lost
            .into_iter()
            .map(|lost| What::Presence {
                agent: lost.agent,
                session: lost.session,
                hello: false,
                presence: Presence::Offline,
                reason: "stream lost".to_owned(),
                capacities: Vec::new(),
            })
            .collect();
        app.recorder.note(&tenant, "", offline).await;
    }
    Ok(())
}
