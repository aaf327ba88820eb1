//! Offers: claimed, shown, taken back.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_api::{duration, timestamp};
use vorrang_error::Error;
use vorrang_queue::{Claim, Claimed, LeaseRef, Offer, Outcome, ReleaseKind};

use super::session::{Gone, Offered, Session};
use crate::decision::{Decision, Reason, What};
use crate::desks::Notice;
use crate::words::{Channel, Presence};
use crate::{convert, rebuild};

/// Contacts offered by one claim.
const AT_ONCE: usize = 10;
/// A sweeper ends a lease this much after its time at the latest; then we need no notice to know.
const GRACE: Duration = Duration::from_secs(2);

/// How long after it was made heartbeats keep an offer at most: a desktop sends them by itself, also when nobody sits there. A
/// customer on the line waits for the next agent no longer than this.
fn kept_ms(channel: Channel, lease_ms: u64) -> u64 {
    let most = match channel {
        Channel::Chat | Channel::Phone => 60_000,
        Channel::Email | Channel::Social | Channel::Sms | Channel::Messaging | Channel::Web | Channel::Api => 300_000,
    };
    most.max(2 * lease_ms)
}

impl Session {
    /// Offers what capacity allows, the most urgent first.
    pub(super) async fn offer_next(&mut self) -> Result<(), Gone> {
        if self.presence != Presence::Available || self.silent {
            return Ok(());
        }
        let capacity: usize = self.capacities.iter().map(|capacity| capacity.max as usize).sum();
        let room = capacity.saturating_sub(self.offers.len()).min(AT_ONCE);
        if room == 0 {
            return Ok(());
        }
        let claimed = match self.claim(room).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::debug!(error = error.chain(), "nothing can be offered now");
                return Ok(());
            }
        };
        match claimed {
            Claimed::NotReady => {
                rebuild::start(&self.app, &self.tenant);
                Ok(())
            }
            Claimed::Offers(offers) if offers.is_empty() => Ok(()),
            Claimed::Offers(offers) => self.show(offers).await,
        }
    }

    async fn claim(&self, room: usize) -> Result<Claimed, Error> {
        let policy = self.app.policies.of(&self.tenant).await?;
        let now = self.app.clock.now();
        let tokens: Vec<String> = (0..room).map(|_| self.app.ids.next(now).to_string()).collect();
        let capacities: Vec<(String, u32)> = self
            .capacities
            .iter()
            .map(|capacity| (capacity.channel.word().to_owned(), capacity.max))
            .collect();
        let claim = Claim {
            agent: &self.agent,
            queues: &self.queues,
            capacities: &capacities,
            lease_ms: policy.lease_ms(),
            tokens: &tokens,
        };
        self.app.queue.claim(&self.tenant, &claim).await
    }

    /// Logs the offers, then shows them. What cannot be logged is not offered.
    async fn show(&mut self, claimed: Vec<Offer>) -> Result<(), Gone> {
        let leases: Vec<LeaseRef> = claimed
            .iter()
            .map(|offer| LeaseRef {
                ticket: offer.ticket.clone(),
                token: offer.token.clone(),
            })
            .collect();
        let claimed_at = Instant::now();
        let at = self.app.clock.now();
        let mut decisions = Vec::with_capacity(claimed.len());
        let mut shown = Vec::with_capacity(claimed.len());
        for offer in claimed {
            let contact = match convert::stored_contact(&offer.data) {
                Ok(contact) => contact,
                Err(error) => {
                    tracing::error!(
                        ticket = offer.ticket,
                        error = error.chain(),
                        "a contact cannot be offered"
                    );
                    continue;
                }
            };
            let trace = self.trace(&offer);
            let what = What::Offered {
                offer: offer.token.clone(),
                agent: self.agent.clone(),
                contact: contact.clone(),
            };
            decisions.push(Decision {
                at,
                trace: trace.clone(),
                what,
            });
            let expires = claimed_at + Duration::from_millis(offer.lease_ms);
            shown.push((
                offer,
                Offered {
                    contact,
                    trace,
                    expires,
                    accepting: false,
                    recorded: false,
                },
            ));
        }
        if let Err(error) = self.app.recorder.record_all(&self.tenant, decisions).await {
            tracing::warn!(error = error.chain(), "offers not logged; they are given back");
            self.give_back(ReleaseKind::Uncounted, &leases).await;
            return Ok(());
        }
        for (offer, offered) in shown {
            let lease = TimeDelta::milliseconds(i64::try_from(offer.lease_ms).unwrap_or(0));
            let response = Response::Offer(pb::Offer {
                offer: offer.token.clone(),
                contact: Some(convert::contact(&offered.contact)),
                expires_at: Some(timestamp(at + lease)),
                waited: Some(duration((at - offered.contact.queue_entered_at).max(TimeDelta::zero()))),
            });
            self.offers.insert(offer.token, offered);
            self.send(response).await?;
        }
        Ok(())
    }

    /// The trace of the offer: a span in the trace of the push that brought the contact.
    fn trace(&self, offer: &Offer) -> String {
        let span = tracing::info_span!(
            "offer",
            otel.name = "routing.offer",
            tenant = self.tenant,
            ticket = offer.ticket,
            agent = self.agent,
        );
        vorrang_service::from_trace_parent(&span, &offer.trace);
        match span.in_scope(vorrang_service::trace_parent) {
            // Nobody collects spans here; the trace still goes on.
            trace if trace.is_empty() => offer.trace.clone(),
            trace => trace,
        }
    }

    /// Gives leases back and gives what became of each; `None` when Redis is away and they expire.
    pub(super) async fn give_back(&self, kind: ReleaseKind, leases: &[LeaseRef]) -> Option<Vec<Outcome>> {
        let released = match self.app.policies.of(&self.tenant).await {
            Ok(policy) => {
                self.app
                    .queue
                    .release(&self.tenant, kind, policy.returns(), leases)
                    .await
            }
            Err(error) => Err(error),
        };
        self.app.desks.ring(&self.tenant);
        for (outcome, lease) in released.iter().flatten().zip(leases) {
            if *outcome == Outcome::Parked {
                tracing::warn!(
                    tenant = self.tenant,
                    ticket = lease.ticket,
                    "a contact came back too often; parked"
                );
            }
        }
        released
            .inspect_err(|error| tracing::debug!(error = error.chain(), "leases not given back; they expire"))
            .ok()
    }

    /// Takes an offer off the desktop.
    pub(super) async fn rescind(&mut self, offer: &str, reason: Reason) -> Result<(), Gone> {
        if self.offers.remove(offer).is_none() {
            return Ok(());
        }
        self.send(Response::Rescinded(pb::Rescinded {
            offer: offer.to_owned(),
            reason: convert::reason(reason).into(),
        }))
        .await
    }

    pub(super) fn returned(&self, offer: &str, offered: &Offered, reason: Reason, decline_reason: &str) -> What {
        What::Returned {
            offer: offer.to_owned(),
            agent: self.agent.clone(),
            ticket: offered.contact.ticket.clone(),
            reason,
            decline_reason: decline_reason.to_owned(),
        }
    }

    /// What the rest of the process has to say.
    pub(super) async fn notice(&mut self, notice: Notice) -> Result<(), Gone> {
        let open = |session: &Self, offer: &str| session.offers.get(offer).is_some_and(|offered| !offered.accepting);
        match notice {
            Notice::Taken { offer } if open(self, &offer) => self.rescind(&offer, Reason::Taken).await,
            Notice::Expired { offer } if open(self, &offer) => {
                self.silent = true;
                self.rescind(&offer, Reason::Expired).await
            }
            // Ticketing decides about what is being accepted.
            Notice::Taken { .. } | Notice::Expired { .. } => Ok(()),
            // The loop ends the stream, or has told it.
            Notice::Replaced | Notice::Disabled | Notice::Typing { .. } => Ok(()),
            Notice::Rebuilt => self.extend(Reason::Rebuilt).await,
            Notice::Assigned { ticket } => {
                self.recorded(&ticket);
                self.settle().await
            }
        }
    }

    /// Extends every offer that is not being accepted, as long as it may be kept; rescinds those that are lost, for `lost`.
    pub(super) async fn extend(&mut self, lost: Reason) -> Result<(), Gone> {
        let offers: Vec<String> = self
            .offers
            .iter()
            .filter(|(_, offered)| !offered.accepting)
            .map(|(offer, _)| offer.clone())
            .collect();
        if offers.is_empty() {
            return Ok(());
        }
        let asked_at = Instant::now();
        let Ok(extended) = self.extend_all(&offers).await else {
            // The leases go on until they expire; the next heartbeat tries again.
            return Ok(());
        };
        let mut decisions = Vec::new();
        for (offer, lease_ms) in offers.iter().zip(extended) {
            match (lease_ms, self.offers.get_mut(offer)) {
                (Some(lease_ms), Some(offered)) => offered.expires = asked_at + Duration::from_millis(lease_ms),
                (None, Some(offered)) => {
                    if lost == Reason::Rebuilt {
                        // Nobody else knows that this offer ended.
                        let offered = offered.clone();
                        let what = self.returned(offer, &offered, lost, "");
                        decisions.push(Decision {
                            at: self.app.clock.now(),
                            trace: offered.trace,
                            what,
                        });
                    }
                    self.rescind(offer, lost).await?;
                }
                (_, None) => {}
            }
        }
        if let Err(error) = self.app.recorder.record_all(&self.tenant, decisions).await {
            tracing::error!(error = error.chain(), "a decision is missing in the log");
        }
        Ok(())
    }

    /// For each how long it holds now; `None`: it is lost.
    async fn extend_all(&self, offers: &[String]) -> Result<Vec<Option<u64>>, Error> {
        let lease_ms = self.app.policies.of(&self.tenant).await?.lease_ms();
        let leases: Vec<(LeaseRef, u64)> = offers
            .iter()
            .filter_map(|offer| {
                let offered = self.offers.get(offer)?;
                Some((offered.lease(offer), kept_ms(offered.contact.served_as(), lease_ms)))
            })
            .collect();
        self.app.queue.extend_within(&self.tenant, lease_ms, &leases).await
    }

    /// Takes offers off the desktop whose time is over, in case another process has ended their leases.
    async fn drop_expired(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        let over: Vec<String> = self
            .offers
            .iter()
            .filter(|(_, offered)| !offered.accepting && offered.expires + GRACE < now)
            .map(|(offer, _)| offer.clone())
            .collect();
        for offer in over {
            self.silent = true;
            self.rescind(&offer, Reason::Expired).await?;
        }
        Ok(())
    }

    /// What a stream does once in a while.
    pub(super) async fn look(&mut self) -> Result<(), Gone> {
        self.drop_expired().await?;
        self.settle().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_keep_an_offer_for_a_while_only() {
        for (channel, lease_ms, expected) in [
            (Channel::Chat, 30_000, 60_000),
            (Channel::Phone, 1_000, 60_000),
            (Channel::Phone, 45_000, 90_000),
            (Channel::Email, 30_000, 300_000),
            (Channel::Web, 300_000, 600_000),
        ] {
            assert_eq!(kept_ms(channel, lease_ms), expected, "{channel:?} {lease_ms}");
        }
    }
}
