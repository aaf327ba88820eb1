//! Internal tokens: `vi1.<tenant or *>.<service>.<expiry, unix seconds>.<HMAC-SHA256, hex>`.

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_clock::SharedClock;

use crate::{Caller, Scope, Scopes, Tenant, secret};

const VERSION: &str = "vi1";
/// A token is made for one call; this leaves room for retries and for clocks that differ by a minute or two.
const LIFETIME: TimeDelta = TimeDelta::seconds(300);
/// A token that would live longer than this was not made by [`Minter::mint`], whoever signed it.
const LONGEST: TimeDelta = TimeDelta::seconds(600);

/// Makes tokens by which our services call each other. Whoever holds the internal key is trusted entirely.
#[derive(Clone)]
pub struct Minter {
    key: Vec<u8>,
    clock: SharedClock,
}

impl Minter {
    /// `internal_key` is shared by all services of one installation.
    pub fn new(internal_key: &[u8], clock: SharedClock) -> Self {
        Self {
            key: internal_key.to_vec(),
            clock,
        }
    }

    /// A token for a call by `service`, on behalf of `tenant` or (`None`) of all tenants. It is valid for five minutes;
    /// a stream that was opened with it stays open.
    pub fn mint(&self, tenant: Option<&str>, service: &str) -> String {
        let tenant = tenant.unwrap_or("*");
        let expiry = (self.clock.now() + LIFETIME).timestamp().to_string();
        let signature = secret::sign(&self.key, &[VERSION, tenant, service, &expiry]);
        format!("{VERSION}.{tenant}.{service}.{expiry}.{}", hex::encode(signature))
    }
}

/// Whether `text` claims to be an internal token.
pub(crate) fn looks_internal(text: &str) -> bool {
    text.starts_with("vi1.")
}

/// The caller of a valid token; `None` when it is forged, malformed, expired or valid for more than ten minutes, which are
/// not told apart.
pub(crate) fn read(key: &[u8], text: &str, now: DateTime<Utc>) -> Option<Caller> {
    let mut parts = text.split('.');
    let [version, tenant, service, expiry, signature] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let whole = parts.next().is_none() && version == VERSION && !service.is_empty();
    let signature = hex::decode(signature).ok()?;
    let genuine = secret::signed(key, &[version, tenant, service, expiry], &signature);
    let times = now.timestamp() + 1..=(now + LONGEST).timestamp();
    let alive = expiry.parse::<i64>().is_ok_and(|expiry| times.contains(&expiry));
    (whole && genuine && alive).then(|| Caller {
        tenant: match tenant {
            "*" => Tenant::All,
            name => Tenant::One(name.to_owned()),
        },
        credential_id: service.to_owned(),
        scopes: Scopes::of(&[Scope::Internal]),
        subject: format!("services/{service}"),
    })
}

#[cfg(test)]
mod tests;
