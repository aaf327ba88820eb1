//! The shape of a preset file. Unknown keys are errors: a misspelt one would silently read nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::find::Pointer;
use super::time::TimeFormat;
use crate::contact::IdentityKind;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PresetFile {
    pub id: String,
    pub description: String,
    #[serde(default)]
    pub documentation_url: String,
    #[serde(default)]
    pub format: Format,
    pub signature: Signature,
    pub handshake: Option<Handshake>,
    /// Where the items of a payload are; missing: the payload is the one item.
    #[serde(default)]
    pub items: Vec<Pointer>,
    /// A payload without items, where all of these hold, is one the vendor is known to send: no contact, no problem.
    #[serde(default)]
    pub known: Vec<Condition>,
    /// All must hold, else an item is no contact.
    #[serde(default)]
    pub only: Vec<Condition>,
    /// None may hold, else an item is no contact.
    #[serde(default)]
    pub skip: Vec<Condition>,
    #[serde(default)]
    pub contact: Fields,
    #[serde(default, rename = "identity")]
    pub identities: Vec<IdentityRule>,
    #[serde(default, rename = "attachment")]
    pub attachments: Vec<AttachmentRule>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Mail,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub header: String,
    #[serde(default)]
    pub algorithm: Algorithm,
    #[serde(default)]
    pub encoding: Encoding,
    #[serde(default)]
    pub prefix: String,
    /// What is signed: literal text with `{body}`, `{timestamp}`, `{method}`, `{path}`.
    #[serde(default = "body_only")]
    pub signed: String,
    #[serde(default)]
    pub timestamp_header: String,
    #[serde(default)]
    pub timestamp_format: TimeFormat,
    /// How old or how far ahead a signed timestamp may be.
    pub tolerance_seconds: Option<u32>,
}

fn body_only() -> String {
    "{body}".to_owned()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    #[default]
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
    /// The header holds the secret itself: for senders that cannot sign. Use it over TLS only.
    #[serde(rename = "secret")]
    Secret,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    #[default]
    Hex,
    Base64,
}

/// A GET by which the vendor asks whether the address is ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handshake {
    /// Query parameter with the token that we must know.
    pub token_parameter: String,
    /// Query parameter whose value we answer.
    pub challenge_parameter: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub at: Pointer,
    /// Holds when the value, as text, is one of these.
    pub equals: Option<Vec<String>>,
    /// Holds when there is a value (or, `false`, when there is none).
    pub exists: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    pub external_id: Value,
    pub conversation_id: Value,
    pub in_reply_to: Value,
    pub channel: Value,
    pub display_name: Value,
    pub tier: Value,
    pub subject: Value,
    pub text: Value,
    pub html: Value,
    /// When this holds, what `text` gives is HTML.
    pub text_is_html: Option<Condition>,
    pub priority: Value,
    pub queue: Value,
    pub tags: Value,
    pub intent: Value,
    pub language: Value,
    pub occurred_at: Value,
    pub due_at: Value,
    pub automated: Value,
    pub same_person: Value,
    pub time_format: TimeFormat,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityRule {
    pub kind: IdentityKind,
    pub value: Value,
    /// In front of the value: `zendesk:` for external ids, `+` for phone numbers without it.
    #[serde(default)]
    pub prefix: String,
    #[serde(default)]
    pub verified: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttachmentRule {
    /// Where the attachments are, relative to the item.
    pub items: Pointer,
    #[serde(default)]
    pub file_name: Value,
    #[serde(default)]
    pub content_type: Value,
    #[serde(default)]
    pub size_bytes: Value,
}

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
    /// The source's word to ours. A word that is not in it gives `default`.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    #[serde(default)]
    pub default: String,
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
                .map(|rule| Value::Rule(Box::new(rule)))
                .map_err(|why| why.to_string()),
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

impl PresetFile {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|why| why.to_string().replace('\n', " "))?;
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<(), String> {
        let id_is_fine = (1..=63).contains(&self.id.len())
            && self
                .id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !id_is_fine {
            return Err("`id` must be 1 to 63 of a-z, 0-9 and -".to_owned());
        }
        let headers = [
            ("header", &self.signature.header),
            ("timestamp_header", &self.signature.timestamp_header),
        ];
        for (key, name) in headers {
            // Only the second may be left out.
            let left_out = name.is_empty() && key == "timestamp_header";
            if !left_out && http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!(
                    "`signature.{key}` must name a header, and `{name}` cannot be one"
                ));
            }
        }
        if self.signature.signed.contains("{timestamp}") && self.signature.timestamp_header.is_empty() {
            return Err("`signature.signed` uses {timestamp}: set `signature.timestamp_header`".to_owned());
        }
        if self.signature.tolerance_seconds.is_some() && !self.signature.signed.contains("{timestamp}") {
            return Err(
                "`signature.tolerance_seconds` needs {timestamp} in `signature.signed`: \
                        a timestamp that is not signed proves nothing"
                    .to_owned(),
            );
        }
        if self.signature.algorithm != Algorithm::Secret && !self.signature.signed.contains("{body}") {
            return Err("`signature.signed` must hold {body}".to_owned());
        }
        for (list, conditions) in [("known", &self.known), ("only", &self.only), ("skip", &self.skip)] {
            if conditions
                .iter()
                .any(|condition| condition.equals.is_some() == condition.exists.is_some())
            {
                return Err(format!("each `{list}` needs either `equals` or `exists`"));
            }
        }
        if self.format == Format::Json {
            if self.identities.is_empty() {
                return Err("at least one [[identity]] is needed: a contact has somebody who wrote it".to_owned());
            }
            if matches!(self.contact.text, Value::None) && matches!(self.contact.html, Value::None) {
                return Err("`contact.text` or `contact.html` is needed".to_owned());
            }
        }
        Ok(())
    }
}
