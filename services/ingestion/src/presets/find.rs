//! Finding values in a JSON document by pointer.
//!
//! A pointer is RFC 6901 (`/conversation/meta/0`), read from the item. `../` in front goes up one level, `$` starts at
//! the whole payload, and `*` in a list of items stands for every element.

use serde::Deserialize;
use serde_json::Value;

use super::file::{Piece, Rule, Source};

/// Items of one payload beyond which it is refused: a webhook carries a handful, a bomb carries millions.
pub(super) const MAX_ITEMS: usize = 1000;

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pointer {
    start: Start,
    steps: Vec<String>,
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
        let steps: Vec<String> = steps
            .split('/')
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        if steps.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { start, steps })
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

    /// The value at `pointer`; JSON null is nothing.
    pub(super) fn at(&self, pointer: &Pointer) -> Option<&'a Value> {
        let mut value = self.start(pointer.start)?;
        for step in &pointer.steps {
            value = child(value, step)?;
        }
        (!value.is_null()).then_some(value)
    }

    /// The value of a field as text, white space at both ends removed; empty when there is none.
    pub(super) fn text(&self, value: &super::file::Value) -> String {
        self.lookup(value).unwrap_or_default()
    }

    fn lookup(&self, value: &super::file::Value) -> Option<String> {
        match value {
            super::file::Value::None => None,
            super::file::Value::Text(Source::Pointer(pointer)) => as_text(self.at(pointer)?),
            super::file::Value::Text(Source::Template(pieces)) => self.template(pieces),
            super::file::Value::First(values) => values.iter().find_map(|value| self.lookup(value)),
            super::file::Value::Rule(rule) => self.rule(rule),
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
        let found = rule.from.as_ref().and_then(|value| self.lookup(value));
        let mapped = match found {
            Some(word) if !rule.map.is_empty() => rule.map.get(&word).cloned(),
            found => found,
        };
        mapped.or_else(|| (!rule.default.is_empty()).then(|| rule.default.clone()))
    }

    /// A list of words: a JSON array, or one text with commas.
    pub(super) fn list(&self, value: &super::file::Value) -> Vec<String> {
        if let super::file::Value::Text(Source::Pointer(pointer)) = value
            && let Some(Value::Array(values)) = self.at(pointer)
        {
            return values.iter().filter_map(as_text).collect();
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
                match (step.as_str(), value) {
                    ("*", Value::Array(values)) => values.iter().for_each(&mut push),
                    ("*", _) => {}
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

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(values) => values.get(step.parse::<usize>().ok()?),
        _ => None,
    }
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
