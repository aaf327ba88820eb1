use tonic::Code;
use vorrang_api::feed::v1::GetHeadRequest;
use vorrang_api::knowledge::v1::feed_service_client::FeedServiceClient;
use vorrang_error::Kind;
use vorrang_service::{Config, Suite, peer_error};
use vorrang_testkit::{DEADLINE, Proxy, data_folder, wait_until};

use crate::support::{Fake, Server, plain};

#[tokio::test]
async fn a_peer_that_is_down_is_unavailable_and_is_found_when_it_is_up() {
    let there = plain().await;
    let proxy = Proxy::start(there.running.addr()).await;
    proxy.refuse();
    let url = format!("http://{}", proxy.address());
    let keys = there.folder();
    // The same secrets in both processes, as in an installation.
    let read = |name| std::fs::read_to_string(keys.join("secrets").join(name)).expect("generated");
    let internal_key = read("internal_key");
    let here = Server::start(vec![], |config| {
        config.secrets.internal_key = internal_key;
        config.peers.knowledge = url;
    })
    .await;
    let mut client = FeedServiceClient::new(here.running.peers().knowledge(Some("acme")));
    let down = client.get_head(GetHeadRequest {}).await.expect_err("it is down");
    assert_eq!(down.code(), Code::Unavailable, "{down:?}");
    assert_eq!(peer_error("knowledge", down).kind(), Kind::Unavailable);
    proxy.pass();
    wait_until(DEADLINE, "the peer", || {
        let mut client = client.clone();
        async move { client.get_head(GetHeadRequest {}).await.is_ok() }
    })
    .await;
    proxy.cut();
    proxy.pass();
    wait_until(DEADLINE, "the peer after a cut", || {
        let mut client = client.clone();
        async move { client.get_head(GetHeadRequest {}).await.is_ok() }
    })
    .await;
}

#[tokio::test]
async fn another_installation_is_not_believed() {
    let there = plain().await;
    let url = there.running.url();
    let here = Server::start(vec![], |config| config.peers.knowledge = url).await;
    let mut client = FeedServiceClient::new(here.running.peers().knowledge(Some("acme")));
    let refused = client.get_head(GetHeadRequest {}).await.expect_err("other keys");
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn peers_need_no_port_within_a_process() {
    let server = Fake::new().start().await;
    let mut client = FeedServiceClient::new(server.running.peers().knowledge(None));
    assert!(client.get_head(GetHeadRequest {}).await.is_ok());
}

#[tokio::test]
async fn a_malformed_address_is_an_error_at_start() {
    let folder = data_folder();
    let mut config = Config::local(folder.path());
    config.peers.knowledge = "not a url".to_owned();
    let error = Suite::start(config, vorrang_clock::system(), vec![])
        .await
        .err()
        .expect("it cannot start");
    assert_eq!(error.violations()[0].field, "peers.knowledge");
}
