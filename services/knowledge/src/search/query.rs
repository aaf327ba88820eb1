//! From the words a customer typed to a tantivy query. There is no query syntax: a customer's colon or asterisk is text.

use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Score, Searcher, Term};

use super::analysis::compose;
use super::schema::{Fields, TextFields};
use super::spelling;

/// What a word in the title counts on top of the same word in the whole text, which has weight 1. This and [`PLAIN`] are
/// tuned on the questions that `tenant_index/samples.rs` asks.
const TITLE: Score = 0.35;
/// What a match of the unstemmed word counts on top of one of its stem.
const PLAIN: Score = 0.07;
/// Words beyond these add cost but hardly meaning: a question has about ten, a pasted mail has hundreds.
const WORDS_MAX: usize = 40;

/// The query for `text` among articles of `language` (`None` for all). `None` when no word is left to look for.
pub(crate) fn build(
    searcher: &Searcher,
    fields: &Fields,
    text: &str,
    language: Option<&str>,
) -> tantivy::Result<Option<Box<dyn Query>>> {
    let text = compose(text);
    let words = match language {
        Some(language) => match fields.stemmed(language) {
            Some(stemmed) => {
                let stems = any_word(searcher, stemmed, &text)?;
                let plain = any_word(searcher, fields.plain, &text)?;
                both(stems, plain)
            }
            None => any_word(searcher, fields.plain, &text)?,
        },
        None => {
            // Without a language an article counts in the language in which it fits best.
            let mut ways = Vec::new();
            for way in [fields.german, fields.english, fields.plain] {
                ways.extend(any_word(searcher, way, &text)?);
            }
            (!ways.is_empty()).then(|| Box::new(DisjunctionMaxQuery::new(ways)) as Box<dyn Query>)
        }
    };
    Ok(words.map(|words| within(fields, language, words)))
}

/// Stems decide; the plain words only refine their order and stand in where every stem is a stop word.
fn both(stems: Option<Box<dyn Query>>, plain: Option<Box<dyn Query>>) -> Option<Box<dyn Query>> {
    match (stems, plain) {
        (Some(stems), Some(plain)) => Some(Box::new(BooleanQuery::new(vec![
            (Occur::Must, stems),
            (Occur::Should, Box::new(BoostQuery::new(plain, PLAIN))),
        ]))),
        (stems, plain) => stems.or(plain),
    }
}

fn within(fields: &Fields, language: Option<&str>, words: Box<dyn Query>) -> Box<dyn Query> {
    let Some(language) = language else {
        return words;
    };
    let language = Term::from_field_text(fields.language, language);
    let filter = ConstScoreQuery::new(exactly(language), 0.0);
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, words),
        (Occur::Must, Box::new(filter)),
    ]))
}

fn any_word(searcher: &Searcher, fields: TextFields, text: &str) -> tantivy::Result<Option<Box<dyn Query>>> {
    let mut clauses = Vec::new();
    for word in distinct(fields.analyzer.terms(text)) {
        for (word, weight) in spelling::variants(searcher, fields, word)? {
            for (field, boost) in [(fields.text, 1.0), (fields.title, TITLE)] {
                let term = exactly(Term::from_field_text(field, &word));
                let query: Box<dyn Query> = Box::new(BoostQuery::new(term, boost * weight));
                clauses.push((Occur::Should, query));
            }
        }
    }
    Ok((!clauses.is_empty()).then(|| Box::new(BooleanQuery::new(clauses)) as Box<dyn Query>))
}

fn exactly(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

fn distinct(words: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    words
        .into_iter()
        .filter(|word| seen.insert(word.clone()))
        .take(WORDS_MAX)
        .collect()
}
