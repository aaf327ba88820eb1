//! How many calls a tenant may make: a token bucket per tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use vorrang_error::Error;
use vorrang_telemetry::metrics::{attribute, attributes, metrics};

use crate::config::LimitsConfig;

/// Buckets that are full again are forgotten when there are more than this.
const BUCKETS: usize = 10_000;

/// The buckets of a process. Clones share them. They run on the monotonic clock, not on the injected one: they protect this
/// process and decide nothing that is stored.
#[derive(Clone)]
pub struct Rate(Arc<Inner>);

struct Inner {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Rate {
    /// Full buckets for everybody.
    pub fn new(limits: &LimitsConfig) -> Self {
        Self(Arc::new(Inner {
            per_second: f64::from(limits.tenant_requests_per_second),
            burst: f64::from(limits.tenant_burst),
            buckets: Mutex::default(),
        }))
    }

    /// Takes one call from what `tenant` has left.
    ///
    /// Fails with Limited `TENANT_RATE_LIMITED` and the time until the next call is free.
    pub fn check(&self, tenant: &str) -> Result<(), Error> {
        self.check_at(tenant, Instant::now())
    }

    fn check_at(&self, tenant: &str, now: Instant) -> Result<(), Error> {
        let Inner {
            per_second,
            burst,
            buckets,
        } = &*self.0;
        if *per_second == 0.0 {
            return Ok(());
        }
        let mut buckets = buckets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if buckets.len() > BUCKETS {
            buckets.retain(|_, bucket| refilled(bucket, now, *per_second) < *burst);
        }
        if !buckets.contains_key(tenant) {
            buckets.insert(
                tenant.to_owned(),
                Bucket {
                    tokens: *burst,
                    at: now,
                },
            );
        }
        let Some(bucket) = buckets.get_mut(tenant) else {
            return Ok(());
        };
        bucket.tokens = refilled(bucket, now, *per_second).min(*burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = Duration::from_secs_f64((1.0 - bucket.tokens) / per_second);
        metrics()
            .requests_shed
            .add(1, &[attribute(attributes::LIMIT, "tenant")]);
        Err(Error::limited(
            "TENANT_RATE_LIMITED",
            "this tenant makes too many calls at once; slow down",
            wait,
        ))
    }
}

fn refilled(bucket: &Bucket, now: Instant, per_second: f64) -> f64 {
    bucket.tokens + now.saturating_duration_since(bucket.at).as_secs_f64() * per_second
}

#[cfg(test)]
mod tests;
