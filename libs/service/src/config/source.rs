//! Lays the sources of the configuration over each other and notes what does not fit.
//!
//! The defaults are the schema: a key that they do not have is unknown, and a value must have the type of the default.

use std::collections::BTreeMap;

use toml::{Table, Value};
use vorrang_error::Violations;

const PREFIX: &str = "VORRANG_";
const SEPARATOR: &str = "__";
const FILE_SUFFIX: &str = "_file";

/// Keys that may also be read from a file by `…_FILE`, because they are or contain secrets.
pub(super) const SECRET_KEYS: &[&str] = &[
    "identity.database_url",
    "secrets.internal_key",
    "secrets.cursor_key",
    "secrets.key_pepper",
    "secrets.data_key",
    "secrets.link_key",
    "secrets.link_key_previous",
    "ticketing.database_url",
    "ingestion.database_url",
    "routing.database_url",
    "knowledge.database_url",
    "redis.url",
];

/// The sources laid over each other so far.
pub(super) struct Sources {
    schema: Table,
    merged: Table,
    origins: BTreeMap<String, String>,
    violations: Violations,
}

impl Sources {
    /// Only the defaults.
    pub(super) fn new(defaults: Table) -> Self {
        Self {
            schema: defaults.clone(),
            merged: defaults,
            origins: BTreeMap::new(),
            violations: Violations::new(),
        }
    }

    /// Lays a TOML file over what is there. `name` is for people.
    pub(super) fn file(&mut self, name: &str, text: &str) {
        match text.parse::<Table>() {
            Ok(table) => self.table("", table, name),
            Err(why) => {
                let line = why.span().map(|span| text[..span.start].lines().count().max(1));
                let place = line.map(|line| format!(" line {line}")).unwrap_or_default();
                self.violations
                    .add(name, format!("is not TOML:{place} {}", why.message()));
            }
        }
    }

    fn table(&mut self, prefix: &str, table: Table, origin: &str) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}.{name}")
            };
            match (self.default(&key), value) {
                (Some(Value::Table(_)), Value::Table(inner)) => self.table(&key, inner, origin),
                (Some(_), value) => self.set(&key, value, origin),
                (None, _) => self.unknown(&key, origin),
            }
        }
    }

    /// Lays variables over what is there. Those without our prefix are not ours. Of those with it, names without `__` that
    /// are not even like a key are left alone: Kubernetes and our own tests set such.
    pub(super) fn environment(&mut self, variables: &[(String, String)]) {
        for (variable, text) in variables {
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            let key = name.to_ascii_lowercase().replace(SEPARATOR, ".");
            if let Some(secret) = key.strip_suffix(FILE_SUFFIX).filter(|key| SECRET_KEYS.contains(key)) {
                let direct = variable_of(secret);
                if variables.iter().any(|(other, _)| *other == direct) {
                    self.violations
                        .add(secret, format!("set by both {direct} and {variable}; keep one of them"));
                    continue;
                }
                match std::fs::read_to_string(text) {
                    Ok(content) => self.set(secret, Value::String(content.trim().to_owned()), variable),
                    Err(why) => self
                        .violations
                        .add(secret, format!("cannot read {text} ({variable}): {why}")),
                }
                continue;
            }
            match self.default(&key) {
                Some(Value::Table(_)) => self.violations.add(
                    &key,
                    format!("is a section, not a setting (set by {variable}); name a setting in it: {variable}__…"),
                ),
                Some(default) => match typed(default, text) {
                    Some(value) => self.set(&key, value, variable),
                    None => self.wrong_type(&key, kind(default), variable),
                },
                None => match self.nearest(&key).map(|known| variable_of(&known)) {
                    Some(meant) => self.violations.add(
                        &key,
                        format!("unknown configuration key (set by {variable}); did you mean {meant}?"),
                    ),
                    None if name.contains(SEPARATOR) => self.unknown(&key, variable),
                    None => {}
                },
            }
        }
    }

    fn set(&mut self, key: &str, value: Value, origin: &str) {
        let Some(default) = self.default(key) else { return };
        if std::mem::discriminant(default) != std::mem::discriminant(&value) {
            let wanted = kind(default);
            return self.wrong_type(key, wanted, origin);
        }
        let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
        let table = match section {
            "" => Some(&mut self.merged),
            section => self.merged.get_mut(section).and_then(Value::as_table_mut),
        };
        if let Some(table) = table {
            table.insert(name.to_owned(), value);
            self.origins.insert(key.to_owned(), origin.to_owned());
        }
    }

    fn default(&self, key: &str) -> Option<&Value> {
        match key.split_once('.') {
            None => self.schema.get(key),
            Some((section, name)) => self.schema.get(section)?.as_table()?.get(name),
        }
    }

    fn wrong_type(&mut self, key: &str, wanted: &str, origin: &str) {
        self.violations.add(key, format!("must be {wanted} (set by {origin})"));
    }

    fn unknown(&mut self, key: &str, origin: &str) {
        let hint = self.nearest(key);
        let hint = hint.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
        self.violations
            .add(key, format!("unknown configuration key (set by {origin}){hint}"));
    }

    /// The key that was probably meant: at most two letters differ, and fewer in short names, where two are most of them.
    fn nearest(&self, key: &str) -> Option<String> {
        let known = keys(&self.schema).into_iter();
        let like = known.filter_map(|known| {
            let edits = distance(&known, key);
            (edits <= (known.len() / 3).min(2)).then_some((edits, known))
        });
        like.min().map(|(_, known)| known)
    }

    /// Notes that the value of `key` is not acceptable.
    pub(super) fn reject(&mut self, key: &str, why: impl std::fmt::Display) {
        let origin = match self.origins.get(key) {
            Some(origin) => format!(" (set by {origin})"),
            None => String::new(),
        };
        self.violations.add(key, format!("{why}{origin}"));
    }

    /// The value in force.
    pub(super) fn string(&self, key: &str) -> String {
        self.value(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The list in force.
    pub(super) fn strings(&mut self, key: &str) -> Vec<String> {
        let values = self.value(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let texts: Vec<String> = values
            .iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect();
        if texts.len() < values.len() {
            self.reject(key, "must hold nothing but texts in quotes");
        }
        texts
    }

    /// The number in force.
    pub(super) fn integer(&self, key: &str) -> i64 {
        self.value(key).and_then(Value::as_integer).unwrap_or_default()
    }

    fn value(&self, key: &str) -> Option<&Value> {
        match key.split_once('.') {
            None => self.merged.get(key),
            Some((section, name)) => self.merged.get(section)?.as_table()?.get(name),
        }
    }

    /// What does not fit, so far.
    pub(super) fn into_violations(self) -> Violations {
        self.violations
    }
}

/// The variable that sets `key`.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', SEPARATOR))
}

fn typed(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Array(_) => Some(Value::Array(list(text))),
        _ => Some(Value::String(text.to_owned())),
    }
}

/// The parts of a list in the environment.
fn list(text: &str) -> Vec<Value> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Value::String(part.to_owned())).collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list in brackets",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Table(_) => "a section",
        _ => "a text in quotes",
    }
}

/// Every key and every section.
fn keys(schema: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in schema {
        if let Value::Table(inner) = value {
            keys.extend(inner.keys().map(|key| format!("{name}.{key}")));
        }
        keys.push(name.clone());
    }
    keys
}

/// Edits between two keys (Levenshtein), for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}
