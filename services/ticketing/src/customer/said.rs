//! Who said what about a customer, so that who knows better is not overruled by who knows less. Pure.
//!
//! People stand above sources, a source that vouches for the customer above one that does not, everybody above an imported history. What
//! people said is not noted: a field of which nothing is noted is theirs. Among equals the later word wins; of histories that is the one that
//! tells of a later time, whatever was read first. Where there is nothing everybody may say something.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Attributes};

/// Who says something, as long as it is not people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The history of another system, of this time.
    Import(#[serde(with = "chrono::serde::ts_microseconds")] DateTime<Utc>),
    /// A source that was told who the customer is.
    Source,
    /// A source that vouches for it.
    Vouching,
}

impl By {
    /// Whether it may replace what `other` said.
    pub fn replaces(self, other: Self) -> bool {
        match (self, other) {
            (Self::Import(at), Self::Import(before)) => at >= before,
            (one, other) => one.rank() >= other.rank(),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Import(_) => 0,
            Self::Source => 1,
            Self::Vouching => 2,
        }
    }
}

/// By field, named as in the contract; of attributes `attributes.KEY`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sayings(BTreeMap<String, By>);

impl Sayings {
    /// Who said a field; none: people, or nobody.
    pub fn of(&self, field: &str) -> Option<By> {
        self.0.get(field).copied()
    }

    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `by` may say a field, which is noted then; `nothing`: the field has no value.
    pub fn may_say(&mut self, field: &str, nothing: bool, by: By) -> bool {
        let may = nothing || self.of(field).is_some_and(|before| by.replaces(before));
        if may {
            self.note(field, by);
        }
        may
    }

    /// Notes who said a field.
    pub fn note(&mut self, field: &str, by: By) {
        if self.of(field) != Some(by) {
            self.0.insert(field.to_owned(), by);
        }
    }

    /// People said it, or nobody says it any more.
    pub fn forget(&mut self, field: &str) {
        self.0.remove(field);
    }

    /// People said these attributes, or took them away.
    pub fn forget_attributes(&mut self) {
        self.0.retain(|field, _| !field.starts_with(ATTRIBUTES));
    }

    /// A value was taken over from another customer, with who said it.
    pub fn take_over(&mut self, from: &Self, field: &str) {
        match from.of(field) {
            Some(by) => self.note(field, by),
            None => self.forget(field),
        }
    }
}

/// Begins the name of an attribute's field.
pub const ATTRIBUTES: &str = "attributes.";

/// What a source knows about a customer besides name, identities and tier. What is empty is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Who looks after it, `agents/{agent}`.
    pub owner: String,
    /// BCP 47.
    pub language: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// By key.
    pub attributes: Attributes,
}

/// Sets a field to what somebody says, if they say something and may.
pub fn set(sayings: &mut Sayings, (field, place): (&str, &mut String), said: &str, by: By) {
    if !said.is_empty() && sayings.may_say(field, place.is_empty(), by) && place != said {
        said.clone_into(place);
    }
}

/// Sets the attributes that somebody may say, if there is room for all of them.
pub fn set_attributes(sayings: &mut Sayings, mine: &mut Attributes, said: &Attributes, by: By) {
    let (mut noted, mut all) = (sayings.clone(), mine.clone());
    for (key, value) in said {
        if noted.may_say(&format!("{ATTRIBUTES}{key}"), !mine.contains_key(key), by) {
            all.insert(key.clone(), value.clone());
        }
    }
    if attributes::check_size(&all).is_ok() {
        (*sayings, *mine) = (noted, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Value;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
    }

    #[test]
    fn who_knows_better_is_not_overruled() {
        let table = [
            // who said it, who says something else, whether that counts
            (None, By::Vouching, false),
            (Some(By::Vouching), By::Source, false),
            (Some(By::Vouching), By::Vouching, true),
            (Some(By::Source), By::Vouching, true),
            (Some(By::Source), By::Source, true),
            (Some(By::Source), By::Import(at(9)), false),
            (Some(By::Import(at(5))), By::Source, true),
            (Some(By::Import(at(5))), By::Import(at(4)), false),
            (Some(By::Import(at(5))), By::Import(at(5)), true),
        ];
        for (before, by, counts) in table {
            let mut sayings = Sayings::default();
            let mut owner = "agents/anna".to_owned();
            before.into_iter().for_each(|before| sayings.note("owner", before));
            set(&mut sayings, ("owner", &mut owner), "agents/ben", by);
            assert_eq!(owner == "agents/ben", counts, "{before:?} {by:?}");
            assert_eq!(sayings.of("owner"), if counts { Some(by) } else { before });
        }
    }

    #[test]
    fn where_there_is_nothing_everybody_may_say_something() {
        let (mut sayings, mut owner) = (Sayings::default(), String::new());
        set(&mut sayings, ("owner", &mut owner), "", By::Vouching);
        assert!(sayings.is_empty(), "nothing was said");
        set(&mut sayings, ("owner", &mut owner), "agents/ben", By::Import(at(0)));
        assert_eq!(owner, "agents/ben");
    }

    #[test]
    fn attributes_are_said_one_by_one_and_taken_together() {
        let said = |words: &[(&str, &str)]| -> Attributes {
            let pairs = words.iter();
            pairs
                .map(|(key, text)| ((*key).to_owned(), Value::Text((*text).to_owned())))
                .collect()
        };
        let (mut sayings, mut mine) = (Sayings::default(), said(&[("plan", "by hand")]));
        set_attributes(
            &mut sayings,
            &mut mine,
            &said(&[("plan", "gold"), ("seats", "7")]),
            By::Vouching,
        );
        assert_eq!(mine, said(&[("plan", "by hand"), ("seats", "7")]));
        let long = "x".repeat(attributes::BYTES_MAX);
        set_attributes(
            &mut sayings,
            &mut mine,
            &said(&[("seats", "8"), ("long", &long)]),
            By::Vouching,
        );
        assert_eq!(
            mine,
            said(&[("plan", "by hand"), ("seats", "7")]),
            "there is no room for all"
        );
        sayings.forget_attributes();
        assert!(sayings.is_empty());
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut sayings = Sayings::default();
        sayings.note("owner", By::Vouching);
        sayings.note("language", By::Import(at(3)));
        let text = serde_json::to_string(&sayings).expect("JSON");
        assert_eq!(text, r#"{"language":{"import":1700000003000000},"owner":"vouching"}"#);
        assert_eq!(serde_json::from_str::<Sayings>(&text).expect("JSON"), sayings);
    }
}
