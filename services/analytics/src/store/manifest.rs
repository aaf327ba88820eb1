//! What the files of a tenant are and how far its feeds were read when they were written.

use std::io;

use serde::{Deserialize, Serialize};

use super::{broken, checksum};
use crate::facts::Part;
use crate::projection::Reached;

/// Its name in the folder of a tenant.
pub const MANIFEST: &str = "manifest";

/// The files whose parts together are the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// In which form the files are written.
    pub format: u32,
    /// Whose facts.
    pub tenant: String,
    /// Rises with every manifest.
    pub number: u64,
    /// How far the feeds were read.
    pub reached: Reached,
    /// In the order in which they are to be read.
    pub files: Vec<FileOf>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOf {
    /// What is in it.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Checksum of its bytes.
    pub sha256: String,
}

impl Manifest {
    /// A line with the checksum of the rest, then JSON.
    pub fn text(&self) -> String {
        // Texts, numbers and lists: nothing that JSON cannot have.
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{}\n{json}", checksum(json.as_bytes()))
    }

    /// As [`Manifest::text`].
    pub fn read(text: &str) -> io::Result<Self> {
        let (sum, json) = text.split_once('\n').unwrap_or_default();
        if checksum(json.as_bytes()) != sum {
            return Err(broken("the manifest is not what was written".to_owned()));
        }
        serde_json::from_str(json).map_err(|why| broken(format!("the manifest: {why}")))
    }
}
