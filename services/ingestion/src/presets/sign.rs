//! Does a push come from who it says? Compared in constant time; says nothing about why not.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::Preset;
use super::document::{self, Document};
use super::find::{Item, Pointer, as_text};
use super::signature::{Algorithm, Encoding, SecretEncoding, Signature, Signed as Piece};

/// A point of P-256, not compressed.
const POINT_BYTES: usize = 65;
const ED25519_BYTES: usize = 32;

/// Signatures in one header beyond which the rest is not looked at.
const MAX_SIGNATURES: usize = 8;

/// What a signature may be made over.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The body as it came.
    pub body: &'a [u8],
    /// Media type it came with.
    pub content_type: &'a str,
    /// The method, `POST`.
    pub method: &'a str,
    /// Path and query as asked for.
    pub path: &'a str,
    /// What may stand before the path in the address that the sender knows, for example `https://in.example.com`: proxies
    /// hide it from us. Whoever does not know the secret gains nothing by any of them.
    pub origins: &'a [String],
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
    any(chosen(&preset.0.signature, secret), |(rule, secret)| {
        check(preset, rule, secret, signed, &header, now)
    })
}

/// What proves the sender and says nothing of the body, where the vendor signs so (Mailgun): whoever has seen one push could push anything
/// with it. It is good for one body. `None`: the body is signed, or nothing is.
pub fn proof<'h>(
    preset: &Preset,
    secret: &[u8],
    signed: Signed<'_>,
    header: impl Fn(&str) -> Option<&'h str>,
) -> Option<[u8; 32]> {
    let (rule, _) = chosen(&preset.0.signature, secret)
        .into_iter()
        .find(|(rule, _)| rule.signs_no_body())?;
    let payload = match rule.reads_payload() {
        true => document::read(&preset.0, signed.content_type, signed.body).ok()?,
        false => Document::default(),
    };
    let value = |pointer: &Pointer| Item::whole(&payload.value).at(pointer).and_then(as_text);
    let timestamp = match &rule.timestamp_at {
        Some(pointer) => value(pointer)?,
        None => header(&rule.timestamp_header)?.to_owned(),
    };
    let text = text(rule, signed, &timestamp, "", &header, &value).ok()?;
    Some(Sha256::digest(text).into())
}

/// Whether anything could ever be signed with this secret of a source.
///
/// # Errors
/// What is wrong with it.
pub fn check_secret(preset: &Preset, secret: &str) -> Result<(), &'static str> {
    for (rule, secret) in chosen(&preset.0.signature, secret.as_bytes()) {
        let keys = keys(rule, secret);
        match rule.algorithm {
            Algorithm::EcdsaP256 if !keys.iter().any(|key| point(key).is_some()) => {
                return Err("must be the sender's public key: base64 of the SubjectPublicKeyInfo of a P-256 key");
            }
            Algorithm::Ed25519 if !keys.iter().any(|key| key.len() == ED25519_BYTES) => {
                return Err("must be the sender's public key: base64 of its 32 bytes after the prefix");
            }
            Algorithm::HmacSha256 | Algorithm::HmacSha1 if keys.is_empty() => {
                return Err("must be base64 after the prefix");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Which rule goes with which part of a source's secret. What a secret begins with says what it is for (`whsec_`, `whpk_`), and it
/// is never used for anything else: a public key would be a shared secret that everybody knows. Several secrets stand in one, a
/// space between them, only while they say what they are.
fn chosen<'r, 's>(rule: &'r Signature, secret: &'s [u8]) -> Vec<(&'r Signature, &'s [u8])> {
    let named = |secret: &[u8]| {
        let mut rules = std::iter::once(rule).chain(&rule.also);
        rules.find(|rule| !rule.secret_prefix.is_empty() && secret.starts_with(rule.secret_prefix.as_bytes()))
    };
    if named(secret).is_none() {
        return vec![(rule, secret)];
    }
    let secrets = secret.split(|byte| *byte == b' ').take(MAX_SIGNATURES);
    secrets.filter_map(|secret| Some((named(secret)?, secret))).collect()
}

fn check<'h>(
    preset: &Preset,
    rule: &Signature,
    secret: &[u8],
    signed: Signed<'_>,
    header: &impl Fn(&str) -> Option<&'h str>,
    now: DateTime<Utc>,
) -> Result<(), Rejected> {
    let payload = match rule.reads_payload() {
        true => document::read(&preset.0, signed.content_type, signed.body).map_err(|_| Rejected)?,
        false => Document::default(),
    };
    let value = |pointer: &Pointer| Item::whole(&payload.value).at(pointer).and_then(as_text);
    let given: Cow<'_, str> = match (&rule.at, rule.parameter.as_str()) {
        (Some(pointer), _) => value(pointer).ok_or(Rejected)?.into(),
        (None, "") => header(&rule.header).ok_or(Rejected)?.into(),
        (None, name) => parameter(signed.path, name).ok_or(Rejected)?,
    };
    let given: Vec<&str> = match rule.separator.as_str() {
        "" => vec![given.as_ref()],
        separator => given.split(separator).take(MAX_SIGNATURES).collect(),
    };
    let given: Vec<&str> = given
        .into_iter()
        .filter_map(|one| one.strip_prefix(rule.prefix.as_str()))
        .map(str::trim)
        .collect();
    match rule.algorithm {
        // An empty secret is what everybody knows.
        _ if secret.is_empty() => return Err(Rejected),
        Algorithm::Secret => return any(given, |one| equal(one.as_bytes(), secret)),
        Algorithm::Basic => return any(given, |one| basic(one, secret)),
        Algorithm::HmacSha256 | Algorithm::HmacSha1 | Algorithm::EcdsaP256 | Algorithm::Ed25519 => {}
    }
    let timestamp = match (&rule.timestamp_at, rule.timestamp_header.as_str()) {
        (Some(pointer), _) => value(pointer).ok_or(Rejected)?,
        (None, "") => String::new(),
        (None, name) => header(name).ok_or(Rejected)?.to_owned(),
    };
    if let Some(tolerance) = rule.tolerance_seconds {
        let at = rule.timestamp_format.parse(&timestamp).ok_or(Rejected)?;
        if (now - at).abs() > TimeDelta::seconds(i64::from(tolerance)) {
            return Err(Rejected);
        }
    }
    let given: Vec<Vec<u8>> = given.into_iter().filter_map(|one| decode(rule, one)).collect();
    let keys = keys(rule, secret);
    // Only an address is not known for sure.
    let with_url = rule.signed.0.iter().any(|piece| matches!(piece, Piece::Url));
    let nowhere = [String::new()];
    let origins = if with_url { signed.origins } else { &nowhere };
    for origin in origins {
        let text = text(rule, signed, &timestamp, origin, header, &value)?;
        for key in &keys {
            if any(given.iter(), |one| right(rule.algorithm, key, &text, one)).is_ok() {
                return Ok(());
            }
        }
    }
    Err(Rejected)
}

fn any<T>(given: impl IntoIterator<Item = T>, check: impl Fn(T) -> Result<(), Rejected>) -> Result<(), Rejected> {
    given
        .into_iter()
        .map(check)
        .find(Result::is_ok)
        .unwrap_or(Err(Rejected))
}

fn equal(left: &[u8], right: &[u8]) -> Result<(), Rejected> {
    if bool::from(left.ct_eq(right)) {
        Ok(())
    } else {
        Err(Rejected)
    }
}

/// `user:password` in base64; the secret is all of it, or the password alone.
fn basic(given: &str, secret: &[u8]) -> Result<(), Rejected> {
    let given = STANDARD.decode(given).map_err(|_| Rejected)?;
    let password = given.splitn(2, |byte| *byte == b':').nth(1).ok_or(Rejected)?;
    equal(&given, secret).or_else(|_| equal(password, secret))
}

fn parameter<'a>(path: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let (_, query) = path.split_once('?')?;
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    parameters.find(|(key, _)| key == name).map(|(_, value)| value)
}

fn decode(rule: &Signature, text: &str) -> Option<Vec<u8>> {
    match rule.encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => base64(text),
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
}

/// The keys that a secret may mean. One without its prefix is read in both ways: some senders decode it, some do not.
fn keys(rule: &Signature, secret: &[u8]) -> Vec<Vec<u8>> {
    let prefix = rule.secret_prefix.as_bytes();
    let named = !prefix.is_empty() && secret.starts_with(prefix);
    let secret = secret.strip_prefix(prefix).unwrap_or(secret);
    let decoded = || base64(std::str::from_utf8(secret).ok()?);
    let keys = match rule.secret_encoding {
        SecretEncoding::Text => [Some(secret.to_vec()), None],
        SecretEncoding::Base64 if named => [decoded(), None],
        SecretEncoding::Base64 => [Some(secret.to_vec()), decoded()],
    };
    // An empty key is what everybody knows.
    keys.into_iter().flatten().filter(|key| !key.is_empty()).collect()
}

/// What was signed, when the sender knows us under `origin`.
fn text<'h>(
    rule: &Signature,
    signed: Signed<'_>,
    timestamp: &str,
    origin: &str,
    header: &impl Fn(&str) -> Option<&'h str>,
    value: &impl Fn(&Pointer) -> Option<String>,
) -> Result<Vec<u8>, Rejected> {
    let mut text = Vec::with_capacity(signed.body.len() + 64);
    for piece in &rule.signed.0 {
        match piece {
            Piece::Literal(literal) => text.extend(literal.as_bytes()),
            Piece::Body => text.extend(signed.body),
            Piece::Timestamp => text.extend(timestamp.as_bytes()),
            Piece::Method => text.extend(signed.method.as_bytes()),
            Piece::Path => text.extend(signed.path.as_bytes()),
            Piece::Url => {
                text.extend(origin.as_bytes());
                text.extend(signed.path.as_bytes());
            }
            Piece::Form => form(signed.body, &mut text),
            Piece::Header(name) => text.extend(header(name).ok_or(Rejected)?.as_bytes()),
            Piece::Value(pointer) => text.extend(value(pointer).ok_or(Rejected)?.as_bytes()),
        }
    }
    Ok(text)
}

/// Fields by name, and by value where a name comes twice, each pair once.
fn form(body: &[u8], text: &mut Vec<u8>) {
    let mut fields: BTreeMap<Cow<'_, str>, BTreeSet<Cow<'_, str>>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body).take(document::MAX_FIELDS) {
        fields.entry(name).or_default().insert(value);
    }
    for (name, values) in fields {
        for value in values {
            text.extend(name.as_bytes());
            text.extend(value.as_bytes());
        }
    }
}

fn right(algorithm: Algorithm, key: &[u8], text: &[u8], given: &[u8]) -> Result<(), Rejected> {
    match algorithm {
        Algorithm::HmacSha256 => equal(given, &mac::<Hmac<Sha256>>(key, text)),
        Algorithm::HmacSha1 => equal(given, &mac::<Hmac<Sha1>>(key, text)),
        Algorithm::EcdsaP256 => ecdsa(key, text, given),
        Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, key)
            .verify(text, given)
            .map_err(|_| Rejected),
        Algorithm::Secret | Algorithm::Basic => Err(Rejected),
    }
}

fn mac<M: Mac + hmac::digest::KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = <M as hmac::digest::KeyInit>::new_from_slice(key).expect("an HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The key itself in base64 of a SubjectPublicKeyInfo.
fn point(key: &[u8]) -> Option<Vec<u8>> {
    /// What stands before the point in the SubjectPublicKeyInfo of every key of P-256.
    const P256: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let key = std::str::from_utf8(key).ok().and_then(base64)?;
    let point = key.strip_prefix(P256.as_slice())?;
    (point.len() == POINT_BYTES).then(|| point.to_vec())
}

fn ecdsa(key: &[u8], text: &[u8], given: &[u8]) -> Result<(), Rejected> {
    let point = point(key).ok_or(Rejected)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
        .verify(text, given)
        .map_err(|_| Rejected)
}
