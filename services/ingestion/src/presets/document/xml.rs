//! XML, as SOAP uses it: elements, attributes and text. No document type, so no entities but the five of XML itself.
//!
//! An element is an object of its children by their names without prefix, `@name` for attributes; one that holds only text is
//! that text. A name that comes several times is a list, and so is one that the preset calls a list.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

use crate::presets::map::NotUnderstood;

/// Elements in elements.
const MAX_DEPTH: usize = 32;
/// Elements and attributes of one payload.
const MAX_NODES: usize = 50_000;

fn wrong(why: impl std::fmt::Display) -> NotUnderstood {
    NotUnderstood::new(
        "PAYLOAD_NOT_XML",
        format!("the payload is not XML that is read here: {why}"),
    )
}

/// An element that is being read.
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
    nil: bool,
}

pub(super) fn read(body: &[u8], lists: &[String]) -> Result<Value, NotUnderstood> {
    let text = std::str::from_utf8(body).map_err(|_| wrong("it is not UTF-8"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Open> = Vec::new();
    let mut root = Map::new();
    let mut nodes = 0;
    loop {
        // What the reader complains of may quote the customer.
        let event = reader
            .read_event()
            .map_err(|_| wrong(format_args!("at byte {}", reader.error_position())))?;
        match event {
            Event::Start(start) => {
                if open.len() == MAX_DEPTH {
                    return Err(wrong("it is too deep"));
                }
                open.push(element(&start, &mut nodes)?);
            }
            Event::Empty(start) => {
                let element = element(&start, &mut nodes)?;
                close(element, open.last_mut(), &mut root, lists);
            }
            // The reader has checked that it is the end of the last one.
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| wrong("an end has no beginning"))?;
                close(element, open.last_mut(), &mut root, lists);
            }
            Event::Text(text) => write(&mut open, &text.decode().map_err(|_| wrong("a text"))?),
            Event::CData(text) => write(&mut open, &text.decode().map_err(|_| wrong("a text"))?),
            Event::GeneralRef(entity) => {
                let name = entity.decode().map_err(|_| wrong("an entity"))?;
                match entity.resolve_char_ref() {
                    Ok(Some(character)) => write(&mut open, character.encode_utf8(&mut [0; 4])),
                    Ok(None) => {
                        let known = quick_xml::escape::resolve_predefined_entity(&name);
                        write(&mut open, known.ok_or_else(|| wrong("it uses an entity of its own"))?);
                    }
                    Err(_) => return Err(wrong("a character")),
                }
            }
            Event::DocType(_) => return Err(wrong("it has a document type")),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() || root.is_empty() {
        return Err(wrong("it ends too early"));
    }
    Ok(Value::Object(root))
}

fn write(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>, nodes: &mut usize) -> Result<Open, NotUnderstood> {
    let local = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let mut element = Open {
        name: local(start.local_name().as_ref()),
        fields: Map::new(),
        text: String::new(),
        nil: false,
    };
    *nodes += 1;
    for attribute in start.attributes() {
        *nodes += 1;
        if *nodes > MAX_NODES {
            break;
        }
        let attribute = attribute.map_err(|_| wrong("an attribute"))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| wrong("an attribute"))?;
        let name = local(attribute.key.local_name().as_ref());
        element.nil |= name == "nil" && value == "true";
        element.fields.insert(format!("@{name}"), value.into_owned().into());
    }
    if *nodes > MAX_NODES {
        return Err(wrong("it holds too many elements"));
    }
    Ok(element)
}

fn close(element: Open, parent: Option<&mut Open>, root: &mut Map<String, Value>, lists: &[String]) {
    let has_children = element.fields.keys().any(|name| !name.starts_with('@'));
    let value = if element.nil {
        Value::Null
    } else if has_children {
        Value::Object(element.fields)
    } else {
        Value::String(element.text)
    };
    let fields = parent.map_or(root, |parent| &mut parent.fields);
    match fields.get_mut(&element.name) {
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None if lists.contains(&element.name) => {
            fields.insert(element.name, Value::Array(vec![value]));
        }
        None => {
            fields.insert(element.name, value);
        }
    }
}
