//! How good the search is on real questions about real pages of a German and English help centre, when they are there:
//! `VORRANG_SAMPLES` names the folder of samples. Nothing of them is kept here.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;
use uuid::Uuid;

use super::*;

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "_id")]
    id: String,
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct Question {
    #[serde(rename = "_id")]
    id: String,
    text: String,
}

#[derive(Debug, Default)]
struct Quality {
    questions: f64,
    ndcg_at_10: f64,
    success_at_1: f64,
    recall_at_5: f64,
}

fn lines<T: for<'de> Deserialize<'de>>(path: PathBuf) -> Vec<T> {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect()
}

/// Each question has one right page, so the ideal gain is 1.
fn measure(folder: &std::path::Path, language: &str) -> Quality {
    let pages: Vec<Page> = lines(folder.join("corpus.jsonl"));
    let data = vorrang_testkit::data_folder();
    let index = TenantIndex::create(&data.path().join("tenant")).expect("makes");
    let changes: Vec<_> = pages
        .into_iter()
        .map(|page| {
            Change::Put(Entry {
                id: page.id,
                locale: language.to_owned(),
                title: page.title,
                body: page.text,
                tags: Vec::new(),
            })
        })
        .collect();
    index
        .apply(
            &changes,
            Position {
                epoch: Uuid::nil(),
                seq: 1,
            },
        )
        .expect("writes");

    let answers = std::fs::read_to_string(folder.join("qrels.tsv")).expect("is there");
    let right: HashMap<&str, &str> = answers
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some((columns.next()?, columns.next()?))
        })
        .collect();
    let mut quality = Quality::default();
    for question in lines::<Question>(folder.join("queries.jsonl")) {
        let Some(page) = right.get(question.id.as_str()) else {
            continue;
        };
        let found = index.search(&question.text, Some(language), 10).expect("searches");
        let rank = found.hits.iter().position(|hit| hit.id == *page);
        quality.questions += 1.0;
        if let Some(rank) = rank {
            quality.ndcg_at_10 += 1.0 / ((rank + 2) as f64).log2();
            quality.success_at_1 += f64::from(u8::from(rank == 0));
            quality.recall_at_5 += f64::from(u8::from(rank < 5));
        }
    }
    quality.ndcg_at_10 /= quality.questions;
    quality.success_at_1 /= quality.questions;
    quality.recall_at_5 /= quality.questions;
    quality
}

fn check(language: &str, ndcg_at_10: f64) {
    let Some(samples) = std::env::var_os("VORRANG_SAMPLES") else {
        return;
    };
    let folder = PathBuf::from(samples).join("kb-omosqa").join(language);
    if !folder.is_dir() {
        return;
    }
    let quality = measure(&folder, language);
    assert!(quality.questions > 300.0, "{quality:?}");
    assert!(quality.ndcg_at_10 >= ndcg_at_10, "{language}: {quality:?}");
}

/// 0.709 is what BM25 with a Snowball stemmer and a short stop list reaches there.
#[test]
fn german_questions_find_their_page() {
    check("de", 0.725);
}

/// 0.700 is what BM25 with a Snowball stemmer and a short stop list reaches there.
#[test]
fn english_questions_find_their_page() {
    check("en", 0.705);
}
