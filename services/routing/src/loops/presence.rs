//! Keeps streams and agents in step over all processes: ends streams whose agent was disabled or opened another one elsewhere, says
//! that the others live, and sets agents offline whose process has died with their stream.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

use crate::app::App;
use crate::decision::What;
use crate::desks::Notice;
use crate::words::Presence;

/// How long two streams of one agent in two processes live beside each other at most.
const EVERY: Duration = Duration::from_secs(5);
/// Streams say that they live this often; it costs a commit.
const TOUCH_EVERY: TimeDelta = TimeDelta::seconds(20);
/// Three times [`TOUCH_EVERY`], so that one missed round changes nothing.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(60);

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut touched = None;
    loop {
        if let Err(error) = tick(&app, &mut touched).await {
            tracing::warn!(error = error.chain(), "presence is not kept up");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// One round over all tenants. `touched` is when this process last said that its streams live.
pub(crate) async fn tick(app: &App, touched: &mut Option<DateTime<Utc>>) -> Result<(), Error> {
    let now = app.clock.now();
    end_outdated(app).await?;
    if touched.is_none_or(|touched| now - touched >= TOUCH_EVERY) {
        touch(app, now).await?;
        *touched = Some(now);
    }
    Ok(())
}

async fn end_outdated(app: &App) -> Result<(), Error> {
    for (tenant, sessions) in app.desks.sessions() {
        let agents: Vec<&str> = sessions.keys().map(String::as_str).collect();
        for newest in app.store.newest_sessions(&tenant, &agents).await? {
            if newest.disabled {
                app.desks.tell(&tenant, &newest.agent, Notice::Disabled);
            } else if sessions.get(&newest.agent) != Some(&newest.session) {
                app.desks.tell(&tenant, &newest.agent, Notice::Replaced);
            }
        }
    }
    Ok(())
}

async fn touch(app: &App, now: DateTime<Utc>) -> Result<(), Error> {
    for (tenant, sessions) in app.desks.sessions() {
        let sessions: Vec<String> = sessions.into_values().collect();
        app.store.touch_sessions(&tenant, &sessions, now).await?;
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
