use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use http::{Method, Request, StatusCode, Version, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::codec::CompressionEncoding;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use vorrang_api::feed::v1::GetHeadRequest;
use vorrang_service::{Bind, Bound, http_error};

use crate::support::{Fake, Server, head, plain};

type Answer = (StatusCode, http::HeaderMap, bytes::Bytes);

/// One HTTP/1.1 request on a connection of its own.
async fn ask(address: std::net::SocketAddr, request: Request<Full<bytes::Bytes>>) -> Answer {
    let socket = TcpStream::connect(address).await.expect("it listens");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
        .await
        .expect("HTTP/1.1");
    tokio::spawn(connection);
    let response = sender.send_request(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    (
        parts.status,
        parts.headers,
        body.collect().await.expect("a body").to_bytes(),
    )
}

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .version(Version::HTTP_11)
        .header(header::HOST, "localhost")
}

fn with(builder: http::request::Builder, body: &[u8]) -> Request<Full<bytes::Bytes>> {
    builder
        .body(Full::new(bytes::Bytes::copy_from_slice(body)))
        .expect("a request")
}

async fn web() -> Server {
    let bind = Bind::new("web", |_| async {
        let routes = Router::new()
            .route("/v1/echo", post(|body: bytes::Bytes| async move { body }))
            .route(
                "/v1/fail",
                get(|| async { http_error(vorrang_error::Error::internal("a secret")) }),
            )
            .route(
                "/v1/limited",
                get(|| async {
                    http_error(vorrang_error::Error::limited(
                        "SLOW",
                        "slow down",
                        Duration::from_millis(1500),
                    ))
                }),
            )
            .route("/v1/panic", get(|| async { panic!("a secret") as &'static str }));
        Ok(Bound::new("web").http(routes))
    });
    Server::start(vec![bind, Fake::new().bind()], |_| {}).await
}

#[tokio::test]
async fn http_routes_are_served_beside_grpc() {
    let server = web().await;
    let address = server.running.addr();
    let (status, _, body) = ask(address, with(request(Method::POST, "/v1/echo"), b"raw \xff bytes")).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"raw \xff bytes"[..]));
    assert!(server.client().await.get_head(GetHeadRequest {}).await.is_ok());

    let (status, _, body) = ask(address, with(request(Method::GET, "/nothing"), b"")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["error"]["reason"], "ROUTE_NOT_FOUND");
}

#[tokio::test]
async fn http_bodies_may_be_as_long_as_messages_and_no_longer() {
    let server = web().await;
    let limit = server.running.context().config.limits.max_message_bytes;
    for (length, expected) in [(limit, StatusCode::OK), (limit + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
        let body = vec![b'x'; length];
        let (status, _, answer) = ask(server.running.addr(), with(request(Method::POST, "/v1/echo"), &body)).await;
        assert_eq!(status, expected, "{length}");
        assert!(status != StatusCode::OK || answer.len() == length);
    }
}

#[tokio::test]
async fn http_errors_say_when_to_come_back_and_hide_what_is_internal() {
    let server = web().await;
    let address = server.running.addr();
    for path in ["/v1/fail", "/v1/panic"] {
        let (status, _, body) = ask(address, with(request(Method::GET, path), b"")).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        let text = String::from_utf8_lossy(&body);
        assert!(
            text.contains("internal error") && !text.contains("secret"),
            "{path}: {text}"
        );
    }
    let (status, headers, _) = ask(address, with(request(Method::GET, "/v1/limited"), b"")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(headers[header::RETRY_AFTER], "2");
}

#[tokio::test]
async fn browsers_call_by_grpc_web() {
    let server = plain().await;
    let key = server.key("acme", &[vorrang_identity::Scope::FeedRead]).await;
    let path = "/vorrang.knowledge.v1.FeedService/GetHead";
    let call = request(Method::POST, path)
        .header(header::CONTENT_TYPE, "application/grpc-web+proto")
        .header(header::ORIGIN, "https://example.com")
        .header(header::AUTHORIZATION, format!("Bearer {key}"));
    // An empty message: no compression, length zero.
    let (status, headers, body) = ask(server.running.addr(), with(call, &[0; 5])).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("fine") && text.contains("grpc-status:0"), "{text}");

    let preflight = request(Method::OPTIONS, path)
        .header(header::ORIGIN, "https://example.com")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "authorization,content-type,x-grpc-web",
        );
    let (status, headers, _) = ask(server.running.addr(), with(preflight, b"")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_METHODS], "POST");
    // A `*` would not cover `authorization`, by the Fetch standard.
    let allowed = headers[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().expect("ASCII");
    assert!(
        allowed.split(',').any(|name| name.trim() == "authorization"),
        "{allowed}"
    );
}

#[tokio::test]
async fn health_is_reported_per_service_without_a_credential() {
    let server = plain().await;
    let mut client = HealthClient::new(server.channel().await);
    for service in ["", "vorrang.knowledge.v1.FeedService"] {
        let answer = client
            .check(HealthCheckRequest {
                service: service.to_owned(),
            })
            .await
            .expect("it is known");
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
    }
    let unknown = client
        .check(HealthCheckRequest {
            service: "vorrang.Nothing".to_owned(),
        })
        .await;
    assert_eq!(unknown.expect_err("it is unknown").code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn both_reflections_show_what_is_served_with_its_options() {
    let server = plain().await;
    let mut client = ServerReflectionClient::new(server.channel().await);
    let ask = |what| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(what),
    };
    let asked = futures::stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(
            "vorrang.knowledge.v1.FeedService".to_owned(),
        )),
    ]);
    let mut answers = client
        .server_reflection_info(asked)
        .await
        .expect("it is served")
        .into_inner();
    let services = match answers
        .message()
        .await
        .expect("answered")
        .and_then(|answer| answer.message_response)
    {
        Some(MessageResponse::ListServicesResponse(list)) => list.service,
        other => panic!("{other:?}"),
    };
    let names: Vec<_> = services.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"vorrang.knowledge.v1.FeedService"), "{names:?}");
    assert!(
        !names.contains(&"vorrang.ticketing.v1.TicketService"),
        "it is not served here: {names:?}"
    );
    let file = match answers
        .message()
        .await
        .expect("answered")
        .and_then(|answer| answer.message_response)
    {
        Some(MessageResponse::FileDescriptorResponse(file)) => file.file_descriptor_proto.concat(),
        other => panic!("{other:?}"),
    };
    assert!(
        String::from_utf8_lossy(&file).contains("feed.read"),
        "the scope option is lost"
    );

    use tonic_reflection::pb::v1alpha;
    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel().await);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(list),
    };
    let answers = old.server_reflection_info(futures::stream::iter([request])).await;
    assert!(
        answers
            .expect("it is served")
            .into_inner()
            .message()
            .await
            .expect("answered")
            .is_some()
    );
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_want_it() {
    let server = Fake::new()
        .head(|_| async { Ok(head(&"long ".repeat(10_000))) })
        .start()
        .await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = server
            .client()
            .await
            .accept_compressed(encoding)
            .send_compressed(encoding);
        let answer = client.get_head(GetHeadRequest {}).await.expect("answered");
        let used = answer
            .metadata()
            .get("grpc-encoding")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        assert_eq!(
            used.as_deref(),
            Some(if encoding == CompressionEncoding::Gzip {
                "gzip"
            } else {
                "zstd"
            })
        );
        assert_eq!(answer.into_inner().cursor.len(), 50_000);
    }
    let plain = server
        .client()
        .await
        .get_head(GetHeadRequest {})
        .await
        .expect("answered");
    assert!(plain.metadata().get("grpc-encoding").is_none());
}

#[tokio::test]
async fn metrics_health_and_readiness_are_on_the_admin_address() {
    let server = web().await;
    server
        .client()
        .await
        .get_head(GetHeadRequest {})
        .await
        .expect("answered");
    ask(server.running.addr(), with(request(Method::POST, "/v1/echo"), b"x")).await;
    for path in ["/v1/echo", "/invented"] {
        let brew = Method::from_bytes(b"BREW").expect("a method");
        ask(server.running.addr(), with(request(brew, path), b"")).await;
    }
    let admin = server.running.admin_addr().expect("there is one");
    for path in ["/healthz", "/readyz"] {
        let (status, _, _) = ask(admin, with(request(Method::GET, path), b"")).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
    let (status, _, body) = ask(admin, with(request(Method::GET, "/metrics"), b"")).await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8_lossy(&body);
    let line = text.lines().find(|line| {
        line.starts_with("rpc_server_call_duration_seconds_count")
            && line.contains("rpc_method=\"vorrang.knowledge.v1.FeedService/GetHead\"")
            && line.contains("rpc_response_status_code=\"OK\"")
    });
    assert!(line.is_some(), "{text}");
    let line = text.lines().find(|line| {
        line.starts_with("http_server_request_duration_seconds_count") && line.contains("http_route=\"/v1/echo\"")
    });
    assert!(line.is_some(), "{text}");
    assert!(!text.contains("acme"), "a tenant is a label");
    assert!(text.contains("http_request_method=\"_OTHER\""), "{text}");
    assert!(!text.contains("BREW") && !text.contains("invented"), "{text}");
}
