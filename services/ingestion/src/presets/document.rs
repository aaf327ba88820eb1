//! From the bytes of a payload to the JSON document that pointers are read from, whatever the vendor writes.
//!
//! Every format is bounded: in size by the door, in depth and in the number of parts here. Whoever sends more is told that it
//! is not understood, and what came is kept.

pub mod cloudevents;
mod form;
mod xml;

use std::collections::BTreeMap;

use serde_json::Value;

use super::file::{Format, PresetFile};
use super::find::MAX_ITEMS;
use super::map::NotUnderstood;

/// Fields of one form beyond which it is refused.
pub(super) const MAX_FIELDS: usize = 1000;

/// A payload.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// What pointers are read from.
    pub value: Value,
    /// Fields of a form that are no UTF-8, as they came: a raw mail is one.
    pub bytes: BTreeMap<String, Vec<u8>>,
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self {
            value,
            bytes: BTreeMap::new(),
        }
    }
}

/// Reads a payload as the preset says.
///
/// # Errors
/// [`NotUnderstood`] when it is not in that format, or too large a thing of it.
pub(super) fn read(file: &PresetFile, content_type: &str, body: &[u8]) -> Result<Document, NotUnderstood> {
    match file.format {
        Format::Json => json(body).map(Document::from),
        Format::JsonLines => lines(body).map(Document::from),
        Format::Form => form::read(content_type, body),
        Format::Xml => xml::read(body, &file.lists).map(Document::from),
        Format::CloudEvents => json(body).map(cloudevents::list).map(Document::from),
        Format::Mail => Ok(Document::default()),
    }
}

fn json(body: &[u8]) -> Result<Value, NotUnderstood> {
    // Some systems put a byte order mark in front.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|why| {
        NotUnderstood::new(
            "PAYLOAD_NOT_JSON",
            format!("the payload is not JSON (line {}, column {})", why.line(), why.column()),
        )
    })
}

/// A line that is no JSON becomes null: the others are as good as they were.
fn lines(body: &[u8]) -> Result<Value, NotUnderstood> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut values = Vec::new();
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if values.len() == MAX_ITEMS {
            return Err(NotUnderstood::too_many_items());
        }
        values.push(serde_json::from_slice(line).unwrap_or(Value::Null));
    }
    Ok(Value::Array(values))
}
