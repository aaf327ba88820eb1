//! Spans on their way to OTLP receivers.
//!
//! The tracer is always there, since events and calls carry its ids. As long as nobody receives spans the sampler drops
//! them at their start, which costs next to nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, RwLock};
use std::time::Duration;

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Sampler, SamplingDecision, SamplingResult, SdkTracer, SdkTracerProvider, ShouldSample, Span,
    SpanData, SpanProcessor,
};
use tonic::transport::Endpoint;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use vorrang_error::Error;

const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

static EXPORTING: AtomicBool = AtomicBool::new(false);
static RECEIVERS: RwLock<BTreeMap<String, BatchSpanProcessor>> = RwLock::new(BTreeMap::new());
static SERVICE: OnceLock<Resource> = OnceLock::new();

/// What a process says about itself.
pub(crate) fn resource(service: &str) -> Resource {
    SERVICE
        .get_or_init(|| Resource::builder().with_service_name(service.to_owned()).build())
        .clone()
}

pub(crate) fn layer<S>(service: &str) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let provider = SdkTracerProvider::builder()
        .with_sampler(WhenExporting)
        .with_span_processor(ToReceivers)
        .with_resource(resource(service))
        .build();
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("vorrang"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
}

/// Sends all spans that end from now on to `endpoint` too.
pub(crate) fn export_to(endpoint: &str) -> Result<(), Error> {
    let mut receivers = RECEIVERS.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    if receivers.contains_key(endpoint) {
        return Ok(());
    }
    let invalid =
        |why: &dyn std::fmt::Display| Error::invalid_field("telemetry.otlp_endpoint", format!("is not usable: {why}"));
    let channel = Endpoint::from_shared(endpoint.to_owned()).map_err(|why| invalid(&why))?;
    // The channel works on a runtime of its own: the caller's may end, as a test's does, while others still send.
    let _inside = runtime().enter();
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_channel(
            channel
                .connect_timeout(EXPORT_TIMEOUT)
                .timeout(EXPORT_TIMEOUT)
                .connect_lazy(),
        )
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(|why| invalid(&why))?;
    let mut processor = BatchSpanProcessor::builder(exporter).build();
    if let Some(resource) = SERVICE.get() {
        processor.set_resource(resource);
    }
    receivers.insert(endpoint.to_owned(), processor);
    EXPORTING.store(true, Ordering::Relaxed);
    Ok(())
}

fn runtime() -> &'static tokio::runtime::Handle {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("vorrang-otlp")
                .enable_all()
                .build()
                .expect("a thread can be started")
        })
        .handle()
}

pub(crate) fn flush() {
    // Failures are logged by the exporter; the process ends all the same.
    let _ = ToReceivers.force_flush();
}

/// Samples what an upstream sampled and every trace that starts here, but only while somebody receives spans.
#[derive(Debug, Clone)]
struct WhenExporting;

impl ShouldSample for WhenExporting {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        if EXPORTING.load(Ordering::Relaxed) {
            let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
            return sampler.should_sample(parent, trace_id, name, kind, attributes, links);
        }
        let upstream = parent.map(|parent| parent.span().span_context().trace_state().clone());
        SamplingResult {
            decision: SamplingDecision::Drop,
            attributes: Vec::new(),
            trace_state: upstream.unwrap_or_default(),
        }
    }
}

/// Gives each span to every receiver there is at that moment.
#[derive(Debug)]
struct ToReceivers;

impl SpanProcessor for ToReceivers {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        for processor in RECEIVERS
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .values()
        {
            processor.on_end(span.clone());
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        for processor in RECEIVERS
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .values()
        {
            processor.force_flush()?;
        }
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.force_flush()
    }
}
