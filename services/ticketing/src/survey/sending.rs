//! One question to one customer: planned, sent, answered.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::definition::Survey;
use super::kind::Kind;
use super::link::Links;
use super::phrases::Phrases;
use crate::ticket::Ticket;
use crate::words::{Disposition, words};

words! {
    /// Where a sending stands.
    State {
        /// To be sent when it is due.
        Planned = "PLANNED",
        /// Sent.
        Sent = "SENT",
        /// Not sent, and it never will be.
        Cancelled = "CANCELLED",
    }
}

words! {
    /// Why a planned sending was given up.
    Cancelled {
        /// The ticket was reopened before it was due.
        Reopened = "REOPENED",
        /// The ticket became part of another one, whose own solve is asked about.
        Merged = "MERGED",
        /// The ticket turned out to be spam, or was deleted.
        Marked = "MARKED",
        /// The survey was switched off.
        SurveyInactive = "SURVEY_INACTIVE",
        /// The customer was asked too short a time ago.
        AskedLately = "ASKED_LATELY",
        /// The customer is nobody any more.
        CustomerErased = "CUSTOMER_ERASED",
    }
}

/// A sending as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Its id.
    pub id: Uuid,
    /// The survey's id.
    pub survey: String,
    /// What it asks.
    pub kind: Kind,
    /// Who is asked.
    pub customer: Uuid,
    /// What it is about; none: nothing in particular.
    pub ticket: Option<Uuid>,
    /// Which solve; 0 without a ticket.
    pub solve: i32,
    /// Who had the ticket at that solve.
    pub agent: Option<String>,
    /// The language it is asked in.
    pub language: String,
    /// Where it stands.
    pub state: State,
    /// Why it was given up.
    pub cancelled: Option<Cancelled>,
    /// When it is or was due.
    pub due_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Until when an answer is on time.
    pub expires_at: Option<DateTime<Utc>>,
    /// Until when an answer is taken.
    pub closes_at: Option<DateTime<Utc>>,
    /// When it was first answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

/// What a customer gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Language of the words.
    pub language: String,
    /// Above the question.
    pub introduction: String,
    /// The question.
    pub question: String,
    /// Leads to the page.
    pub url: String,
    /// A link for each score.
    pub choices: Vec<Choice>,
}

/// A score as a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The score.
    pub score: i32,
    /// What it means.
    pub label: String,
    /// Leads to the page with the score chosen.
    pub url: String,
}

impl Sending {
    /// Whose key seals what is personal around it: the ticket's, else the customer's.
    pub fn owner(&self) -> Uuid {
        self.ticket.unwrap_or(self.customer)
    }

    /// Sends it now: from here on it can be answered.
    pub fn send(&mut self, survey: &Survey, now: DateTime<Utc>) {
        let expires_at = now + survey.valid_for;
        self.state = State::Sent;
        self.cancelled = None;
        self.sent_at = Some(now);
        self.expires_at = Some(expires_at);
        self.closes_at = Some(expires_at + survey.late_for);
    }

    /// Gives it up.
    pub fn cancel(&mut self, why: Cancelled) {
        self.state = State::Cancelled;
        self.cancelled = Some(why);
    }

    /// Why this planned sending must not be sent any more; none: it may. A ticket that was reopened and solved again has a
    /// newer solve, which is asked about by itself.
    pub fn obstacle(&self, survey: &Survey, ticket: Option<&Ticket>) -> Option<Cancelled> {
        if ticket.is_some_and(|ticket| ticket.erased) {
            return Some(Cancelled::CustomerErased);
        }
        if let Some(ticket) = ticket
            && (ticket.solve_count != self.solve || ticket.solved_at.is_none())
        {
            return Some(Cancelled::Reopened);
        }
        if ticket.is_some_and(|ticket| ticket.disposition != Disposition::Normal) {
            return Some(Cancelled::Marked);
        }
        if ticket.is_some_and(|ticket| ticket.merged_into.is_some()) {
            return Some(Cancelled::Merged);
        }
        (!survey.active).then_some(Cancelled::SurveyInactive)
    }

    /// What the customer gets. Empty links before it is sent.
    pub fn invitation(&self, tenant: &str, survey: &Survey, links: &Links) -> Invitation {
        let text = survey.text(&self.language);
        let labels = &Phrases::of(&text.language).kind(self.kind).labels;
        let url = self
            .closes_at
            .map(|closes_at| links.url(tenant, self.id, closes_at))
            .unwrap_or_default();
        let choices = self
            .kind
            .scale()
            .map(|score| Choice {
                score,
                label: labels.get(&score.to_string()).cloned().unwrap_or_default(),
                url: format!("{url}?score={score}"),
            })
            .collect();
        Invitation {
            language: text.language,
            introduction: text.introduction,
            question: text.question,
            url,
            choices,
        }
    }
}
