//! Etags: the revision of a resource, quoted as RFC 7232 wants it.

use vorrang_error::Error;

/// The etag of revision `revision`: `"42"` with its quotes.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// Checks the etag that a client sent against the revision that is stored. Empty means the client does not care.
///
/// Fails with Conflict `ETAG_MISMATCH` (ABORTED at the edge), with both etags in the metadata.
pub fn check_etag(sent: &str, revision: i64) -> Result<(), Error> {
    let stored = etag(revision);
    if sent.is_empty() || sent == stored {
        return Ok(());
    }
    Err(Error::conflict(
        "ETAG_MISMATCH",
        "the resource has changed; read it again and repeat the change",
    )
    .with("sent", sent)
    .with("stored", stored))
}

#[cfg(test)]
mod tests {
    use vorrang_error::Kind;

    use super::*;

    #[test]
    fn a_stale_etag_is_a_conflict_that_names_both() {
        assert!(check_etag("", 7).is_ok());
        assert!(check_etag("\"7\"", 7).is_ok());
        for stale in ["\"6\"", "7", "*", "\"8\""] {
            let error = check_etag(stale, 7).expect_err("stale");
            assert_eq!((error.kind(), error.reason()), (Kind::Conflict, "ETAG_MISMATCH"));
            assert!(error.metadata().contains(&("stored", "\"7\"".to_owned())));
        }
    }
}
