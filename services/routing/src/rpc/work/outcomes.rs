//! How acceptances end, also those that ticketing did not answer.

use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_queue::{Outcome as Returned, ReleaseKind};

use super::accept::{Acceptance, Outcome};
use super::session::{Gone, Offered, Session, Unsure};
use crate::decision::{Reason, What};
use crate::{names, peers};

/// Acceptances of unknown outcome that are remembered.
const UNSURE_MAX: usize = 100;

impl Session {
    /// An acceptance has come to its end.
    pub(super) async fn accepted(&mut self, acceptance: Acceptance) -> Result<(), Gone> {
        let Acceptance { offer, outcome } = acceptance;
        let Some(offered) = self.offers.get(&offer).cloned() else {
            return Ok(());
        };
        let lease = [offered.lease(&offer)];
        match outcome {
            Outcome::Assigned(ticket) => {
                self.offers.remove(&offer);
                self.unsure.remove(&offered.contact.ticket);
                let assigned = pb::Assigned {
                    offer,
                    ticket: Some(*ticket),
                };
                self.send(Response::Assigned(assigned)).await
            }
            Outcome::Expired => {
                self.rescind(&offer, Reason::Expired).await?;
                self.settle().await
            }
            Outcome::Taken => {
                let ended = self.give_back(ReleaseKind::Discard, &lease).await;
                if ended.as_deref() == Some(&[Returned::Discarded]) {
                    let what = self.returned(&offer, &offered, Reason::Taken, "");
                    self.app.recorder.note(&self.tenant, &offered.trace, vec![what]).await;
                }
                self.rescind(&offer, Reason::Taken).await?;
                self.settle().await
            }
            Outcome::Unavailable => self.unanswered(offer, offered).await,
        }
    }

    /// Ticketing did not answer. The contact goes back to its queue, unless the feed has told by now that it is the agent's.
    async fn unanswered(&mut self, offer: String, offered: Offered) -> Result<(), Gone> {
        let recorded = offered.recorded;
        if recorded || self.unsure.len() < UNSURE_MAX {
            let unsure = Unsure {
                offer: offer.clone(),
                offered: offered.clone(),
                recorded,
            };
            self.unsure.insert(offered.contact.ticket.clone(), unsure);
        }
        if recorded {
            self.offers.remove(&offer);
            return self.settle().await;
        }
        let lease = [offered.lease(&offer)];
        let ended = self.give_back(ReleaseKind::Uncounted, &lease).await;
        if ended.as_deref() != Some(&[Returned::Gone]) {
            let what = self.returned(&offer, &offered, Reason::Unavailable, "");
            self.app.recorder.note(&self.tenant, &offered.trace, vec![what]).await;
        }
        self.rescind(&offer, Reason::Unavailable).await
    }

    /// The feed says that ticketing gave the ticket to the agent.
    pub(super) fn recorded(&mut self, ticket: &str) {
        if let Some(unsure) = self.unsure.get_mut(ticket) {
            unsure.recorded = true;
        }
        for offered in self.offers.values_mut() {
            if offered.accepting && offered.contact.ticket == ticket {
                offered.recorded = true;
            }
        }
    }

    /// Tells the agent of acceptances that were recorded although ticketing did not answer. Tried again while ticketing is away.
    pub(super) async fn settle(&mut self) -> Result<(), Gone> {
        let being_accepted = |ticket: &str| {
            let mut offers = self.offers.values();
            offers.any(|offered| offered.accepting && offered.contact.ticket == ticket)
        };
        let due: Vec<String> = self
            .unsure
            .iter()
            .filter(|(ticket, unsure)| unsure.recorded && !being_accepted(ticket))
            .map(|(ticket, _)| ticket.clone())
            .collect();
        for id in due {
            let ticket = match peers::ticket(&self.app.peers, &self.tenant, &id).await {
                Ok(ticket) => ticket,
                Err(error) => {
                    tracing::debug!(error = error.chain(), "a late assignment is not confirmed yet");
                    continue;
                }
            };
            let Some(unsure) = self.unsure.remove(&id) else {
                continue;
            };
            if ticket.assignee != names::agent_name(&self.agent) {
                // Somebody has taken it away again in the meantime.
                continue;
            }
            let what = What::Accepted {
                offer: unsure.offer.clone(),
                agent: self.agent.clone(),
                contact: unsure.offered.contact,
            };
            self.app
                .recorder
                .note(&self.tenant, &unsure.offered.trace, vec![what])
                .await;
            let assigned = pb::Assigned {
                offer: unsure.offer,
                ticket: Some(ticket),
            };
            self.send(Response::Assigned(assigned)).await?;
        }
        Ok(())
    }
}
