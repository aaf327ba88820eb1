//! The index of one tenant: a folder of its own, so that neither texts nor word statistics of tenants ever mix.

use std::path::Path;

use tantivy::collector::TopDocs;
use tantivy::directory::MmapDirectory;
use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::Value;
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument};

use super::analysis::tokenizers;
use super::position::Position;
use super::query;
use super::schema::{Entry, Fields};
use super::snippet::Highlighter;

/// tantivy's smallest: articles are written a few at a time, and the suite idles in 150 MB.
const WRITER_HEAP_BYTES: usize = 15_000_000;

/// What became of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is published with this text, replacing any older one.
    Put(Entry),
    /// It is not published (any more).
    Remove(String),
}

/// One article that fits, best first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    pub id: String,
    /// BM25 over the tenant's articles; comparable within one answer only.
    pub score: f32,
}

/// What a search found, and what marks the words in the texts.
pub(crate) struct Found {
    pub hits: Vec<Hit>,
    pub highlighter: Highlighter,
}

/// An open index. Searching never waits for writing.
pub(crate) struct TenantIndex {
    index: Index,
    reader: IndexReader,
    fields: Fields,
}

impl TenantIndex {
    /// Makes an empty index in `folder`, which must be missing or empty.
    pub(crate) fn create(folder: &Path) -> tantivy::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (schema, _) = Fields::build();
        let settings = IndexSettings {
            // Only ids are stored: a thread for compressing them would cost more than it saves.
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let directory = MmapDirectory::open(folder)?;
        Self::over(Index::create(directory, schema, settings)?)
    }

    /// Opens what an earlier process left in `folder`, with the position up to which it is complete.
    ///
    /// `None` when it must be rebuilt: there is nothing, it is of another version, was never committed with a position,
    /// or a file is damaged (every checksum is verified here, once per process).
    pub(crate) fn open(folder: &Path) -> Option<(Self, Position)> {
        let opened = || -> tantivy::Result<Option<(Self, Position)>> {
            let index = Index::open(MmapDirectory::open(folder)?)?;
            let (schema, _) = Fields::build();
            let payload = index.load_metas()?.payload.unwrap_or_default();
            let Some(position) = Position::from_payload(&payload) else {
                return Ok(None);
            };
            if index.schema() != schema || !index.validate_checksum()?.is_empty() {
                return Ok(None);
            }
            Ok(Some((Self::over(index)?, position)))
        };
        match opened() {
            Ok(opened) => opened,
            Err(error) => {
                tracing::debug!(%error, "search index cannot be opened");
                None
            }
        }
    }

    fn over(mut index: Index) -> tantivy::Result<Self> {
        index.set_tokenizers(tokenizers());
        let (_, fields) = Fields::build();
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(4)
            .try_into()?;
        Ok(Self { index, reader, fields })
    }

    /// Applies `changes` and moves the position, both or neither; searches that start afterwards see them.
    ///
    /// The writer lives only as long as this call, so that idle tenants cost no memory and no threads.
    pub(crate) fn apply(&self, changes: &[Change], position: Position) -> tantivy::Result<()> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_HEAP_BYTES)
            .build();
        let mut writer: IndexWriter = self.index.writer_with_options(options)?;
        for change in changes {
            match change {
                Change::Put(entry) => {
                    writer.delete_term(self.fields.id_term(&entry.id));
                    writer.add_document(self.fields.document(entry))?;
                }
                Change::Remove(id) => {
                    writer.delete_term(self.fields.id_term(id));
                }
            }
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&position.to_payload());
        commit.commit()?;
        self.reader.reload()?;
        // Merging goes on after the commit is visible; waiting for it keeps the number of segments bounded.
        writer.wait_merging_threads()?;
        self.reader.reload()
    }

    /// The best `limit` articles for `text`, among those of `language` (`None`: all).
    pub(crate) fn search(&self, text: &str, language: Option<&str>, limit: usize) -> tantivy::Result<Found> {
        let searcher = self.reader.searcher();
        let Some(query) = query::build(&searcher, &self.fields, text, language)? else {
            return Ok(Found {
                hits: Vec::new(),
                highlighter: Highlighter::nothing(),
            });
        };
        let best = TopDocs::with_limit(limit).order_by_score();
        let mut hits = Vec::new();
        for (score, address) in searcher.search(&*query, &best)? {
            let document: TantivyDocument = searcher.doc(address)?;
            if let Some(id) = document.get_first(self.fields.id).and_then(|id| id.as_str()) {
                hits.push(Hit {
                    id: id.to_owned(),
                    score,
                });
            }
        }
        let highlighter = Highlighter::for_query(&searcher, &*query, &self.fields)?;
        Ok(Found { hits, highlighter })
    }

    /// Number of published articles.
    pub(crate) fn articles(&self) -> u64 {
        self.reader.searcher().num_docs()
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
