//! The configuration as text for people, with secrets hidden.

use std::fmt;
use std::net::SocketAddr;

use serde::Serializer;
use toml::{Table, Value};

use super::Config;
use super::source::SECRET_KEYS;

const HIDDEN: &str = "***";

impl Config {
    /// What is in force as TOML. Secrets are hidden, and of URLs the password; the result can be put into a ticket.
    pub fn print(&self) -> String {
        let mut table = Table::try_from(self).expect("every field has a TOML form: a test says so");
        for key in SECRET_KEYS {
            let Some((section, name)) = key.split_once('.') else {
                continue;
            };
            let value = table.get_mut(section).and_then(|section| section.get_mut(name));
            if let Some(Value::String(text)) = value {
                *text = hide(key, text);
            }
        }
        toml::to_string(&table).expect("a table has a TOML form")
    }
}

fn hide(key: &str, text: &str) -> String {
    match (text, text.split_once("://")) {
        ("", _) => String::new(),
        (_, Some((scheme, rest))) if !key.starts_with("secrets.") => match rest.rsplit_once('@') {
            Some((user, place)) => {
                let user = user.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}:{HIDDEN}@{place}")
            }
            None => text.to_owned(),
        },
        _ => HIDDEN.to_owned(),
    }
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
