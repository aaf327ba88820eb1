//! Where in the log the index stands. Kept in the payload of tantivy's own commit, so that text and position change together.

use uuid::Uuid;

/// Of schema and analysis. An index with another version is rebuilt.
pub(crate) const VERSION: u32 = 1;

/// Up to where a tenant's index reflects its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The log's epoch; another one means that the database was restored.
    pub epoch: Uuid,
    /// The last event that is reflected; 0 before the first.
    pub seq: i64,
}

impl Position {
    pub(crate) fn to_payload(self) -> String {
        format!("{VERSION} {} {}", self.epoch, self.seq)
    }

    /// `None` when the payload is of another version or not ours.
    pub(crate) fn from_payload(payload: &str) -> Option<Self> {
        let mut parts = payload.split(' ');
        let [version, epoch, seq] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let whole = parts.next().is_none() && version.parse() == Ok(VERSION);
        let position = Position {
            epoch: epoch.parse().ok()?,
            seq: seq.parse().ok()?,
        };
        whole.then_some(position)
    }
}
