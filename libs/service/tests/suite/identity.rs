use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;
use vorrang_api::feed::v1::{FollowRequest, GetHeadRequest};
use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
use vorrang_identity::Scope;
use vorrang_service::{caller, status, tenant};
use vorrang_testkit::DEADLINE;

use crate::support::{Client, Fake, Key, Server, head, plain};

async fn with_key(server: &Server, key: &str) -> Client {
    FeedServiceClient::with_interceptor(server.channel().await, Key(key.to_owned()))
}

fn reason(status: &tonic::Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

#[tokio::test]
async fn without_a_credential_nothing_opens() {
    let server = plain().await;
    let mut client: FeedServiceClient<Channel> = FeedServiceClient::new(server.channel().await);
    let refused = client.get_head(GetHeadRequest {}).await.expect_err("no credential");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unauthenticated, "CREDENTIAL_MISSING")
    );
    let refused = client
        .follow(FollowRequest::default())
        .await
        .expect_err("no credential");
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn wrong_credentials_open_nothing() {
    let server = plain().await;
    for wrong in [
        "",
        "x",
        "vk_0123456789abcdef_nonsense",
        "vi1.*.vorrang.9999999999.00",
        "vi1.acme.vorrang",
    ] {
        let refused = with_key(&server, wrong)
            .await
            .get_head(GetHeadRequest {})
            .await
            .expect_err("a wrong key");
        assert_eq!(refused.code(), Code::Unauthenticated, "{wrong}");
    }
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_and_no_more() {
    let server = plain().await;
    for (scopes, opens) in [
        (&[Scope::FeedRead][..], true),
        (&[Scope::Admin], true),
        (&[Scope::TicketsRead, Scope::KnowledgeWrite], false),
    ] {
        let key = server.key("acme", scopes).await;
        let answer = with_key(&server, &key).await.get_head(GetHeadRequest {}).await;
        match answer {
            Ok(_) => assert!(opens, "{scopes:?}"),
            Err(refused) => {
                assert!(!opens, "{scopes:?}: {refused}");
                assert_eq!(
                    (refused.code(), reason(&refused).as_str()),
                    (Code::PermissionDenied, "SCOPE_MISSING")
                );
            }
        }
    }
}

#[tokio::test]
async fn handlers_learn_the_tenant_from_the_credential() {
    let who = |request: tonic::Request<GetHeadRequest>| async move {
        let tenant = tenant(&request).map_err(status)?;
        let subject = caller(&request).map_err(status)?.subject.clone();
        Ok(head(&format!("{tenant} {subject}")))
    };
    let server = Fake::new().head(who).start().await;
    let key = server.key("globex", &[Scope::FeedRead]).await;
    let answer = with_key(&server, &key)
        .await
        .get_head(GetHeadRequest {})
        .await
        .expect("it may")
        .into_inner();
    assert!(answer.cursor.starts_with("globex keys/"), "{}", answer.cursor);

    let mut peer = FeedServiceClient::new(server.running.peers().knowledge(Some("acme")));
    let answer = peer
        .get_head(GetHeadRequest {})
        .await
        .expect("services may")
        .into_inner();
    assert_eq!(answer.cursor, "acme services/vorrang");

    let mut peer = FeedServiceClient::new(server.running.peers().knowledge(None));
    let refused = peer.get_head(GetHeadRequest {}).await.expect_err("it needs one tenant");
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_method_that_no_contract_knows_opens_to_nobody() {
    let server = plain().await;
    let key = server.key("acme", &[Scope::Admin]).await;
    let mut grpc = tonic::client::Grpc::new(server.channel().await);
    grpc.ready().await.expect("connected");
    let mut request = tonic::Request::new(GetHeadRequest {});
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {key}").parse().expect("ASCII"));
    let codec = tonic_prost::ProstCodec::<GetHeadRequest, GetHeadRequest>::default();
    let path = http::uri::PathAndQuery::from_static("/vorrang.knowledge.v1.FeedService/Backdoor");
    let refused = grpc.unary(request, path, codec).await.expect_err("nobody may");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unimplemented, "METHOD_UNKNOWN")
    );
}

#[tokio::test]
async fn a_stream_ends_soon_after_its_key_was_revoked() {
    let server = Fake::new().follow(futures::stream::pending).start().await;
    let key = server.key("acme", &[Scope::FeedRead]).await;
    let mut revoked = with_key(&server, &key).await;
    let mut revoked = revoked
        .follow(FollowRequest::default())
        .await
        .expect("it may")
        .into_inner();
    let other = server.client().await.follow(FollowRequest::default()).await;
    let mut other = other.expect("it may").into_inner();

    let id = key.split('_').nth(1).expect("an id");
    let keys = &server.running.context().keys;
    keys.revoke("acme", id).await.expect("it is revoked");
    let ended = tokio::time::timeout(DEADLINE, revoked.message())
        .await
        .expect("it ends");
    let ended = ended.expect_err("it is refused");
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::Unauthenticated, "CREDENTIAL_INVALID")
    );
    let other = futures::FutureExt::now_or_never(other.message());
    assert!(other.is_none(), "another key's stream goes on: {other:?}");
}
