//! Finding values in a JSON document by pointer.
//!
//! A pointer is RFC 6901 (`/conversation/meta/0`), read from the item. `../` in front goes up one level, `$` starts at
//! the whole payload, `*` in a list of items stands for every element, and `[name=value]` for the first element of a list
//! whose field `name` is `value` (headers of a mail, custom fields).

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::value::{Digest, Mailbox, Piece, Rule, Source};

/// Items of one payload beyond which it is refused: a webhook carries a handful, a bomb carries millions.
pub(super) const MAX_ITEMS: usize = 1000;

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pointer {
    start: Start,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A field, or the position in a list.
    Key(String),
    /// Every element of a list.
    Every,
    /// The first element of a list whose field has this value; upper and lower case are the same, as in names of headers.
    First { field: String, value: String },
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        let plain = |text: &str| text.replace("~1", "/").replace("~0", "~");
        if let Some(select) = text.strip_prefix('[') {
            let (field, value) = select.strip_suffix(']')?.split_once('=')?;
            let fine = !field.is_empty() && !value.is_empty();
            return fine.then(|| Self::First {
                field: plain(field),
                value: plain(value),
            });
        }
        match text {
            "" => None,
            "*" => Some(Self::Every),
            key => Some(Self::Key(plain(key))),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Start {
    Root,
    /// This many levels above the item; 0 is the item.
    Up(usize),
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no pointer: write /field/0/name, ../field, or $/field");
        let (start, rest) = match text.strip_prefix('$') {
            Some(rest) => (Start::Root, rest.to_owned()),
            None => {
                let mut up = 0;
                let mut rest = text.as_str();
                while let Some(above) = rest.strip_prefix("../") {
                    up += 1;
                    rest = above;
                }
                (Start::Up(up), if up > 0 { format!("/{rest}") } else { rest.to_owned() })
            }
        };
        if rest.is_empty() {
            return Ok(Self {
                start,
                steps: Vec::new(),
            });
        }
        let steps = rest.strip_prefix('/').ok_or_else(wrong)?;
        let steps: Option<Vec<Step>> = steps.split('/').map(Step::parse).collect();
        let steps = steps.ok_or_else(wrong)?;
        Ok(Self { start, steps })
    }
}

impl Pointer {
    /// The name of the field, when this points at a field of the whole payload.
    pub(super) fn field(&self) -> Option<&str> {
        match self.steps.as_slice() {
            [Step::Key(name)] => Some(name),
            _ => None,
        }
    }
}

/// One item of a payload: the path to it, outermost first. The last is the item itself.
#[derive(Clone)]
pub(super) struct Item<'a>(Vec<&'a Value>);

impl<'a> Item<'a> {
    pub(super) fn whole(payload: &'a Value) -> Self {
        Self(vec![payload])
    }

    fn start(&self, start: Start) -> Option<&'a Value> {
        match start {
            Start::Root => self.0.first().copied(),
            Start::Up(levels) => {
                let index = self.0.len().checked_sub(levels + 1)?;
                self.0.get(index).copied()
            }
        }
    }

    /// The item itself.
    pub(super) fn value(&self) -> &'a Value {
        self.0.last().copied().unwrap_or(&Value::Null)
    }

    /// The value at `pointer`; JSON null is nothing.
    pub(super) fn at(&self, pointer: &Pointer) -> Option<&'a Value> {
        let mut value = self.start(pointer.start)?;
        for step in &pointer.steps {
            value = child(value, step)?;
        }
        (!value.is_null()).then_some(value)
    }

    /// The value of a field as text, white space at both ends removed; empty when there is none.
    pub(super) fn text(&self, value: &super::value::Value) -> String {
        self.lookup(value).unwrap_or_default()
    }

    fn lookup(&self, value: &super::value::Value) -> Option<String> {
        match value {
            super::value::Value::None => None,
            super::value::Value::Text(Source::Pointer(pointer)) => as_text(self.at(pointer)?),
            super::value::Value::Text(Source::Template(pieces)) => self.template(pieces),
            super::value::Value::First(values) => values.iter().find_map(|value| self.lookup(value)),
            super::value::Value::Rule(rule) => self.rule(rule),
        }
    }

    /// A template gives something only when every value in it does.
    fn template(&self, pieces: &[Piece]) -> Option<String> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Pointer(pointer) => text.push_str(&as_text(self.at(pointer)?)?),
            }
        }
        Some(text)
    }

    fn rule(&self, rule: &Rule) -> Option<String> {
        if let Some(constant) = &rule.constant {
            return Some(constant.clone());
        }
        if let Some(Digest::Item) = rule.digest {
            return Some(sha256(&self.value().to_string()));
        }
        let found = rule.from.as_ref().and_then(|value| self.lookup(value));
        let found = match rule.digest {
            Some(_) => found.map(|text| sha256(&text)),
            None => found,
        };
        let found = match rule.mailbox {
            Some(part) => found.and_then(|text| mailbox(part, &text)),
            None => found,
        };
        let found = match &rule.after {
            Some(begin) => found.map(|text| self.after(begin, text)),
            None => found,
        };
        let found = match &rule.until {
            Some(end) => found.and_then(|text| {
                let before = text.split(end.as_str()).next().unwrap_or_default().trim();
                (!before.is_empty()).then(|| before.to_owned())
            }),
            None => found,
        };
        let mapped = match found {
            Some(word) if !rule.map.is_empty() || !rule.starts.is_empty() => {
                let begins = |(start, _): &(&String, &String)| word.starts_with(start.as_str());
                // Sorted, so that of those that fit the last is the longest.
                let begun = || rule.starts.iter().rfind(begins).map(|(_, ours)| ours);
                rule.map.get(&word).or_else(begun).cloned()
            }
            found => found,
        };
        mapped.or_else(|| (!rule.default.is_empty()).then(|| rule.default.clone()))
    }

    /// What stands after `begin`, if that is there and says something.
    fn after(&self, begin: &Source, text: String) -> String {
        let begin = match begin {
            Source::Pointer(pointer) => self.at(pointer).and_then(as_text),
            Source::Template(pieces) => self.template(pieces),
        };
        match begin
            .filter(|begin| !begin.is_empty())
            .and_then(|begin| text.split_once(&begin))
        {
            Some((_, rest)) => rest.to_owned(),
            None => text,
        }
    }

    /// A list of words: a JSON array, those that a pointer with `*` finds, or one text with commas.
    pub(super) fn list(&self, value: &super::value::Value) -> Vec<String> {
        let several = match value {
            super::value::Value::First(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in several {
            if let super::value::Value::Text(Source::Pointer(pointer)) = value
                && let Some(Value::Array(values)) = self.at(pointer)
            {
                return values.iter().filter_map(as_text).collect();
            }
            if let super::value::Value::Text(Source::Pointer(pointer)) = value
                && pointer.steps.contains(&Step::Every)
                && let Some(found) = self.each(pointer).filter(|found| !found.is_empty())
            {
                return found.iter().filter_map(|item| as_text(item.value())).collect();
            }
        }
        self.text(value)
            .split(',')
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    }

    /// Everything below this item that matches `pointer`, whose steps may be `*`. `None` when there is too much of it.
    pub(super) fn each(&self, pointer: &Pointer) -> Option<Vec<Item<'a>>> {
        let Some(start) = self.start(pointer.start) else {
            return Some(Vec::new());
        };
        let mut path = match pointer.start {
            Start::Root => Vec::new(),
            Start::Up(levels) => self.0[..self.0.len() - levels - 1].to_vec(),
        };
        path.push(start);
        let mut found = vec![Item(path)];
        for step in &pointer.steps {
            let mut next = Vec::new();
            for item in found {
                let Some(value) = item.0.last() else { continue };
                let mut push = |value: &'a Value| {
                    let mut path = item.0.clone();
                    path.push(value);
                    next.push(Item(path));
                };
                match (step, value) {
                    (Step::Every, Value::Array(values)) => values.iter().take(MAX_ITEMS + 1).for_each(&mut push),
                    (Step::Every, _) => {}
                    (step, value) => {
                        if let Some(value) = child(value, step) {
                            push(value);
                        }
                    }
                }
                if next.len() > MAX_ITEMS {
                    return None;
                }
            }
            found = next;
        }
        Some(found)
    }
}

fn child<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match (step, value) {
        (Step::Key(key), Value::Object(fields)) => fields.get(key),
        (Step::Key(key), Value::Array(values)) => values.get(key.parse::<usize>().ok()?),
        (Step::First { field, value }, Value::Array(values)) => values.iter().find(|element| {
            let found = element.get(field).and_then(as_text);
            found.is_some_and(|found| found.eq_ignore_ascii_case(value))
        }),
        _ => None,
    }
}

fn sha256(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

/// A part of `Name <address>`; a bare address has no name.
fn mailbox(part: Mailbox, text: &str) -> Option<String> {
    let (name, address) = match text.rsplit_once('<') {
        Some((name, rest)) => (
            name.trim().trim_matches('"'),
            rest.split('>').next().unwrap_or_default(),
        ),
        None => ("", text),
    };
    let found = match part {
        Mailbox::Name => name,
        Mailbox::Address => address,
    };
    let found = found.trim();
    (!found.is_empty()).then(|| found.to_owned())
}

/// Text, number or boolean as text; empty text is nothing.
pub(super) fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}
