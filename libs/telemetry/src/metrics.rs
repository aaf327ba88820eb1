//! Every metric of the suite: its name, unit and meaning, in one place.
//!
//! RPC metrics follow OpenTelemetry's RPC conventions (release candidate of semconv 1.44). Prometheus shows a name with
//! underscores, its unit and `_total` for counters: `rpc.server.call.duration` becomes `rpc_server_call_duration_seconds`.
//! No attribute carries a tenant or anything of a customer: the number of time series must not grow with them.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider as _, UpDownCounter};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder as _, Registry, TextEncoder};

/// Names of metrics.
pub mod names {
    /// Histogram, seconds: how long calls to us took, streams included, by method and status.
    pub const RPC_SERVER_CALL_DURATION: &str = "rpc.server.call.duration";
    /// Histogram, seconds: how long our calls to other services took until their answer began.
    pub const RPC_CLIENT_CALL_DURATION: &str = "rpc.client.call.duration";
    /// Up-down counter: calls in work, by method.
    pub const RPC_SERVER_ACTIVE_REQUESTS: &str = "rpc.server.active_requests";
    /// Histogram, seconds: how long HTTP requests took, by method, route and status.
    pub const HTTP_SERVER_REQUEST_DURATION: &str = "http.server.request.duration";
    /// Counter: calls that were refused to protect the process, by limit.
    pub const REQUESTS_SHED: &str = "vorrang.requests.shed";
    /// Counter: handlers that panicked.
    pub const PANICS: &str = "vorrang.panics";
    /// Counter: starts of the private Redis after it died.
    pub const REDIS_RESTARTS: &str = "vorrang.redis.restarts";
    /// Counter: contacts that were pushed, by outcome.
    pub const INGESTION_PUSHES: &str = "vorrang.ingestion.pushes";
    /// Counter: webhooks with a wrong signature.
    pub const INGESTION_REJECTED: &str = "vorrang.ingestion.rejected";
    /// Mails that machines wrote, by kind.
    pub const INGESTION_AUTOMATED: &str = "vorrang.ingestion.automated";
    /// Tries to mail replies.
    pub const INGESTION_MAILED: &str = "vorrang.ingestion.mailed";
    /// Counter: mails read from mailboxes, by outcome.
    pub const INGESTION_COLLECTED: &str = "vorrang.ingestion.collected";
    /// Counter: looks at mailboxes that failed, by reason.
    pub const INGESTION_MAILBOX_FAILURES: &str = "vorrang.ingestion.mailbox.failures";
    /// Gauge: contacts that wait for ticketing.
    pub const INGESTION_INBOX: &str = "vorrang.ingestion.inbox";
    /// Gauge: events that the named consumer furthest behind has not applied, by feed.
    pub const FEED_CONSUMER_LAG_EVENTS: &str = "vorrang.feed.consumer.lag.events";
    /// Gauge, seconds: age of the oldest event that a named consumer has not applied, by feed.
    pub const FEED_CONSUMER_LAG: &str = "vorrang.feed.consumer.lag";
    /// Counter: events removed by retention, by feed.
    pub const FEED_EVENTS_REMOVED: &str = "vorrang.feed.events.removed";
    /// Counter: attempts to deliver to webhooks, by outcome.
    pub const WEBHOOK_ATTEMPTS: &str = "vorrang.webhook.attempts";
    /// Counter: deliveries to webhooks that were given up.
    pub const WEBHOOK_DEAD_LETTERS: &str = "vorrang.webhook.dead_letters";
}

/// Names of attributes.
pub mod attributes {
    /// Always `grpc`.
    pub const RPC_SYSTEM: &str = "rpc.system.name";
    /// `package.Service/Method`.
    pub const RPC_METHOD: &str = "rpc.method";
    /// The status code's name, as `DEADLINE_EXCEEDED`.
    pub const RPC_STATUS: &str = "rpc.response.status_code";
    /// `GET`, `POST`, …
    pub const HTTP_METHOD: &str = "http.request.method";
    /// The route's pattern, never the path itself.
    pub const HTTP_ROUTE: &str = "http.route";
    /// 200, 404, …
    pub const HTTP_STATUS: &str = "http.response.status_code";
    /// Which limit: `requests`, `streams`, `http`, `reflections`, `watchers`, `connections`, `tenant`.
    pub const LIMIT: &str = "vorrang.limit";
    /// What became of a contact: `CREATED`, `APPENDED`, `DUPLICATE`, `QUARANTINED`, `ACCEPTED`. What an attempt to deliver to a
    /// webhook came to: `TAKEN`, or why not.
    pub const OUTCOME: &str = "vorrang.outcome";
    /// What kind of machine wrote a mail: `bounce`, `auto-reply`, `auto-generated`, `list`, `bulk`, `no-reply`, `loop`,
    /// `too-many`.
    pub const MAIL_KIND: &str = "vorrang.mail.kind";
    /// Whose feed: `ticketing`, `routing`, `knowledge`.
    pub const FEED: &str = "vorrang.feed";
}

/// Seconds, as the RPC conventions want them.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

static REGISTRY: OnceLock<Registry> = OnceLock::new();
static PROVIDER: OnceLock<SdkMeterProvider> = OnceLock::new();
static METRICS: OnceLock<Metrics> = OnceLock::new();

/// The instruments of the chassis. What only one service measures it makes by [`counter`], [`gauge`] or [`histogram`] from a
/// name of [`names`].
pub struct Metrics {
    /// [`names::RPC_SERVER_CALL_DURATION`].
    pub rpc_server_call_duration: Histogram<f64>,
    /// [`names::RPC_CLIENT_CALL_DURATION`].
    pub rpc_client_call_duration: Histogram<f64>,
    /// [`names::RPC_SERVER_ACTIVE_REQUESTS`].
    pub rpc_server_active_requests: UpDownCounter<i64>,
    /// [`names::HTTP_SERVER_REQUEST_DURATION`].
    pub http_server_request_duration: Histogram<f64>,
    /// [`names::REQUESTS_SHED`].
    pub requests_shed: Counter<u64>,
    /// [`names::PANICS`].
    pub panics: Counter<u64>,
    /// [`names::REDIS_RESTARTS`].
    pub redis_restarts: Counter<u64>,
}

/// The instruments of this process.
pub fn metrics() -> &'static Metrics {
    METRICS.get_or_init(|| Metrics {
        rpc_server_call_duration: histogram(names::RPC_SERVER_CALL_DURATION, "s", "Duration of calls to us"),
        rpc_client_call_duration: histogram(names::RPC_CLIENT_CALL_DURATION, "s", "Duration of our calls to others"),
        rpc_server_active_requests: meter()
            .i64_up_down_counter(names::RPC_SERVER_ACTIVE_REQUESTS)
            .with_description("Calls in work")
            .build(),
        http_server_request_duration: histogram(names::HTTP_SERVER_REQUEST_DURATION, "s", "Duration of HTTP requests"),
        requests_shed: counter(names::REQUESTS_SHED, "Calls refused to protect the process"),
        panics: counter(names::PANICS, "Handlers that panicked"),
        redis_restarts: counter(names::REDIS_RESTARTS, "Starts of the private Redis after it died"),
    })
}

/// A counter; `name` is one of [`names`].
pub fn counter(name: &'static str, description: &'static str) -> Counter<u64> {
    meter().u64_counter(name).with_description(description).build()
}

/// A gauge; `name` is one of [`names`].
pub fn gauge(name: &'static str, unit: &'static str, description: &'static str) -> Gauge<f64> {
    meter()
        .f64_gauge(name)
        .with_unit(unit)
        .with_description(description)
        .build()
}

/// A histogram with the buckets for seconds; `name` is one of [`names`].
pub fn histogram(name: &'static str, unit: &'static str, description: &'static str) -> Histogram<f64> {
    meter()
        .f64_histogram(name)
        .with_unit(unit)
        .with_description(description)
        .with_boundaries(SECONDS.to_vec())
        .build()
}

/// An attribute; `key` is one of [`attributes`].
pub fn attribute(key: &'static str, value: impl Into<opentelemetry::Value>) -> KeyValue {
    KeyValue::new(key, value)
}

fn registry() -> &'static Registry {
    REGISTRY.get_or_init(Registry::new)
}

pub(crate) fn init(service: &str) {
    provider(service);
}

fn provider(service: &str) -> &'static SdkMeterProvider {
    PROVIDER.get_or_init(|| {
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry().clone())
            .build();
        let builder = SdkMeterProvider::builder().with_resource(crate::traces::resource(service));
        match exporter {
            Ok(exporter) => builder.with_reader(exporter).build(),
            Err(why) => {
                // It happens only when the registry has the same collector already, which it cannot: it is ours and new.
                tracing::error!(error = %why, "metrics are not shown");
                builder.build()
            }
        }
    })
}

fn meter() -> Meter {
    provider("vorrang").meter("vorrang")
}

/// All metrics in Prometheus' text format.
pub fn prometheus_text() -> String {
    let mut text = Vec::new();
    match TextEncoder::new().encode(&registry().gather(), &mut text) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(why) => {
            tracing::error!(error = %why, "metrics cannot be rendered");
            String::new()
        }
    }
}
