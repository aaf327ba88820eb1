//! Our call to ticketing: the one way in which a contact becomes a ticket.

use std::time::Duration;

use tonic::Request;
use vorrang_api::ticketing::v1::RecordContactsRequest;
use vorrang_api::ticketing::v1::internal_service_client::InternalServiceClient;
use vorrang_error::{Error, Kind};
use vorrang_service::{Peers, peer_error};

use crate::contact::Contact;
use crate::convert;
use crate::outage::Outage;
use crate::outcome::PushResult;

/// Longer than ticketing needs for its largest batch; a call without an end would hold everything behind it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A contact on its way to ticketing.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Under which ticketing recognises a repeat.
    pub request_id: &'a str,
    /// The contact.
    pub contact: &'a Contact,
    /// W3C traceparent of the push.
    pub trace_parent: &'a str,
}

/// Ticketing, as ingestion needs it.
#[derive(Clone)]
pub struct Ticketing {
    peers: Peers,
    outage: Outage,
}

impl Ticketing {
    /// Reached as all peers are.
    pub fn new(peers: Peers) -> Self {
        Self {
            peers,
            outage: Outage::default(),
        }
    }

    /// Records contacts in this order; one result each. The log says once when ticketing stops answering, and once when it
    /// answers again.
    ///
    /// # Errors
    /// Of the whole when the call failed: what became of them is unknown, and repeating them is safe. Of one item as
    /// ticketing says; only Invalid is final.
    pub async fn record(
        &self,
        tenant: &str,
        deliveries: &[Delivery<'_>],
    ) -> Result<Vec<Result<PushResult, Error>>, Error> {
        let called = self.call(tenant, deliveries).await;
        match &called {
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Timeout) => {
                if self.outage.begins() {
                    tracing::warn!(
                        error = error.chain(),
                        "ticketing does not take contacts; they are kept and brought when it does"
                    );
                }
            }
            _ => {
                if self.outage.ends() {
                    tracing::info!("ticketing takes contacts again");
                }
            }
        }
        called
    }

    async fn call(&self, tenant: &str, deliveries: &[Delivery<'_>]) -> Result<Vec<Result<PushResult, Error>>, Error> {
        let contacts = deliveries
            .iter()
            .map(|delivery| convert::inbound(delivery.request_id, delivery.contact, delivery.trace_parent))
            .collect();
        let mut client = InternalServiceClient::new(self.peers.ticketing(Some(tenant)));
        let mut request = Request::new(RecordContactsRequest { contacts });
        request.set_timeout(TIMEOUT);
        let call = tokio::time::timeout(TIMEOUT, client.record_contacts(request)).await;
        let response = match call {
            Ok(answer) => answer.map_err(|status| peer_error("ticketing", status))?.into_inner(),
            Err(_) => {
                return Err(Error::new(
                    Kind::Timeout,
                    "PEER_TIMEOUT",
                    "ticketing did not answer in time",
                ));
            }
        };
        if response.results.len() != deliveries.len() {
            return Err(Error::internal(
                "ticketing answered another number of contacts than it was given",
            ));
        }
        Ok(response
            .results
            .into_iter()
            .map(|mut result| match result.error.take() {
                Some(error) => Err(own_reason(peer_error("ticketing", status(error)))),
                None => convert::recorded(result)
                    .ok_or_else(|| Error::internal("ticketing answered an outcome that this build does not know")),
            })
            .collect())
    }
}

/// How much is spent on finding what in a batch makes ticketing refuse the whole. One contact among 200 is found with nine
/// failures.
struct Effort {
    /// Calls that fail.
    failures: u32,
    /// Of them those that fail by time: each costs [`TIMEOUT`].
    timeouts: u32,
}

impl Effort {
    /// Notes a failure, and says whether looking for its cause in the batch makes sense.
    fn spend(&mut self, kind: Kind) -> bool {
        match kind {
            // Ticketing is down or has enough: this is no contact's fault.
            Kind::Unavailable | Kind::Limited => self.failures = 0,
            Kind::Timeout => {
                self.failures = self.failures.saturating_sub(1);
                self.timeouts = self.timeouts.saturating_sub(1);
            }
            _ => self.failures = self.failures.saturating_sub(1),
        }
        self.left()
    }

    fn left(&self) -> bool {
        self.failures > 0 && self.timeouts > 0
    }
}

impl Ticketing {
    /// As [`Ticketing::record`], with the failure of the whole as the failure of each. A batch that ticketing refuses is
    /// halved until what spoils it stands alone: an error other than Unavailable and Limited is the contact's own. Somebody
    /// waits for the results, so one call without an answer is enough.
    pub async fn record_each(&self, tenant: &str, deliveries: &[Delivery<'_>]) -> Vec<Result<PushResult, Error>> {
        let effort = Effort {
            failures: 64,
            timeouts: 1,
        };
        self.halving(tenant, deliveries, effort).await
    }

    /// As [`Ticketing::record_each`], when nobody waits: a contact for which ticketing takes too long is found too.
    pub async fn record_patiently(&self, tenant: &str, deliveries: &[Delivery<'_>]) -> Vec<Result<PushResult, Error>> {
        let effort = Effort {
            failures: 64,
            timeouts: 10,
        };
        self.halving(tenant, deliveries, effort).await
    }

    async fn halving(
        &self,
        tenant: &str,
        deliveries: &[Delivery<'_>],
        mut effort: Effort,
    ) -> Vec<Result<PushResult, Error>> {
        let mut results = Vec::with_capacity(deliveries.len());
        // The next part is the last one here.
        let mut parts = vec![deliveries];
        while let Some(part) = parts.pop() {
            if !effort.left() {
                results.extend(part.iter().map(|_| Err(not_asked("it was not tried"))));
                continue;
            }
            match self.record(tenant, part).await {
                Ok(recorded) => results.extend(recorded),
                Err(error) => {
                    let worth_halving = effort.spend(error.kind());
                    if part.len() < 2 {
                        results.extend(part.first().map(|_| Err(error)));
                    } else if worth_halving {
                        tracing::debug!(
                            error = error.chain(),
                            contacts = part.len(),
                            "a batch of contacts is halved"
                        );
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                    } else {
                        results.extend(part.iter().map(|_| Err(of_all(&error))));
                    }
                }
            }
        }
        results
    }
}

/// The failure of a batch for one of its contacts, which may not be to blame.
fn of_all(error: &Error) -> Error {
    match error.kind() {
        Kind::Unavailable | Kind::Limited => Error::new(error.kind(), error.reason(), error.chain()),
        _ => not_asked(&error.chain()),
    }
}

fn not_asked(why: &str) -> Error {
    Error::unavailable(
        "BATCH_REFUSED",
        format!("ticketing refused contacts that came together with this one: {why}"),
    )
}

/// The request id is the sender's own, so what is wrong with it is said in our words.
fn own_reason(error: Error) -> Error {
    const REUSED: &str = "REQUEST_ID_REUSED";
    if error
        .metadata()
        .iter()
        .any(|(key, value)| *key == "peer_reason" && value == REUSED)
    {
        return Error::new(error.kind(), REUSED, error.message()).with("field", "request_id");
    }
    error
}

/// The status that a `google.rpc.Status` in a message stands for, details included.
fn status(error: tonic_types::Status) -> tonic::Status {
    use prost::Message as _;
    let details = error.encode_to_vec();
    tonic::Status::with_details(tonic::Code::from_i32(error.code), error.message, details.into())
}
