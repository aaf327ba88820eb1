//! Links by which customers answer: who has one can answer, so nobody else can make one.
//!
//! A token names a sending, until when it can be answered, and the tenant, and is signed over all of it. The sending says
//! the rest (ticket or customer, survey, solve), and none of that ever changes, so the signature covers it. Nothing in a
//! token is about a person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// First byte of each token: the layout below. A new layout gets a new number and the old one stays readable.
const VERSION: u8 = 1;
/// Version, sending, seconds; the tenant and the signature follow.
const FIXED: usize = 1 + 16 + 8;
/// Half of an HMAC-SHA256: nobody finds 128 bits by trying, and links stay short enough for an SMS.
const SIGNATURE: usize = 16;
/// Longest text that is looked at.
const TEXT_MAX: usize = 512;

/// Makes and reads links. All processes of an installation share the key.
#[derive(Clone)]
pub struct Links {
    base: String,
    keys: Vec<Hmac<Sha256>>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose sending.
    pub tenant: String,
    /// Which one.
    pub sending: Uuid,
    /// From when on it opens nothing.
    pub closes_at: DateTime<Utc>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Links {
    /// `base` is where the suite is reached from outside, without a slash at its end. The first key signs; the others are
    /// those that signed before, so that a key can be changed while links are on their way.
    pub fn new(base: &str, keys: &[&[u8]]) -> Self {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        // Derived, so that whatever else the keys sign is no link.
        let derived = |key: &&[u8]| {
            let own = keyed(key).chain_update(b"vorrang ticketing: links of surveys, 1");
            keyed(&own.finalize().into_bytes())
        };
        Self {
            base: base.trim_end_matches('/').to_owned(),
            keys: keys.iter().map(derived).collect(),
        }
    }

    /// The address of the page on which this sending is answered.
    pub fn url(&self, tenant: &str, sending: Uuid, closes_at: DateTime<Utc>) -> String {
        format!("{}/s/{}", self.base, self.token(tenant, sending, closes_at))
    }

    /// The token: base64url text without padding.
    pub fn token(&self, tenant: &str, sending: Uuid, closes_at: DateTime<Utc>) -> String {
        let mut bytes = Vec::with_capacity(FIXED + tenant.len() + SIGNATURE);
        bytes.push(VERSION);
        bytes.extend_from_slice(sending.as_bytes());
        bytes.extend_from_slice(&closes_at.timestamp().to_be_bytes());
        bytes.extend_from_slice(tenant.as_bytes());
        if let Some(key) = self.keys.first() {
            let signature = key.clone().chain_update(&bytes).finalize().into_bytes();
            bytes.extend_from_slice(&signature[..SIGNATURE]);
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; none when none of our keys signed it. Whether it is still open is not looked at.
    pub fn read(&self, text: &str) -> Option<Token> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        // Compares in constant time, and before anything inside is looked at.
        let genuine = |key: &Hmac<Sha256>| {
            key.clone()
                .chain_update(signed)
                .verify_truncated_left(signature)
                .is_ok()
        };
        if !self.keys.iter().any(genuine) {
            return None;
        }
        let (fixed, tenant) = signed.split_at_checked(FIXED)?;
        if fixed[0] != VERSION {
            return None;
        }
        Some(Token {
            tenant: String::from_utf8(tenant.to_vec()).ok()?,
            sending: Uuid::from_slice(&fixed[1..17]).ok()?,
            closes_at: DateTime::from_timestamp(i64::from_be_bytes(fixed[17..].try_into().ok()?), 0)?,
        })
    }
}
