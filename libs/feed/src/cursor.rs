//! Cursors: a position that only we can make and that fits only the log and tenant it was made for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;
use vorrang_error::{Error, Kind};

use crate::Owner;

/// First byte of each cursor: the layout below. A new layout gets a new number and the old one stays readable.
const VERSION: u8 = 1;
/// Version, epoch, position; the tenant and the signature follow.
const FIXED: usize = 1 + 16 + 8;
const SIGNATURE: usize = 32;
/// Longest text that is looked at: cursors with the longest tenant name are shorter.
const TEXT_MAX: usize = 1_024;

/// Makes and reads the cursors of one owner's log. All processes that serve it share the key.
#[derive(Clone)]
pub struct Cursors(Hmac<Sha256>);

/// Where a cursor points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which life of the log it was made in.
    pub epoch: Uuid,
    /// The last event before it; 0: the beginning.
    pub seq: i64,
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(…)")
    }
}

impl Cursors {
    /// `key` is a secret of any length; changing it makes all cursors invalid. The owners may share it: each signs with a key of its
    /// own that is made from it, so that a cursor of another owner's log is refused like one that was edited.
    pub fn new(owner: Owner, key: &[u8]) -> Self {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        let own = keyed(key).chain_update("cursors of ").chain_update(owner.name());
        Self(keyed(&own.finalize().into_bytes()))
    }

    /// The cursor of `tenant` at `position`: base64url text without padding.
    pub fn write(&self, tenant: &str, position: Position) -> String {
        let mut bytes = Vec::with_capacity(FIXED + tenant.len() + SIGNATURE);
        bytes.push(VERSION);
        bytes.extend_from_slice(position.epoch.as_bytes());
        bytes.extend_from_slice(&position.seq.to_be_bytes());
        bytes.extend_from_slice(tenant.as_bytes());
        let signature = self.0.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor of `tenant`.
    ///
    /// # Errors
    /// Invalid `CURSOR_INVALID`; it does not tell an edited cursor from another tenant's or another owner's.
    pub fn read(&self, tenant: &str, text: &str) -> Result<Position, Error> {
        self.try_read(tenant, text).ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                "CURSOR_INVALID",
                "the cursor was not given out by this feed to this tenant: use the last one unchanged, or start without one",
            )
        })
    }

    fn try_read(&self, tenant: &str, text: &str) -> Option<Position> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        // Compares in constant time, and before anything inside is looked at.
        self.0.clone().chain_update(signed).verify_slice(signature).ok()?;
        let (fixed, owner) = signed.split_at_checked(FIXED)?;
        if fixed[0] != VERSION || owner != tenant.as_bytes() {
            return None;
        }
        Some(Position {
            epoch: Uuid::from_slice(&fixed[1..17]).ok()?,
            seq: i64::from_be_bytes(fixed[17..].try_into().ok()?),
        })
    }
}
