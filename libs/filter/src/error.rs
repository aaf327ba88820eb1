//! What is wrong with a filter, and where.

use std::fmt;

/// Why a filter is refused. The message never repeats more than one word of the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The character at which it was noticed, counted from 1.
    pub position: usize,
    /// A sentence: what is wrong, and what would be right.
    pub message: String,
}

impl FilterError {
    /// An error at byte `at` of `text`.
    pub(crate) fn at(text: &str, at: usize, message: impl Into<String>) -> Self {
        let before = text.char_indices().take_while(|(index, _)| *index < at).count();
        Self {
            position: before + 1,
            message: message.into(),
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.position, self.message)
    }
}

impl std::error::Error for FilterError {}
