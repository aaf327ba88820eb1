//! Making and checking secrets. Pure except for the random numbers.

use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::Sha256;

/// What an API key starts with, so that scanners recognise a leaked one.
const KEY_PREFIX: &str = "vk";
/// 64 bits name a key; they are not secret.
const ID_BYTES: usize = 8;
/// 192 bits cannot be guessed.
const SECRET_BYTES: usize = 24;

/// A key as its owner holds it: shown once, never stored.
pub(crate) struct FreshKey {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl FreshKey {
    pub(crate) fn random() -> Self {
        Self {
            id: random_hex::<ID_BYTES>(),
            secret: random_hex::<SECRET_BYTES>(),
        }
    }

    pub(crate) fn text(&self) -> String {
        format!("{KEY_PREFIX}_{}_{}", self.id, self.secret)
    }
}

/// The id and secret of a key's text; `None` when it is not one.
pub(crate) fn split_key(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(KEY_PREFIX)?.strip_prefix('_')?.split_once('_')?;
    let fits = is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES);
    fits.then_some((id, secret))
}

fn is_hex(text: &str, bytes: usize) -> bool {
    text.len() == bytes * 2 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// HMAC-SHA256 over `parts` with a zero byte between, so that two splits of one text never collide.
pub(crate) fn sign(key: &[u8], parts: &[&str]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Compares in constant time.
pub(crate) fn signed(key: &[u8], parts: &[&str], signature: &[u8]) -> bool {
    mac(key, parts).verify_slice(signature).is_ok()
}

fn mac(key: &[u8], parts: &[&str]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac
}

fn random_hex<const N: usize>() -> String {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}
