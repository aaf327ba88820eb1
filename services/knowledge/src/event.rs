//! What happened, with the resource as it is afterwards. Pure; `convert.rs` turns it into what the feed carries.

use uuid::Uuid;

use crate::article::{self, Article, Field};
use crate::session::{self, Session};

/// Something that happened in knowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    ArticleCreated {
        article: Article,
    },
    ArticleUpdated {
        article: Article,
        changed_fields: Vec<Field>,
    },
    ArticlePublished {
        article: Article,
    },
    ArticleUnpublished {
        article: Article,
    },
    SessionStarted {
        session: Session,
    },
    SessionSearched {
        session: Session,
        query: String,
        result_count: i32,
    },
    SessionViewed {
        session: Session,
        article: Uuid,
    },
    SessionSolved {
        session: Session,
    },
    SessionEscalated {
        session: Session,
    },
}

impl Event {
    /// The name of the payload field in the contract.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Event::ArticleCreated { .. } => "article_created",
            Event::ArticleUpdated { .. } => "article_updated",
            Event::ArticlePublished { .. } => "article_published",
            Event::ArticleUnpublished { .. } => "article_unpublished",
            Event::SessionStarted { .. } => "session_started",
            Event::SessionSearched { .. } => "session_searched",
            Event::SessionViewed { .. } => "session_viewed",
            Event::SessionSolved { .. } => "session_solved",
            Event::SessionEscalated { .. } => "session_escalated",
        }
    }

    /// Resource name of what changed.
    pub(crate) fn subject(&self) -> String {
        match self {
            Event::ArticleCreated { article }
            | Event::ArticleUpdated { article, .. }
            | Event::ArticlePublished { article }
            | Event::ArticleUnpublished { article } => article::name(article.id),
            Event::SessionStarted { session }
            | Event::SessionSearched { session, .. }
            | Event::SessionViewed { session, .. }
            | Event::SessionSolved { session }
            | Event::SessionEscalated { session } => session::name(session.id),
        }
    }

    /// The customer whose session it was, `customers/{uuid}`; empty when unknown or when it is about an article.
    pub(crate) fn customer(&self) -> &str {
        match self {
            Event::ArticleCreated { .. }
            | Event::ArticleUpdated { .. }
            | Event::ArticlePublished { .. }
            | Event::ArticleUnpublished { .. } => "",
            Event::SessionStarted { session }
            | Event::SessionSearched { session, .. }
            | Event::SessionViewed { session, .. }
            | Event::SessionSolved { session }
            | Event::SessionEscalated { session } => &session.opening.customer,
        }
    }
}
