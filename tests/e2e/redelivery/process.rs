//! Ingestion and ticketing as processes of their own, to be killed. The process is this very test binary, told by its environment to serve.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use tonic::Code;
use vorrang_api::ingestion::v1::GetSourceRequest;
use vorrang_api::ingestion::v1::source_service_client::SourceServiceClient;
use vorrang_api::ticketing::v1::GetTicketRequest;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_service::{Config, PeerChannel, Peers, Running, Suite};
use vorrang_testkit::{DEADLINE, DataFolder, PostgresServer, Process, data_folder, run, wait_until};

use super::TENANT;
use crate::stack::{migrate, service};

/// Names the service that this process is to be.
const ROLE: &str = "E2E_PROCESS";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn process() {
    // Only a test that wants a service to kill sets it, for a child.
    let Some(role) = std::env::var_os(ROLE) else { return };
    let role = role.into_string().expect("UTF-8");
    run(async {
        let config = Config::load(None).expect("the parent's environment is right");
        let running = Suite::start(config, vorrang_clock::system(), vec![service(&role)])
            .await
            .expect("the service starts");
        running.failed().await;
    });
}

/// One service in a process of its own, on a port that stays.
pub struct Service {
    name: &'static str,
    pub port: u16,
    environment: Vec<(&'static str, String)>,
    folder: DataFolder,
    process: Option<Process>,
    caller: Running,
}

impl Service {
    async fn start(name: &'static str, environment: Vec<(&'static str, String)>) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let folder = data_folder();
        let mut config = config(&folder);
        let address = format!("http://127.0.0.1:{port}");
        match name {
            "ticketing" => config.peers.ticketing = address,
            _ => config.peers.ingestion = address,
        }
        let caller = Suite::start(config, vorrang_clock::system(), Vec::new())
            .await
            .expect("a caller without services");
        let mut service = Self {
            name,
            port,
            environment,
            folder,
            process: None,
            caller,
        };
        service.kill_and_restart().await;
        service
    }

    /// `kill -9`, and the same again on the same port. Returns when it answers.
    pub async fn kill_and_restart(&mut self) {
        self.process = None;
        let own = std::env::current_exe().expect("this binary");
        let mut command = Command::new(own);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VORRANG_") {
                command.env_remove(name);
            }
        }
        command
            .args(["--exact", "redelivery::process::process", "--nocapture"])
            .env(ROLE, self.name)
            .env("VORRANG_DATA_DIR", self.folder.path())
            .env("VORRANG_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("VORRANG_ADMIN_LISTEN", "")
            .env("VORRANG_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        for secret in ["INTERNAL_KEY", "CURSOR_KEY", "KEY_PEPPER", "DATA_KEY", "LINK_KEY"] {
            command.env(format!("VORRANG_SECRETS__{secret}"), SECRET);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(Process::start(&mut command));
        wait_until(DEADLINE, "the process to answer", || self.answers()).await;
    }

    async fn answers(&self) -> bool {
        let status = match self.name {
            "ticketing" => {
                let request = GetTicketRequest {
                    name: "tickets/999999999".to_owned(),
                };
                TicketServiceClient::new(self.channel())
                    .get_ticket(request)
                    .await
                    .map(drop)
            }
            _ => {
                let request = GetSourceRequest {
                    name: "sources/0123456789abcdef".to_owned(),
                };
                SourceServiceClient::new(self.channel())
                    .get_source(request)
                    .await
                    .map(drop)
            }
        };
        status.is_err_and(|status| status.code() == Code::NotFound)
    }

    pub fn channel(&self) -> PeerChannel {
        match self.name {
            "ticketing" => self.peers().ticketing(Some(TENANT)),
            _ => self.peers().ingestion(Some(TENANT)),
        }
    }

    fn peers(&self) -> &Peers {
        self.caller.peers()
    }
}

/// Ingestion and ticketing, each with a database on one server.
pub struct Installation {
    pub ingestion: Service,
    pub ticketing: Service,
    pub ingestion_database: String,
}

impl Installation {
    pub async fn start(server: &PostgresServer) -> Self {
        let [ingestion_database, ticketing_database, identity] = [
            server.database().await,
            server.database().await,
            server.database().await,
        ];
        migrate::<vorrang_ingestion::Migrator>(&ingestion_database).await;
        migrate::<vorrang_ticketing::Migrator>(&ticketing_database).await;
        migrate::<vorrang_identity::Migrator>(&identity).await;
        let ticketing = Service::start(
            "ticketing",
            vec![
                ("VORRANG_TICKETING__DATABASE_URL", ticketing_database),
                ("VORRANG_IDENTITY__DATABASE_URL", identity.clone()),
            ],
        )
        .await;
        let ingestion = Service::start(
            "ingestion",
            vec![
                ("VORRANG_INGESTION__DATABASE_URL", ingestion_database.clone()),
                ("VORRANG_IDENTITY__DATABASE_URL", identity),
                (
                    "VORRANG_PEERS__TICKETING",
                    format!("http://127.0.0.1:{}", ticketing.port),
                ),
            ],
        )
        .await;
        Self {
            ingestion,
            ticketing,
            ingestion_database,
        }
    }
}

fn config(folder: &DataFolder) -> Config {
    let mut config = Config::local(folder.path());
    config.secrets.internal_key = SECRET.to_owned();
    config.secrets.cursor_key = SECRET.to_owned();
    config.secrets.key_pepper = SECRET.to_owned();
    config.secrets.data_key = SECRET.to_owned();
    config.secrets.link_key = SECRET.to_owned();
    config
}
