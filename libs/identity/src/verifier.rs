//! Turns the text of a credential into a [`Caller`], quickly and without trusting anything else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};

use crate::keys::{Key, Keys};
use crate::{Caller, Tenant, token};

/// How long an answer about a key is kept: a revoked key works at most this much longer.
pub const CACHE: Duration = Duration::from_secs(5);
/// Most answers kept. An attacker who sends random keys only pushes out other answers, which then cost one read each.
const CACHE_ENTRIES: usize = 10_000;

/// Verifies credentials. Clones share the cache.
#[derive(Clone)]
pub struct Verifier {
    keys: Keys,
    internal_key: Arc<[u8]>,
    clock: SharedClock,
    cache: Arc<Mutex<HashMap<[u8; 32], Answer>>>,
}

#[derive(Clone)]
struct Answer {
    key: Option<Key>,
    read_at: DateTime<Utc>,
}

impl Verifier {
    /// Reads API keys from `keys` and internal tokens signed with `internal_key`.
    pub fn new(keys: Keys, internal_key: &[u8], clock: SharedClock) -> Self {
        Self {
            keys,
            internal_key: internal_key.into(),
            clock,
            cache: Arc::default(),
        }
    }

    /// The caller that `credential` (the text after `Bearer `) stands for.
    ///
    /// Fails with Unauthenticated, always with the same words, when it is unknown, malformed, forged, expired or
    /// revoked; with Unavailable when the key table cannot be read and the answer is not in the cache.
    pub async fn verify(&self, credential: &str) -> Result<Caller, Error> {
        let now = self.clock.now();
        if token::looks_internal(credential) {
            return token::read(&self.internal_key, credential, now).ok_or_else(refused);
        }
        let key = self.key(credential, now).await?;
        match key {
            // Expiry is checked here and not when caching, so that it holds to the second.
            Some(key) if key.is_alive(now) => Ok(caller(key)),
            _ => Err(refused()),
        }
    }

    /// Whether `credential` is a valid internal token. It only computes, so it may be asked before anything else is done for
    /// a request.
    pub fn is_internal(&self, credential: &str) -> bool {
        token::looks_internal(credential) && token::read(&self.internal_key, credential, self.clock.now()).is_some()
    }

    async fn key(&self, credential: &str, now: DateTime<Utc>) -> Result<Option<Key>, Error> {
        // The digest, so that no secret stays in memory longer than its request.
        let digest: [u8; 32] = Sha256::digest(credential.as_bytes()).into();
        if let Some(answer) = self.lock().get(&digest)
            && is_fresh(answer, now)
        {
            return Ok(answer.key.clone());
        }
        let key = self.keys.find(credential).await?;
        if let Some(key) = key.clone().filter(|key| key.is_alive(now)) {
            let keys = self.keys.clone();
            tokio::spawn(async move {
                if let Err(error) = keys.touch(&key, now).await {
                    tracing::debug!(key = key.id, error = error.chain(), "last use of a key not noted");
                }
            });
        }
        let mut cache = self.lock();
        if cache.len() >= CACHE_ENTRIES {
            cache.retain(|_, answer| is_fresh(answer, now));
            if cache.len() >= CACHE_ENTRIES {
                cache.clear();
            }
        }
        cache.insert(
            digest,
            Answer {
                key: key.clone(),
                read_at: now,
            },
        );
        Ok(key)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Answer>> {
        // Every entry is whole at any time, so a panic elsewhere leaves a usable cache.
        self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A clock that jumped back makes entries look new for ever; taking the distance bounds that too.
fn is_fresh(answer: &Answer, now: DateTime<Utc>) -> bool {
    let age = (now - answer.read_at).abs();
    age < TimeDelta::from_std(CACHE).unwrap_or(TimeDelta::zero())
}

fn caller(key: Key) -> Caller {
    Caller {
        subject: format!("keys/{}", key.id),
        tenant: Tenant::One(key.tenant),
        credential_id: key.id,
        scopes: key.scopes,
    }
}

fn refused() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "CREDENTIAL_INVALID",
        "the credential is unknown, expired or revoked; send `authorization: Bearer <API key>`",
    )
}

#[cfg(test)]
mod tests;
