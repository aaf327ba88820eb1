//! The configuration as text for people, with secrets hidden.

use std::fmt;
use std::net::SocketAddr;

use serde::Serializer;
use toml::{Table, Value};

use super::Config;
use super::load::DEFAULTS;

const HIDDEN: &str = "***";
/// Instead of the first paragraph of the defaults, which is about them.
const HEADING: &str = "# What is in force, with secrets hidden as ***.\n";
/// Parts of the names of query parameters whose values are hidden.
const SECRET_PARAMETERS: &[&str] = &["pass", "pwd", "secret", "key", "token", "auth", "credential"];

impl Config {
    /// What is in force as TOML, with the meaning of every setting as comments. Secrets are hidden: the signing keys, and of
    /// every address the user and password and whatever its query calls a secret. The result can be put into a ticket.
    pub fn print(&self) -> String {
        let table = Table::try_from(self).expect("every field has a TOML form: a test says so");
        let (_, settings) = DEFAULTS.split_once("\n\n").unwrap_or(("", DEFAULTS));
        let mut text = format!("{HEADING}\n");
        let mut section = "";
        for line in settings.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
            }
            let key = line.split_once(" = ").filter(|_| !line.starts_with('#'));
            let value = key.and_then(|(key, _)| Some((key, within(&table, section)?.get(key)?)));
            match value {
                Some((key, value)) => text.push_str(&format!("{key} = {}", hidden(section, value))),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text
    }
}

fn within<'t>(table: &'t Table, section: &str) -> Option<&'t Table> {
    match section {
        "" => Some(table),
        section => table.get(section)?.as_table(),
    }
}

fn hidden(section: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(_) if section == "secrets" => HIDDEN.into(),
        Value::String(text) => redacted(text).into(),
        other => other.clone(),
    }
}

/// `text` without what is secret in it if it is a URL: user and password (of `user:password` only the password), and the
/// values of query parameters that are called something like password, key or token. Where a URL is so malformed that this
/// cannot be told, more is hidden.
pub fn redacted(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (base, query) = match rest.find(['?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let base = match base.rsplit_once('@') {
        // A password with a question mark in it, perhaps.
        None if query.contains('@') => return format!("{scheme}://{HIDDEN}"),
        None => base.to_owned(),
        Some((user, place)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{HIDDEN}@{place}"),
            None => format!("{HIDDEN}@{place}"),
        },
    };
    format!("{scheme}://{base}{}", redacted_query(query))
}

/// Ends with the first secret, since nobody can tell where one ends that is not escaped.
fn redacted_query(query: &str) -> String {
    let mut text = String::new();
    for parameter in query.split_inclusive('&') {
        match parameter.split_once('=') {
            Some((name, value)) if is_secret(name) || value.contains(['?', '#', ';']) => {
                text.push_str(&format!("{name}={HIDDEN}"));
                break;
            }
            _ => text.push_str(parameter),
        }
    }
    text
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_PARAMETERS.iter().any(|part| name.contains(part))
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}

/// An optional address is a text, empty for none: the file must show every key.
pub(super) fn optional_address<S: Serializer>(address: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = address.map(|address| address.to_string()).unwrap_or_default();
    serializer.serialize_str(&text)
}
