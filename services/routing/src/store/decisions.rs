//! Decisions into the log, many in one transaction.

use chrono::{DateTime, Utc};
use vorrang_database::Tx;
use vorrang_database::event_log::{self, NewEvent};
use vorrang_error::Error;

use super::{Store, presence, work};
use crate::decision::{Decision, What};
use crate::event::Event;
use crate::{convert, names};

impl Store {
    /// Writes what was decided, all or nothing. The log has it in the order given.
    pub(crate) async fn record(&self, tenant: &str, decisions: Vec<Decision>, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tx = self.database.begin().await?;
        let mut order: Vec<usize> = (0..decisions.len()).collect();
        // By row, so that two processes that write the same rows wait for each other instead of deadlocking. Stable: what is
        // decided of one row stays in its order.
        order.sort_by(|&one, &other| row(&decisions[one].what).cmp(&row(&decisions[other].what)));
        let mut logged = vec![false; decisions.len()];
        for at in order {
            logged[at] = write(&tx, tenant, &decisions[at], now).await?;
        }
        let mut events = Vec::with_capacity(decisions.len());
        for (Decision { at, trace, what }, _) in decisions.into_iter().zip(logged).filter(|(_, logged)| *logged) {
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
        if !events.is_empty() {
            event_log::append(&mut tx, tenant, now, events).await?;
        }
        tx.commit().await
    }
}

/// The row that a decision changes: an agent, or the work on a ticket.
fn row(what: &What) -> Option<(bool, &str)> {
    match what {
        What::Presence { agent, .. } => Some((false, agent)),
        What::Accepted { contact, .. } => Some((true, &contact.ticket)),
        What::WrappedUp { ticket, .. } | What::Left { ticket, .. } => Some((true, ticket)),
        What::Offered { .. } | What::Returned { .. } | What::Abandoned { .. } => None,
    }
}

/// Changes the row; tells whether the decision is news for the log.
async fn write(tx: &Tx, tenant: &str, decision: &Decision, now: DateTime<Utc>) -> Result<bool, Error> {
    let at = decision.at;
    Ok(match &decision.what {
        What::Presence {
            agent,
            session,
            hello,
            presence,
            ..
        } => presence::set(tx, tenant, agent, session, *presence, *hello, now).await?,
        What::Accepted { agent, contact, .. } => work::begin(tx, tenant, agent, contact, at).await?,
        What::WrappedUp { agent, ticket, .. } => work::wrap_up(tx, tenant, agent, ticket, at).await?,
        What::Left { agent, ticket } => {
            work::end(tx, tenant, agent, ticket, at).await?;
            false
        }
        What::Offered { .. } | What::Returned { .. } | What::Abandoned { .. } => true,
    })
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
        What::Offered { .. } | What::Returned { .. } | What::Abandoned { .. } | What::Left { .. } => {
            ("AUTOMATION", "routing".to_owned())
        }
    }
}
