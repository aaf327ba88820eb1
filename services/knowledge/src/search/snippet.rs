//! The passage of an article that fits the query, with the words that fit.

use std::ops::Range;

use tantivy::Searcher;
use tantivy::query::Query;
use tantivy::snippet::{SnippetGenerator, collapse_overlapped_ranges};

use super::analysis::{Analyzer, compose};
use super::schema::Fields;
use crate::locale::language_of;

/// Two lines on a telephone.
const PASSAGE_MAX_CHARS: usize = 180;
/// With the markup, as the contract promises.
const HTML_MAX_CHARS: usize = 300;
const OPEN: &str = "<b>";
const CLOSE: &str = "</b>";

/// Marks the words of one query.
pub(crate) struct Highlighter(Option<ByLanguage>);

struct ByLanguage {
    german: SnippetGenerator,
    english: SnippetGenerator,
    plain: SnippetGenerator,
}

impl Highlighter {
    /// For a query without words.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    pub(crate) fn for_query(searcher: &Searcher, query: &dyn Query, fields: &Fields) -> tantivy::Result<Self> {
        let generator = |field| -> tantivy::Result<SnippetGenerator> {
            let mut generator = SnippetGenerator::create(searcher, query, field)?;
            generator.set_max_num_chars(PASSAGE_MAX_CHARS);
            Ok(generator)
        };
        Ok(Self(Some(ByLanguage {
            german: generator(fields.german.text)?,
            english: generator(fields.english.text)?,
            plain: generator(fields.plain.text)?,
        })))
    }

    /// The best passage of `body`, the text of an article in `locale`, as HTML with the words that fit in `<b>`; its
    /// beginning when only title or tags fit. At most 300 characters.
    pub(crate) fn snippet(&self, locale: &str, body: &str) -> String {
        let body = compose(body);
        if let Some(by_language) = &self.0 {
            let generator = match Analyzer::stemming(language_of(locale)) {
                Some(Analyzer::German) => &by_language.german,
                Some(Analyzer::English) => &by_language.english,
                Some(Analyzer::Plain) | None => &by_language.plain,
            };
            let found = generator.snippet(&body);
            if !found.is_empty() {
                let passage = with_punctuation(&body, found.fragment_range());
                return html(passage, &collapse_overlapped_ranges(found.highlighted()));
            }
        }
        html(beginning(&body), &[])
    }
}

/// The first words of `body`, at most [`PASSAGE_MAX_CHARS`] characters.
fn beginning(body: &str) -> &str {
    let body = body.trim();
    match body.char_indices().nth(PASSAGE_MAX_CHARS) {
        None => body,
        Some((end, _)) => {
            let cut = &body[..end];
            cut.rfind(char::is_whitespace).map_or(cut, |at| &cut[..at]).trim_end()
        }
    }
}

/// The passage with the punctuation that follows its last word: the tokenizer cuts right behind the word.
fn with_punctuation(body: &str, passage: Range<usize>) -> &str {
    let after = body[passage.end..].chars();
    let marks = after
        .take_while(|letter| !letter.is_alphanumeric() && !letter.is_whitespace())
        .take(3);
    let end = passage.end + marks.map(char::len_utf8).sum::<usize>();
    &body[passage.start..end]
}

/// `text`, escaped, with `highlights` (byte ranges in order, not overlapping) in `<b>`. Cut where it would become longer
/// than the contract allows, which only texts full of special characters do.
fn html(text: &str, highlights: &[Range<usize>]) -> String {
    let mut html = String::new();
    let mut length = 0;
    let mut is_open = false;
    for (at, letter) in text.char_indices() {
        let marked = highlights.iter().any(|range| range.contains(&at));
        let mut piece = String::new();
        if is_open && !marked {
            piece.push_str(CLOSE);
        } else if marked && !is_open {
            piece.push_str(OPEN);
        }
        match letter {
            '<' => piece.push_str("&lt;"),
            '>' => piece.push_str("&gt;"),
            '&' => piece.push_str("&amp;"),
            '"' => piece.push_str("&quot;"),
            '\'' => piece.push_str("&#39;"),
            _ => piece.push(letter),
        }
        let more = piece.chars().count();
        if length + more + CLOSE.len() > HTML_MAX_CHARS {
            break;
        }
        length += more;
        html.push_str(&piece);
        is_open = marked;
    }
    if is_open {
        html.push_str(CLOSE);
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_markup_is_text() {
        assert_eq!(
            html("<script>&x</script>", std::slice::from_ref(&(9..10))),
            "&lt;script&gt;&amp;<b>x</b>&lt;/script&gt;"
        );
    }

    #[test]
    fn markup_is_closed_and_the_length_is_bounded() {
        let text = "&".repeat(500);
        let cut = html(&text, std::slice::from_ref(&(0..500)));
        assert!(cut.chars().count() <= HTML_MAX_CHARS);
        assert!(cut.starts_with("<b>&amp;") && cut.ends_with("&amp;</b>"), "{cut}");
    }

    #[test]
    fn a_text_without_matches_begins_with_whole_words() {
        let text = "Wort für Wort ".repeat(40);
        let cut = beginning(&text);
        assert!(
            cut.chars().count() <= PASSAGE_MAX_CHARS && cut.ends_with(" für"),
            "{cut}"
        );
        assert_eq!(beginning("  kurz "), "kurz");
    }
}
