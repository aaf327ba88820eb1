//! Talks to Vorrang from Rust: typed clients with the credential on every call, and retries that are safe.
//!
//! ```no_run
//! use vorrang_client::api::ingestion::v1::{Contact, PushTicketRequest};
//! # async fn push() -> Result<(), Box<dyn std::error::Error>> {
//! let client = vorrang_client::Client::connect("http://127.0.0.1:7700", "vk_…").await?;
//! let request = PushTicketRequest {
//!     request_id: vorrang_client::request_id(), // once per contact, not once per attempt
//!     contact: Some(Contact { text: "Where is my order?".to_owned(), ..Contact::default() }),
//! };
//! let answer = client.retry(async || client.ingestion().push_ticket(request.clone()).await).await?;
//! # Ok(()) }
//! ```

mod retry;

use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use vorrang_api::analytics::v1::insight_service_client::InsightServiceClient;
use vorrang_api::analytics::v1::kpi_service_client::KpiServiceClient;
use vorrang_api::ingestion::v1::call_service_client::CallServiceClient;
use vorrang_api::ingestion::v1::chat_service_client::ChatServiceClient;
use vorrang_api::ingestion::v1::import_service_client::ImportServiceClient;
use vorrang_api::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use vorrang_api::ingestion::v1::quarantine_service_client::QuarantineServiceClient;
use vorrang_api::ingestion::v1::source_service_client::SourceServiceClient;
use vorrang_api::knowledge::v1::article_service_client::ArticleServiceClient;
use vorrang_api::knowledge::v1::session_service_client::SessionServiceClient;
use vorrang_api::routing::v1::agent_service_client::AgentServiceClient;
use vorrang_api::routing::v1::queue_service_client::QueueServiceClient;
use vorrang_api::routing::v1::work_service_client::WorkServiceClient;
use vorrang_api::ticketing::v1::attachment_service_client::AttachmentServiceClient;
use vorrang_api::ticketing::v1::automation_service_client::AutomationServiceClient;
use vorrang_api::ticketing::v1::customer_record_service_client::CustomerRecordServiceClient;
use vorrang_api::ticketing::v1::customer_service_client::CustomerServiceClient;
use vorrang_api::ticketing::v1::macro_service_client::MacroServiceClient;
use vorrang_api::ticketing::v1::organization_service_client::OrganizationServiceClient;
use vorrang_api::ticketing::v1::privacy_service_client::PrivacyServiceClient;
use vorrang_api::ticketing::v1::review_service_client::ReviewServiceClient;
use vorrang_api::ticketing::v1::schedule_service_client::ScheduleServiceClient;
use vorrang_api::ticketing::v1::sla_policy_service_client::SlaPolicyServiceClient;
use vorrang_api::ticketing::v1::sla_service_client::SlaServiceClient;
use vorrang_api::ticketing::v1::sub_state_service_client::SubStateServiceClient;
use vorrang_api::ticketing::v1::survey_service_client::SurveyServiceClient;
use vorrang_api::ticketing::v1::ticket_field_service_client::TicketFieldServiceClient;
use vorrang_api::ticketing::v1::ticket_relation_service_client::TicketRelationServiceClient;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_api::ticketing::v1::webhook_service_client::WebhookServiceClient;
use vorrang_api::{knowledge, routing, ticketing};

pub use retry::{Retry, delay_before_retry};
pub use vorrang_api as api;

/// What a generated client runs on: a connection that puts the API key on every call.
pub type Authorized = InterceptedService<Channel, ApiKey>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Many servers, ours included, close connections that ping more often than every five minutes.
const KEEPALIVE: Duration = Duration::from_secs(300);

/// A connection to an installation. Clones share it.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
    key: ApiKey,
    retry: Retry,
}

/// Why a client could not be made.
#[derive(Debug)]
pub enum ConnectError {
    /// The API key has characters that no header may carry.
    Key,
    /// The address is malformed, or nobody answers there.
    Transport(tonic::transport::Error),
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key => f.write_str("the API key has characters that cannot be sent"),
            Self::Transport(why) => write!(f, "cannot connect: {why}"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Key => None,
            Self::Transport(why) => Some(why),
        }
    }
}

impl Client {
    /// Connects to `url` (`http://host:port`) with an API key. The connection is made again by itself when it breaks.
    ///
    /// # Errors
    /// When the key cannot be sent, the address is malformed or nobody answers within 5 seconds.
    pub async fn connect(url: &str, api_key: &str) -> Result<Self, ConnectError> {
        let channel = Endpoint::from_shared(url.to_owned())
            .map_err(ConnectError::Transport)?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE)
            .tcp_nodelay(true)
            .connect()
            .await
            .map_err(ConnectError::Transport)?;
        let key = ApiKey::new(api_key)?;
        Ok(Self {
            channel,
            key,
            retry: Retry::default(),
        })
    }

    /// The same client with other retries.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Makes a call, again while that is safe and useful; see [`Retry`]. Give every attempt the same `request_id`.
    ///
    /// # Errors
    /// The status of the last attempt.
    pub async fn retry<T>(&self, call: impl AsyncFnMut() -> Result<T, Status>) -> Result<T, Status> {
        self.retry.run(call).await
    }

    fn authorized(&self) -> Authorized {
        InterceptedService::new(self.channel.clone(), self.key.clone())
    }
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ty;)+) => {
        impl Client {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(&self) -> $client {
                <$client>::new(self.authorized())
            })+
        }
    };
}

clients! {
    /// Pushes contacts.
    ingestion: IngestionServiceClient<Authorized>;
    /// Histories of other systems. An upload takes as long as it takes: it is not retried, call it again with its `request_id`.
    imports: ImportServiceClient<Authorized>;
    /// Phone calls that a phone system distributes.
    calls: CallServiceClient<Authorized>;
    /// Live chat, the customer's side.
    chat: ChatServiceClient<Authorized>;
    /// Sources and presets.
    sources: SourceServiceClient<Authorized>;
    /// What could not be understood.
    quarantine: QuarantineServiceClient<Authorized>;
    /// Tickets and messages.
    tickets: TicketServiceClient<Authorized>;
    /// How tickets belong together.
    ticket_relations: TicketRelationServiceClient<Authorized>;
    /// The tenant's own sub-states of tickets.
    sub_states: SubStateServiceClient<Authorized>;
    /// The tenant's own fields of tickets.
    ticket_fields: TicketFieldServiceClient<Authorized>;
    /// Customers.
    customers: CustomerServiceClient<Authorized>;
    /// What CRMs and shops know about customers.
    customer_records: CustomerRecordServiceClient<Authorized>;
    /// The companies that customers belong to.
    organizations: OrganizationServiceClient<Authorized>;
    /// Opening hours.
    schedules: ScheduleServiceClient<Authorized>;
    /// Which tickets are promised what.
    sla_policies: SlaPolicyServiceClient<Authorized>;
    /// What is done to tickets when something happens, or when nothing does.
    automations: AutomationServiceClient<Authorized>;
    /// What agents do to many tickets with one click.
    macros: MacroServiceClient<Authorized>;
    /// What single tickets were promised.
    sla: SlaServiceClient<Authorized>;
    /// Surveys, their sendings and answers.
    surveys: SurveyServiceClient<Authorized>;
    /// Rubrics and reviews.
    reviews: ReviewServiceClient<Authorized>;
    /// Attachments' bytes.
    attachments: AttachmentServiceClient<Authorized>;
    /// Export, erasure and retention.
    privacy: PrivacyServiceClient<Authorized>;
    /// Ticketing's feed.
    ticketing_feed: ticketing::v1::feed_service_client::FeedServiceClient<Authorized>;
    /// Endpoints that events are sent to.
    webhooks: WebhookServiceClient<Authorized>;
    /// The agents' stream.
    work: WorkServiceClient<Authorized>;
    /// The queues as they are now.
    queues: QueueServiceClient<Authorized>;
    /// Agents and the routing policy.
    agents: AgentServiceClient<Authorized>;
    /// Routing's feed.
    routing_feed: routing::v1::feed_service_client::FeedServiceClient<Authorized>;
    /// Articles and search.
    articles: ArticleServiceClient<Authorized>;
    /// Self-service sessions.
    sessions: SessionServiceClient<Authorized>;
    /// Knowledge's feed.
    knowledge_feed: knowledge::v1::feed_service_client::FeedServiceClient<Authorized>;
    /// Key figures.
    kpis: KpiServiceClient<Authorized>;
    /// What is behind the figures: single customers.
    insights: InsightServiceClient<Authorized>;
}

/// Puts the API key on every call.
#[derive(Clone)]
pub struct ApiKey(MetadataValue<Ascii>);

impl ApiKey {
    fn new(key: &str) -> Result<Self, ConnectError> {
        let mut value = MetadataValue::try_from(format!("Bearer {key}")).map_err(|_| ConnectError::Key)?;
        // Kept out of logs and of header compression tables.
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl Interceptor for ApiKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A fresh `request_id`. Make it once for each thing to be done, keep it over all attempts, also over restarts if you can.
#[must_use]
pub fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod service_config_tests;
