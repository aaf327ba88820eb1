//! Ticketing on a database, in this process or in one of its own, called as other services call it.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use tonic::Code;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::customer_service_client::CustomerServiceClient;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_database::Database;
use vorrang_service::{Bind, Config, PeerChannel, Running, Suite};
use vorrang_testkit::{DEADLINE, DataFolder, Process, data_folder, wait_until};
use vorrang_ticketing::Migrator;

pub const TENANT: &str = "acme";
/// All processes of an installation have the same.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn config(folder: &DataFolder) -> Config {
    let mut config = Config::local(folder.path());
    config.secrets.internal_key = SECRET.to_owned();
    config.secrets.cursor_key = SECRET.to_owned();
    config.secrets.key_pepper = SECRET.to_owned();
    config.secrets.data_key = SECRET.to_owned();
    config.secrets.link_key = SECRET.to_owned();
    config
}

/// Brings a database to the schema.
pub async fn migrated(url: &str) -> Database {
    let database = Database::connect(url).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    database
}

/// A caller of ticketing, which may run anywhere.
pub struct Desk {
    running: Running,
    /// Ticketing in a process of its own.
    process: Option<Process>,
    _folders: Vec<DataFolder>,
}

impl Desk {
    /// Ticketing in this process, on a database that has the schema.
    pub async fn on(database: &str) -> Self {
        let folder = data_folder();
        let mut config = config(&folder);
        database.clone_into(&mut config.ticketing.database_url);
        let ticketing = Bind::new("ticketing", vorrang_ticketing::bind);
        let running = Suite::start(config, vorrang_clock::system(), vec![ticketing])
            .await
            .expect("starts");
        Self {
            running,
            process: None,
            _folders: vec![folder],
        }
    }

    /// Ticketing in a process of its own, to be killed.
    pub async fn in_a_process(database: &str) -> Self {
        let (theirs, ours) = (data_folder(), data_folder());
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vorrang-ticketing"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VORRANG_") {
                command.env_remove(name);
            }
        }
        command
            .env("VORRANG_DATA_DIR", theirs.path())
            .env("VORRANG_LISTEN", format!("127.0.0.1:{port}"))
            .env("VORRANG_ADMIN_LISTEN", "")
            .env("VORRANG_LOG", "off")
            .env("VORRANG_TICKETING__DATABASE_URL", database)
            .stdin(Stdio::null());
        for secret in ["INTERNAL_KEY", "CURSOR_KEY", "KEY_PEPPER", "DATA_KEY", "LINK_KEY"] {
            command.env(format!("VORRANG_SECRETS__{secret}"), SECRET);
        }
        let process = Process::start(&mut command);
        let mut config = config(&ours);
        config.peers.ticketing = format!("http://127.0.0.1:{port}");
        let running = Suite::start(config, vorrang_clock::system(), Vec::new())
            .await
            .expect("a caller without services");
        let desk = Self {
            running,
            process: Some(process),
            _folders: vec![theirs, ours],
        };
        wait_until(DEADLINE, "the process to answer", || async {
            let request = pb::GetTicketRequest {
                name: "tickets/999999999".to_owned(),
            };
            let answer = desk.tickets().get_ticket(request).await;
            answer.is_err_and(|status| status.code() == Code::NotFound)
        })
        .await;
        desk
    }

    /// `kill -9`.
    pub fn kill(self) {
        if let Some(process) = self.process {
            process.kill();
        }
    }

    fn ticketing(&self) -> PeerChannel {
        self.running.peers().ticketing(Some(TENANT))
    }

    pub fn tickets(&self) -> TicketServiceClient<PeerChannel> {
        TicketServiceClient::new(self.ticketing())
    }

    pub fn feed(&self) -> FeedServiceClient<PeerChannel> {
        FeedServiceClient::new(self.ticketing())
    }

    /// A new customer's name.
    pub async fn customer(&self) -> String {
        let identity = pb::Identity {
            kind: pb::identity::Kind::External.into(),
            value: format!("test:{}", uuid::Uuid::new_v4()),
            verified: true,
        };
        let request = pb::CreateCustomerRequest {
            customer: Some(pb::Customer {
                identities: vec![identity],
                ..pb::Customer::default()
            }),
            ..pb::CreateCustomerRequest::default()
        };
        let mut customers = CustomerServiceClient::new(self.ticketing());
        let customer = customers.create_customer(request).await.expect("a customer");
        customer.into_inner().name
    }

    /// The names of all tickets.
    pub async fn all_tickets(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListTicketsRequest {
                page_size: 500,
                page_token,
                ..pb::ListTicketsRequest::default()
            };
            let page = self.tickets().list_tickets(request).await.expect("lists").into_inner();
            names.extend(page.tickets.into_iter().map(|ticket| ticket.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return names;
            }
        }
    }
}
