//! From the words a customer typed to a tantivy query. There is no query syntax: a customer's colon or asterisk is text.

use std::collections::HashSet;

use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::{TextAnalyzer, TokenStream};
use tantivy::{Score, Searcher, Term};

use super::analysis::{Analyzer, compose};
use super::schema::{Fields, TextFields};
use super::spelling;

/// What a word in the title counts on top of the same word in the whole text, which has weight 1. This and [`PLAIN`] are
/// tuned on the questions that `tenant_index/samples.rs` asks.
const TITLE: Score = 0.35;
/// What a match of the unstemmed word counts on top of one of its stem.
const PLAIN: Score = 0.07;
/// What a stop word counts where stop words are not left out: enough to find something with nothing else in the text.
const STOP_WORD: Score = 0.1;
/// Words beyond these add cost but hardly meaning: a question has about ten, a pasted mail has hundreds.
const WORDS_MAX: usize = 40;
/// Unknown words that are looked for in other spellings; each costs some walks through the term dictionary.
const UNKNOWN_WORDS_MAX: usize = 8;

/// The query for `text` among articles of `language` (`None` for all). `None` when no word is left to look for.
pub(crate) fn build(
    searcher: &Searcher,
    fields: &Fields,
    text: &str,
    language: Option<&str>,
) -> tantivy::Result<Option<Box<dyn Query>>> {
    let stemmed = match language {
        Some(language) => fields.stemmed(language).into_iter().collect(),
        None => vec![fields.german, fields.english],
    };
    let mut ways: Vec<Way> = stemmed.into_iter().chain([fields.plain]).map(Way::new).collect();
    let mut unknown_words = 0;
    for word in words(&compose(text)) {
        let (mut is_known, mut is_stop) = (false, false);
        for way in &mut ways {
            // The plain way comes last: what is a stop word in a language says hardly anything there either.
            let is_plain = way.fields.analyzer == Analyzer::Plain;
            let weight = if is_plain && is_stop { STOP_WORD } else { 1.0 };
            match way.add(searcher, &word, weight)? {
                Word::Known => is_known = true,
                Word::Unknown => {}
                Word::Stop => is_stop = true,
            }
        }
        // A word that one language knows is no misspelling in the others.
        if !is_known && !is_stop && unknown_words < UNKNOWN_WORDS_MAX {
            unknown_words += 1;
            for way in &mut ways {
                way.add_other_spellings(searcher, &word)?;
            }
        }
    }
    let queries = ways.into_iter().map(Way::query);
    let words = match language {
        Some(_) => refined(queries),
        None => best_of(queries),
    };
    Ok(words.map(|words| within(fields, language, words)))
}

/// What a way makes of a word.
enum Word {
    Known,
    /// No article has it.
    Unknown,
    Stop,
}

/// One way to read the words: an analyzer with its fields, and what is to be looked for there.
struct Way {
    fields: TextFields,
    analyzer: TextAnalyzer,
    clauses: Vec<(Occur, Box<dyn Query>)>,
}

impl Way {
    fn new(fields: TextFields) -> Self {
        Self {
            fields,
            analyzer: fields.analyzer.build(),
            clauses: Vec::new(),
        }
    }

    /// The term of a word; `None` for a stop word.
    fn term(&mut self, word: &str) -> Option<String> {
        let mut stream = self.analyzer.token_stream(word);
        stream.advance().then(|| stream.token().text.clone())
    }

    /// Looks for the word if any article has it.
    fn add(&mut self, searcher: &Searcher, word: &str, weight: Score) -> tantivy::Result<Word> {
        let Some(term) = self.term(word) else {
            return Ok(Word::Stop);
        };
        if !spelling::is_known(searcher, self.fields, &term)? {
            return Ok(Word::Unknown);
        }
        self.look_for(&term, weight);
        Ok(Word::Known)
    }

    fn add_other_spellings(&mut self, searcher: &Searcher, word: &str) -> tantivy::Result<()> {
        let Some(term) = self.term(word) else {
            return Ok(());
        };
        for (term, weight) in spelling::variants(searcher, self.fields, &term)? {
            self.look_for(&term, weight);
        }
        Ok(())
    }

    fn look_for(&mut self, term: &str, weight: Score) {
        for (field, boost) in [(self.fields.text, 1.0), (self.fields.title, TITLE)] {
            let term = exactly(Term::from_field_text(field, term));
            self.clauses
                .push((Occur::Should, Box::new(BoostQuery::new(term, boost * weight))));
        }
    }

    fn query(self) -> Option<Box<dyn Query>> {
        match self.clauses {
            clauses if clauses.is_empty() => None,
            clauses => Some(Box::new(BooleanQuery::new(clauses))),
        }
    }
}

/// Stems decide; the plain words, which come last, only refine the order, and stand in where every stem is a stop word.
fn refined(queries: impl Iterator<Item = Option<Box<dyn Query>>>) -> Option<Box<dyn Query>> {
    let mut queries = queries.flatten();
    let first = queries.next()?;
    match queries.next() {
        None => Some(first),
        Some(plain) => Some(Box::new(BooleanQuery::new(vec![
            (Occur::Must, first),
            (Occur::Should, Box::new(BoostQuery::new(plain, PLAIN))),
        ]))),
    }
}

/// Without a language an article counts in the one in which it fits best.
fn best_of(queries: impl Iterator<Item = Option<Box<dyn Query>>>) -> Option<Box<dyn Query>> {
    let queries: Vec<_> = queries.flatten().collect();
    match queries.is_empty() {
        true => None,
        false => Some(Box::new(DisjunctionMaxQuery::new(queries))),
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

fn exactly(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

/// The distinct words of a text, cut as tantivy's tokenizer cuts them.
fn words(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| seen.insert(word.clone()))
        .take(WORDS_MAX)
        .collect()
}
