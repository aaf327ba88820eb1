//! The cryptography: AES-256-GCM under keys that HKDF makes per tenant, or that are random and wrapped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use uuid::Uuid;
use vorrang_error::Error;

use super::Place;

/// First byte of a sealed value: this layout, then the id of the key, the nonce, the ciphertext and its tag.
const VERSION: u8 = 1;
const HEAD: usize = 1 + 16;
/// Tenants whose keys are kept derived; beyond it all are derived anew.
const TENANTS_MAX: usize = 10_000;

/// What all keys hang on.
pub struct Root {
    secret: hkdf::Prk,
    tenants: Mutex<HashMap<String, Arc<Tenant>>>,
}

impl Root {
    pub fn new(data_key: &[u8]) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"vorrang ticketing: personal data, 1");
        Self {
            secret: salt.extract(data_key),
            tenants: Mutex::default(),
        }
    }

    pub fn tenant(&self, tenant: &str) -> Arc<Tenant> {
        // Nothing panics while it is held.
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tenants.get(tenant) {
            return Arc::clone(known);
        }
        if tenants.len() >= TENANTS_MAX {
            tenants.clear();
        }
        let derived = Arc::new(Tenant::derive(&self.secret, tenant));
        tenants.insert(tenant.to_owned(), Arc::clone(&derived));
        derived
    }
}

/// The two keys of a tenant: one wraps, one hashes.
pub struct Tenant {
    name: String,
    wrapping: LessSafeKey,
    lookup: Lookup,
}

impl Tenant {
    fn derive(secret: &hkdf::Prk, name: &str) -> Self {
        const FITS: &str = "32 bytes can always be expanded";
        let wrapping = [&b"wrapping"[..], name.as_bytes()];
        let wrapping = secret.expand(&wrapping, &AES_256_GCM).expect(FITS);
        let lookup = [&b"lookup"[..], name.as_bytes()];
        let lookup = secret.expand(&lookup, hmac::HMAC_SHA256).expect(FITS);
        Self {
            name: name.to_owned(),
            wrapping: LessSafeKey::new(UnboundKey::from(wrapping)),
            lookup: Lookup(Arc::new(hmac::Key::from(lookup))),
        }
    }

    pub fn lookup(&self) -> Lookup {
        self.lookup.clone()
    }

    /// A new key for `id`, and how it is stored.
    pub fn fresh(&self, id: Uuid) -> (Key, Vec<u8>) {
        let bytes: [u8; 32] = rand::random();
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut wrapped = nonce.to_vec();
        let mut body = bytes;
        let tag = self
            .wrapping
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), self.place_of(id), &mut body)
            .expect("32 bytes are far below the cipher's limit");
        wrapped.extend_from_slice(&body);
        wrapped.extend_from_slice(tag.as_ref());
        (Key::new(&bytes), wrapped)
    }

    /// The key of `id` as stored.
    pub fn unwrap(&self, id: Uuid, wrapped: &[u8]) -> Result<Key, Error> {
        let failed = || Error::internal("the key of a customer or ticket does not open: was secrets.data_key changed?");
        let (nonce, body) = wrapped.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut body = body.to_vec();
        let bytes = self
            .wrapping
            .open_in_place(nonce, self.place_of(id), &mut body)
            .map_err(|_| failed())?;
        let bytes = <&[u8; 32]>::try_from(&*bytes).map_err(|_| failed())?;
        Ok(Key::new(bytes))
    }

    /// Seals a secret of the tenant itself, which is nobody's and is never erased.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut body = plain.to_vec();
        self.wrapping
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(&self.name, place), &mut body)
            .expect("a secret is far below the cipher's limit");
        [&nonce[..], &body[..]].concat()
    }

    /// Opens what [`Tenant::seal`] made for the same place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self
            .wrapping
            .open_in_place(nonce, aad(&self.name, place), &mut body)
            .ok()?;
        Some(plain.to_vec())
    }

    fn place_of(&self, id: Uuid) -> Aad<Vec<u8>> {
        aad(&self.name, Place("personal_keys", id.as_bytes()))
    }
}

/// Hashes by which a tenant finds what it must not store: the same value gives the same hash, and nobody without the
/// installation's key can tell or try values.
#[derive(Clone)]
pub struct Lookup(Arc<hmac::Key>);

impl Lookup {
    /// The hash of `value` among the values of `kind`, as base64url text.
    pub fn hash(&self, kind: &str, value: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.digest(kind, value.as_bytes()))
    }

    /// [`Lookup::hash`] as bytes.
    pub fn digest(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut hash = hmac::Context::with_key(&self.0);
        hash.update(kind.as_bytes());
        // No kind has a zero byte, so that two splits of one text never collide.
        hash.update(&[0]);
        hash.update(value);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.sign().as_ref());
        bytes
    }
}

/// The key of one customer or ticket.
pub struct Key(LessSafeKey);

impl Key {
    fn new(bytes: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    pub fn seal(&self, id: Uuid, tenant: &str, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        // 96 random bits: one customer's values are far fewer than the 2^32 that would be too many for one key.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = Vec::with_capacity(HEAD + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(id.as_bytes());
        sealed.extend_from_slice(&nonce);
        let start = sealed.len();
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                aad(tenant, place),
                &mut sealed[start..],
            )
            .expect("what we store is far below the cipher's limit");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Adds the plain text to `plain`. False: it does not open, and nothing was added.
    #[must_use]
    pub fn open(&self, tenant: &str, place: Place<'_>, sealed: &[u8], plain: &mut Vec<u8>) -> bool {
        let start = plain.len();
        let opened = sealed.get(HEAD..).and_then(|rest| {
            let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            plain.extend_from_slice(body);
            let opened = self
                .0
                .open_in_place(nonce, aad(tenant, place), &mut plain[start..])
                .ok()?;
            Some(opened.len())
        });
        plain.truncate(start + opened.unwrap_or(0));
        opened.is_some()
    }
}

/// Which key opens it. None: it is no sealed value.
pub fn key_id(sealed: &[u8]) -> Option<Uuid> {
    match sealed.split_first_chunk::<HEAD>() {
        Some(([VERSION, id @ ..], _)) => Uuid::from_slice(id).ok(),
        _ => None,
    }
}

/// Binds a value to where it stands.
fn aad(tenant: &str, place: Place<'_>) -> Aad<Vec<u8>> {
    let mut bytes = Vec::with_capacity(tenant.len() + place.0.len() + place.1.len() + 2);
    bytes.extend_from_slice(tenant.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(place.0.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(place.1);
    Aad::from(bytes)
}
