//! HTML forms: `application/x-www-form-urlencoded` and `multipart/form-data` (RFC 7578).
//!
//! The document is an object of the fields; one that comes several times is a list. Files are in the list `@files`, with name,
//! type, size and SHA-256; their content stays in what is kept.

use mail_parser::decoders::charsets::map::charset_decoder;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Document, MAX_FIELDS};
use crate::presets::map::NotUnderstood;

/// Headers of one part beyond which it is refused.
const MAX_HEAD: usize = 16 << 10;

const FILES: &str = "@files";

pub(super) fn read(content_type: &str, body: &[u8]) -> Result<Document, NotUnderstood> {
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty());
        let boundary = boundary.ok_or_else(|| wrong("says no boundary"))?;
        return multipart(&boundary, body);
    }
    let mut fields = Map::new();
    for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
        if count == MAX_FIELDS {
            return Err(too_many());
        }
        insert(&mut fields, &name, value.into_owned());
    }
    fields.remove(FILES);
    Ok(Value::Object(fields).into())
}

fn wrong(why: &str) -> NotUnderstood {
    NotUnderstood::new("PAYLOAD_NOT_FORM", format!("the payload is not a form: it {why}"))
}

fn too_many() -> NotUnderstood {
    NotUnderstood::new("PAYLOAD_TOO_MANY_ITEMS", "the form holds more than 1000 fields")
}

fn insert(fields: &mut Map<String, Value>, name: &str, value: String) {
    match fields.get_mut(name) {
        None => {
            fields.insert(name.to_owned(), value.into());
        }
        Some(Value::Array(values)) => values.push(value.into()),
        Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
    }
}

struct Part<'a> {
    name: String,
    file_name: Option<String>,
    content_type: String,
    content: &'a [u8],
}

fn multipart(boundary: &str, body: &[u8]) -> Result<Document, NotUnderstood> {
    let parts = parts(boundary, body)?;
    // SendGrid names the charset of each field in a field of its own.
    let charsets: Value = parts
        .iter()
        .find(|part| part.name == "charsets")
        .and_then(|part| serde_json::from_slice(part.content).ok())
        .unwrap_or_default();
    let mut document = Document::default();
    let mut fields = Map::new();
    let mut files = Vec::new();
    for part in parts {
        if let Some(file_name) = part.file_name {
            files.push(json!({
                "field": part.name,
                "file_name": file_name,
                "content_type": part.content_type,
                "size": part.content.len(),
                "sha256": hex::encode(Sha256::digest(part.content)),
            }));
            continue;
        }
        let text = match std::str::from_utf8(part.content) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let (_, parameters) = part.content_type.split_once(';').unwrap_or_default();
                let named = charsets.get(&part.name).and_then(Value::as_str).map(str::to_owned);
                let decoder = named
                    .or_else(|| parameter(parameters, "charset"))
                    .and_then(|charset| charset_decoder(charset.as_bytes()));
                document.bytes.insert(part.name.clone(), part.content.to_vec());
                match decoder {
                    Some(decode) => decode(part.content),
                    None => String::from_utf8_lossy(part.content).into_owned(),
                }
            }
        };
        insert(&mut fields, &part.name, text);
    }
    fields.insert(FILES.to_owned(), Value::Array(files));
    document.value = Value::Object(fields);
    Ok(document)
}

fn parts<'a>(boundary: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, NotUnderstood> {
    let delimiter = format!("\r\n--{boundary}");
    // The first one may stand at the very beginning, without a line before it.
    let first = &delimiter.as_bytes()[2..];
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => after(body, delimiter.as_bytes()).ok_or_else(|| wrong("does not hold its boundary"))?,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        if parts.len() == MAX_FIELDS {
            return Err(too_many());
        }
        let begin = find(rest, b"\r\n").ok_or_else(|| wrong("ends within a part"))? + 2;
        let part = &rest[begin..];
        // The empty line may follow at once, when a part has no headers.
        let (head, content) = match part.strip_prefix(b"\r\n") {
            Some(content) => (&part[..0], content),
            None => {
                let end = find(part, b"\r\n\r\n").filter(|end| *end <= MAX_HEAD);
                let end = end.ok_or_else(|| wrong("holds a part without an end of its headers"))?;
                (&part[..end], &part[end + 4..])
            }
        };
        let end = find(content, delimiter.as_bytes()).ok_or_else(|| wrong("ends within a part"))?;
        parts.extend(part_of(head, &content[..end]));
        rest = &content[end + delimiter.len()..];
    }
    Ok(parts)
}

/// A part without a name is none of a form's.
fn part_of<'a>(head: &[u8], content: &'a [u8]) -> Option<Part<'a>> {
    let head = String::from_utf8_lossy(head);
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let disposition = header("content-disposition")?;
    let (_, parameters) = disposition.split_once(';')?;
    Some(Part {
        name: parameter(parameters, "name")?,
        file_name: parameter(parameters, "filename"),
        content_type: header("content-type").unwrap_or_default(),
        content,
    })
}

/// A parameter of a header, in quotes or not.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted
                    .char_indices()
                    .scan(false, |escaped, (at, c)| {
                        let ends = c == '"' && !*escaped;
                        *escaped = c == '\\' && !*escaped;
                        Some((at, ends))
                    })
                    .find_map(|(at, ends)| ends.then_some(at))?;
                let value = quoted[..end].replace("\\\"", "\"").replace("%22", "\"");
                (value, &quoted[end + 1..])
            }
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name
            .trim_start_matches([';', ' ', '\t'])
            .trim()
            .eq_ignore_ascii_case(wanted)
        {
            return Some(value);
        }
        rest = next;
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    // By the first byte, which is fast, and only then the rest.
    while let Some(at) = text.get(from..)?.iter().position(|byte| *byte == first) {
        if text[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn after<'a>(text: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    find(text, wanted).map(|at| &text[at + wanted.len()..])
}
