//! The connection, and the one way in which scripts are called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{ErrorKind, RedisError, ServerErrorKind, Value};
use vorrang_error::Error;

use crate::keys;
use crate::lane::Lane;
use crate::reply::Rows;
use crate::script::Named;

/// A batch of 500 operations takes milliseconds; a Redis that needs seconds is stuck or loading.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The bound on commands under way over the one connection; more callers wait.
const COMMANDS_MAX: usize = 1024;
/// A tenant that adds lanes faster than this many calls can follow is broken.
const LANE_ATTEMPTS_MAX: usize = 10;

/// The queues of all tenants in one Redis. Cheap to clone; connects by itself, and again after a loss.
///
/// Errors of every method: `Unavailable` (`REDIS_UNAVAILABLE`) when Redis cannot be reached or cannot serve now. Whether the
/// call had its effect is then unknown; all calls may be repeated, and a lease whose reply was lost ends by itself.
#[derive(Clone)]
pub struct Queue {
    manager: ConnectionManager,
    /// The lanes each tenant had when last told: LF-separated, as meta keeps them.
    lanes: Arc<Mutex<HashMap<String, Arc<str>>>>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// Uses the Redis at `url` (`redis://host:port/database`). Does not wait until it is there; see [`Queue::ping`].
    ///
    /// Errors: `Invalid` when `url` is none.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let bad = |why: RedisError| {
            // The URL may hold a password: it is not repeated.
            Error::invalid_field("redis.url", "is not a Redis URL such as redis://127.0.0.1:6379/0").caused_by(why)
        };
        let client = redis::Client::open(url).map_err(bad)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(2)
            .set_max_delay(Duration::from_millis(200))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_concurrency_limit(COMMANDS_MAX);
        let manager = ConnectionManager::new_lazy_with_config(client, config).map_err(bad)?;
        Ok(Self {
            manager,
            lanes: Arc::default(),
        })
    }

    /// Succeeds when Redis answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut manager = self.manager.clone();
        redis::cmd("PING")
            .query_async::<()>(&mut manager)
            .await
            .map_err(unavailable_or_internal)
    }

    /// The tenants that have queues in this Redis. A hint for whom to look after; empty after a loss.
    pub async fn tenants(&self) -> Result<Vec<String>, Error> {
        let mut manager = self.manager.clone();
        let mut tenants: Vec<String> = redis::cmd("SMEMBERS")
            .arg(keys::tenants())
            .query_async(&mut manager)
            .await
            .map_err(unavailable_or_internal)?;
        tenants.sort();
        Ok(tenants)
    }

    pub(crate) async fn remember_tenant(&self, tenant: &str) -> Result<(), Error> {
        let mut manager = self.manager.clone();
        redis::cmd("SADD")
            .arg(keys::tenants())
            .arg(tenant)
            .query_async(&mut manager)
            .await
            .map_err(unavailable_or_internal)
    }

    /// Fields of a tenant's meta hash.
    pub(crate) async fn meta(&self, tenant: &str, fields: &[&str]) -> Result<Vec<Option<String>>, Error> {
        let [meta, ..] = keys::fixed(tenant);
        let mut manager = self.manager.clone();
        redis::cmd("HMGET")
            .arg(meta)
            .arg(fields)
            .query_async(&mut manager)
            .await
            .map_err(unavailable_or_internal)
    }

    /// The lanes of a tenant as last told; a script corrects them.
    pub(crate) fn known_lanes(&self, tenant: &str) -> Arc<str> {
        self.lanes().get(tenant).cloned().unwrap_or_else(|| Arc::from(""))
    }

    /// Calls `named` with the tenant's keys. `arguments` makes the script's own arguments (from ARGV 3 on) and names the lanes it
    /// needs, given all lanes known; it is called again when Redis knows others.
    pub(crate) async fn call(
        &self,
        tenant: &str,
        named: &'static Named,
        needed: &[&Lane],
        arguments: impl Fn(&str) -> Vec<Vec<u8>>,
    ) -> Result<Rows, Error> {
        let mut manager = self.manager.clone();
        for _ in 0..LANE_ATTEMPTS_MAX {
            let known = self.known_lanes(tenant);
            let mut added: Vec<&str> = Vec::new();
            for lane in needed {
                if !known.split('\n').any(|name| name == lane.name()) && !added.contains(&lane.name()) {
                    added.push(lane.name());
                }
            }
            let mut invocation = named.script.prepare_invoke();
            for key in keys::fixed(tenant) {
                invocation.key(key);
            }
            for lane in keys::lanes(&known)
                .map(|lane| lane.name().to_owned())
                .chain(added.iter().map(|&name| name.to_owned()))
            {
                invocation.key(keys::lane(tenant, &lane));
            }
            let added = added.join("\n");
            invocation.arg(known.as_bytes()).arg(added.as_bytes());
            for argument in arguments(&known) {
                invocation.arg(argument);
            }
            let value: Value = invocation
                .invoke_async(&mut manager)
                .await
                .map_err(unavailable_or_internal)?;
            let rows = Rows::read(named.name, value)?;
            if rows.status() == "LANES" {
                let told = rows.head().text(1)?;
                self.lanes().insert(tenant.to_owned(), Arc::from(told));
                continue;
            }
            if !added.is_empty() && rows.status() == "OK" {
                let all = if known.is_empty() {
                    added
                } else {
                    format!("{known}\n{added}")
                };
                self.lanes().insert(tenant.to_owned(), Arc::from(all));
            }
            return Ok(rows);
        }
        Err(Error::conflict(
            "LANES_CHANGING",
            format!("the lanes of tenant {tenant} keep changing"),
        ))
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<str>>> {
        // What a panicking holder left is at worst outdated, and a script corrects that.
        self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Everything but a defect of a script or of its caller passes by itself.
fn unavailable_or_internal(error: RedisError) -> Error {
    let defect = match error.kind() {
        ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::CrossSlot | ServerErrorKind::NoPerm) => {
            true
        }
        ErrorKind::Extension | ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            // Words such as OOM, MISCONF and BUSY say that Redis cannot serve now; anything else unknown is a defect.
            !matches!(
                error.code(),
                Some("OOM" | "MISCONF" | "BUSY" | "NOREPLICAS" | "UNKILLABLE")
            )
        }
        _ => false,
    };
    // A script that runs into OOM reports it as a general error.
    if defect && !error.to_string().contains("OOM ") {
        Error::internal("Redis refused a command of the queue").caused_by(error)
    } else {
        Error::unavailable("REDIS_UNAVAILABLE", "the queues in Redis cannot be reached now").caused_by(error)
    }
}
