//! Ingestion: the door for contacts. See README.md.

pub mod contact;
pub mod mail;
pub mod presets;
