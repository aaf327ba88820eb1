use std::sync::{Arc, Mutex, OnceLock};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::{Request, Response, Status};
use vorrang_api::feed::v1::GetHeadRequest;
use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
use vorrang_service::Peers;

use crate::support::{Fake, head};

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let spans = resources
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans);
        self.0.lock().expect("nothing panics").extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_runs_from_the_client_through_a_service_to_its_peer() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let receiver = Receiver::default();
    let collector = tonic::transport::Server::builder().add_service(TraceServiceServer::new(receiver.clone()));
    tokio::spawn(collector.serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener)));

    let peers: &'static OnceLock<Peers> = Box::leak(Box::default());
    let relay = move |request: Request<GetHeadRequest>| async move {
        if vorrang_service::caller(&request)
            .map_err(vorrang_service::status)?
            .is_internal()
        {
            return Ok(head(&vorrang_service::trace_parent()));
        }
        let peers = peers.get().expect("set below");
        FeedServiceClient::new(peers.knowledge(None))
            .get_head(GetHeadRequest {})
            .await
            .map(Response::into_inner)
    };
    let server = Fake::new()
        .head(relay)
        .start_with(|config| config.telemetry.otlp_endpoint = url)
        .await;
    peers.set(server.running.peers().clone()).ok().expect("set once");
    let mut request = Request::new(GetHeadRequest {});
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().expect("ASCII"));
    let answer = server
        .client()
        .await
        .get_head(request)
        .await
        .expect("answered")
        .into_inner();
    assert!(answer.cursor.starts_with(&format!("00-{TRACE}-")), "{}", answer.cursor);
    server.running.shutdown().await;

    let spans = receiver.0.lock().expect("nothing panics").clone();
    let ours: Vec<_> = spans
        .into_iter()
        .filter(|span| hex::encode(&span.trace_id) == TRACE)
        .collect();
    let child_of = |parent: &str| {
        let mut children = ours.iter().filter(|span| hex::encode(&span.parent_span_id) == parent);
        let child = children
            .next()
            .unwrap_or_else(|| panic!("no child of {parent} in {ours:?}"));
        assert!(children.next().is_none(), "one span each");
        (child.kind(), hex::encode(&child.span_id), child.name.clone())
    };
    use opentelemetry_proto::tonic::trace::v1::span::SpanKind::{Client, Server};
    let mut parent = "00f067aa0ba902b7".to_owned();
    for kind in [Server, Client, Server] {
        let (found, id, name) = child_of(&parent);
        assert_eq!(
            (found, name.as_str()),
            (kind, "vorrang.knowledge.v1.FeedService/GetHead")
        );
        parent = id;
    }
}
