//! What a source knows about a customer besides name, identities and tier. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vorrang_error::Violations;

use super::check::{is_agent, is_language};

/// Attributes that a contact may bring.
pub const ATTRIBUTES_MAX: usize = 100;
/// Characters of an attribute's text.
const TEXT_MAX: usize = 2_000;
/// Bytes of all keys and values together.
const BYTES_MAX: usize = 16 << 10;

/// What it knows; what is empty it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Who looks after the customer, `agents/{agent}`.
    pub owner: String,
    /// BCP 47.
    pub language: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// By key.
    pub attributes: BTreeMap<String, Attribute>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A finite number, as its shortest decimal: a JSON number may come back as its neighbour.
    Number(String),
    /// Yes or no.
    Boolean(bool),
    /// A time.
    Time(DateTime<Utc>),
}

impl Attribute {
    /// A number; none when it is not finite.
    pub fn number(number: f64) -> Option<Self> {
        number.is_finite().then(|| Self::Number(number.to_string()))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(_) | Self::Boolean(_) | Self::Time(_) => 8,
        }
    }
}

impl Profile {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what a sender can get wrong; paths begin with `prefix` (`contact.profile.`).
    pub fn check(&self, prefix: &str, violations: &mut Violations) {
        let mut bad = |field: &str, why: &str| violations.add(format!("{prefix}{field}"), why);
        if !self.owner.is_empty() && !is_agent(&self.owner) {
            bad(
                "owner",
                "must be agents/{agent}, the agent being 1 to 63 of a-z, 0-9 and -",
            );
        }
        if !self.language.is_empty() && !is_language(&self.language) {
            bad("language", "must be a BCP 47 tag such as de or en-GB");
        }
        if !self.country.is_empty() && !is_country(&self.country) {
            bad("country", "must be two letters (ISO 3166-1), for example DE");
        }
        if self.attributes.len() > ATTRIBUTES_MAX {
            bad("attributes", "at most 100 keys");
        }
        let bytes: usize = self
            .attributes
            .iter()
            .map(|(key, value)| key.len() + value.bytes())
            .sum();
        if bytes > BYTES_MAX {
            bad("attributes", "at most 16 KiB of keys and values together");
        }
        for (key, value) in self.attributes.iter().take(ATTRIBUTES_MAX) {
            if !is_key(key) {
                bad(
                    "attributes",
                    "a key must be 1 to 63 of a-z, 0-9 and _, and begin with a letter",
                );
            }
            if matches!(value, Attribute::Text(text) if text.chars().count() > TEXT_MAX || text.contains('\0')) {
                bad(&format!("attributes.{key}"), "at most 2,000 characters without NUL");
            }
        }
    }

    /// The part of it that can be: of what somebody's system sends not every word must cost the contact.
    pub fn sound(mut self) -> Self {
        let agent = match self.owner.is_empty() || self.owner.starts_with("agents/") {
            true => self.owner.to_lowercase(),
            false => format!("agents/{}", self.owner.to_lowercase()),
        };
        self.owner = Some(agent).filter(|agent| is_agent(agent)).unwrap_or_default();
        self.country.make_ascii_uppercase();
        if !is_country(&self.country) {
            self.country.clear();
        }
        if !self.language.is_empty() && !is_language(&self.language) {
            self.language.clear();
        }
        for value in self.attributes.values_mut() {
            if let Attribute::Text(text) = value {
                text.retain(|letter| letter != '\0');
                if let Some((end, _)) = text.char_indices().nth(TEXT_MAX) {
                    text.truncate(end);
                }
            }
        }
        self
    }
}

/// Whether an attribute can be called so.
pub fn is_key(key: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    key.len() <= 63 && key.starts_with(|first: char| first.is_ascii_lowercase()) && key.bytes().all(fits)
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Attribute {
        Attribute::Text(text.to_owned())
    }

    #[test]
    fn every_mistake_is_named() {
        let profile = Profile {
            owner: "Anna".to_owned(),
            language: "german!".to_owned(),
            country: "de".to_owned(),
            attributes: [
                ("Plan".to_owned(), text("gold")),
                ("note".to_owned(), text(&"x".repeat(20_000))),
            ]
            .into(),
        };
        let mut violations = Violations::new();
        profile.check("profile.", &mut violations);
        let error = violations.into_result().expect_err("wrong");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "profile.owner",
                "profile.language",
                "profile.country",
                "profile.attributes",
                "profile.attributes",
                "profile.attributes.note"
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_left_out_and_the_rest_stays() {
        let given = Profile {
            owner: "Anna".to_owned(),
            language: "?".to_owned(),
            country: "de".to_owned(),
            attributes: [("note".to_owned(), text(&format!("\0{}", "ä".repeat(3_000))))].into(),
        };
        let sound = given.sound();
        assert_eq!(
            (sound.owner.as_str(), sound.language.as_str(), sound.country.as_str()),
            ("agents/anna", "", "DE")
        );
        assert_eq!(sound.attributes["note"], text(&"ä".repeat(2_000)));
        let mut violations = Violations::new();
        sound.check("", &mut violations);
        violations.into_result().expect("nothing is wrong with it");
        let stranger = Profile {
            owner: "Anna Müller".to_owned(),
            ..Profile::default()
        };
        assert!(stranger.sound().is_empty(), "nobody whom we know");
    }
}
