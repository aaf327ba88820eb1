//! One JSON object a line: `timestamp`, `level`, `message`, `target`, `service.name`, `trace_id`, `span_id`, then the
//! event's own fields.

use std::fmt;

use chrono::SecondsFormat;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, dispatcher};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use vorrang_clock::SharedClock;

pub(crate) struct Json {
    service: String,
    clock: SharedClock,
}

impl Json {
    pub(crate) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            clock: vorrang_clock::system(),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Map::new();
        let now = self.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true);
        line.insert("timestamp".to_owned(), now.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("message".to_owned(), Value::Null);
        line.insert("target".to_owned(), event.metadata().target().into());
        line.insert("service.name".to_owned(), self.service.clone().into());
        if let Some(ids) = current_ids() {
            line.insert("trace_id".to_owned(), ids.trace_id().to_string().into());
            line.insert("span_id".to_owned(), ids.span_id().to_string().into());
        }
        event.record(&mut Fields(&mut line));
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// The ids of the current span, asked of the whole subscriber: a filter on logs hides spans from this layer.
fn current_ids() -> Option<SpanContext> {
    dispatcher::get_default(|dispatch| {
        let span = dispatch.current_span();
        let context = tracing_opentelemetry::get_otel_context(span.id()?, dispatch)?;
        Some(context.span().span_context().clone())
    })
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use tracing_subscriber::Layer as _;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Collects what is logged.
    struct Lines(&'static Mutex<Vec<u8>>);

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Lines;

        fn make_writer(&'a self) -> Lines {
            Lines(self.0)
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nothing panics").extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_json_object_with_the_ids_of_its_span() {
        let written: &'static Mutex<Vec<u8>> = Box::leak(Box::default());
        let logs = tracing_subscriber::fmt::layer()
            .event_format(Json::new("ticketing"))
            .with_writer(Lines(written))
            .with_filter(LevelFilter::WARN);
        let subscriber = tracing_subscriber::registry()
            .with(crate::traces::layer("ticketing"))
            .with(logs);
        // Globally, as in a process: a scoped one does not show its spans to itself.
        tracing::subscriber::set_global_default(subscriber).expect("no other test sets one");
        tracing::info_span!("vorrang").in_scope(|| {
            tracing::warn!(count = 3, ok = false, text = "a \"quoted\"\nline", kind = ?Some(1), "something happened");
        });
        let text = String::from_utf8(written.lock().expect("nothing panics").clone()).expect("UTF-8");
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "something happened");
        assert_eq!(line["service.name"], "ticketing");
        assert_eq!(line["target"], "vorrang_telemetry::logs::tests");
        assert_eq!(line["count"], 3);
        assert_eq!(line["ok"], false);
        assert_eq!(line["text"], "a \"quoted\"\nline");
        assert_eq!(line["kind"], "Some(1)");
        assert!(
            line["timestamp"].as_str().is_some_and(|text| text.ends_with('Z')),
            "{line}"
        );
        for (field, length) in [("trace_id", 32), ("span_id", 16)] {
            assert_eq!(line[field].as_str().map(str::len), Some(length), "{line}");
        }
    }
}
