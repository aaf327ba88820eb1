//! From merged sources to the typed structure: every value is checked, every mistake is kept.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use vorrang_error::Error;

use super::source::Sources;
use super::{
    Config, FeedConfig, IngestionConfig, LimitsConfig, PeersConfig, RedisConfig, SecretsConfig, StoreConfig,
    TelemetryConfig, TicketingConfig, absolute,
};

pub(super) const DEFAULTS: &str = include_str!("config.default.toml");
const SECRET_LENGTH: usize = 32;
const MESSAGE_BYTES: std::ops::RangeInclusive<i64> = 1024..=64 * 1024 * 1024;
/// A hundred years.
const DAYS_MAX: i64 = 36_500;
/// Deliveries of webhooks are tried for days, and read their event each time.
const RETENTION_MIN: i64 = 7;
const COUNT: std::ops::RangeInclusive<i64> = 1..=1_000_000;

impl Config {
    /// What is in force when nothing is set.
    pub fn defaults() -> Self {
        load(None, &[]).expect("config.default.toml is complete and valid: a test says so")
    }
}

/// Reads the three sources and checks them.
pub(super) fn load(file: Option<&Path>, environment: &[(String, String)]) -> Result<Config, Error> {
    let defaults = DEFAULTS.parse().expect("config.default.toml is TOML: a test says so");
    let mut sources = Sources::new(defaults);
    if let Some(path) = file {
        match std::fs::read_to_string(path) {
            Ok(text) => sources.file(&path.display().to_string(), &text),
            Err(why) => sources.reject("configuration file", format!("cannot read {}: {why}", path.display())),
        }
    }
    sources.environment(environment);
    typed(sources)
}

fn typed(sources: Sources) -> Result<Config, Error> {
    let mut read = Reader(sources);
    let config = Config {
        data_dir: read.folder("data_dir"),
        listen: read.address("listen"),
        admin_listen: read.optional_address("admin_listen"),
        log: read.log_filter("log"),
        identity: read.store("identity"),
        secrets: SecretsConfig {
            internal_key: read.secret("secrets.internal_key"),
            cursor_key: read.secret("secrets.cursor_key"),
            key_pepper: read.secret("secrets.key_pepper"),
            data_key: read.secret("secrets.data_key"),
            link_key: read.secret("secrets.link_key"),
            link_key_previous: read.secret("secrets.link_key_previous"),
        },
        ticketing: TicketingConfig {
            database_url: read.database("ticketing.database_url"),
            public_url: read.public("ticketing.public_url"),
            attachments_url: read.url("ticketing.attachments_url", &["s3://", "file:///"]),
            attachment_max_bytes: read.number("ticketing.attachment_max_bytes", 1..=1 << 30),
            webhook_allow_private: read.networks("ticketing.webhook_allow_private"),
            webhook_ca_file: read.0.string("ticketing.webhook_ca_file"),
        },
        ingestion: IngestionConfig {
            database_url: read.database("ingestion.database_url"),
            data: read.0.string("ingestion.data"),
            presets: read.0.string("ingestion.presets"),
        },
        routing: read.store("routing"),
        knowledge: read.store("knowledge"),
        redis: RedisConfig {
            url: read.url("redis.url", &["redis://", "rediss://", "redis+unix://", "unix://"]),
        },
        feed: FeedConfig {
            retention_days: read.retention("feed.retention_days"),
            consumer_hold_days: read.number("feed.consumer_hold_days", 0..=DAYS_MAX),
        },
        peers: PeersConfig {
            ticketing: read.http("peers.ticketing"),
            ingestion: read.http("peers.ingestion"),
            routing: read.http("peers.routing"),
            knowledge: read.http("peers.knowledge"),
            analytics: read.http("peers.analytics"),
        },
        limits: LimitsConfig {
            max_concurrent_requests: read.number("limits.max_concurrent_requests", COUNT),
            max_streams: read.number("limits.max_streams", COUNT),
            tenant_requests_per_second: read.number("limits.tenant_requests_per_second", 0..=1_000_000),
            tenant_burst: read.number("limits.tenant_burst", COUNT),
            max_message_bytes: read.number("limits.max_message_bytes", MESSAGE_BYTES),
        },
        telemetry: TelemetryConfig {
            otlp_endpoint: read.http("telemetry.otlp_endpoint"),
        },
    };
    read.0.into_violations().into_result()?;
    Ok(config)
}

/// Reads values by key; what is wrong is noted and replaced by something harmless.
struct Reader(Sources);

impl Reader {
    fn folder(&mut self, key: &str) -> PathBuf {
        let text = self.0.string(key);
        if text.is_empty() {
            self.0.reject(key, "must name a folder");
        }
        absolute(PathBuf::from(text))
    }

    fn address(&mut self, key: &str) -> SocketAddr {
        let text = self.0.string(key);
        text.parse().unwrap_or_else(|_| {
            self.0.reject(
                key,
                "must be an IP address and port such as 127.0.0.1:7700 or [::]:7700",
            );
            SocketAddr::from(([127, 0, 0, 1], 0))
        })
    }

    fn optional_address(&mut self, key: &str) -> Option<SocketAddr> {
        match self.0.string(key).as_str() {
            "" => None,
            _ => Some(self.address(key)),
        }
    }

    fn log_filter(&mut self, key: &str) -> String {
        let text = self.0.string(key);
        if let Err(why) = vorrang_telemetry::check_filter(&text) {
            self.0.reject(key, why);
        }
        text
    }

    fn store(&mut self, service: &str) -> StoreConfig {
        StoreConfig {
            database_url: self.database(&format!("{service}.database_url")),
        }
    }

    fn database(&mut self, key: &str) -> String {
        self.url(key, &["postgres://", "postgresql://", "sqlite://"])
    }

    fn http(&mut self, key: &str) -> String {
        let text = self.url(key, &["http://"]);
        let whole = text.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some());
        if text.starts_with("http://") && !whole {
            self.0.reject(key, "must be http://host:port");
        }
        text
    }

    /// An address that customers open: path allowed, nothing behind it.
    fn public(&mut self, key: &str) -> String {
        let text = self.url(key, &["https://", "http://"]);
        let fits = |uri: http::Uri| uri.host().is_some() && uri.query().is_none() && !text.contains('#');
        if !text.is_empty() && !text.parse::<http::Uri>().is_ok_and(fits) {
            self.0
                .reject(key, "must be https://host or https://host/path, without ? and #");
        }
        text
    }

    /// The value itself is never repeated in a message: it may hold a password.
    fn url(&mut self, key: &str, schemes: &[&str]) -> String {
        let text = self.0.string(key);
        if !text.is_empty() && !schemes.iter().any(|scheme| text.starts_with(scheme)) {
            self.0.reject(key, format!("must start with {}", schemes.join(" or ")));
        }
        text
    }

    fn secret(&mut self, key: &str) -> String {
        let text = self.0.string(key);
        if !text.is_empty() && text.len() < SECRET_LENGTH {
            self.0.reject(
                key,
                format!("must have at least {SECRET_LENGTH} characters, or be empty"),
            );
        }
        text
    }

    fn networks(&mut self, key: &str) -> Vec<String> {
        let networks = self.0.strings(key);
        for network in &networks {
            if let Err(why) = network.parse::<vorrang_egress::Network>() {
                self.0.reject(key, format!("{network:?} {why}"));
            }
        }
        networks
    }

    /// Days; 0 is for ever.
    fn retention(&mut self, key: &str) -> u32 {
        match self.0.integer(key) {
            0 => 0,
            _ => self.number(key, RETENTION_MIN..=DAYS_MAX),
        }
    }

    fn number<N: TryFrom<i64> + Default>(&mut self, key: &str, range: std::ops::RangeInclusive<i64>) -> N {
        let value = self.0.integer(key);
        if !range.contains(&value) {
            self.0
                .reject(key, format!("must be {} to {}", range.start(), range.end()));
        }
        N::try_from(value).unwrap_or_default()
    }
}
