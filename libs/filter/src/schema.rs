//! What can be filtered by: names and kinds of fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the values of a field are; decides what may be written after its name.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Free text. `=` is the whole text, `:` is contained in it, ignoring case.
    Text,
    /// A word out of an open set: a name, a code. `:` is the same as `=`.
    Word,
    /// A resource name of this collection: `customers` for `customers/…`. Compared as a whole.
    Name(Cow<'static, str>),
    /// Something that can only be asked whether it is there, `:*`.
    Sealed,
    /// A word out of these.
    Choice(Arc<[String]>),
    /// A word out of these, from the least to the most, so that `<` and `>` make sense.
    Ranked(Arc<[String]>),
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// An instant, RFC 3339.
    Time,
    /// A day of the calendar.
    Date,
    /// A length of time.
    Duration,
    /// Any number of words out of an open set. `:` has one.
    Words,
    /// Any number of words out of these. `:` has one.
    Choices(Arc<[String]>),
    /// Whatever the value that is asked for looks like: a number, `true` or `false`, an instant; else, and always in
    /// quotes, a text. For fields whose values have types but no definitions: a value of another type is a missing one. A list is
    /// asked whether it has a word by `:`.
    Any,
}

impl Kind {
    /// A resource name of this collection.
    pub fn name(collection: impl Into<Cow<'static, str>>) -> Self {
        Self::Name(collection.into())
    }

    /// A word out of `words`.
    pub fn choice(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Choice(list(words))
    }

    /// A word out of `words`, from the least to the most.
    pub fn ranked(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Ranked(list(words))
    }

    /// Any number of words out of `words`.
    pub fn choices(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Choices(list(words))
    }
}

fn list(words: impl IntoIterator<Item = impl Into<String>>) -> Arc<[String]> {
    words.into_iter().map(Into::into).collect()
}

/// The fields of a kind of record. Built once where they are fixed, per tenant where tenants define fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    fields: BTreeMap<String, Kind>,
    searchable: Vec<String>,
    maps: Vec<(String, Option<Kind>)>,
}

impl Schema {
    /// Without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, kind: Kind) -> Self {
        self.fields.insert(name.into(), kind);
        self
    }

    /// Adds a field that bare words are looked for in. Only text, words and lists of words can be.
    #[must_use]
    pub fn searchable(mut self, name: impl Into<String>, kind: Kind) -> Self {
        debug_assert!(matches!(kind, Kind::Text | Kind::Word | Kind::Words));
        let name = name.into();
        self.searchable.push(name.clone());
        self.field(name, kind)
    }

    /// Adds a map whose keys are known: `name.key` are fields, and `name:key` asks whether one is there.
    #[must_use]
    pub fn map(mut self, name: impl Into<String>, keys: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let name = name.into();
        for (key, kind) in keys {
            self.fields.insert(format!("{name}.{key}"), kind);
        }
        self.maps.push((name, None));
        self
    }

    /// Adds a map with any keys, all of whose values are of one kind.
    #[must_use]
    pub fn open_map(mut self, name: impl Into<String>, kind: Kind) -> Self {
        self.maps.push((name.into(), Some(kind)));
        self
    }

    /// The kind of the field, if there is one.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.fields.get(name).or_else(|| {
            self.maps.iter().find_map(|(map, kind)| {
                let key = name.strip_prefix(map.as_str())?.strip_prefix('.')?;
                kind.as_ref().filter(|_| !key.is_empty())
            })
        })
    }

    /// All fields whose names are known, in alphabetical order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Kind)> {
        self.fields.iter().map(|(name, kind)| (name.as_str(), kind))
    }

    pub(crate) fn searched(&self) -> &[String] {
        &self.searchable
    }

    pub(crate) fn is_map(&self, name: &str) -> bool {
        self.maps.iter().any(|(map, _)| map == name)
    }
}
