//! Imports of histories: what they are, and how a file becomes lines. Pure.

pub mod lines;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// Its upload has not ended.
    Receiving,
    /// It is being checked and applied.
    Running,
    /// Every line has an answer.
    Done,
    /// It is strict and has bad lines.
    Refused,
}

impl ImportState {
    const ALL: [Self; 4] = [Self::Receiving, Self::Running, Self::Done, Self::Refused];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "RECEIVING",
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::Refused => "REFUSED",
        }
    }

    /// Reads a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// What somebody wants to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// None: not repeatable.
    pub request_id: Option<String>,
    /// The system it comes from.
    pub source: String,
    /// Whether nothing is applied when any line is bad.
    pub strict: bool,
    /// For people.
    pub display_name: String,
}

/// An import as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub tenant: String,
    /// How far it is.
    pub state: ImportState,
    /// The system it comes from.
    pub source: String,
    /// Whether it is strict.
    pub strict: bool,
    /// For people.
    pub display_name: String,
    /// Lines of the file that are durable, empty ones included.
    pub read_lines: u64,
    /// Over all of them; see [`lines::chain`].
    pub chain: [u8; 32],
    /// Lines that are not empty.
    pub line_count: i64,
    /// In ticketing's log by this import.
    pub recorded: i64,
    /// There before.
    pub duplicates: i64,
    /// Bad.
    pub bad: i64,
    /// Whether the references of a strict one were found good.
    pub checked: bool,
    /// When its upload began.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub received_at: Option<DateTime<Utc>>,
    /// When it was done or refused.
    pub ended_at: Option<DateTime<Utc>>,
}

/// One thing that is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The line's number.
    pub line: u64,
    /// Its place among what is wrong with this line, from 0.
    pub position: i32,
    /// A stable word.
    pub reason: String,
    /// May be empty.
    pub field: String,
    /// In a few words.
    pub text: String,
}
