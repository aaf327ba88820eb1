//! Terms and the key under which they are kept: equal terms are kept once, however many tickets have them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vorrang_error::Error;
use vorrang_sla::Terms;

/// SHA-256 of the terms' JSON, hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Terms with their key.
#[derive(Debug, Clone)]
pub struct KeyedTerms {
    /// Their key.
    pub key: Key,
    /// They themselves.
    pub terms: Arc<Terms>,
}

impl KeyedTerms {
    /// Gives terms their key.
    pub fn new(terms: Terms) -> Self {
        Self {
            key: Key(hex::encode(Sha256::digest(json(&terms)))),
            terms: Arc::new(terms),
        }
    }

    /// As they are stored.
    pub fn json(&self) -> String {
        json(&self.terms)
    }

    /// Reads what [`Self::json`] wrote.
    pub fn read(key: Key, json: &str) -> Result<Self, Error> {
        let terms = serde_json::from_str(json)
            .map_err(|cause| Error::internal("stored SLA terms cannot be read").caused_by(cause))?;
        Ok(Self {
            key,
            terms: Arc::new(terms),
        })
    }
}

fn json(terms: &Terms) -> String {
    serde_json::to_string(terms).expect("terms are always JSON")
}
