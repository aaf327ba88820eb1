//! A text in several languages.

use serde::{Deserialize, Serialize};

/// Languages of a text.
pub const LANGUAGES_MAX: usize = 20;

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Localized {
    /// BCP 47; empty: for every language.
    pub language: String,
    /// The text, with places.
    pub text: String,
}

/// A text in at least one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(pub Vec<Localized>);

impl Text {
    /// The text for a language: of the same tag, else of the same language, else that for every language, else the first.
    pub fn pick(&self, language: &str) -> &str {
        let same = |one: &&Localized| one.language.eq_ignore_ascii_case(language);
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let related = |one: &&Localized| !one.language.is_empty() && primary(&one.language) == primary(language);
        let texts = &self.0;
        texts
            .iter()
            .find(same)
            .or_else(|| texts.iter().find(related))
            .or_else(|| texts.iter().find(|one| one.language.is_empty()))
            .or_else(|| texts.first())
            .map(|one| one.text.as_str())
            .unwrap_or_default()
    }
}
