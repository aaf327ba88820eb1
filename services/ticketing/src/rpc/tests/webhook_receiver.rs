//! An endpoint as customers have them, which does what a test wants, and checks signatures by means of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::Notify;
use vorrang_egress::{Egress, Policy, SystemResolver};

use super::*;
use crate::courier::Courier;

/// What carries events to receivers on loopback.
pub fn courier(store: &Store, feed: &Feed, clock: &ManualClock, timeout: Duration) -> Courier {
    let policy = Policy {
        allow: vec!["127.0.0.0/8".parse().expect("a network")],
    };
    let egress = Egress::new(policy, Arc::new(SystemResolver), "", timeout).expect("a client");
    Courier::new(store.clone(), feed.clone(), egress, clock.shared())
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    /// The event's position; 0: it has none.
    pub fn sequence(&self) -> i64 {
        self.json()["sequence"]
            .as_str()
            .map_or(0, |seq| seq.parse().expect("a number"))
    }

    /// The last part of the event's type.
    pub fn kind(&self) -> String {
        let json = self.json();
        let kind = json["type"].as_str().expect("a type");
        let kind = kind
            .strip_prefix("dev.vorrang.ticketing.")
            .and_then(|kind| kind.strip_suffix(".v1"));
        kind.expect("a type of ours").to_owned()
    }

    /// Checks as the libraries of Standard Webhooks do: one of the signatures must be right.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("a secret of ours");
        let key = STANDARD.decode(key).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
        mac.update(format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        let expected = STANDARD.encode(mac.finalize().into_bytes());
        self.header("webhook-signature")
            .split(' ')
            .any(|one| one.strip_prefix("v1,") == Some(expected.as_str()))
    }
}

/// What it answers.
#[derive(Debug, Clone)]
pub enum Does {
    Answers(u16),
    /// With `Retry-After` in seconds.
    AsksToWait(u16, u32),
    RedirectsTo(String),
    AnswersWhenTold(u16, Arc<Notify>),
    Hangs,
}

type Rule = Box<dyn Fn(&Received) -> Does + Send + Sync>;

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    rule: Arc<Mutex<Rule>>,
}

/// Listens until the value is dropped.
pub struct Receiver {
    url: String,
    shared: Shared,
    serving: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let url = format!("http://{}/in?token=geheim", listener.local_addr().expect("bound"));
        let shared = Shared {
            received: Arc::default(),
            rule: Arc::new(Mutex::new(Box::new(|_| Does::Answers(204)))),
        };
        let router = Router::new().fallback(handle).with_state(shared.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self { url, shared, serving }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn does(&self, rule: impl Fn(&Received) -> Does + Send + Sync + 'static) {
        *self.shared.rule.lock().expect("not poisoned") = Box::new(rule);
    }

    /// What came since this was last asked, as it came.
    pub fn arrived(&self) -> Vec<Received> {
        std::mem::take(&mut self.shared.received.lock().expect("not poisoned"))
    }

    /// What came since this was last asked, in the order of the events.
    pub fn take(&self) -> Vec<Received> {
        let mut received = self.arrived();
        received.sort_by_key(Received::sequence);
        received
    }

    /// The kinds of what came since this was last asked.
    pub fn kinds(&self) -> Vec<String> {
        self.take().iter().map(Received::kind).collect()
    }

    pub fn count(&self) -> usize {
        self.shared.received.lock().expect("not poisoned").len()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn handle(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let received = Received { headers, body };
    let does = {
        let rule = shared.rule.lock().expect("not poisoned");
        rule(&received)
    };
    shared.received.lock().expect("not poisoned").push(received);
    let code = |status: u16| StatusCode::from_u16(status).expect("a status");
    match does {
        Does::Answers(status) => code(status).into_response(),
        Does::AsksToWait(status, seconds) => (code(status), [("retry-after", seconds.to_string())]).into_response(),
        Does::RedirectsTo(url) => (StatusCode::TEMPORARY_REDIRECT, [("location", url)]).into_response(),
        Does::AnswersWhenTold(status, told) => {
            told.notified().await;
            code(status).into_response()
        }
        Does::Hangs => std::future::pending().await,
    }
}

impl Fixture {
    /// A webhook of this tenant to the receiver.
    pub async fn webhook(&self, receiver: &Receiver, filter: &str) -> pb::Webhook {
        self.webhook_with(pb::Webhook {
            url: receiver.url(),
            filter: filter.into(),
            ..pb::Webhook::default()
        })
        .await
        .expect("a new webhook")
    }

    pub async fn webhook_with(&self, webhook: pb::Webhook) -> Result<pb::Webhook, Error> {
        let request = pb::CreateWebhookRequest {
            webhook: Some(webhook),
            ..pb::CreateWebhookRequest::default()
        };
        create_webhook::handle(&self.app, acme(request)).await
    }

    pub async fn get_webhook(&self, name: &str) -> pb::Webhook {
        let request = pb::GetWebhookRequest { name: name.into() };
        get_webhook::handle(&self.app, acme(request))
            .await
            .expect("it is there")
    }

    /// Everything that is due now.
    pub async fn carry(&self) {
        self.app.courier.tick().await.expect("carries");
    }

    /// All deliveries to a webhook, newest event first.
    pub async fn deliveries(&self, webhook: &pb::Webhook) -> Vec<pb::Delivery> {
        let request = pb::ListDeliveriesRequest {
            parent: webhook.name.clone(),
            page_size: 500,
            ..pb::ListDeliveriesRequest::default()
        };
        let listed = list_deliveries::handle(&self.app, acme(request)).await.expect("lists");
        listed.deliveries
    }

    pub async fn dead_letters(&self, parent: &str) -> Vec<pb::Delivery> {
        let request = pb::ListDeadLettersRequest {
            parent: parent.into(),
            page_size: 500,
            ..pb::ListDeadLettersRequest::default()
        };
        let listed = list_dead_letters::handle(&self.app, acme(request))
            .await
            .expect("lists");
        listed.deliveries
    }
}

pub fn states(deliveries: &[pb::Delivery]) -> Vec<pb::delivery::State> {
    deliveries.iter().map(pb::Delivery::state).collect()
}
