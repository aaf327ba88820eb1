//! One attempt: the event as it is now, written, signed and sent. Nothing of it is kept, and nothing of it is logged.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use chrono::TimeDelta;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use uuid::Uuid;
use vorrang_egress::{Egress, Target};
use vorrang_error::Error;

use super::Courier;
use crate::convert::{self, CONTENT_TYPE};
use crate::names;
use crate::store::{Claim, Finished, Key};
use crate::webhook::{Outcome, Secret, Webhook, sign};

/// The event was removed by retention, or is not the one that the delivery was made for.
const EVENT_GONE: &str = "EVENT_GONE";
/// The URL may not be called, by the rules that are in force now.
const ADDRESS_REFUSED: &str = "ADDRESS_REFUSED";

/// What all attempts of a turn have in common.
pub(super) struct Sending {
    tenant: String,
    target: Option<Target>,
    secrets: Vec<Secret>,
    revision: i64,
}

impl Sending {
    pub fn new(egress: &Egress, key: &Key, webhook: &Webhook, secrets: Vec<Secret>) -> Self {
        Self {
            tenant: key.tenant.clone(),
            target: egress.target(&webhook.url).ok(),
            secrets,
            revision: webhook.revision,
        }
    }
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What it came to.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: TimeDelta,
}

impl Courier {
    /// Whether a URL may be called, as far as can be said before its addresses are known.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn check_url(&self, url: &str) -> Result<(), &'static str> {
        self.egress.target(url).map(drop)
    }

    /// Attempts a delivery.
    pub(super) async fn attempt(&self, sending: &Sending, claim: Claim) -> Finished {
        let began = self.clock.now();
        let started = Instant::now();
        // An event that brings us down when it is prepared counts like any other that cannot be sent, and is given up in the end.
        let trying = AssertUnwindSafe(self.try_once(sending, &claim)).catch_unwind();
        let outcome = trying.await.unwrap_or(Outcome::Internal);
        Finished {
            claim,
            revision: sending.revision,
            outcome,
            began,
            duration: TimeDelta::from_std(started.elapsed()).unwrap_or_default(),
            dice: rand::random(),
        }
    }

    async fn try_once(&self, sending: &Sending, claim: &Claim) -> Outcome {
        match self.body(&sending.tenant, claim).await {
            Ok(Some((body, trace_parent))) => self.send(sending, claim.event_id, &trace_parent, body).await,
            Ok(None) => Outcome::Hopeless(EVENT_GONE),
            Err(error) => {
                tracing::warn!(error = error.chain(), "an event could not be prepared for a webhook");
                Outcome::Internal
            }
        }
    }

    /// Sends a test event to a webhook at once.
    ///
    /// # Errors
    /// NotFound when the tenant has no such webhook.
    pub async fn test(&self, tenant: &str, id: Uuid, event: Uuid) -> Result<Tried, Error> {
        let (webhook, secrets) = self.store.webhook_secrets(tenant, id).await?;
        let key = Key {
            tenant: tenant.to_owned(),
            webhook: id,
        };
        let sending = Sending::new(&self.egress, &key, &webhook, secrets);
        let body = convert::test_event(tenant, event, &names::webhook(id), self.clock.now())?;
        let started = Instant::now();
        let outcome = self.send(&sending, event, "", body).await;
        Ok(Tried {
            outcome,
            duration: TimeDelta::from_std(started.elapsed()).unwrap_or_default(),
        })
    }

    /// The body of an event as it is now, with its traceparent; none: there is nothing to send any more.
    async fn body(&self, tenant: &str, claim: &Claim) -> Result<Option<(Vec<u8>, String)>, Error> {
        let event = self.store.event_at(tenant, claim.seq).await?;
        let Some(event) = event.filter(|event| event.seq == claim.seq && event.id == claim.event_id) else {
            return Ok(None);
        };
        let Some(event) = self.feed.open(tenant, vec![event]).await?.pop() else {
            return Ok(None);
        };
        let body = convert::cloud_event(&event)?;
        Ok(Some((body, event.trace_parent)))
    }

    async fn send(&self, sending: &Sending, id: Uuid, trace_parent: &str, body: Vec<u8>) -> Outcome {
        let Some(target) = &sending.target else {
            return Outcome::Failed(ADDRESS_REFUSED);
        };
        let timestamp = self.clock.now().timestamp();
        let headers = [
            ("content-type", CONTENT_TYPE.to_owned()),
            ("webhook-id", id.to_string()),
            ("webhook-timestamp", timestamp.to_string()),
            (
                "webhook-signature",
                sign(&sending.secrets, &id.to_string(), timestamp, &body),
            ),
            ("traceparent", trace_parent.to_owned()),
        ];
        let headers: HeaderMap = headers
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?)))
            .collect();
        match self.egress.post(target, headers, Bytes::from(body)).await {
            Ok(answer) => Outcome::Answered(answer.status, answer.retry_after(self.clock.now())),
            Err(failure) => Outcome::Failed(failure.as_str()),
        }
    }
}
