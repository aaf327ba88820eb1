//! Decisions into the log, many in one transaction.

use chrono::{DateTime, Utc};
use vorrang_database::event_log::{self, NewEvent};
use vorrang_error::Error;

use super::{Store, presence, work};
use crate::decision::{Decision, What};
use crate::event::Event;
use crate::{convert, names};

impl Store {
    /// Writes what was decided, in order, all or nothing.
    pub(crate) async fn record(&self, tenant: &str, decisions: Vec<Decision>, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tx = self.database.begin().await?;
        let mut events = Vec::with_capacity(decisions.len());
        for Decision { at, trace, what } in decisions {
            let logged = match &what {
                What::Presence {
                    agent,
                    session,
                    hello,
                    presence,
                    ..
                } => presence::set(&tx, tenant, agent, session, *presence, *hello, now).await?,
                What::Accepted { agent, contact, .. } => {
                    work::begin(&tx, tenant, agent, contact, at).await?;
                    true
                }
                What::WrappedUp { agent, ticket, .. } => work::wrap_up(&tx, tenant, agent, ticket, at).await?,
                What::Left { agent, ticket } => {
                    work::end(&tx, tenant, agent, ticket, at).await?;
                    false
                }
                What::Offered { .. } | What::Returned { .. } => true,
            };
            if logged {
                let (actor_kind, actor_id) = actor(&what);
                let event = Event::Decided(what);
                events.push(NewEvent {
                    id: self.ids.next(at),
                    kind: event.kind().to_owned(),
                    subject: event.subject(),
                    occurred_at: at,
                    actor_kind: actor_kind.to_owned(),
                    actor_id,
                    trace_parent: trace,
                    payload: convert::payload(&event),
                });
            }
        }
        if !events.is_empty() {
            event_log::append(&mut tx, tenant, now, events).await?;
        }
        tx.commit().await
    }
}

/// Who caused it: the agent, or routing itself.
fn actor(what: &What) -> (&'static str, String) {
    match what {
        What::Presence { agent, .. } | What::Accepted { agent, .. } | What::WrappedUp { agent, .. } => {
            ("AGENT", names::agent_name(agent))
        }
        What::Returned {
            agent,
            reason: crate::decision::Reason::Declined,
            ..
        } => ("AGENT", names::agent_name(agent)),
        What::Offered { .. } | What::Returned { .. } | What::Left { .. } => ("AUTOMATION", "routing".to_owned()),
    }
}
