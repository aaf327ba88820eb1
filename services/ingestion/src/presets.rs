//! Presets: data files that say how to read and verify what a system pushes. See `presets/README.md`.
//!
//! The files of the folder `presets/` are built in; a folder of the operator's may add to them or replace them.

mod file;
mod find;
mod handshake;
mod map;
mod sign;
#[cfg(test)]
mod tests;
mod time;

use std::collections::BTreeMap;
use std::path::Path;

use vorrang_error::Error;

pub use handshake::handshake;
pub use map::{Mapped, NotUnderstood, Part, map};
pub use sign::{Rejected, Signed, verify};

use file::PresetFile;

/// Every preset that comes with the program, by file name.
const BUILT_IN: [(&str, &str); 6] = [
    ("chatwoot.toml", include_str!("../presets/chatwoot.toml")),
    ("email.toml", include_str!("../presets/email.toml")),
    ("json.toml", include_str!("../presets/json.toml")),
    ("whatsapp-cloud.toml", include_str!("../presets/whatsapp-cloud.toml")),
    ("zammad.toml", include_str!("../presets/zammad.toml")),
    ("zendesk-event.toml", include_str!("../presets/zendesk-event.toml")),
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

    /// Whether the body is an e-mail and not JSON.
    pub fn is_mail(&self) -> bool {
        self.0.format == file::Format::Mail
    }
}

/// The presets there are.
#[derive(Debug, Clone)]
pub struct Presets(BTreeMap<String, Preset>);

impl Presets {
    /// The built-in presets, and those in `folder` when it exists: each `*.toml` there is one. One with the id of a
    /// built-in preset replaces it.
    ///
    /// # Errors
    /// Precondition `PRESET_INVALID` naming the first file that is wrong; Unavailable when the folder cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, Error> {
        let mut presets = BTreeMap::new();
        for (file, text) in BUILT_IN {
            let preset = Preset::parse(file, text)?;
            presets.insert(preset.id().to_owned(), preset);
        }
        for (file, text) in folder.map(read_folder).transpose()?.unwrap_or_default() {
            let preset = Preset::parse(&file, &text)?;
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

fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let failed = |path: &Path, why: std::io::Error| {
        Error::unavailable(
            "PRESETS_UNREADABLE",
            format!("cannot read presets from {}: {why}", path.display()),
        )
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
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
    // The order of a folder is the file system's; which of two files with one id wins must not be.
    files.sort();
    Ok(files)
}
