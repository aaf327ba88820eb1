//! Words that no article has: read as compounds of words that articles have, or as misspelt ones.
//!
//! Both look into the tenant's own term dictionary, so that they never propose a word that would find nothing, and need
//! no word list of ours.

use std::collections::BTreeMap;

use tantivy::query::FuzzyTermQuery;
use tantivy::{Score, Searcher, Term};

use super::analysis::Analyzer;
use super::schema::TextFields;

/// A compound's parts say less than the word itself.
const PART: Score = 0.5;
/// Shortest part of a compound, in letters: shorter ones are mostly endings.
const PART_MIN: usize = 4;
/// What German puts between the parts of a compound.
const LINKS: [&str; 6] = ["", "s", "n", "en", "es", "er"];
/// Weight of a corrected word, by the number of corrections.
const CORRECTED: [Score; 3] = [1.0, 0.6, 0.3];
/// Most corrections of one word that are looked for.
const CORRECTIONS_MAX: usize = 4;

/// Whether any article has the word.
pub(super) fn is_known(searcher: &Searcher, fields: TextFields, word: &str) -> tantivy::Result<bool> {
    Ok(searcher.doc_freq(&Term::from_field_text(fields.text, word))? > 0)
}

/// What to look for instead of a word that no article has, with weights.
pub(super) fn variants(searcher: &Searcher, fields: TextFields, word: &str) -> tantivy::Result<Vec<(String, Score)>> {
    if fields.analyzer == Analyzer::German
        && let Some((head, tail)) = split(searcher, fields, word)?
    {
        return Ok(vec![(head, PART), (tail, PART)]);
    }
    corrections(searcher, fields, word)
}

/// The two known words that make up `word`; the split with the longest second part, which carries the meaning.
fn split(searcher: &Searcher, fields: TextFields, word: &str) -> tantivy::Result<Option<(String, String)>> {
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    if ends.len() < 2 * PART_MIN {
        return Ok(None);
    }
    for &at in &ends[PART_MIN..=ends.len() - PART_MIN] {
        let (head, tail) = word.split_at(at);
        if !is_known(searcher, fields, tail)? {
            continue;
        }
        for link in LINKS {
            let Some(head) = head.strip_suffix(link).filter(|head| head.chars().count() >= PART_MIN) else {
                continue;
            };
            // The head of a compound is a whole word, the index has its stem.
            for head in fields.analyzer.terms(head) {
                if is_known(searcher, fields, &head)? {
                    return Ok(Some((head, tail.to_owned())));
                }
            }
        }
    }
    Ok(None)
}

/// Known words a few letters away, nearest and commonest first.
fn corrections(searcher: &Searcher, fields: TextFields, word: &str) -> tantivy::Result<Vec<(String, Score)>> {
    // A short word has too many neighbours; the first letter is hardly ever the wrong one.
    let furthest = match word.chars().count() {
        0..=4 => return Ok(Vec::new()),
        5..=8 => 1,
        _ => 2,
    };
    for distance in 1..=furthest {
        let found = neighbours(searcher, fields, word, distance)?;
        if !found.is_empty() {
            let weight = CORRECTED[usize::from(distance)];
            return Ok(found.into_iter().map(|known| (known, weight)).collect());
        }
    }
    Ok(Vec::new())
}

fn neighbours(searcher: &Searcher, fields: TextFields, word: &str, distance: u8) -> tantivy::Result<Vec<String>> {
    let initial = word.chars().next();
    let fuzzy = FuzzyTermQuery::new(Term::from_field_text(fields.text, word), distance, true);
    let automaton = fuzzy.automaton()?;
    let mut found = BTreeMap::<String, u32>::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(fields.text)?;
        let mut terms = inverted.terms().search(&automaton).into_stream()?;
        while terms.advance() {
            if let Ok(known) = std::str::from_utf8(terms.key())
                && known.chars().next() == initial
            {
                *found.entry(known.to_owned()).or_default() += terms.value().doc_freq;
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(left, fewer), (right, more)| more.cmp(fewer).then_with(|| left.cmp(right)));
    found.truncate(CORRECTIONS_MAX);
    Ok(found.into_iter().map(|(known, _)| known).collect())
}
