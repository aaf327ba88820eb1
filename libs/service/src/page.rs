//! Pages of lists: how many, and where to go on.
//!
//! A token is the position after the last row of a page plus a fingerprint of the other arguments, as base64url. It is
//! not signed: whatever it says, the query still carries the tenant, so a forged one shows nothing that an honest one
//! could not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use vorrang_error::Violations;

/// Rows of a page when the client does not say.
pub const DEFAULT_SIZE: u64 = 50;
/// Most rows of a page; more is treated as this.
pub const MAX_SIZE: u64 = 500;

const VERSION: u8 = 1;

/// The page a client asks for. `P` is the position: the sort key of the last row seen, as the store needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<P> {
    /// How many rows to give, 1 to [`MAX_SIZE`].
    pub size: u64,
    /// Go on after this row; `None` is the first page.
    pub after: Option<P>,
    fingerprint: String,
}

impl<P: Serialize + DeserializeOwned> Page<P> {
    /// Reads `page_size` and `page_token` of a request. `arguments` are all other arguments of the list (filter, parent,
    /// order): a token made for others is refused, as AIP-158 asks.
    ///
    /// What is wrong goes to `violations`; the first page is given then.
    pub fn parse(page_size: i32, page_token: &str, arguments: &[&str], violations: &mut Violations) -> Self {
        let fingerprint = fingerprint(arguments);
        let size = match u64::try_from(page_size) {
            Ok(0) => DEFAULT_SIZE,
            Ok(size) => size.min(MAX_SIZE),
            Err(_) => {
                violations.add("page_size", "must not be negative");
                DEFAULT_SIZE
            }
        };
        let after = match page_token {
            "" => None,
            token => violations.take("page_token", decode(token, &fingerprint)),
        };
        Self {
            size,
            after,
            fingerprint,
        }
    }

    /// How many rows to read: one more than asked for, which tells whether there is a next page.
    pub fn limit(&self) -> u64 {
        self.size + 1
    }

    /// Cuts the extra row off and gives the token of the next page, empty when this is the last one. `position` gives the
    /// sort key of a row.
    pub fn cut<R>(&self, rows: &mut Vec<R>, position: impl FnOnce(&R) -> P) -> String {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last()
            .map(|last| encode(&position(last), &self.fingerprint))
            .unwrap_or_default()
    }
}

impl<P: Serialize + DeserializeOwned> Page<P> {
    /// The token of a page that begins after `position`, for lists that end a page before it is full.
    pub fn token(&self, position: &P) -> String {
        encode(position, &self.fingerprint)
    }
}

fn fingerprint(arguments: &[&str]) -> String {
    let mut hash = Sha256::new();
    for argument in arguments {
        hash.update((argument.len() as u64).to_be_bytes());
        hash.update(argument.as_bytes());
    }
    hex::encode(&hash.finalize()[..8])
}

fn encode<P: Serialize>(position: &P, fingerprint: &str) -> String {
    let json = serde_json::to_vec(&(VERSION, fingerprint, position)).expect("positions are plain values");
    URL_SAFE_NO_PAD.encode(json)
}

fn decode<P: DeserializeOwned>(token: &str, fingerprint: &str) -> Result<P, &'static str> {
    const DAMAGED: &str = "is not a page token of this method";
    let json = URL_SAFE_NO_PAD.decode(token).map_err(|_| DAMAGED)?;
    let (version, made_for, position): (u8, String, Value) = serde_json::from_slice(&json).map_err(|_| DAMAGED)?;
    // PostgreSQL refuses to compare with a text that has a NUL, and no position of ours has one.
    if has_nul(&position) {
        return Err(DAMAGED);
    }
    let position = serde_json::from_value(position).map_err(|_| DAMAGED)?;
    if version != VERSION {
        return Err(DAMAGED);
    }
    if made_for != fingerprint {
        return Err("was made for other arguments; repeat the arguments of the first page");
    }
    Ok(position)
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
