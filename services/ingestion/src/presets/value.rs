//! How a preset says where a field's value comes from: a pointer, a template, the first of several, or a rule.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::find::Pointer;

/// Where a field's value comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) enum Value {
    #[default]
    None,
    /// A pointer, or a template of pointers in braces.
    Text(Source),
    /// The first that gives something.
    First(Vec<Value>),
    Rule(Box<Rule>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    #[serde(rename = "const")]
    pub constant: Option<String>,
    pub from: Option<Box<Value>>,
    /// Takes this part of `Name <address>`, as mails write who sent them.
    pub mailbox: Option<Mailbox>,
    /// Takes what stands before this, for lists that are written as one text.
    pub until: Option<String>,
    /// Takes what stands after this, a template, if it is there; else all. For a name that is written before the words.
    pub after: Option<Source>,
    /// The SHA-256 of this: an id for what has none. A redelivery has the same.
    pub digest: Option<Digest>,
    /// The source's word to ours. A word that is not in it gives `default`.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// The same by how the source's word begins; the longest that fits.
    #[serde(default)]
    pub starts: BTreeMap<String, String>,
    #[serde(default)]
    pub default: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mailbox {
    Name,
    Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Digest {
    /// All that the item holds.
    Item,
    /// What `from` gives.
    Value,
}

impl Rule {
    /// One that gives nothing whatever comes is a mistake.
    fn checked(self) -> Result<Self, String> {
        let of_item = self.digest == Some(Digest::Item);
        let ways = [self.constant.is_some(), self.from.is_some(), of_item];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err("a table needs one of `const`, `from` and `digest = \"item\"`".to_owned());
        }
        if self.digest == Some(Digest::Value) && self.from.is_none() {
            return Err("`digest = \"value\"` needs `from`".to_owned());
        }
        let works_on_it = self.mailbox.is_some()
            || self.until.is_some()
            || self.after.is_some()
            || !self.map.is_empty()
            || !self.starts.is_empty();
        if self.from.is_none() && works_on_it {
            return Err("`map`, `starts`, `until`, `after` and `mailbox` need `from`".to_owned());
        }
        Ok(self)
    }
}

/// By hand and not by `untagged`, whose only error is "did not match any variant".
impl TryFrom<toml::Value> for Value {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(text) => Source::try_from(text).map(Value::Text),
            toml::Value::Array(values) => values
                .into_iter()
                .map(Value::try_from)
                .collect::<Result<_, _>>()
                .map(Value::First),
            table @ toml::Value::Table(_) => Rule::deserialize(table)
                .map_err(|why| why.to_string())
                .and_then(Rule::checked)
                .map(|rule| Value::Rule(Box::new(rule))),
            other => Err(format!("a {} is neither pointer, list nor table", other.type_str())),
        }
    }
}

/// `/a/b` is a pointer; anything with `{/a/b}` in it is a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Source {
    Pointer(Pointer),
    Template(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Literal(String),
    Pointer(Pointer),
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if !text.contains('{') {
            return Pointer::try_from(text).map(Source::Pointer);
        }
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Piece::Literal(rest[..open].to_owned()));
            }
            let close = rest[open..]
                .find('}')
                .ok_or_else(|| format!("`{text}` opens a brace and does not close it"))?;
            pieces.push(Piece::Pointer(Pointer::try_from(
                rest[open + 1..open + close].to_owned(),
            )?));
            rest = &rest[open + close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Source::Template(pieces))
    }
}
