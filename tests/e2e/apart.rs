//! Each service in a process of its own, as far as it can tell: own port, own data folder, the others only over TCP.

use vorrang_api::knowledge::v1::{EscalateSessionRequest, StartSessionRequest, escalate_session_request, session};
use vorrang_api::ticketing::v1::{Channel, ticket};
use vorrang_client::Client;
use vorrang_identity::{NewKey, Scope, Scopes};
use vorrang_service::{Config, PeersConfig, Running, Suite};
use vorrang_testkit::{DEADLINE, DataFolder, RedisServer, data_folder, wait_until};

use crate::desktop::{self, Log};
use crate::journey::{contact, push, reply, total, wait_queued};
use crate::stack::{SERVICES, service};

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_is_done_by_five_services_that_only_meet_over_the_network() {
    let folder = data_folder();
    let redis = RedisServer::start().await;
    let mut apart = Vec::new();
    let mut peers = PeersConfig::default();
    // In their order each finds at its start the address of those it calls.
    for name in SERVICES {
        let running = start(name, &folder, &redis, &peers).await;
        let address = match name {
            "ticketing" => &mut peers.ticketing,
            "ingestion" => &mut peers.ingestion,
            "routing" => &mut peers.routing,
            "knowledge" => &mut peers.knowledge,
            _ => &mut peers.analytics,
        };
        *address = running.url();
        apart.push(running);
    }
    let new = NewKey {
        tenant: "acme".to_owned(),
        label: "test".to_owned(),
        scopes: Scopes::of(&[Scope::Admin]),
        expires_at: None,
    };
    // Made at one of them, good at all: they share the table of keys.
    let (_, key) = apart[0].context().keys.create(new).await.expect("a key is made");
    let client = async |url: &str| Client::connect(url, &key).await.expect("connects");
    let [ticketing, ingestion] = [client(&peers.ticketing).await, client(&peers.ingestion).await];
    let [routing, knowledge] = [client(&peers.routing).await, client(&peers.knowledge).await];
    let analytics = client(&peers.analytics).await;

    let mail = push(&ingestion, contact("web-1", Channel::Web, "", "Colour of the box")).await;
    let chat = push(
        &ingestion,
        contact("chat-1", Channel::Chat, "vip", "Order 77 is missing"),
    )
    .await;
    let session = knowledge.sessions().start_session(StartSessionRequest::default()).await;
    let handed_over = EscalateSessionRequest {
        name: session.expect("starts").into_inner().name,
        escalation: Some(escalate_session_request::Escalation::Contact(contact(
            "self-1",
            Channel::Web,
            "",
            "No article helps",
        ))),
        ..EscalateSessionRequest::default()
    };
    let session = knowledge
        .sessions()
        .escalate_session(handed_over)
        .await
        .expect("is handed over")
        .into_inner();
    assert_eq!(session::State::Escalated, session.state());
    wait_queued(&routing, 3).await;

    let log = Log::default();
    let desktop = desktop::open(&routing, "anna", &log).await;
    wait_until(DEADLINE, "three assignments", || async { log.assigned().len() == 3 }).await;
    drop(desktop);
    assert_eq!(chat.ticket, log.offered()[0].ticket, "the VIP's chat is offered first");
    for ticket in [&mail.ticket, &session.ticket] {
        reply(&ticketing, ticket, ticket::State::Solved).await;
    }
    assert_eq!(Some(3.0), total(&analytics, "tickets_created").await.value);
    assert_eq!(Some(2.0), total(&analytics, "tickets_solved").await.value);
    assert_eq!(3, total(&analytics, "queue_wait_time").await.count);

    for running in apart.into_iter().rev() {
        running.shutdown().await;
    }
}

/// One service alone. What all must share is what an operator would give all of them.
async fn start(name: &str, folder: &DataFolder, redis: &RedisServer, peers: &PeersConfig) -> Running {
    let mut config = Config::local(folder.path().join(name));
    config.identity.database_url = format!("sqlite://{}", folder.path().join("identity.db").display());
    config.secrets.internal_key = "an internal key of at least 32 characters".to_owned();
    config.secrets.cursor_key = "a cursor key of at least 32 characters, too".to_owned();
    config.secrets.key_pepper = "a pepper of at least 32 characters as well".to_owned();
    config.secrets.data_key = "a data key of at least 32 characters, the last".to_owned();
    config.redis.url = redis.url();
    config.peers = peers.clone();
    if name == "ticketing" {
        // A database that is given is never migrated by itself.
        let identity = vorrang_database::Database::connect(&config.identity.database_url)
            .await
            .expect("connects");
        identity
            .migrate::<vorrang_identity::Migrator>()
            .await
            .expect("migrates");
    }
    Suite::start(config, vorrang_clock::system(), vec![service(name)])
        .await
        .expect("the service starts")
}
