//! Takes the fields of a line one by one and notes everything that is wrong with them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::read::{ID_MAX, Problem, Reason};

/// The fields of a line that nobody has taken yet.
pub struct Fields {
    left: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Fields {
    pub fn new(line: Map<String, Value>) -> Self {
        Self {
            left: line,
            problems: Vec::new(),
        }
    }

    pub fn problem(&mut self, field: impl Into<String>, reason: Reason, text: impl Into<String>) {
        self.problems.push(Problem {
            field: field.into(),
            reason,
            text: text.into(),
        });
    }

    pub fn value(&mut self, field: &str, text: impl Into<String>) {
        self.problem(field, Reason::BadValue, text);
    }

    /// The value of a field; `null` is a field that is left out.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    /// Whether a field is there and says something.
    pub fn has(&self, field: &str) -> bool {
        self.left.get(field).is_some_and(|value| !value.is_null())
    }

    fn required(&mut self, field: &str) -> Option<Value> {
        let value = self.take(field);
        if value.is_none() {
            self.problem(field, Reason::MissingField, "is missing");
        }
        value
    }

    /// A text that must be there. What is wrong is noted; the empty text stands for it until the line is refused.
    pub fn id(&mut self, field: &str) -> String {
        let value = self.required(field);
        value.and_then(|value| self.as_id(field, value)).unwrap_or_default()
    }

    pub fn id_if_any(&mut self, field: &str) -> Option<String> {
        let value = self.take(field)?;
        self.as_id(field, value)
    }

    fn as_id(&mut self, field: &str, value: Value) -> Option<String> {
        match value {
            Value::String(text) if text.trim().is_empty() => self.value(field, "is empty"),
            Value::String(text) if text.chars().count() > ID_MAX => {
                self.value(field, format!("has more than {ID_MAX} characters"));
            }
            Value::String(text) if text.chars().any(char::is_control) => {
                self.value(field, "has control characters");
            }
            Value::String(text) => return Some(text),
            _ => self.value(field, "must be a string"),
        }
        None
    }

    /// A text of any length and content, also an empty one.
    pub fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => {
                self.value(field, "must be a string");
                None
            }
        }
    }

    /// A text that must be there and say something.
    pub fn said(&mut self, field: &str) -> String {
        if !self.has(field) {
            self.problem(field, Reason::MissingField, "is missing");
            return String::new();
        }
        let text = self.text(field).unwrap_or_default();
        if text.trim().is_empty() {
            self.value(field, "is empty");
        }
        text
    }

    /// Texts, each as strict as an id.
    pub fn ids(&mut self, field: &str, most: usize) -> Option<Vec<String>> {
        let value = self.take(field)?;
        self.as_ids(field, value, most)
    }

    fn as_ids(&mut self, field: &str, value: Value, most: usize) -> Option<Vec<String>> {
        let Value::Array(values) = value else {
            self.value(field, "must be a list of strings");
            return None;
        };
        if values.len() > most {
            self.value(field, format!("has more than {most} entries"));
            return None;
        }
        let read = values
            .into_iter()
            .enumerate()
            .filter_map(|(index, value)| self.as_id(&format!("{field}[{index}]"), value));
        Some(read.collect())
    }

    /// One of a closed list.
    pub fn word<T: Copy>(&mut self, field: &str, all: &[T], spell: fn(T) -> &'static str) -> Option<T> {
        let value = self.take(field)?;
        self.as_word(field, &value, all, spell)
    }

    pub fn as_word<T: Copy>(
        &mut self,
        field: &str,
        value: &Value,
        all: &[T],
        spell: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|one| value.as_str() == Some(spell(*one)));
        if found.is_none() {
            let words: Vec<&str> = all.iter().map(|one| spell(*one)).collect();
            self.value(field, format!("must be one of {}", words.join(", ")));
        }
        found
    }

    /// Like [`Self::word`] for one that must be there.
    pub fn word_required<T: Copy>(&mut self, field: &str, all: &[T], spell: fn(T) -> &'static str) -> Option<T> {
        let value = self.required(field)?;
        self.as_word(field, &value, all, spell)
    }

    /// A number from `low` on.
    pub fn number(&mut self, field: &str, low: f64) -> Option<f64> {
        let value = self.take(field)?;
        self.as_number(field, &value, low)
    }

    pub fn number_required(&mut self, field: &str, low: f64) -> f64 {
        let value = self.required(field);
        value
            .and_then(|value| self.as_number(field, &value, low))
            .unwrap_or_default()
    }

    pub fn as_number(&mut self, field: &str, value: &Value, low: f64) -> Option<f64> {
        let number = value.as_f64();
        match number {
            Some(number) if number >= low => return Some(number),
            Some(_) => self.value(field, format!("must be {low} or more")),
            None => self.value(field, "must be a number"),
        }
        None
    }

    /// A whole number.
    pub fn whole(&mut self, field: &str) -> Option<i64> {
        let value = self.take(field)?;
        let number = value.as_i64();
        if number.is_none() {
            self.value(field, "must be a whole number");
        }
        number
    }

    pub fn date(&mut self, field: &str) -> Option<NaiveDate> {
        let text = self.text(field)?;
        let date = text.parse::<NaiveDate>().ok().filter(|date| date.to_string() == text);
        if date.is_none() {
            self.value(field, "must be a date, YYYY-MM-DD");
        }
        date
    }

    /// An object whose own fields are then read in the same way, each under the path of this one.
    pub fn object(&mut self, field: &str) -> Option<Map<String, Value>> {
        let value = self.take(field)?;
        self.as_object(field, value)
    }

    pub fn object_required(&mut self, field: &str) -> Option<Map<String, Value>> {
        let value = self.required(field)?;
        self.as_object(field, value)
    }

    pub fn as_object(&mut self, field: &str, value: Value) -> Option<Map<String, Value>> {
        match value {
            Value::Object(object) => Some(object),
            _ => {
                self.value(field, "must be an object");
                None
            }
        }
    }

    /// Reads the fields of an inner object with `read`, and notes what it does not know.
    pub fn inner<T>(&mut self, path: &str, object: Map<String, Value>, read: impl FnOnce(&mut Fields) -> T) -> T {
        let mut inner = Fields::new(object);
        let read = read(&mut inner);
        inner.unknown();
        self.problems.extend(inner.problems.into_iter().map(|problem| Problem {
            field: format!("{path}.{}", problem.field),
            ..problem
        }));
        read
    }

    /// Lists of texts by a name: hours by day, values by attribute.
    pub fn lists(&mut self, field: &str, object: Map<String, Value>, most: usize) -> BTreeMap<String, Vec<String>> {
        object
            .into_iter()
            .filter_map(|(name, value)| {
                let values = self.as_ids(&format!("{field}.{name}"), value, most)?;
                Some((name, values))
            })
            .collect()
    }

    /// Takes all that is left: where the type is unknown, so is every field.
    pub fn forget(&mut self) {
        self.left.clear();
    }

    fn unknown(&mut self) {
        for field in std::mem::take(&mut self.left).into_iter().map(|(field, _)| field) {
            // The name is theirs and may be anything: shown in part, so that a report stays one.
            let shown: String = field.chars().take(100).collect();
            self.problem(shown, Reason::UnknownField, "is no field of this type of line");
        }
    }

    /// Everything that is wrong: also what nobody took.
    pub fn finish(mut self) -> Vec<Problem> {
        self.unknown();
        self.problems
    }
}

/// A JSON value in which no object has a name twice: of two, readers disagree about which one counts.
pub struct Once(pub Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(value)) = values.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Once(value))) = fields.next_entry::<String, Once>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a field is there twice"));
            }
        }
        Ok(Value::Object(object))
    }
}
