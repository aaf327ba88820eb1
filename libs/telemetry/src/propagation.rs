//! The W3C trace context: in and out of headers, and in and out of the text that events carry.

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACE_PARENT: &str = "traceparent";

/// Makes `span`, which must not have been entered yet, go on with the trace that `headers` carry, if they do.
pub fn from_headers(span: &Span, headers: &HeaderMap) {
    if headers.contains_key(TRACE_PARENT) {
        continue_trace(span, &TraceContextPropagator::new().extract(&Headers(headers)));
    }
}

/// Makes `span`, which must not have been entered yet, go on with the trace of an event's `trace_parent`. Empty or malformed
/// text changes nothing.
pub fn from_trace_parent(span: &Span, trace_parent: &str) {
    if !trace_parent.is_empty() {
        continue_trace(span, &TraceContextPropagator::new().extract(&Text(trace_parent)));
    }
}

fn continue_trace(span: &Span, context: &Context) {
    if context.span().span_context().is_valid() {
        // It fails when tracing is not set up, as in unit tests, or when the span was entered, which only costs the link.
        let _ = span.set_parent(context.clone());
    }
}

/// Puts the trace context of the current span into `headers`; nothing when there is none.
pub fn into_headers(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut HeadersMut(headers));
}

/// The `traceparent` of the current span, to be kept with an event; empty when there is none.
pub fn trace_parent() -> String {
    let mut headers = HeaderMap::new();
    into_headers(&mut headers);
    headers
        .get(TRACE_PARENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(key), http::HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

struct Text<'a>(&'a str);

impl Extractor for Text<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACE_PARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACE_PARENT]
    }
}
