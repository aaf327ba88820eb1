//! CloudEvents 1.0 over HTTP: structured, batched and binary.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Media type of one event.
pub const STRUCTURED: &str = "application/cloudevents+json";

/// Attributes of a binary event beyond which the rest is left out.
const MAX_ATTRIBUTES: usize = 100;

/// One event or a batch as a list. What is no event becomes null; data in base64 that is JSON is put where data is.
pub(super) fn list(value: Value) -> Value {
    let events = match value {
        Value::Array(events) => events,
        one => vec![one],
    };
    Value::Array(
        events
            .into_iter()
            .map(|event| checked(event).unwrap_or_default())
            .collect(),
    )
}

fn checked(event: Value) -> Option<Value> {
    let Value::Object(mut event) = event else { return None };
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_event =
        text("specversion").starts_with("1.") && ["id", "source", "type"].iter().all(|name| !text(name).is_empty());
    if !is_event {
        return None;
    }
    let decoded = STANDARD.decode(text("data_base64")).unwrap_or_default();
    if !event.contains_key("data")
        && let Ok(data) = serde_json::from_slice(&decoded)
    {
        event.insert("data".to_owned(), data);
    }
    Some(Value::Object(event))
}

/// A binary event (attributes in `ce-` headers, data as the body) as the structured event that means the same, so that it can be
/// kept and read again as one thing. `None` when it is not a binary event.
pub fn structured<'h>(
    headers: impl Iterator<Item = (&'h str, &'h str)>,
    content_type: &str,
    body: &[u8],
) -> Option<Vec<u8>> {
    let mut event = Map::new();
    for (name, value) in headers {
        if let Some(attribute) = name.to_ascii_lowercase().strip_prefix("ce-")
            && event.len() < MAX_ATTRIBUTES
        {
            event.insert(attribute.to_owned(), percent_decoded(value).into());
        }
    }
    if !event.contains_key("specversion") {
        return None;
    }
    if !content_type.is_empty() {
        event.insert("datacontenttype".to_owned(), content_type.into());
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(data) => event.insert("data".to_owned(), data),
        Err(_) => event.insert("data_base64".to_owned(), STANDARD.encode(body).into()),
    };
    serde_json::to_vec(&Value::Object(event)).ok()
}

/// Attributes are percent-encoded in headers where they are no printable ASCII.
fn percent_decoded(text: &str) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
