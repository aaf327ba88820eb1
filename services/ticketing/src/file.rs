//! The form of a stored file: sealed in chunks, so that any part of it can be read by itself. Pure.
//!
//! A file has a random key of its own, used for nothing else. Chunk `i` holds [`CHUNK`] bytes of it (the last one what is
//! left, perhaps nothing) and is sealed by AES-256-GCM with the nonce `i`, the last chunk with a mark in the nonce. So
//! chunks cannot be changed, swapped, taken out, or cut off at the end unseen.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;

/// Bytes of a chunk before it is sealed.
pub const CHUNK: u64 = 64 * 1024;
/// Bytes that sealing adds to a chunk.
const TAG: u64 = 16;

/// A file as it is known.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// The object that holds it.
    pub object: Uuid,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of its content, hex.
    pub sha256: String,
    /// What opens it.
    pub key: FileKey,
}

/// The key of one file.
#[derive(Clone)]
pub struct FileKey([u8; 32]);

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey(***)")
    }
}

impl FileKey {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// One that was stored.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// To be stored, sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Ready for use.
    pub fn cipher(&self) -> Cipher {
        let key = UnboundKey::new(&AES_256_GCM, &self.0).expect("32 bytes are a key");
        Cipher(LessSafeKey::new(key))
    }
}

/// Seals and opens chunks of one file.
pub struct Cipher(LessSafeKey);

impl Cipher {
    /// Seals chunk `index` in place.
    pub fn seal(&self, index: u64, last: bool, chunk: &mut Vec<u8>) {
        self.0
            .seal_in_place_append_tag(nonce(index, last), Aad::empty(), chunk)
            .expect("a chunk is far below the cipher's limit");
    }

    /// Opens chunk `index`. None: it is not what was written.
    pub fn open(&self, index: u64, last: bool, mut chunk: Vec<u8>) -> Option<Vec<u8>> {
        let length = self
            .0
            .open_in_place(nonce(index, last), Aad::empty(), &mut chunk)
            .ok()?
            .len();
        chunk.truncate(length);
        Some(chunk)
    }
}

fn nonce(index: u64, last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[0] = u8::from(last);
    bytes[4..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Number of chunks of a file: at least one.
pub fn chunks(size: u64) -> u64 {
    size.div_ceil(CHUNK).max(1)
}

/// Bytes of the object that holds a file of this size.
pub fn object_size(size: u64) -> u64 {
    size + chunks(size) * TAG
}

/// Where chunk `index` of a file lies in its object.
pub fn place(size: u64, index: u64) -> std::ops::Range<u64> {
    let start = index * (CHUNK + TAG);
    start..(start + CHUNK + TAG).min(object_size(size))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealed(key: &FileKey, content: &[u8]) -> Vec<u8> {
        let cipher = key.cipher();
        let count = chunks(content.len() as u64);
        let mut object = Vec::new();
        for index in 0..count {
            let start = (index * CHUNK) as usize;
            let end = (start + CHUNK as usize).min(content.len());
            let mut chunk = content[start..end].to_vec();
            cipher.seal(index, index + 1 == count, &mut chunk);
            object.extend(chunk);
        }
        object
    }

    fn opened(key: &FileKey, size: u64, object: &[u8]) -> Option<Vec<u8>> {
        let cipher = key.cipher();
        let mut content = Vec::new();
        for index in 0..chunks(size) {
            let place = place(size, index);
            let chunk = object.get(place.start as usize..place.end as usize)?.to_vec();
            content.extend(cipher.open(index, index + 1 == chunks(size), chunk)?);
        }
        Some(content)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_is_written_is_read(chunks in 0_u64..4, around in -2_i64..3) {
            let size = (chunks * CHUNK).saturating_add_signed(around);
            let content: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
            let key = FileKey::random();
            let object = sealed(&key, &content);
            prop_assert_eq!(object.len() as u64, object_size(size));
            prop_assert_eq!(opened(&key, size, &object), Some(content));
        }
    }

    #[test]
    fn nothing_is_changed_swapped_or_cut_off_unseen() {
        let key = FileKey::random();
        let size = 3 * CHUNK;
        let content = vec![7; size as usize];
        let object = sealed(&key, &content);
        for at in [0, object.len() / 2, object.len() - 1] {
            let mut changed = object.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&key, size, &changed), None, "changed at {at}");
        }
        let (first, second) = (place(size, 0), place(size, 1));
        let swapped = [
            &object[second.start as usize..second.end as usize],
            &object[first.start as usize..first.end as usize],
            &object[second.end as usize..],
        ]
        .concat();
        assert_eq!(opened(&key, size, &swapped), None);
        assert_eq!(opened(&key, 2 * CHUNK, &object[..second.end as usize]), None, "cut off");
        assert_eq!(opened(&FileKey::random(), size, &object), None);
    }
}
