//! Articles: what they are and how they change. Pure: reads no clock and no store.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::{Error, Violations};

use crate::event::Event;
use crate::locale;

/// Proto name of the resource, for NotFound errors.
pub(crate) const TYPE: &str = "vorrang.knowledge.v1.Article";

const TITLE_MAX_CHARS: usize = 300;
const BODY_MAX_BYTES: usize = 1024 * 1024;
const TAGS_MAX: usize = 50;
const TAG_MAX_CHARS: usize = 100;
const CATEGORY_MAX_CHARS: usize = 100;

/// Where an article is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not findable.
    Draft,
    /// Findable.
    Published,
}

/// What an author writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    /// Language tag, lower case.
    pub locale: String,
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Sorted, each once.
    pub tags: Vec<String>,
    pub category: String,
}

/// One field of [`Text`] that can be changed by itself; the names are those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Locale,
    Title,
    Body,
    Tags,
    Category,
}

impl Field {
    pub(crate) const EVERY: [Field; 5] = [Field::Locale, Field::Title, Field::Body, Field::Tags, Field::Category];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Field::Locale => "locale",
            Field::Title => "title",
            Field::Body => "body",
            Field::Tags => "tags",
            Field::Category => "category",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|field| field.name() == name)
    }
}

/// An article as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Article {
    pub id: Uuid,
    pub text: Text,
    pub state: State,
    /// 1, and one more with every change of the text.
    pub version: i32,
    /// 1, and one more with every change of anything; the etag.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Set while it is published.
    pub published_at: Option<DateTime<Utc>>,
}

/// The article's resource name.
pub(crate) fn name(id: Uuid) -> String {
    format!("articles/{id}")
}

impl Text {
    /// Brings the text into the form that is stored and notes everything that is wrong with `fields` of it.
    pub(crate) fn check(mut self, fields: &[Field], violations: &mut Violations) -> Self {
        for field in fields {
            if self.has_nul(*field) {
                // PostgreSQL cannot keep it, and no text has a use for it.
                violations.add(
                    format!("article.{}", field.name()),
                    "must not contain the character U+0000",
                );
                continue;
            }
            match field {
                Field::Locale => match locale::parse(&self.locale) {
                    Ok(locale) => self.locale = locale,
                    Err(why) => violations.add("article.locale", why),
                },
                Field::Title => {
                    self.title = self.title.trim().to_owned();
                    if self.title.is_empty() || self.title.chars().count() > TITLE_MAX_CHARS {
                        violations.add("article.title", "must have 1 to 300 characters");
                    }
                }
                Field::Body => {
                    if self.body.len() > BODY_MAX_BYTES {
                        violations.add("article.body", "must have at most 1 MiB");
                    }
                }
                Field::Tags => {
                    for (at, tag) in self.tags.iter_mut().enumerate() {
                        *tag = tag.trim().to_owned();
                        if tag.is_empty() || tag.chars().count() > TAG_MAX_CHARS {
                            violations.add(format!("article.tags[{at}]"), "must have 1 to 100 characters");
                        }
                    }
                    self.tags.sort();
                    self.tags.dedup();
                    if self.tags.len() > TAGS_MAX {
                        violations.add("article.tags", "must be at most 50");
                    }
                }
                Field::Category => {
                    self.category = self.category.trim().to_owned();
                    if self.category.chars().count() > CATEGORY_MAX_CHARS {
                        violations.add("article.category", "must have at most 100 characters");
                    }
                }
            }
        }
        self
    }

    fn has_nul(&self, field: Field) -> bool {
        match field {
            Field::Locale => self.locale.contains('\0'),
            Field::Title => self.title.contains('\0'),
            Field::Body => self.body.contains('\0'),
            Field::Tags => self.tags.iter().any(|tag| tag.contains('\0')),
            Field::Category => self.category.contains('\0'),
        }
    }

    fn take(&mut self, field: Field, from: &Text) -> bool {
        fn set<T: PartialEq + Clone>(to: &mut T, from: &T) -> bool {
            let differs = to != from;
            if differs {
                to.clone_from(from);
            }
            differs
        }
        match field {
            Field::Locale => set(&mut self.locale, &from.locale),
            Field::Title => set(&mut self.title, &from.title),
            Field::Body => set(&mut self.body, &from.body),
            Field::Tags => set(&mut self.tags, &from.tags),
            Field::Category => set(&mut self.category, &from.category),
        }
    }
}

impl Article {
    /// A new draft.
    pub(crate) fn create(id: Uuid, text: Text, now: DateTime<Utc>) -> (Self, Event) {
        let article = Article {
            id,
            text,
            state: State::Draft,
            version: 1,
            revision: 1,
            created_at: now,
            updated_at: now,
            published_at: None,
        };
        let event = Event::ArticleCreated {
            article: article.clone(),
        };
        (article, event)
    }

    /// Takes `fields` from `text`. Nothing happens, and no event is made, when all of them are as they were.
    pub(crate) fn update(&mut self, text: &Text, fields: &[Field], now: DateTime<Utc>) -> Option<Event> {
        let changed_fields: Vec<Field> = fields
            .iter()
            .copied()
            .filter(|field| self.text.take(*field, text))
            .collect();
        if changed_fields.is_empty() {
            return None;
        }
        self.version = self.version.saturating_add(1);
        self.touch(now);
        Some(Event::ArticleUpdated {
            article: self.clone(),
            changed_fields,
        })
    }

    /// Makes it findable. Nothing happens when it is already.
    ///
    /// Fails with Precondition `ARTICLE_EMPTY` when it has no body: a customer who finds it would read nothing.
    pub(crate) fn publish(&mut self, now: DateTime<Utc>) -> Result<Option<Event>, Error> {
        if self.state == State::Published {
            return Ok(None);
        }
        if self.text.body.trim().is_empty() {
            return Err(
                Error::precondition("ARTICLE_EMPTY", "an article without a body cannot be published")
                    .with("article", name(self.id)),
            );
        }
        self.state = State::Published;
        self.published_at = Some(now);
        self.touch(now);
        Ok(Some(Event::ArticlePublished { article: self.clone() }))
    }

    /// Takes it out of the search. Nothing happens when it is a draft.
    pub(crate) fn unpublish(&mut self, now: DateTime<Utc>) -> Option<Event> {
        if self.state == State::Draft {
            return None;
        }
        self.state = State::Draft;
        self.published_at = None;
        self.touch(now);
        Some(Event::ArticleUnpublished { article: self.clone() })
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.revision += 1;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
