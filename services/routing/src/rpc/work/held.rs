//! What the agent holds although no offer of this stream says so: accepted on an earlier stream, or by one that was lost before
//! it could tell.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_error::Kind;

use super::session::{Gone, Session};
use crate::app::App;
use crate::{convert, names, peers};

/// Between attempts while ticketing or the database is away.
const RETRY: Duration = Duration::from_secs(1);
/// Tickets asked for at once.
const AT_ONCE: usize = 8;

/// The tickets of the agent's open work, each as ticketing has it now. Tries until it knows; the end of the stream ends it.
async fn read(app: App, tenant: String, agent: String) -> Vec<ticketing::Ticket> {
    let open = loop {
        match app.store.open_work_of(&tenant, &agent).await {
            Ok(open) => break open,
            Err(error) => tracing::debug!(error = error.chain(), "the agent's open work is not read yet"),
        }
        tokio::time::sleep(RETRY).await;
    };
    let (app, tenant, agent) = (&app, tenant.as_str(), agent.as_str());
    stream::iter(open)
        .map(|work| async move { one(app, tenant, agent, &work.ticket).await })
        .buffered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await
}

/// The ticket if it is the agent's and open, as a rebuild of the queues asks.
async fn one(app: &App, tenant: &str, agent: &str, id: &str) -> Option<ticketing::Ticket> {
    loop {
        match peers::ticket(&app.peers, tenant, id).await {
            Ok(found) => {
                let holds = convert::queued(&found)
                    .is_some_and(|ticket| ticket.open && ticket.assignee.as_deref() == Some(agent));
                return holds.then_some(found);
            }
            Err(error) if error.kind() == Kind::NotFound => return None,
            Err(error) => tracing::debug!(error = error.chain(), "a ticket that may be held is not read yet"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

impl Session {
    /// Looks in the background for what the agent holds and was not told of.
    pub(super) fn look_for_held(&mut self) {
        let (app, tenant, agent) = (self.app.clone(), self.tenant.clone(), self.agent.clone());
        self.held.spawn(read(app, tenant, agent));
    }

    /// Tells the agent what they hold, without an offer, unless this stream has told or will tell it with one.
    pub(super) async fn tell_held(&mut self, held: Vec<ticketing::Ticket>) -> Result<(), Gone> {
        for ticket in held {
            let Ok(id) = names::ticket(&ticket.name) else {
                continue;
            };
            if self.knows(&id) {
                continue;
            }
            self.told.insert(id);
            let assigned = pb::Assigned {
                offer: String::new(),
                ticket: Some(ticket),
            };
            self.send(Response::Assigned(assigned)).await?;
        }
        Ok(())
    }

    /// Whether this stream has told that the ticket is the agent's, or finds out by an acceptance of its own.
    pub(super) fn knows(&self, ticket: &str) -> bool {
        let mut offers = self.offers.values();
        self.told.contains(ticket)
            || self.unsure.contains_key(ticket)
            || offers.any(|offered| offered.accepting && offered.contact.ticket == ticket)
    }
}
