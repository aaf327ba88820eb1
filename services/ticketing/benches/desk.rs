//! Ticketing on a PostgreSQL of its own, called over TCP on several connections as clients do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_api::ticketing::v1::internal_service_client::InternalServiceClient;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_database::Database;
use vorrang_identity::Minter;
use vorrang_service::{Bind, Config, Running, Suite};
use vorrang_testkit::{DataFolder, PostgresServer, data_folder};
use vorrang_ticketing::Migrator;

/// One HTTP/2 connection is one mutex: clients that want much open several.
const CONNECTIONS: usize = 8;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A connection on behalf of one tenant.
pub type Authorized = tonic::service::interceptor::InterceptedService<Channel, Token>;

#[derive(Clone)]
pub struct Token(MetadataValue<Ascii>);

impl tonic::service::Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub struct Desk {
    _running: Running,
    channels: Arc<Vec<Channel>>,
    next: AtomicUsize,
    minter: Minter,
    pub folder: DataFolder,
    pub url: String,
    pub server: PostgresServer,
}

impl Desk {
    pub async fn start() -> Self {
        let server = PostgresServer::start().await;
        let url = migrated(&server).await;
        let folder = data_folder();
        let mut config = Config::local(folder.path());
        url.clone_into(&mut config.ticketing.database_url);
        config.secrets.internal_key = SECRET.to_owned();
        // What is measured is the work, not the rate limit of a tenant.
        config.limits.tenant_requests_per_second = 0;
        let ticketing = Bind::new("ticketing", vorrang_ticketing::bind);
        let running = Suite::start(config, vorrang_clock::system(), vec![ticketing])
            .await
            .expect("starts");
        let endpoint = Endpoint::from_shared(format!("http://{}", running.addr())).expect("an address");
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            channels.push(endpoint.connect().await.expect("connects"));
        }
        Self {
            _running: running,
            channels: channels.into(),
            next: AtomicUsize::new(0),
            minter: Minter::new(SECRET.as_bytes(), vorrang_clock::system()),
            folder,
            url,
            server,
        }
    }

    fn token(&self, tenant: &str) -> Token {
        let token = format!("Bearer {}", self.minter.mint(Some(tenant), "ingestion"));
        Token(token.parse().expect("ASCII"))
    }

    fn channel(&self) -> Channel {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.channels[next % self.channels.len()].clone()
    }

    pub fn contacts(&self, tenant: &str) -> InternalServiceClient<Authorized> {
        InternalServiceClient::with_interceptor(self.channel(), self.token(tenant))
    }

    pub fn tickets(&self, tenant: &str) -> TicketServiceClient<Authorized> {
        TicketServiceClient::with_interceptor(self.channel(), self.token(tenant))
    }

    pub fn feed(&self, tenant: &str) -> FeedServiceClient<Authorized> {
        FeedServiceClient::with_interceptor(self.channel(), self.token(tenant))
    }
}

/// A database with the schema.
pub async fn migrated(server: &PostgresServer) -> String {
    let url = server.database().await;
    let database = Database::connect(&url).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    url
}

/// Contacts as ingestion brings them: a customer for five of them, a text of a few lines.
pub fn contacts(tenant: &str, from: usize, count: usize) -> pb::RecordContactsRequest {
    let contacts = (from..from + count).map(|number| {
        let customer = number / 5;
        pb::InboundContact {
            source: "bench".to_owned(),
            external_id: format!("{number}"),
            content_hash: vec![7; 32].into(),
            channel: pb::Channel::Email.into(),
            identities: vec![pb::Identity {
                kind: pb::identity::Kind::Email.into(),
                value: format!("customer-{customer}@{tenant}.example"),
                verified: true,
            }],
            display_name: format!("Customer {customer}"),
            subject: format!("Order {number} has not arrived"),
            message: Some(pb::Message {
                text: "Hello,\n\nmy order has been on its way for a week now. When will it arrive?\n\nThank you"
                    .to_owned(),
                ..pb::Message::default()
            }),
            thread_keys: vec![format!("mail:<{number}@{tenant}.example>")],
            ..pb::InboundContact::default()
        }
    });
    pb::RecordContactsRequest {
        contacts: contacts.collect(),
    }
}

/// Records contacts; every one must be taken.
pub async fn record(desk: &Desk, tenant: &str, from: usize, count: usize) {
    let request = contacts(tenant, from, count);
    let response = desk.contacts(tenant).record_contacts(request).await.expect("recorded");
    let refused = response
        .into_inner()
        .results
        .into_iter()
        .find_map(|result| result.error);
    assert!(refused.is_none(), "{refused:?}");
}

/// Opens a ticket for a customer.
pub fn opening(customer: &str) -> pb::CreateTicketRequest {
    pb::CreateTicketRequest {
        ticket: Some(pb::Ticket {
            customer: customer.to_owned(),
            subject: "Help".to_owned(),
            ..pb::Ticket::default()
        }),
        ..pb::CreateTicketRequest::default()
    }
}

/// The customer of some ticket of the tenant.
pub async fn some_customer(desk: &Desk, tenant: &str) -> String {
    let request = pb::ListTicketsRequest {
        page_size: 1,
        ..pb::ListTicketsRequest::default()
    };
    let page = desk
        .tickets(tenant)
        .list_tickets(request)
        .await
        .expect("lists")
        .into_inner();
    page.tickets.into_iter().next().expect("a ticket").customer
}
