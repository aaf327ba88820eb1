//! A survey as it is defined.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vorrang_error::Error;
use vorrang_filter::{Filter, Schema};

use super::kind::{Kind, Repeats};
use super::phrases::{Phrases, same_language};
use super::rule::Rule;
use crate::ticket::Ticket;

/// How long an answer is on time when the definition does not say.
pub const VALID_FOR: TimeDelta = TimeDelta::days(30);
/// Most surveys of a tenant: each solve looks at all that are active.
pub const SURVEYS_MAX: u64 = 200;

/// What is asked, of whom, when, and what counts as an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Last part of its name.
    pub id: String,
    /// What it asks; never changes.
    pub kind: Kind,
    /// What colleagues call it.
    pub display_name: String,
    /// Its words; the first language is for who speaks none of the others. Empty: ours.
    pub texts: Vec<Text>,
    /// Whether customers can comment.
    pub ask_comment: bool,
    /// When it is sent by itself.
    pub rule: Rule,
    /// How long an answer is on time.
    pub valid_for: TimeDelta,
    /// How long after that it is still taken.
    pub late_for: TimeDelta,
    /// What becomes of a second answer.
    pub repeats: Repeats,
    /// Whether it is sent at all.
    pub active: bool,
    /// Rises with every change; the etag.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The words in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// BCP 47.
    pub language: String,
    /// The question.
    pub question: String,
    /// Above the question; may be empty.
    pub introduction: String,
    /// After the answer; empty: our own thanks.
    pub thanks: String,
}

/// A field that `UpdateSurvey` can change, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Texts,
    AskComment,
    Rule,
    ValidFor,
    LateFor,
    Repeats,
    Active,
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "display_name" => Self::DisplayName,
            "texts" => Self::Texts,
            "ask_comment" => Self::AskComment,
            "rule" => Self::Rule,
            "valid_for" => Self::ValidFor,
            "late_for" => Self::LateFor,
            "repeats" => Self::Repeats,
            "active" => Self::Active,
            _ => return None,
        })
    }
}

impl Survey {
    /// Takes the named fields over from `from`. True when something changed.
    pub fn update(&mut self, from: Self, fields: &[Field], now: DateTime<Utc>) -> bool {
        let before = self.clone();
        for field in fields {
            match field {
                Field::DisplayName => self.display_name.clone_from(&from.display_name),
                Field::Texts => self.texts.clone_from(&from.texts),
                Field::AskComment => self.ask_comment = from.ask_comment,
                Field::Rule => self.rule.clone_from(&from.rule),
                Field::ValidFor => self.valid_for = from.valid_for,
                Field::LateFor => self.late_for = from.late_for,
                Field::Repeats => self.repeats = from.repeats,
                Field::Active => self.active = from.active,
            }
        }
        let changed = *self != before;
        if changed {
            self.revision += 1;
            self.updated_at = now;
        }
        changed
    }

    /// What of a survey does not go together.
    ///
    /// # Errors
    /// Invalid `survey.rule.every` for csat.
    pub fn check(&self) -> Result<(), Error> {
        if self.kind == Kind::Csat && self.rule.every.is_some() {
            return Err(Error::invalid_field(
                "survey.rule.every",
                "csat is asked about each solve; lower survey.rule.share instead",
            ));
        }
        Ok(())
    }

    /// Whether its condition fits a ticket. `schema` is that of conditions on tickets.
    ///
    /// # Errors
    /// Internal when the stored condition cannot be read: it was checked when it was defined, and what a tenant has defined
    /// stays defined.
    pub fn fits(&self, ticket: &Ticket, schema: &Schema) -> Result<bool, Error> {
        let filter = Filter::parse(&self.rule.condition, schema)
            .map_err(|cause| Error::internal("a stored condition cannot be read").caused_by(cause))?;
        Ok(filter.matches(ticket))
    }

    /// The languages it can be asked in; the first is for who speaks none of them.
    pub fn languages(&self) -> Vec<&str> {
        if self.texts.is_empty() {
            return Phrases::languages().collect();
        }
        self.texts.iter().map(|text| text.language.as_str()).collect()
    }

    /// The best of its languages for somebody who prefers these, the most preferred first.
    pub fn language_for<'a>(&self, preferred: impl IntoIterator<Item = &'a str>) -> String {
        let languages = self.languages();
        let speaks = |wanted| languages.iter().find(|language| same_language(language, wanted));
        preferred
            .into_iter()
            .find_map(speaks)
            .or_else(|| languages.first())
            .map(|language| (*language).to_owned())
            .unwrap_or_default()
    }

    /// Its words in `language`, or in the one that stands for the others.
    pub fn text(&self, language: &str) -> Text {
        let own = self.texts.iter().find(|text| same_language(&text.language, language));
        own.or_else(|| self.texts.first()).cloned().unwrap_or_else(|| {
            let phrases = Phrases::of(language);
            Text {
                language: phrases.language.clone(),
                question: phrases.kind(self.kind).question.clone(),
                introduction: String::new(),
                thanks: String::new(),
            }
        })
    }
}
