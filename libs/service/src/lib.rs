//! The chassis: everything a service needs that is not its subject.
//!
//! A service gives a `bind` function from [`Context`] to [`Bound`]; [`Suite::start`] serves any number of them on one port.

/// Every process that serves, and every test and benchmark of one, allocates with mimalloc: a call makes some hundred small allocations
/// in one thread and frees them in another, which takes glibc a sixth of all time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod admin;
mod body;
mod bound;
mod config;
mod context;
mod deadline;
mod etag;
mod files;
mod ids;
mod layers;
mod lifeline;
mod methods;
mod page;
mod peers;
mod process;
mod redis_child;
mod refusal;
mod request;
mod request_hash;
mod router;
mod secrets;
mod server;
mod status;
mod suite;

pub use bound::{Bind, Bound};
pub use config::{
    CONFIG_VARIABLE, Config, FeedConfig, IngestionConfig, LimitsConfig, PeersConfig, RedisConfig, SecretsConfig,
    StoreConfig, TelemetryConfig, TicketingConfig, redacted,
};
pub use context::{Context, open_database, open_keys};
pub use deadline::remaining;
pub use etag::{check_etag, etag};
pub use ids::Ids;
pub use layers::rate::Rate;
pub use page::{DEFAULT_SIZE, MAX_SIZE, Page};
pub use peers::{PeerChannel, Peers};
pub use process::{exit, main, runtime, terminated};
pub use refusal::http_error;
pub use request::{caller, tenant};
pub use request_hash::request_hash;
pub use secrets::{Secrets, accept_new_secrets};
pub use status::foreign::unreadable;
pub use status::{DOMAIN, peer_error, reason, status};
pub use suite::{Running, Suite};
pub use tonic::codec::CompressionEncoding;
pub use vorrang_telemetry::{from_trace_parent, trace_parent};

/// Largest response we send: what clients in other languages accept by default.
pub const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
