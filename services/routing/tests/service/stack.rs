//! Routing and the stand-in in one process, each test with its own database and Redis.

use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_api::routing::v1::agent_service_client::AgentServiceClient;
use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::feed_service_client::FeedServiceClient;
use vorrang_api::routing::v1::queue_service_client::QueueServiceClient;
use vorrang_api::routing::v1::work_service_client::WorkServiceClient;
use vorrang_api::routing::v1::{
    Agent, CreateAgentRequest, Event, GetAgentRequest, GetQueueStatsRequest, GetQueueStatsResponse, PeekQueueRequest,
    RoutingPolicy, UpdateRoutingPolicyRequest,
};
use vorrang_api::ticketing::v1::{Channel, Priority};
use vorrang_database::Database;
use vorrang_service::{Bind, Config, PeerChannel, Running, Suite};
use vorrang_testkit::{DEADLINE, DataFolder, TestDatabase, TestRedis, data_folder, wait_for};

use crate::desktop::Desktop;
use crate::ticketing::FakeTicketing;

pub const TENANT: &str = "acme";

/// A running routing. What it needs ends with it.
pub struct Stack {
    pub running: Running,
    pub ticketing: FakeTicketing,
    _redis: Option<TestRedis>,
    _folder: DataFolder,
}

impl Stack {
    /// On SQLite, with an empty database of the shared Redis.
    pub async fn start() -> Self {
        let redis = vorrang_testkit::redis().await;
        let mut stack = Self::on(redis.url(), "", FakeTicketing::new()).await;
        stack._redis = Some(redis);
        stack
    }

    /// On `database`, with an empty database of the shared Redis.
    pub async fn on_database(database: &TestDatabase) -> Self {
        let redis = vorrang_testkit::redis().await;
        let opened = Database::connect(database.url()).await.expect("connects");
        opened.migrate::<vorrang_routing::Migrator>().await.expect("migrates");
        let mut stack = Self::on(redis.url(), database.url(), FakeTicketing::new()).await;
        stack._redis = Some(redis);
        stack
    }

    pub async fn on(redis_url: &str, database_url: &str, ticketing: FakeTicketing) -> Self {
        let folder = data_folder();
        let mut config = Config::local(folder.path());
        config.redis.url = redis_url.to_owned();
        // Processes of one installation have the same secrets.
        config.secrets.internal_key = "routing-tests-internal-key-0123456789".to_owned();
        config.secrets.cursor_key = "routing-tests-cursor-key-0123456789".to_owned();
        config.routing.database_url = database_url.to_owned();
        let services = vec![Bind::new("routing", vorrang_routing::bind), ticketing.bind()];
        let running = Suite::start(config, vorrang_clock::system(), services)
            .await
            .expect("starts");
        Self {
            running,
            ticketing,
            _redis: None,
            _folder: folder,
        }
    }

    pub fn agents(&self, tenant: &str) -> AgentServiceClient<PeerChannel> {
        AgentServiceClient::new(self.running.peers().routing(Some(tenant)))
    }

    pub fn queues(&self, tenant: &str) -> QueueServiceClient<PeerChannel> {
        QueueServiceClient::new(self.running.peers().routing(Some(tenant)))
    }

    pub fn work(&self, tenant: &str) -> WorkServiceClient<PeerChannel> {
        WorkServiceClient::new(self.running.peers().routing(Some(tenant)))
    }

    pub async fn agent(&self, id: &str) {
        let request = CreateAgentRequest {
            request_id: String::new(),
            agent_id: id.to_owned(),
            agent: Some(Agent::default()),
        };
        self.agents(TENANT).create_agent(request).await.expect("made");
    }

    /// A new agent at work.
    pub async fn desktop(&self, id: &str, capacities: &[(Channel, i32)]) -> Desktop {
        self.agent(id).await;
        Desktop::open(self, id, capacities).await
    }

    pub async fn read_agent(&self, id: &str) -> Agent {
        let name = format!("agents/{id}");
        self.agents(TENANT)
            .get_agent(GetAgentRequest { name })
            .await
            .expect("is there")
            .into_inner()
    }

    /// Changes the policy in force.
    pub async fn change_policy(&self, change: impl FnOnce(&mut RoutingPolicy)) {
        let mut policy = self
            .agents(TENANT)
            .get_routing_policy(vorrang_api::routing::v1::GetRoutingPolicyRequest {})
            .await
            .expect("read")
            .into_inner();
        change(&mut policy);
        let request = UpdateRoutingPolicyRequest {
            request_id: String::new(),
            routing_policy: Some(policy),
        };
        self.agents(TENANT)
            .update_routing_policy(request)
            .await
            .expect("changed");
    }

    /// A contact of a standard customer by e-mail.
    pub fn mail(&self, entered_at: i64) -> String {
        self.ticketing
            .open(TENANT, Channel::Email, "standard", Priority::Normal, entered_at)
    }

    /// What waits, in order, once it is `count`.
    pub async fn waiting(&self, count: usize) -> Vec<String> {
        wait_for(DEADLINE, "the queue to have its contacts", || async {
            let request = PeekQueueRequest {
                limit: 100,
                ..PeekQueueRequest::default()
            };
            let contacts = self
                .queues(TENANT)
                .peek_queue(request)
                .await
                .ok()?
                .into_inner()
                .contacts;
            (contacts.len() == count).then(|| {
                contacts
                    .into_iter()
                    .map(|contact| contact.ticket.trim_start_matches("tickets/").to_owned())
                    .collect()
            })
        })
        .await
    }

    /// Waits until just these wait, in this order.
    pub async fn waiting_as(&self, expected: &[String]) {
        wait_for(DEADLINE, "the queue to be in order", || async {
            (self.waiting(expected.len()).await == expected).then_some(())
        })
        .await
    }

    /// The counts once they are as wanted.
    pub async fn stats_when(&self, wanted: impl Fn(&GetQueueStatsResponse) -> bool) -> GetQueueStatsResponse {
        wait_for(DEADLINE, "the counts to be as wanted", || async {
            let stats = self
                .queues(TENANT)
                .get_queue_stats(GetQueueStatsRequest::default())
                .await
                .ok()?
                .into_inner();
            wanted(&stats).then_some(stats)
        })
        .await
    }

    /// Events of our own log so far, once `wanted` is among them.
    pub async fn log_when(&self, wanted: impl Fn(&Payload) -> bool) -> Vec<Event> {
        let request = FollowRequest {
            start: StartPoint::Beginning.into(),
            ..FollowRequest::default()
        };
        let mut feed = FeedServiceClient::new(self.running.peers().routing(Some(TENANT)))
            .follow(request)
            .await
            .expect("follows")
            .into_inner();
        let mut events = Vec::new();
        tokio::time::timeout(DEADLINE, async {
            loop {
                let batch = feed.message().await.expect("goes on").expect("does not end");
                for event in batch.events {
                    let found = event.payload.as_ref().is_some_and(&wanted);
                    events.push(event);
                    if found {
                        return events;
                    }
                }
            }
        })
        .await
        .expect("the event is logged")
    }
}
