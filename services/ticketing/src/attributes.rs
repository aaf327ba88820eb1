//! What a tenant keeps about a customer or an organisation under keys of its own: typed values, bounded in number and size. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Most keys.
pub const KEYS_MAX: usize = 100;
/// Characters of a text.
pub const TEXT_MAX: usize = 2_000;
/// Bytes of all keys and values together: they travel with every event of their owner.
pub const BYTES_MAX: usize = 16 << 10;

/// By key, sorted.
pub type Attributes = BTreeMap<String, Value>;

/// One value. Numbers are finite: they were checked when they were read, so values are equal to themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A text.
    Text(String),
    /// A finite number. Stored as text, since a JSON number may come back as its neighbour.
    Number(#[serde(with = "exact")] f64),
    /// Yes or no.
    Boolean(bool),
    /// A time, to the microsecond.
    Time(#[serde(with = "chrono::serde::ts_microseconds")] DateTime<Utc>),
}

impl Eq for Value {}

impl Value {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(_) | Self::Boolean(_) | Self::Time(_) => 8,
        }
    }
}

/// Checks a key: it is a path of an update mask, a name in a filter, and a word in JSON.
pub fn check_key(key: &str) -> Result<(), &'static str> {
    let mut bytes = key.bytes();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if key.len() <= 63 && bytes.next().is_some_and(|first| first.is_ascii_lowercase()) && bytes.all(fits) {
        Ok(())
    } else {
        Err("a key must be 1 to 63 of a-z, 0-9 and _, and begin with a letter")
    }
}

/// Checks the number of keys and the size of all together.
pub fn check_size(attributes: &Attributes) -> Result<(), String> {
    if attributes.len() > KEYS_MAX {
        return Err(format!("at most {KEYS_MAX} keys"));
    }
    let bytes: usize = attributes.iter().map(|(key, value)| key.len() + value.bytes()).sum();
    if bytes > BYTES_MAX {
        return Err(format!("at most {BYTES_MAX} bytes of keys and values together"));
    }
    Ok(())
}

/// Which attributes an update is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// All: those that are not given go.
    All,
    /// This one: it goes when it is not given.
    One(String),
}

impl Named {
    /// Reads a path of an update mask: `attributes` or `attributes.KEY`.
    pub fn parse(path: &str) -> Option<Self> {
        if path == "attributes" {
            return Some(Self::All);
        }
        let key = path.strip_prefix("attributes.")?;
        check_key(key).ok().map(|()| Self::One(key.to_owned()))
    }
}

/// Sets what is named to what is given.
pub fn update(attributes: &mut Attributes, given: &Attributes, named: &Named) {
    match named {
        Named::All => attributes.clone_from(given),
        Named::One(key) => match given.get(key) {
            Some(value) => {
                attributes.insert(key.clone(), value.clone());
            }
            None => {
                attributes.remove(key);
            }
        },
    }
}

/// A number by its shortest decimal form, which Rust reads back exactly.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some(pairs: &[(&str, Value)]) -> Attributes {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn keys_are_plain_words() {
        for right in ["a", "plan", "crm_id_2", &"x".repeat(63)] {
            assert!(check_key(right).is_ok(), "{right}");
        }
        for wrong in ["", "Plan", "2nd", "_x", "a.b", "a-b", "ä", &"x".repeat(64)] {
            assert!(check_key(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn number_and_size_are_bounded() {
        let many: Attributes = (0..=KEYS_MAX)
            .map(|n| (format!("k{n}"), Value::Boolean(true)))
            .collect();
        assert!(check_size(&many).is_err());
        let large: Attributes = (0..9)
            .map(|n| (format!("k{n}"), Value::Text("x".repeat(TEXT_MAX))))
            .collect();
        assert!(check_size(&large).is_err());
        assert!(check_size(&some(&[("k", Value::Text("x".repeat(TEXT_MAX)))])).is_ok());
    }

    #[test]
    fn two_systems_that_keep_different_keys_never_undo_each_others() {
        let mut kept = some(&[("plan", Value::Text("gold".into())), ("seats", Value::Number(3.0))]);
        let given = some(&[("seats", Value::Number(4.0)), ("other", Value::Boolean(true))]);
        update(&mut kept, &given, &Named::One("seats".into()));
        assert_eq!(
            kept,
            some(&[("plan", Value::Text("gold".into())), ("seats", Value::Number(4.0))])
        );
        update(&mut kept, &given, &Named::One("plan".into()));
        assert_eq!(
            kept,
            some(&[("seats", Value::Number(4.0))]),
            "named and not given: it goes"
        );
        update(&mut kept, &given, &Named::All);
        assert_eq!(kept, given);
        assert_eq!(Named::parse("attributes.Plan"), None);
        assert_eq!(Named::parse("attributes."), None);
    }

    proptest! {
        #[test]
        fn numbers_come_back_exactly(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL) {
            let text = serde_json::to_string(&Value::Number(number)).expect("JSON");
            let Value::Number(read) = serde_json::from_str(&text).expect("a value") else { panic!("a number") };
            prop_assert_eq!(read.to_bits(), number.to_bits());
        }
    }
}
