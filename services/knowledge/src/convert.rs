//! Between the domain and the generated types of the contract.

use prost::Message as _;
use vorrang_api::ingestion::v1 as ingestion;
use vorrang_api::knowledge::v1 as pb;
use vorrang_api::timestamp;
use vorrang_error::{Error, Violations};
use vorrang_service::etag;

use crate::article::{self, Article, Field, Text};
use crate::event::Event;
use crate::session::{self, FollowUp, Opening, Session};
use crate::store::Answer;
use crate::{locale, names};

/// Longest place of a session in characters.
const PLACE_MAX_CHARS: usize = 100;

/// The article as clients see it. Lists leave the body empty.
pub(crate) fn article(article: &Article) -> pb::Article {
    let state = match article.state {
        article::State::Draft => pb::article::State::Draft,
        article::State::Published => pb::article::State::Published,
    };
    pb::Article {
        name: article::name(article.id),
        locale: article.text.locale.clone(),
        title: article.text.title.clone(),
        body: article.text.body.clone(),
        tags: article.text.tags.clone(),
        category: article.text.category.clone(),
        state: state.into(),
        version: article.version,
        etag: etag(article.revision),
        created_at: Some(timestamp(article.created_at)),
        updated_at: Some(timestamp(article.updated_at)),
        published_at: article.published_at.map(timestamp),
    }
}

/// The text of an article that a client sent, in the form that is stored; checks only `fields` of it.
pub(crate) fn text(sent: Option<&pb::Article>, fields: &[Field], violations: &mut Violations) -> Text {
    let Some(sent) = sent else {
        violations.add("article", "must be set");
        return Text::default();
    };
    Text {
        locale: sent.locale.clone(),
        title: sent.title.clone(),
        body: sent.body.clone(),
        tags: sent.tags.clone(),
        category: sent.category.clone(),
    }
    .check(fields, violations)
}

/// What a client knows of a session that starts. Nothing is required.
pub(crate) fn opening(sent: Option<&pb::Session>, violations: &mut Violations) -> Opening {
    let Some(sent) = sent else {
        return Opening::default();
    };
    if !sent.customer.is_empty() {
        violations.take("session.customer", names::parse("customers", &sent.customer));
    }
    let place = sent.place.trim();
    if place.chars().count() > PLACE_MAX_CHARS || place.contains('\0') {
        violations.add(
            "session.place",
            "must have at most 100 characters, U+0000 not among them",
        );
    }
    let locale = violations
        .take("session.locale", locale::parse_optional(&sent.locale))
        .flatten();
    Opening {
        customer: sent.customer.clone(),
        place: place.to_owned(),
        locale: locale.unwrap_or_default(),
    }
}

/// How an escalated session goes on, by what ingestion made of its contact: whatever the outcome is called, one of the
/// names says where the contact is. With its customer, who is not known before there is a ticket.
pub(crate) fn follow_up(result: ingestion::PushResult) -> Result<(FollowUp, String), Error> {
    let follow_up = if !result.ticket.is_empty() {
        FollowUp::Ticket(result.ticket)
    } else if !result.receipt.is_empty() {
        FollowUp::Receipt(result.receipt)
    } else if !result.quarantine_item.is_empty() {
        FollowUp::Quarantine(result.quarantine_item)
    } else {
        return Err(Error::internal("ingestion did not say what became of a contact"));
    };
    Ok((follow_up, result.customer))
}

/// The session as clients see it.
pub(crate) fn session(session: &Session) -> pb::Session {
    let state = match session.state {
        session::State::Started => pb::session::State::Started,
        session::State::Solved => pb::session::State::Solved,
        session::State::Escalated => pb::session::State::Escalated,
    };
    pb::Session {
        name: session::name(session.id),
        state: state.into(),
        customer: session.opening.customer.clone(),
        place: session.opening.place.clone(),
        locale: session.opening.locale.clone(),
        ticket: session.ticket().unwrap_or_default().to_owned(),
        search_count: session.search_count,
        view_count: session.view_count,
        started_at: Some(timestamp(session.started_at)),
        ended_at: session.ended_at.map(timestamp),
    }
}

/// What a repeat of the call is answered with.
pub(crate) fn encode_article(stored: &Article) -> Vec<u8> {
    article(stored).encode_to_vec()
}

/// What a repeat of the call is answered with.
pub(crate) fn encode_session(stored: &Session) -> Vec<u8> {
    session(stored).encode_to_vec()
}

/// The answer to a call that gives an article.
pub(crate) fn article_answer(answer: Answer<Article>) -> Result<pb::Article, Error> {
    match answer {
        Answer::Fresh(fresh) => Ok(article(&fresh)),
        Answer::Repeated(bytes) => pb::Article::decode(bytes.as_slice()).map_err(unreadable),
    }
}

/// The answer to a call that gives a session.
pub(crate) fn session_answer(answer: Answer<Session>) -> Result<pb::Session, Error> {
    match answer {
        Answer::Fresh(fresh) => Ok(session(&fresh)),
        Answer::Repeated(bytes) => pb::Session::decode(bytes.as_slice()).map_err(unreadable),
    }
}

fn unreadable(error: prost::DecodeError) -> Error {
    Error::internal("the stored answer of a repeated call cannot be read").caused_by(error)
}

/// What the log keeps of an event: the contract's `Event` without its head, which the feed adds.
pub(crate) fn payload(event: &Event) -> Vec<u8> {
    use pb::event::Payload;

    let payload = match event {
        Event::ArticleCreated { article: after } => Payload::ArticleCreated(pb::ArticleCreated {
            article: Some(article(after)),
        }),
        Event::ArticleUpdated {
            article: after,
            changed_fields,
        } => Payload::ArticleUpdated(pb::ArticleUpdated {
            article: Some(article(after)),
            changed_fields: changed_fields
                .iter()
                .copied()
                .map(Field::name)
                .map(str::to_owned)
                .collect(),
        }),
        Event::ArticlePublished { article: after } => Payload::ArticlePublished(pb::ArticlePublished {
            article: Some(article(after)),
        }),
        Event::ArticleUnpublished { article: after } => Payload::ArticleUnpublished(pb::ArticleUnpublished {
            article: Some(article(after)),
        }),
        Event::SessionStarted { session: after } => Payload::SessionStarted(pb::SessionStarted {
            session: Some(session(after)),
        }),
        Event::SessionSearched {
            session: after,
            query,
            result_count,
        } => Payload::SessionSearched(pb::SessionSearched {
            session: Some(session(after)),
            query: query.clone(),
            result_count: *result_count,
        }),
        Event::SessionViewed {
            session: after,
            article: viewed,
        } => Payload::SessionViewed(pb::SessionViewed {
            session: Some(session(after)),
            article: article::name(*viewed),
        }),
        Event::SessionSolved { session: after } => Payload::SessionSolved(pb::SessionSolved {
            session: Some(session(after)),
        }),
        Event::SessionEscalated { session: after } => Payload::SessionEscalated(pb::SessionEscalated {
            session: Some(session(after)),
        }),
    };
    pb::Event {
        head: None,
        payload: Some(payload),
    }
    .encode_to_vec()
}

/// The payload of an event of a session without whose it was and what was looked for; `None` when it says neither.
///
/// Fails when it is no event of ours.
pub(crate) fn of_nobody(payload: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    use pb::event::Payload;
    let mut event =
        pb::Event::decode(payload).map_err(|why| Error::internal("a stored event is damaged").caused_by(why))?;
    let before = event.clone();
    let session = match &mut event.payload {
        Some(Payload::SessionStarted(one)) => one.session.as_mut(),
        Some(Payload::SessionSearched(one)) => {
            one.query.clear();
            one.session.as_mut()
        }
        Some(Payload::SessionViewed(one)) => one.session.as_mut(),
        Some(Payload::SessionSolved(one)) => one.session.as_mut(),
        Some(Payload::SessionEscalated(one)) => one.session.as_mut(),
        _ => None,
    };
    session.into_iter().for_each(|session| session.customer.clear());
    Ok((event != before).then(|| event.encode_to_vec()))
}
