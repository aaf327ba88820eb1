//! Does a push come from who it says? Compared in constant time; says nothing about why not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Preset;
use super::file::{Algorithm, Encoding, Signature};

/// What a signature may be made over.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The body as it came.
    pub body: &'a [u8],
    /// The method, `POST`.
    pub method: &'a str,
    /// Path and query as asked for.
    pub path: &'a str,
}

/// The push is not signed, or not by who knows the secret, or too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected;

/// Checks the signature of a push. `header` gives the value of a request header by name.
///
/// # Errors
/// [`Rejected`]; deliberately without a reason.
pub fn verify<'h>(
    preset: &Preset,
    secret: &[u8],
    signed: Signed<'_>,
    header: impl Fn(&str) -> Option<&'h str>,
    now: DateTime<Utc>,
) -> Result<(), Rejected> {
    let rule = &preset.0.signature;
    let given = header(&rule.header).ok_or(Rejected)?;
    let given = given.strip_prefix(rule.prefix.as_str()).ok_or(Rejected)?.trim();
    if rule.algorithm == Algorithm::Secret {
        return equal(given.as_bytes(), secret);
    }
    let timestamp = match rule.timestamp_header.as_str() {
        "" => "",
        name => header(name).ok_or(Rejected)?,
    };
    if let Some(tolerance) = rule.tolerance_seconds {
        let at = rule.timestamp_format.parse(timestamp).ok_or(Rejected)?;
        if (now - at).abs() > TimeDelta::seconds(i64::from(tolerance)) {
            return Err(Rejected);
        }
    }
    let given = decode(rule, given)?;
    let expected = match rule.algorithm {
        Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(rule, secret, signed, timestamp),
        Algorithm::HmacSha1 => mac::<Hmac<Sha1>>(rule, secret, signed, timestamp),
        Algorithm::Secret => return Err(Rejected),
    };
    equal(&given, &expected)
}

fn equal(left: &[u8], right: &[u8]) -> Result<(), Rejected> {
    if bool::from(left.ct_eq(right)) {
        Ok(())
    } else {
        Err(Rejected)
    }
}

fn decode(rule: &Signature, text: &str) -> Result<Vec<u8>, Rejected> {
    match rule.encoding {
        Encoding::Hex => hex::decode(text).map_err(|_| Rejected),
        Encoding::Base64 => STANDARD
            .decode(text)
            .or_else(|_| STANDARD_NO_PAD.decode(text))
            .map_err(|_| Rejected),
    }
}

fn mac<M: Mac + hmac::digest::KeyInit>(
    rule: &Signature,
    secret: &[u8],
    signed: Signed<'_>,
    timestamp: &str,
) -> Vec<u8> {
    let mut mac = <M as hmac::digest::KeyInit>::new_from_slice(secret).expect("an HMAC takes keys of any length");
    let mut rest = rule.signed.as_str();
    while !rest.is_empty() {
        let (piece, after) = match rest.find('{') {
            Some(0) => {
                let end = rest.find('}').map_or(rest.len(), |end| end + 1);
                rest.split_at(end)
            }
            Some(open) => rest.split_at(open),
            None => (rest, ""),
        };
        match piece {
            "{body}" => mac.update(signed.body),
            "{timestamp}" => mac.update(timestamp.as_bytes()),
            "{method}" => mac.update(signed.method.as_bytes()),
            "{path}" => mac.update(signed.path.as_bytes()),
            literal => mac.update(literal.as_bytes()),
        }
        rest = after;
    }
    mac.finalize().into_bytes().to_vec()
}
