//! Words with `*`, compared in one pass.

use crate::schema::Kind;
use crate::{literal, text};

/// A word in which `*` stands for any run of characters, none included. Compared character by character, case and all.
///
/// Kept as the pieces between the stars: one piece means the word itself, two mean something between beginning and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<String>,
}

impl Pattern {
    /// The word itself, stars and all.
    pub fn exactly(word: impl Into<String>) -> Self {
        Self {
            pieces: vec![word.into()],
        }
    }

    /// What is between the stars; at least two make a pattern. Neighbouring stars are one.
    pub fn of_pieces(pieces: impl IntoIterator<Item = String>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        let mut pieces = pieces.into_iter().peekable();
        while let Some(piece) = pieces.next() {
            let inner = !kept.is_empty() && pieces.peek().is_some();
            if !(inner && piece.is_empty()) {
                kept.push(piece);
            }
        }
        if kept.is_empty() {
            kept.push(String::new());
        }
        Self { pieces: kept }
    }

    /// The word, when there is no star.
    pub fn word(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [word] => Some(word),
            _ => None,
        }
    }

    /// What must come first, between and last; any of it may be empty.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Whether everything fits.
    pub fn is_all(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(String::is_empty)
    }

    /// Number of stars.
    pub fn stars(&self) -> usize {
        self.pieces.len() - 1
    }

    /// Whether the whole of `text` fits. Looks at each character a bounded number of times: taking every piece where it
    /// first occurs is enough, so nothing is ever tried twice.
    pub fn fits(&self, text: &str) -> bool {
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else {
            return text.is_empty();
        };
        if self.pieces.len() == 1 {
            return text == first;
        }
        let Some(rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else {
            return false;
        };
        for piece in &self.pieces[1..self.pieces.len() - 1] {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }

    /// Whether it fits some part of `text`, ignoring case.
    pub fn is_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let mut rest = text.as_str();
        for piece in &self.pieces {
            let piece = piece.to_lowercase();
            match rest.find(&piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }
}

/// As it is written in a filter.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.word() {
            // In quotes it is a text wherever it stands.
            Some(word) if literal::kind_of(self, false) != Kind::Text => write!(f, "\"{word}\""),
            _ => text::write_pattern(f, &self.pieces),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::of_pieces(text.split('*').map(str::to_owned))
    }

    #[test]
    fn stars_stand_for_any_run() {
        for (stars, text, fits) in [
            ("abc", "abc", true),
            ("abc", "Abc", false),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*a", "a", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("*b*", "abc", true),
            ("ü*ß", "üß", true),
            ("**", "", true),
            ("a**b", "axb", true),
            ("*ab*ab*", "abab", true),
            ("*ab*ab*", "abb", false),
        ] {
            assert_eq!(pattern(stars).fits(text), fits, "{stars} {text}");
        }
        assert!(pattern("**").is_all() && !pattern("*a").is_all());
        assert_eq!(pattern("a***b"), pattern("a*b"));
    }

    #[test]
    fn parts_of_a_text_ignore_case() {
        assert!(pattern("ÜBER").is_in("Rückgabe über Portal"));
        assert!(pattern("rück*portal").is_in("Die RÜCKGABE im Portal"));
        assert!(!pattern("portal*rück").is_in("Die Rückgabe im Portal"));
    }

    /// A backtracking matcher would need longer than the universe is old.
    #[test]
    fn many_stars_over_a_long_text_cost_nothing() {
        let stars = pattern(&"*a".repeat(2_000));
        assert!(!stars.fits(&format!("{}b", "a".repeat(100_000))));
    }
}
