//! Acceptances that ticketing recorded: into our own log, if who asked could not write them there.
//!
//! Between ticketing's answer and our own record a process may die. The feed then brings what it could not write: the work, without
//! which a rebuild would give the agent a slot too many, and the event.

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;
use vorrang_queue::Holder;

use crate::app::App;
use crate::convert::{self, News};
use crate::decision::{Decision, What};
use crate::project;

/// Writes what is missing, before the cursor moves beyond it. Repeating it changes nothing.
pub(super) async fn record(app: &App, tenant: &str, events: &[pb::Event]) -> Result<(), Error> {
    let accepted: Vec<(&str, News)> = events
        .iter()
        .filter_map(|event| {
            let news = convert::ticket_news(event.payload.as_ref()?)?;
            let trace = event.head.as_ref()?.trace_parent.as_str();
            news.accepted.is_some().then_some((trace, news))
        })
        .collect();
    if accepted.is_empty() {
        return Ok(());
    }
    let tickets: Vec<String> = accepted.iter().map(|(_, news)| news.ticket.id.clone()).collect();
    let known = app.store.generations(tenant, &tickets).await?;
    let missing: Vec<(&str, News)> = accepted
        .into_iter()
        .filter(|(_, news)| known.get(&news.ticket.id) != Some(&offered(news)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let policy = app.policies.of(tenant).await?;
    let tickets: Vec<String> = missing.iter().map(|(_, news)| news.ticket.id.clone()).collect();
    let holders = app.queue.holders(tenant, &tickets).await?;
    let decisions = missing.into_iter().zip(holders).filter_map(|((trace, news), holder)| {
        let at = news.accepted?;
        let agent = news.ticket.assignee.clone()?;
        let generation = offered(&news);
        let entered = news.entered.unwrap_or(at);
        let what = What::Accepted {
            offer: holder
                .filter(|holder| is_of(holder, &agent, generation))
                .map(|holder| holder.token)
                .unwrap_or_default(),
            agent,
            contact: project::contact(&policy, &news.ticket, entered, generation),
        };
        Some(Decision {
            at,
            trace: trace.to_owned(),
            what,
        })
    });
    app.recorder.record_all(tenant, decisions.collect()).await
}

/// The generation that was offered: the acceptance makes the next one.
fn offered(news: &News) -> i64 {
    news.ticket.generation - 1
}

/// Whether it is the lease that was accepted, or what became of it.
fn is_of(holder: &Holder, agent: &str, offered: i64) -> bool {
    holder.agent == agent && (offered..=offered + 1).contains(&holder.generation)
}
