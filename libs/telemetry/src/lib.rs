//! Logs, traces and metrics of a process: set up once, the same way for every service.
//!
//! Logs are one JSON object a line on standard error, without customers' text. Traces are `tracing` spans of our own crates,
//! carried between processes by W3C `traceparent` and exported by OTLP when a receiver is configured. Metrics are
//! OpenTelemetry instruments ([`metrics`] has every name) that [`prometheus_text`] renders.

mod logs;
pub mod metrics;
mod propagation;
mod traces;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::sync::OnceLock;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, filter};
use vorrang_error::Error;

pub use metrics::{metrics, prometheus_text};
pub use propagation::{from_headers, from_trace_parent, into_headers, trace_parent};

/// What of other people's crates is worth a line, unless the configured filter says otherwise. What async_imap traces holds
/// passwords and mails.
const QUIET: &str = "async_imap=warn,sqlx=warn,sea_orm_migration=warn,h2=warn,hyper=warn,hyper_util=warn,tower=warn,tonic=warn,\
                     tantivy=warn,opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry-otlp=warn";

static SET_UP: OnceLock<()> = OnceLock::new();

/// Sets up logs, traces and metrics. `service` is `service.name` everywhere; `filter` says what is logged; spans go to
/// `otlp_endpoint` (`http://host:port`) unless it is empty.
///
/// May be called again: name and filter of the first call stay, a further endpoint gets all spans from then on.
/// Fails with Invalid when the filter or the endpoint is malformed; an endpoint where nobody listens is no error.
pub fn init(service: &str, filter: &str, otlp_endpoint: &str) -> Result<(), Error> {
    let filter = parse(filter).map_err(|why| Error::invalid_field("log", why))?;
    SET_UP.get_or_init(|| {
        metrics::init(service);
        let spans = filter::filter_fn(|metadata| {
            metadata.is_span() && metadata.target().starts_with("vorrang") && *metadata.level() <= tracing::Level::INFO
        });
        let logs = tracing_subscriber::fmt::layer()
            .event_format(logs::Json::new(service))
            .with_writer(std::io::stderr)
            .with_filter(filter);
        let subscriber = tracing_subscriber::registry()
            .with(traces::layer(service).with_filter(spans))
            .with(logs);
        // Somebody else's subscriber, as in a test that sets its own, is left in place.
        let _ = subscriber.try_init();
    });
    match otlp_endpoint {
        "" => Ok(()),
        endpoint => traces::export_to(endpoint),
    }
}

/// Checks a log filter without using it; the error says what is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), String> {
    parse(filter).map(drop)
}

fn parse(filter: &str) -> Result<EnvFilter, String> {
    let read = |text: &str| {
        EnvFilter::builder()
            .parse(text)
            .map_err(|why| format!("is not a log filter: {why}"))
    };
    let wanted = read(filter)?;
    // Whoever asks for errors only means everybody's.
    match wanted.max_level_hint() {
        Some(most) if most <= LevelFilter::WARN => Ok(wanted),
        _ => read(&format!("{QUIET},{filter}")),
    }
}

/// Makes panics a line in the log, with their place but without their message, which may quote what a customer wrote. For the
/// `main` of a program; tests want the messages.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(place, backtrace, thread = std::thread::current().name(), "panicked");
    }));
}

/// Sends every finished span to its receivers; blocks until that is done or has failed, at most some seconds. For the end of
/// a process.
pub fn flush() {
    traces::flush();
}
