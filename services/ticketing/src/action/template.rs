//! Texts with places: `Hello {{customer.name|there}}`.
//!
//! Read in one pass, filled in one pass: what is put in is never read again, so nobody's name can be a place. What customers
//! chose is made harmless, see [`harmless`].

use crate::custom::FieldId;
use crate::names;

/// Most places of a text.
const PLACES_MAX: usize = 100;
/// Characters of what is put in.
const VALUE_MAX: usize = 200;

/// What can be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The ticket's number.
    Number,
    /// Its subject.
    Subject,
    /// What the customer is called.
    CustomerName,
    /// A field of the tenant's own.
    Field(FieldId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Place(Place, String),
}

/// A text that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// A sentence about the first thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let at = text[..text.len() - rest.len() + start].chars().count() + 1;
            if start > 0 {
                parts.push(Part::Words(rest[..start].to_owned()));
            }
            let inner = &rest[start + 2..];
            let end = inner
                .find("}}")
                .ok_or_else(|| format!("at character {at}: {{{{ without }}}}"))?;
            let (name, fallback) = inner[..end].split_once('|').unwrap_or((&inner[..end], ""));
            let place = place(name.trim()).ok_or_else(|| {
                // Only as much of it as an answer has room for.
                let name: String = name.trim().chars().take(80).collect();
                format!(
                    "at character {at}: there is no {name:?}; known are ticket.number, ticket.subject, customer.name and \
                     custom_fields.<id>"
                )
            })?;
            if fallback.contains("{{") {
                return Err(format!("at character {at}: a fallback is plain text"));
            }
            parts.push(Part::Place(place, fallback.trim().to_owned()));
            if parts.len() > 2 * PLACES_MAX {
                return Err(format!("at most {PLACES_MAX} places"));
            }
            rest = &inner[end + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Words(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The own fields that it names.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Place(Place::Field(id), _) => Some(id.as_str()),
            _ => None,
        })
    }

    /// The text with everything put in that `value` knows.
    pub fn fill(&self, value: impl Fn(&Place) -> Option<String>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Words(words) => out.push_str(words),
                Part::Place(place, fallback) => {
                    let known = value(place).as_deref().and_then(harmless);
                    let put = known.as_deref().unwrap_or(fallback);
                    if put.is_empty() {
                        out.truncate(out.trim_end_matches(' ').len());
                    }
                    out.push_str(put);
                }
            }
        }
        out
    }
}

fn place(name: &str) -> Option<Place> {
    match name {
        "ticket.number" => Some(Place::Number),
        "ticket.subject" => Some(Place::Subject),
        "customer.name" => Some(Place::CustomerName),
        own => {
            let id = own.strip_prefix("custom_fields.")?;
            names::check_field_id(id).ok()?;
            Some(Place::Field(id.to_owned()))
        }
    }
}

/// What somebody chose, as one short line. None when it has a link in it: automatic answers must not carry what a stranger
/// wants to send under our name.
fn harmless(value: &str) -> Option<String> {
    let line: String = value
        .chars()
        .map(|c| {
            if c.is_control() || c == '\u{2028}' || c == '\u{2029}' {
                ' '
            } else {
                c
            }
        })
        .take(VALUE_MAX)
        .collect();
    let line = line.trim();
    let lower = line.to_lowercase();
    (!line.is_empty() && !lower.contains("://") && !lower.contains("www.")).then(|| line.to_owned())
}
