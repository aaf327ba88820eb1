//! Spans reach OTLP receivers; logs and metrics have their form. One process, as a test of several suites would have it.

use std::sync::{Arc, Mutex};

use http::HeaderMap;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use vorrang_telemetry::{check_filter, flush, from_headers, from_trace_parent, init, into_headers, trace_parent};

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().expect("nothing panics").push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Receiver {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        url
    }

    /// Name, trace id and parent id of every span received, and the names of the services that sent them.
    fn spans(&self) -> (Vec<(String, String, String)>, Vec<String>) {
        let requests = self.0.lock().expect("nothing panics");
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let mut spans = Vec::new();
        let mut services = Vec::new();
        for resource in resources {
            let attributes = resource.resource.iter().flat_map(|resource| &resource.attributes);
            services.extend(
                attributes
                    .filter(|one| one.key == "service.name")
                    .map(|one| format!("{:?}", one.value)),
            );
            for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
                spans.push((span.name.clone(), hex(&span.trace_id), hex(&span.parent_span_id)));
            }
        }
        (spans, services)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fields(trace_parent: &str) -> (String, String, String) {
    let parts: Vec<_> = trace_parent.split('-').map(str::to_owned).collect();
    assert_eq!(parts.len(), 4, "{trace_parent}");
    (parts[1].clone(), parts[2].clone(), parts[3].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_through_headers_and_events_and_reaches_every_receiver() {
    init("first", "error", "").expect("valid");

    // As long as nobody listens there are ids, but nothing is sampled.
    let silent = tracing::info_span!(target: "vorrang_test", "silent").in_scope(trace_parent);
    assert_eq!(fields(&silent).2, "00");

    let (one, two) = (Receiver::default(), Receiver::default());
    let (first, second) = (one.start().await, two.start().await);
    init("second", "error", &first).expect("valid");
    init("third", "error", &first).expect("the same again");

    let mut headers = HeaderMap::new();
    let pushed = tracing::info_span!(target: "vorrang_test", "pushed");
    let event = pushed.in_scope(|| {
        into_headers(&mut headers);
        trace_parent()
    });
    let (trace, parent, sampled) = fields(&event);
    assert_eq!(sampled, "01");

    let received = tracing::info_span!(target: "vorrang_test", "received");
    from_headers(&received, &headers);
    received.in_scope(|| tracing::info_span!(target: "vorrang_test", "inner").in_scope(|| ()));
    let followed = tracing::info_span!(target: "vorrang_test", "followed");
    from_trace_parent(&followed, &event);
    let lost = tracing::info_span!(target: "vorrang_test", "lost");
    from_trace_parent(&lost, "not a trace parent");
    drop((pushed, received, followed, lost));

    init("third", "error", &second).expect("another receiver");
    tracing::info_span!(target: "vorrang_test", "late").in_scope(|| ());
    tokio::task::spawn_blocking(flush).await.expect("no panic");

    let (spans, services) = one.spans();
    let find = |name: &str| {
        spans
            .iter()
            .find(|span| span.0 == name)
            .unwrap_or_else(|| panic!("no {name} in {spans:?}"))
    };
    for name in ["received", "followed"] {
        assert_eq!((&find(name).1, &find(name).2), (&trace, &parent), "{name}");
    }
    assert_eq!(find("inner").1, trace);
    assert_ne!(find("lost").1, trace);
    assert!(!spans.iter().any(|span| span.0 == "silent"));
    assert!(
        services.iter().all(|name| name.contains("first")),
        "the first name stays: {services:?}"
    );
    assert_eq!(
        two.spans().0.iter().map(|span| span.0.as_str()).collect::<Vec<_>>(),
        ["late"]
    );
}

#[test]
fn filters_and_endpoints_are_checked() {
    assert!(check_filter("info,vorrang_routing=debug").is_ok());
    assert!(check_filter("vorrang=loud").is_err());
    assert_eq!(
        init("x", "=,=", "").expect_err("not a filter").violations()[0].field,
        "log"
    );
    // Name and filter are the process's, and are taken before the endpoint is looked at: they must be those of the test beside this one.
    let error = init("first", "error", "not a url").expect_err("not a URL");
    assert_eq!(error.violations()[0].field, "telemetry.otlp_endpoint");
}

#[test]
fn metrics_have_their_conventional_names() {
    use vorrang_telemetry::metrics::{attribute, attributes, metrics, prometheus_text};
    metrics()
        .rpc_server_call_duration
        .record(0.2, &[attribute(attributes::RPC_METHOD, "a.B/C")]);
    metrics().panics.add(1, &[]);
    let text = prometheus_text();
    assert!(text.contains("rpc_server_call_duration_seconds_bucket{"), "{text}");
    assert!(text.contains("rpc_method=\"a.B/C\""), "{text}");
    assert!(text.contains("le=\"0.25\""), "{text}");
    assert!(text.contains("vorrang_panics_total{"), "{text}");
}
