//! Resource names.

use uuid::Uuid;

/// Type of a source, for errors.
pub const SOURCE: &str = "vorrang.ingestion.v1.Source";
/// Type of a quarantine item, for errors.
pub const QUARANTINE_ITEM: &str = "vorrang.ingestion.v1.QuarantineItem";
/// Type of an import, for errors.
pub const IMPORT: &str = "vorrang.ingestion.v1.Import";
/// Type of a receipt, for errors.
pub const RECEIPT: &str = "vorrang.ingestion.v1.Receipt";

/// `sources/{id}`.
pub fn source(id: &str) -> String {
    format!("sources/{id}")
}

/// `receipts/{id}`.
pub fn receipt(id: Uuid) -> String {
    format!("receipts/{id}")
}

/// `quarantineItems/{id}`.
pub fn quarantine_item(id: Uuid) -> String {
    format!("quarantineItems/{id}")
}

/// `imports/{id}`.
pub fn import(id: Uuid) -> String {
    format!("imports/{id}")
}

/// The id in `imports/{uuid}`.
pub fn parse_import(name: &str) -> Result<Uuid, &'static str> {
    parse(name, "imports/").ok_or("must be imports/{uuid}")
}

/// The id in `sources/{id}`: letters, digits and `-`.
pub fn parse_source(name: &str) -> Result<String, &'static str> {
    match name.strip_prefix("sources/") {
        Some(id) if is_source_id(id) => Ok(id.to_owned()),
        _ => Err("must be sources/{source}"),
    }
}

/// Whether `id` can be the id of a source.
pub fn is_source_id(id: &str) -> bool {
    (1..=63).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The id in `receipts/{uuid}`.
pub fn parse_receipt(name: &str) -> Result<Uuid, &'static str> {
    parse(name, "receipts/").ok_or("must be receipts/{uuid}")
}

/// The id in `quarantineItems/{uuid}`.
pub fn parse_quarantine_item(name: &str) -> Result<Uuid, &'static str> {
    parse(name, "quarantineItems/").ok_or("must be quarantineItems/{uuid}")
}

fn parse(name: &str, prefix: &str) -> Option<Uuid> {
    let id = name.strip_prefix(prefix)?;
    // Exactly the form we give out: a name is compared as text in logs and events.
    Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id)
}
