//! The configuration of the whole suite, one typed structure.
//!
//! `config/config.default.toml` documents every key. A service reads only its own section and what is shared; the
//! structure is one, so that a file is checked as a whole wherever it is used.

mod load;
mod print;
mod source;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vorrang_error::Error;

pub use print::redacted;

/// Everything that can be set. See `config.default.toml` for units, ranges and defaults.
///
/// `Debug` hides secrets, as [`Config::print`] does.
#[derive(Clone, Serialize)]
pub struct Config {
    /// Absolute folder of everything that is kept locally.
    pub data_dir: PathBuf,
    /// Where gRPC, grpc-web and HTTP are served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where `/metrics`, `/healthz` and `/readyz` are served; `None`: nowhere.
    #[serde(serialize_with = "print::optional_address")]
    pub admin_listen: Option<SocketAddr>,
    /// Filter of what is logged.
    pub log: String,
    /// API keys.
    pub identity: StoreConfig,
    /// Signing keys; empty ones are generated. See [`crate::Secrets`].
    pub secrets: SecretsConfig,
    /// Ticketing.
    pub ticketing: TicketingConfig,
    /// Ingestion.
    pub ingestion: IngestionConfig,
    /// Routing.
    pub routing: StoreConfig,
    /// Knowledge.
    pub knowledge: StoreConfig,
    /// Redis.
    pub redis: RedisConfig,
    /// How long the logs are kept.
    pub feed: FeedConfig,
    /// Where the other services are.
    pub peers: PeersConfig,
    /// What is too much.
    pub limits: LimitsConfig,
    /// Where spans go.
    pub telemetry: TelemetryConfig,
}

/// A service that keeps a database.
#[derive(Clone, Serialize)]
pub struct StoreConfig {
    /// As set; empty means embedded. Use [`Config::database_url`].
    pub database_url: String,
}

/// Ticketing's settings.
#[derive(Clone, Serialize)]
pub struct TicketingConfig {
    /// As set; empty means embedded. Use [`Config::database_url`].
    pub database_url: String,
    /// As set; empty means at our own listen address. Use [`Config::public_url`].
    pub public_url: String,
    /// Where attachments and proofs of erasures lie: `s3://bucket/prefix`, `file:///folder`; empty means in the data folder.
    pub attachments_url: String,
    /// Bytes that one attachment may have.
    pub attachment_max_bytes: u64,
    /// Networks that webhooks may lead to although they are not public, checked. Use [`TicketingConfig::webhook_allow_private`].
    pub webhook_allow_private: Vec<String>,
    /// A file of certificates that are trusted besides the public ones; empty: none.
    pub webhook_ca_file: String,
}

impl TicketingConfig {
    /// Networks that webhooks may lead to although they are not public.
    pub fn webhook_allow_private(&self) -> Vec<vorrang_egress::Network> {
        let networks = self.webhook_allow_private.iter();
        networks.filter_map(|network| network.parse().ok()).collect()
    }
}

/// Ingestion's settings.
#[derive(Clone, Serialize)]
pub struct IngestionConfig {
    /// As set; empty means embedded. Use [`Config::database_url`].
    pub database_url: String,
    /// As set; empty means in the data folder. Use [`Config::ingestion_data`].
    pub data: String,
    /// As set; empty means in ingestion's data folder. Use [`Config::ingestion_presets`].
    pub presets: String,
}

/// The installation's keys as set: empty, or at least 32 characters.
#[derive(Clone, Serialize)]
pub struct SecretsConfig {
    /// Signs calls among services.
    pub internal_key: String,
    /// Signs feed cursors.
    pub cursor_key: String,
    /// Key of the hashes of API keys.
    pub key_pepper: String,
    /// Wraps the keys of personal data.
    pub data_key: String,
    /// Signs links that are sent to customers.
    pub link_key: String,
    /// What signed them before; empty: nothing.
    pub link_key_previous: String,
}

/// Redis' address.
#[derive(Clone, Serialize)]
pub struct RedisConfig {
    /// As set; empty means a private child process. Use [`crate::Context::redis_url`].
    pub url: String,
}

/// How long the logs of ticketing, routing and knowledge are kept.
#[derive(Clone, Serialize)]
pub struct FeedConfig {
    /// Days after which an event may be removed, at least 7; 0 means never.
    pub retention_days: u32,
    /// Days more for which an event is kept for named consumers that have not applied it.
    pub consumer_hold_days: u32,
}

/// Where the other services are; empty means at our own address.
#[derive(Clone, Default, Serialize)]
pub struct PeersConfig {
    /// `http://host:port` of ticketing.
    pub ticketing: String,
    /// `http://host:port` of ingestion.
    pub ingestion: String,
    /// `http://host:port` of routing.
    pub routing: String,
    /// `http://host:port` of knowledge.
    pub knowledge: String,
    /// `http://host:port` of analytics.
    pub analytics: String,
}

/// What is too much.
#[derive(Clone, Serialize)]
pub struct LimitsConfig {
    /// Unary calls and HTTP requests in work at once, at least 1.
    pub max_concurrent_requests: usize,
    /// Streams open at once, at least 1.
    pub max_streams: usize,
    /// Calls of one tenant per second on average; 0 means no limit.
    pub tenant_requests_per_second: u32,
    /// Calls of one tenant that may come at once, at least 1.
    pub tenant_burst: u32,
    /// Largest message received in bytes, 1 KiB to 64 MiB.
    pub max_message_bytes: usize,
}

/// Where spans go.
#[derive(Clone, Serialize)]
pub struct TelemetryConfig {
    /// `http://host:port` of an OTLP receiver; empty: none.
    pub otlp_endpoint: String,
}

impl Config {
    /// The defaults with `data_dir`, free ports on loopback and a quiet log: for tests and tools that start a suite of their
    /// own.
    pub fn local(data_dir: impl Into<PathBuf>) -> Self {
        let mut config = Self::defaults();
        config.data_dir = absolute(data_dir.into());
        config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        config.admin_listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        config.log = "error".to_owned();
        config
    }

    /// The database of `service` (`"ticketing"`, `"identity"`, …): as set, else SQLite in the data folder.
    ///
    /// Panics when `service` is not one that keeps a database: the names are ours.
    pub fn database_url(&self, service: &str) -> String {
        match self.configured_database(service) {
            "" => format!("sqlite://{}", self.data_dir.join(format!("{service}.db")).display()),
            url => url.to_owned(),
        }
    }

    /// Whether `service` uses the embedded default, which is migrated automatically.
    pub fn is_embedded(&self, service: &str) -> bool {
        self.configured_database(service).is_empty()
    }

    /// Folder of ingestion's raw contacts.
    pub fn ingestion_data(&self) -> PathBuf {
        match self.ingestion.data.as_str() {
            "" => self.data_dir.join("ingestion"),
            folder => absolute(PathBuf::from(folder)),
        }
    }

    /// Folder of the operator's own presets, and whether it was named: then it must be there.
    pub fn ingestion_presets(&self) -> (PathBuf, bool) {
        match self.ingestion.presets.as_str() {
            "" => (self.ingestion_data().join("presets"), false),
            folder => (absolute(PathBuf::from(folder)), true),
        }
    }

    /// Where customers reach us, without a slash at its end.
    pub fn public_url(&self) -> String {
        match self.ticketing.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.listen),
            url => url.to_owned(),
        }
    }

    fn configured_database(&self, service: &str) -> &str {
        match service {
            "identity" => &self.identity.database_url,
            "ticketing" => &self.ticketing.database_url,
            "ingestion" => &self.ingestion.database_url,
            "routing" => &self.routing.database_url,
            "knowledge" => &self.knowledge.database_url,
            other => panic!("no service `{other}` keeps a database"),
        }
    }

    /// Makes the data folder, readable by us alone.
    ///
    /// Fails with Unavailable, naming the folder.
    pub fn create_data_dir(&self) -> Result<(), Error> {
        crate::files::private_folder(&self.data_dir)
    }
}

/// `path` with the working directory in front when it is relative, so that later changes of directory do not matter.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Where the file comes from when `--config` is not given.
pub const CONFIG_VARIABLE: &str = "VORRANG_CONFIG";

impl Config {
    /// Reads defaults, then `file` (else the file named by [`CONFIG_VARIABLE`], else none), then the environment.
    ///
    /// Fails with every mistake at once: unknown keys, wrong types, values out of range, unreadable files; each names
    /// the key and where it was set.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let named = environment
            .iter()
            .find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
        let file = file
            .map(Path::to_path_buf)
            .or_else(|| named.map(|(_, value)| PathBuf::from(value)));
        load::load(file.as_deref(), &environment)
    }
}

#[cfg(test)]
mod tests;
