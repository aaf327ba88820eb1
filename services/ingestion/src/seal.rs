//! Secrets of sources are needed in the clear to check signatures, so they are stored sealed: who gets the database
//! without the key gets nothing. So are the links of surveys that are to be mailed: who has one can answer.

use hmac::{Hmac, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use vorrang_error::Error;

/// Seals and opens secrets with a key made from the installation's internal key.
#[derive(Clone)]
pub struct Seal(std::sync::Arc<LessSafeKey>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(***)")
    }
}

impl Seal {
    /// The same internal key always gives the same seal.
    pub fn new(internal_key: &[u8]) -> Self {
        // The internal key signs calls; deriving keeps what is sealed here apart from what is signed there.
        let mut derive = Hmac::<Sha256>::new_from_slice(internal_key).expect("an HMAC takes keys of any length");
        derive.update(b"vorrang ingestion: secrets of sources, 1");
        let key = derive.finalize().into_bytes();
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("an HMAC-SHA256 is as long as the key");
        Self(std::sync::Arc::new(LessSafeKey::new(key)))
    }

    /// Seals the secret of `source`: it opens for no other source.
    pub fn seal(&self, source: &str, secret: &str) -> Vec<u8> {
        self.seal_bytes(source, secret.as_bytes())
    }

    /// Seals what belongs to `name`: it opens for no other name.
    pub fn seal_bytes(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        // 96 random bits: some millions are sealed in the life of a key, not the 2^32 that would be too often.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut sealed)
            .expect("a secret is far below the cipher's limit");
        [&nonce[..], &sealed[..]].concat()
    }

    /// Opens what [`Seal::seal`] or [`Seal::seal_bytes`] made for the same source or name.
    ///
    /// # Errors
    /// Internal when it was sealed with another key, or changed.
    pub fn open(&self, source: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = || {
            Error::internal(format!(
                "what is sealed for {source} does not open: was secrets.internal_key changed? Set secrets of sources again"
            ))
        };
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut sealed = sealed.to_vec();
        let secret = self
            .0
            .open_in_place(nonce, Aad::from(source), &mut sealed)
            .map_err(|_| failed())?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_for_the_same_source_and_key() {
        let seal = Seal::new(b"an internal key of an installation");
        let sealed = seal.seal("s1", "geheim-12345");
        assert!(!sealed.windows(6).any(|window| window == b"geheim"));
        assert_eq!(seal.open("s1", &sealed).expect("opens"), b"geheim-12345");
        assert!(seal.open("s2", &sealed).is_err());
        assert!(Seal::new(b"another").open("s1", &sealed).is_err());
        assert!(seal.open("s1", &sealed[..5]).is_err());
        let mut changed = sealed.clone();
        changed[NONCE_LEN] ^= 1;
        assert!(seal.open("s1", &changed).is_err());
        assert_ne!(seal.seal("s1", "geheim-12345"), sealed, "never the same twice");
    }
}
