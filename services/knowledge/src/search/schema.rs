//! The fields of the index.

use tantivy::schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::{TantivyDocument, Term};

use super::analysis::{Analyzer, compose};
use crate::locale::language_of;

/// What the index knows of a published article. The text itself stays in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The article's id.
    pub id: String,
    /// Language tag, lower case: `de`, `de-at`, `fr`.
    pub locale: String,
    pub title: String,
    pub body: String,
    pub tags: Vec<String>,
}

/// One analyzed copy of an article's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextFields {
    pub analyzer: Analyzer,
    /// Title, body and tags as one text, so that a word is as rare as it is in whole articles.
    pub text: Field,
    /// The title once more, since a word there says more.
    pub title: Field,
}

/// Handles of all fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The article's id, the only stored field.
    pub id: Field,
    /// The language, without region: `de` for an article in `de-at`.
    pub language: Field,
    pub german: TextFields,
    pub english: TextFields,
    /// Filled for every article, whatever its language.
    pub plain: TextFields,
}

impl Fields {
    /// The schema and its handles; always the same.
    pub(crate) fn build() -> (Schema, Fields) {
        let mut builder = Schema::builder();
        let id = builder.add_text_field("id", STRING | STORED);
        let language = builder.add_text_field("language", STRING);
        let mut text = |suffix: &str, analyzer: Analyzer| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(analyzer.name())
                // No query of ours asks for positions; leaving them out halves the index.
                .set_index_option(IndexRecordOption::WithFreqs);
            let options = TextOptions::default().set_indexing_options(indexing);
            TextFields {
                analyzer,
                text: builder.add_text_field(&format!("text_{suffix}"), options.clone()),
                title: builder.add_text_field(&format!("title_{suffix}"), options),
            }
        };
        let german = text("de", Analyzer::German);
        let english = text("en", Analyzer::English);
        let plain = text("plain", Analyzer::Plain);
        let fields = Fields {
            id,
            language,
            german,
            english,
            plain,
        };
        (builder.build(), fields)
    }

    /// The stemmed fields of a language, if it is stemmed.
    pub(crate) fn stemmed(&self, language: &str) -> Option<TextFields> {
        match Analyzer::stemming(language)? {
            Analyzer::German => Some(self.german),
            Analyzer::English => Some(self.english),
            Analyzer::Plain => None,
        }
    }

    /// The term by which an article is found and replaced.
    pub(crate) fn id_term(&self, id: &str) -> Term {
        Term::from_field_text(self.id, id)
    }

    /// The document of an article.
    pub(crate) fn document(&self, entry: &Entry) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.id, &entry.id);
        let language = language_of(&entry.locale);
        document.add_text(self.language, language);
        let title = compose(&entry.title);
        let text = compose(&format!("{}\n{}\n{}", entry.title, entry.body, entry.tags.join("\n")));
        for fields in self.stemmed(language).into_iter().chain([self.plain]) {
            document.add_text(fields.text, &text);
            document.add_text(fields.title, &title);
        }
        document
    }
}
