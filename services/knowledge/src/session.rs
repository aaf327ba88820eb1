//! Self-service sessions: how a customer tried to help themself and how it ended. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use crate::event::Event;

/// Proto name of the resource, for NotFound errors.
pub(crate) const TYPE: &str = "vorrang.knowledge.v1.Session";

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Under way, or simply left.
    Started,
    /// The customer said that it helped.
    Solved,
    /// A person was needed.
    Escalated,
}

/// What is known when a session starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Opening {
    /// `customers/{uuid}`; empty when unknown.
    pub customer: String,
    /// Where it takes place, in the tenant's words.
    pub place: String,
    /// Language tag, lower case; empty when unknown.
    pub locale: String,
}

/// How an escalated session goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// In this ticket, `tickets/{uuid}`.
    Ticket(String),
    /// In the ticket that ingestion will make when ticketing can be reached again, `receipts/{uuid}`.
    Receipt(String),
    /// In quarantine, until somebody looks at it, `quarantineItems/{uuid}`.
    Quarantine(String),
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub id: Uuid,
    pub state: State,
    pub opening: Opening,
    /// Set once escalated.
    pub follow_up: Option<FollowUp>,
    pub search_count: i32,
    pub view_count: i32,
    pub started_at: DateTime<Utc>,
    /// When it was solved or escalated.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The session's resource name.
pub(crate) fn name(id: Uuid) -> String {
    format!("sessions/{id}")
}

impl Session {
    /// A new session.
    pub(crate) fn start(id: Uuid, opening: Opening, now: DateTime<Utc>) -> (Self, Event) {
        let session = Session {
            id,
            state: State::Started,
            opening,
            follow_up: None,
            search_count: 0,
            view_count: 0,
            started_at: now,
            ended_at: None,
        };
        let event = Event::SessionStarted {
            session: session.clone(),
        };
        (session, event)
    }

    /// The ticket that followed, if there is one yet.
    pub(crate) fn ticket(&self) -> Option<&str> {
        match &self.follow_up {
            Some(FollowUp::Ticket(ticket)) => Some(ticket),
            Some(FollowUp::Receipt(_) | FollowUp::Quarantine(_)) | None => None,
        }
    }

    /// A search was made. Counted in an ended session too: customers go on reading after they were helped.
    pub(crate) fn search(&mut self, query: String, result_count: i32) -> Event {
        self.search_count = self.search_count.saturating_add(1);
        Event::SessionSearched {
            session: self.clone(),
            query,
            result_count,
        }
    }

    /// An article was read. Counted in an ended session too.
    pub(crate) fn view(&mut self, article: Uuid) -> Event {
        self.view_count = self.view_count.saturating_add(1);
        Event::SessionViewed {
            session: self.clone(),
            article,
        }
    }

    /// The customer said that it helped. Nothing happens when it is solved already.
    ///
    /// Fails with Precondition `SESSION_ENDED` when it was escalated.
    pub(crate) fn solve(&mut self, now: DateTime<Utc>) -> Result<Option<Event>, Error> {
        match self.state {
            State::Solved => Ok(None),
            State::Escalated => Err(self.ended("escalated")),
            State::Started => {
                self.state = State::Solved;
                self.ended_at = Some(now);
                Ok(Some(Event::SessionSolved { session: self.clone() }))
            }
        }
    }

    /// Whether it can still be escalated.
    ///
    /// Fails with Precondition `SESSION_ENDED` when it was solved.
    pub(crate) fn check_escalation(&self) -> Result<(), Error> {
        match self.state {
            State::Started | State::Escalated => Ok(()),
            State::Solved => Err(self.ended("solved")),
        }
    }

    /// A person is needed. Nothing happens when it is escalated already: the first ticket stays.
    ///
    /// Fails as [`Session::check_escalation`] does.
    pub(crate) fn escalate(&mut self, to: FollowUp, now: DateTime<Utc>) -> Result<Option<Event>, Error> {
        self.check_escalation()?;
        if self.state == State::Escalated {
            return Ok(None);
        }
        self.state = State::Escalated;
        self.follow_up = Some(to);
        self.ended_at = Some(now);
        Ok(Some(Event::SessionEscalated { session: self.clone() }))
    }

    /// What was awaited is known now: the ticket, or that somebody has to look at the contact. Nothing happens when
    /// nothing was awaited.
    pub(crate) fn link(&mut self, to: FollowUp) -> Option<Event> {
        match self.follow_up {
            Some(FollowUp::Receipt(_)) => {
                self.follow_up = Some(to);
                Some(Event::SessionEscalated { session: self.clone() })
            }
            Some(FollowUp::Ticket(_) | FollowUp::Quarantine(_)) | None => None,
        }
    }

    fn ended(&self, how: &'static str) -> Error {
        Error::precondition("SESSION_ENDED", format!("the session was {how} already"))
            .with("session", name(self.id))
            .with("state", how)
    }
}

#[cfg(test)]
mod tests;
