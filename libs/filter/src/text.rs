//! How words are written: bare where that is safe, in quotes else.

use std::fmt;

/// The words that join conditions. Only in capital letters, and only outside of quotes.
pub const KEYWORDS: [&str; 3] = ["AND", "OR", "NOT"];

/// Whether a bare word ends before this character, wherever it stands.
pub fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || "()\"',=<>!".contains(letter)
}

/// Writes a word with stars between its pieces, so that reading it gives the same pieces.
pub fn write_pattern(f: &mut fmt::Formatter<'_>, pieces: &[String]) -> fmt::Result {
    let safe = |letter: char| letter.is_alphanumeric() || "_-./@+:".contains(letter);
    let misread = match pieces {
        [word] => word.is_empty() || word.starts_with(['-', ':']) || is_keyword(word),
        [first, ..] => first.starts_with(['-', ':']) || pieces.iter().all(String::is_empty),
        [] => true,
    };
    let quote = if misread || !pieces.iter().all(|piece| piece.chars().all(safe)) {
        "\""
    } else {
        ""
    };
    f.write_str(quote)?;
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            f.write_str("*")?;
        }
        for letter in piece.chars() {
            match letter {
                '"' | '\\' | '*' => write!(f, "\\{letter}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                _ => write!(f, "{letter}")?,
            }
        }
    }
    f.write_str(quote)
}

/// Writes the name of a field.
pub fn write_path(f: &mut fmt::Formatter<'_>, path: &str) -> fmt::Result {
    let safe = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    if path.chars().all(safe) && !path.starts_with('-') && !is_keyword(path) {
        f.write_str(path)
    } else {
        write!(f, "\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Whether the word, in capital letters or not, is one that joins conditions.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
