//! Presets: data files that say how to read and verify what a system pushes. See `presets/README.md`.
//!
//! The files of the folder `presets/` are built in; a folder of the operator's may add to them or replace them.

mod document;
mod file;
mod find;
mod handshake;
mod mailing;
mod map;
mod sign;
mod signature;
#[cfg(test)]
mod tests;
mod time;
mod value;

use std::collections::BTreeMap;
use std::path::Path;

use vorrang_error::Error;

pub use document::cloudevents;
pub use handshake::handshake;
pub use map::{Mapped, NotUnderstood, Part, Payload, Thin, map};
pub use sign::{Rejected, Signed, check_secret, proof, verify};

use file::PresetFile;

macro_rules! built_in {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../presets/", $file)))),*]
    };
}

/// Every preset that comes with the program, by file name.
const BUILT_IN: &[(&str, &str)] = &built_in![
    "chatwoot.toml",
    "cloudevents.toml",
    "email.toml",
    "flow.toml",
    "freshdesk.toml",
    "gorgias.toml",
    "hubspot-app.toml",
    "hubspot-workflow.toml",
    "intercom.toml",
    "json.toml",
    "mailgun.toml",
    "meta-messaging.toml",
    "phone.toml",
    "postmark.toml",
    "salesforce-outbound.toml",
    "sendgrid.toml",
    "standard-webhooks.toml",
    "superoffice.toml",
    "twilio.toml",
    "whatsapp-cloud.toml",
    "zammad.toml",
    "zendesk-event.toml",
    "zendesk-tickets.toml",
    "zendesk-trigger.toml",
];

/// A preset that was read and checked.
#[derive(Debug, Clone)]
pub struct Preset(PresetFile);

impl Preset {
    /// Reads a preset file.
    ///
    /// # Errors
    /// Precondition `PRESET_INVALID` naming the file, the key and what is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        PresetFile::parse(text).map(Self).map_err(|why| {
            Error::precondition("PRESET_INVALID", format!("preset {file}: {why}")).with("file", file.to_owned())
        })
    }

    /// Its id, for example `chatwoot`.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What it is for, one line.
    pub fn description(&self) -> &str {
        &self.0.description
    }

    /// Where the vendor documents what it sends; may be empty.
    pub fn documentation_url(&self) -> &str {
        &self.0.documentation_url
    }

    /// Whether the body is an e-mail and nothing else.
    pub fn is_mail(&self) -> bool {
        self.0.format == file::Format::Mail
    }

    /// Whether a payload may hold a whole mail, and so be as large as one.
    pub fn holds_mails(&self) -> bool {
        self.is_mail() || !matches!(self.0.contact.mail, value::Value::None)
    }

    /// Whether payloads are CloudEvents.
    pub fn is_cloudevents(&self) -> bool {
        self.0.format == file::Format::CloudEvents
    }

    /// Whether some of its payloads only name things, which are pushed whole later.
    pub fn is_thin(&self) -> bool {
        !self.0.thin.is_empty()
    }

    /// Media type and text of the answer that the vendor wants, if it wants one of its own.
    pub fn answer(&self) -> Option<(&str, &str)> {
        let answer = self.0.answer.as_ref()?;
        Some((&answer.content_type, &answer.body))
    }
}

/// A folder of the operator's own presets.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Whether somebody named it: then it must be there.
    pub named: bool,
}

/// The presets there are.
#[derive(Debug, Clone)]
pub struct Presets(BTreeMap<String, Preset>);

impl Presets {
    /// The built-in presets, and those in `folder`: each `*.toml` there is one. One with the id of a built-in preset replaces it.
    ///
    /// # Errors
    /// Precondition `PRESET_INVALID` naming the first file that is wrong, with line and reason, or `PRESET_TWICE` when two files of
    /// the folder have one id; Unavailable when the folder cannot be read.
    pub fn load(folder: Option<Folder<'_>>) -> Result<Self, Error> {
        let mut presets = BTreeMap::new();
        for &(file, text) in BUILT_IN {
            let preset = Preset::parse(file, text)?;
            presets.insert(preset.id().to_owned(), preset);
        }
        let mut own: BTreeMap<String, String> = BTreeMap::new();
        for (file, text) in folder.map(read_folder).transpose()?.unwrap_or_default() {
            let preset = Preset::parse(&file, &text)?;
            if let Some(first) = own.insert(preset.id().to_owned(), file.clone()) {
                let message = format!("{first} and {file} are both the preset {}; leave one", preset.id());
                return Err(Error::precondition("PRESET_TWICE", message).with("file", file));
            }
            presets.insert(preset.id().to_owned(), preset);
        }
        Ok(Self(presets))
    }

    /// The preset called `id`.
    ///
    /// # Errors
    /// NotFound `PRESET_UNKNOWN`, naming the presets there are.
    pub fn get(&self, id: &str) -> Result<&Preset, Error> {
        self.0.get(id).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known = known.join(", ");
            Error::new(
                vorrang_error::Kind::NotFound,
                "PRESET_UNKNOWN",
                format!("there is no such preset; there are: {known}"),
            )
            .with("presets", known)
        })
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Preset> {
        self.0.values()
    }
}

fn read_folder(Folder { path: folder, named }: Folder<'_>) -> Result<Vec<(String, String)>, Error> {
    let failed = |path: &Path, why: std::io::Error| {
        Error::unavailable(
            "PRESETS_UNREADABLE",
            format!("cannot read presets from {}: {why}", path.display()),
        )
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound && !named => return Ok(Vec::new()),
        Err(why) => return Err(failed(folder, why)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|why| failed(folder, why))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|why| failed(&path, why))?;
            files.push((path.display().to_string(), text));
        }
    }
    // The order of a folder is the file system's; which file is complained of first must not be.
    files.sort();
    Ok(files)
}
