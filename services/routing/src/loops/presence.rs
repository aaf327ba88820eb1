//! Keeps streams and agents in step over all processes: ends streams whose agent was disabled or opened another one elsewhere, says
//! that the others live, and sets agents offline whose process has died with their stream.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

use crate::app::App;
use crate::decision::What;
use crate::desks::Notice;
use crate::store::Present;
use crate::words::Presence;

/// How long two streams of one agent in two processes live beside each other at most.
const EVERY: Duration = Duration::from_secs(5);
/// Streams say that they live in every so manieth round, each 20 s; it costs a commit.
const TOUCH_ROUNDS: u32 = 4;
/// Who gave no sign between so many looks, each [`TOUCH_ROUNDS`] after the one before, is lost: after a minute, so that one missed
/// sign changes nothing.
const LOST_LOOKS: u32 = 3;

pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut watch = Watch::default();
    loop {
        if let Err(error) = tick(&app, &mut watch).await {
            tracing::warn!(error = error.chain(), "presence is not kept up");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Who gives signs of life. Counts looks and never compares times, which other processes write by their own clocks.
#[derive(Default)]
struct Watch {
    /// Rounds until the next look.
    rest: u32,
    /// By tenant, by agent.
    signs: HashMap<String, HashMap<String, Sign>>,
}

struct Sign {
    last: Present,
    /// Looks since then.
    looks: u32,
}

impl Watch {
    /// Takes in who is present now, and gives those who have been silent for too long.
    fn look(&mut self, tenant: &str, present: Vec<Present>) -> Vec<Present> {
        let mut before = self.signs.remove(tenant).unwrap_or_default();
        let mut lost = Vec::new();
        let mut signs = HashMap::with_capacity(present.len());
        for one in present {
            let looks = match before.remove(&one.agent) {
                Some(sign) if sign.last == one => sign.looks + 1,
                _ => 0,
            };
            if looks >= LOST_LOOKS {
                lost.push(one.clone());
            }
            signs.insert(one.agent.clone(), Sign { last: one, looks });
        }
        if !signs.is_empty() {
            self.signs.insert(tenant.to_owned(), signs);
        }
        lost
    }
}

/// One round over all tenants.
async fn tick(app: &App, watch: &mut Watch) -> Result<(), Error> {
    end_outdated(app).await?;
    if watch.rest == 0 {
        touch(app, watch).await?;
        watch.rest = TOUCH_ROUNDS;
    }
    watch.rest -= 1;
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

async fn touch(app: &App, watch: &mut Watch) -> Result<(), Error> {
    let ours = app.desks.sessions();
    let now = app.clock.now();
    for (tenant, sessions) in &ours {
        let sessions: Vec<String> = sessions.values().cloned().collect();
        app.store.touch_sessions(tenant, &sessions, now).await?;
    }
    for tenant in app.desks.tenants() {
        let mut present = app.store.present_agents(&tenant).await?;
        // Ours live, whatever was written.
        let ours = ours.get(&tenant);
        present.retain(|one| ours.and_then(|ours| ours.get(&one.agent)) != Some(&one.session));
        let offline = watch
            .look(&tenant, present)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn present(session: &str, seen_at: i64) -> Vec<Present> {
        vec![Present {
            agent: "anna".to_owned(),
            session: session.to_owned(),
            seen_at,
        }]
    }

    #[test]
    fn who_gives_signs_is_present_whatever_their_clock_says() {
        let mut watch = Watch::default();
        // Far ahead, far behind, set back.
        for seen_at in [i64::MAX, 0, 20, 10, -5, 1_000_000_000] {
            for _ in 0..LOST_LOOKS {
                assert_eq!(watch.look("acme", present("s1", seen_at)), []);
            }
        }
    }

    #[test]
    fn who_gives_no_sign_over_some_looks_is_lost() {
        let mut watch = Watch::default();
        for _ in 0..LOST_LOOKS {
            assert_eq!(watch.look("acme", present("s1", 1)), []);
            assert_eq!(watch.look("globex", present("s1", 1)), []);
        }
        assert_eq!(watch.look("acme", present("s1", 1)), present("s1", 1));
        // Another stream, and one that ended, begin anew.
        assert_eq!(watch.look("acme", present("s2", 1)), []);
        assert_eq!(watch.look("globex", Vec::new()), []);
        assert_eq!(watch.look("globex", present("s1", 1)), []);
    }
}
