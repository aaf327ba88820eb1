//! The shape of a preset file. Unknown keys are errors: a misspelt one would silently read nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::find::Pointer;
use super::signature::Signature;
use super::time::TimeFormat;
use super::value::Value;
use crate::contact::{IdentityKind, is_key};

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
    /// What the sender is told when everything was kept; missing: our own JSON.
    pub answer: Option<Answer>,
    /// Names of XML elements that are lists also when there is only one of them.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Where the items of a payload are; missing: the payload is the one item.
    #[serde(default)]
    pub items: Vec<Pointer>,
    /// A payload without items, where all of these hold, is one the vendor is known to send: no contact, no problem.
    #[serde(default)]
    pub known: Vec<Condition>,
    /// What only names a thing. Looked at before `only` and `skip`.
    #[serde(default)]
    pub thin: Vec<ThinRule>,
    /// All must hold, else an item is no contact.
    #[serde(default)]
    pub only: Vec<Condition>,
    /// None may hold, else an item is no contact.
    #[serde(default)]
    pub skip: Vec<Condition>,
    #[serde(default)]
    pub contact: Fields,
    /// What the payload says of the customer besides name, identities and tier.
    #[serde(default)]
    pub customer: CustomerFields,
    /// Where the events of a phone system are; with it an item is one of those.
    pub call: Option<CallRule>,
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
    /// A JSON value on each line; the payload is their list.
    #[serde(rename = "json-lines")]
    JsonLines,
    /// An HTML form, as `application/x-www-form-urlencoded` or `multipart/form-data`: an object of its fields, and `@files`.
    Form,
    Xml,
    /// CloudEvents, one or a batch; the payload is their list.
    CloudEvents,
    Mail,
}

/// Something that happened to a phone call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallRule {
    /// Id of the call.
    pub id: Value,
    /// When the call began.
    pub started_at: Value,
    /// What happened: `queued`, `answered`, `hold_began`, `hold_ended`, `hung_up` or `wrap_up_ended`.
    pub kind: Value,
    /// When.
    pub occurred_at: Value,
    /// Id of the agent with us, with or without `agents/` before it.
    #[serde(default)]
    pub agent: Value,
    #[serde(default)]
    pub queue: Value,
    /// `customer`, `agent` or `system`.
    #[serde(default)]
    pub hung_up_by: Value,
    #[serde(default)]
    pub talk_seconds: Value,
    #[serde(default)]
    pub hold_seconds: Value,
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

/// What a vendor wants to read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub content_type: String,
    pub body: String,
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

/// An item in which all of `when` hold names a thing and tells nothing of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThinRule {
    pub when: Vec<Condition>,
    /// The `external_id` under which the whole of it will be pushed.
    pub external_id: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    /// Where a whole raw mail is; when there is one, it is the contact.
    pub mail: Value,
    /// Where the headers of a mail are as one text, when the vendor took the mail apart.
    pub mail_headers: Value,
    /// The same header by header.
    pub mail_header: BTreeMap<String, Value>,
    /// Whether what `text` or `html` gives may quote what it answers, as mails do: that is split off and kept beside it.
    pub quotes: bool,
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

/// What a source knows about a customer. What cannot be is left out, and costs nothing else.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CustomerFields {
    /// Id of an agent with us, with or without `agents/` before it.
    pub owner: Value,
    pub language: Value,
    pub country: Value,
    /// Texts, by the key under which the customer has them.
    pub attributes: BTreeMap<String, Value>,
    /// Numbers, by the same.
    pub numbers: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityRule {
    pub kind: IdentityKind,
    pub value: Value,
    /// Only if all of these hold.
    #[serde(default)]
    pub when: Vec<Condition>,
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
    /// SHA-256 of the content, hex, when the content came along.
    #[serde(default)]
    pub sha256: Value,
}

impl PresetFile {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|why| why.to_string().replace('\n', " "))?;
        file.check()
            .map_err(|why| format!("line {}: {why}", line_of(text, &why)))?;
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
        self.signature.check()?;
        if let Some(answer) = &self.answer
            && http::HeaderValue::from_str(&answer.content_type).is_err()
        {
            return Err("`answer.content_type` must be a media type".to_owned());
        }
        if !self.lists.is_empty() && self.format != Format::Xml {
            return Err("`lists` names XML elements: it needs `format = \"xml\"`".to_owned());
        }
        let lists = [("known", &self.known), ("only", &self.only), ("skip", &self.skip)];
        let thin = self.thin.iter().map(|rule| ("when", &rule.when));
        let identities = self.identities.iter().map(|rule| ("when", &rule.when));
        for (list, conditions) in lists.into_iter().chain(thin).chain(identities) {
            if conditions
                .iter()
                .any(|condition| condition.equals.is_some() == condition.exists.is_some())
            {
                return Err(format!("each `{list}` needs either `equals` or `exists`"));
            }
        }
        if self.thin.iter().any(|rule| rule.when.is_empty()) {
            return Err("`thin` without conditions in `when` would be every payload".to_owned());
        }
        if !self.thin.is_empty() && matches!(self.contact.external_id, Value::None) {
            return Err(
                "`contact.external_id` is needed: by it a thing is known that was only named before".to_owned(),
            );
        }
        let mut names = self.contact.mail_header.keys();
        if let Some(name) = names.find(|name| http::HeaderName::from_bytes(name.as_bytes()).is_err()) {
            return Err(format!(
                "`contact.mail_header` names headers, and `{name}` cannot be one"
            ));
        }
        for (table, fields) in [
            ("attributes", &self.customer.attributes),
            ("numbers", &self.customer.numbers),
        ] {
            if let Some(key) = fields.keys().find(|key| !is_key(key)) {
                return Err(format!(
                    "`customer.{table}.{key}`: a key must be 1 to 63 of a-z, 0-9 and _, and begin with a letter"
                ));
            }
        }
        if let Some(call) = &self.call {
            let needed = [
                ("id", &call.id),
                ("started_at", &call.started_at),
                ("kind", &call.kind),
                ("occurred_at", &call.occurred_at),
            ];
            if let Some((name, _)) = needed.iter().find(|(_, value)| matches!(value, Value::None)) {
                return Err(format!("`call.{name}` is needed"));
            }
            // Whose number is withheld calls, too, and what was said is not told.
            return Ok(());
        }
        if self.format != Format::Mail {
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

/// The line of the key that a complaint names first, in backticks; 1 when the file does not hold it.
fn line_of(text: &str, complaint: &str) -> usize {
    let key = complaint.split('`').nth(1).unwrap_or_default();
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    let position = |is: &dyn Fn(&str) -> bool| text.lines().position(|line| is(line.trim_start())).map(|at| at + 1);
    let heads = |line: &str, name: &str| line.trim_matches(['[', ']', ' ']) == name && line.starts_with('[');
    let begin = if table.is_empty() {
        0
    } else {
        position(&|line| heads(line, table)).unwrap_or(0)
    };
    let assigns = |line: &str| {
        line.trim_start()
            .strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let below = text.lines().skip(begin).position(assigns).map(|at| at + begin + 1);
    below
        .or_else(|| position(&|line| heads(line, key)))
        .or_else(|| position(&|line| heads(line, name)))
        .unwrap_or(begin.max(1))
}
