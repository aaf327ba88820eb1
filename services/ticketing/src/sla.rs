//! What tickets are promised: which policy a ticket gets, and how its targets follow what happens to it. Pure.
//!
//! A ticket keeps the policy and schedule that were known when it was opened; later edits change nothing. The arithmetic
//! is `vorrang_sla`'s; here stands what a ticket's changes mean to it, and what is told about it.

mod condition;
mod policies;
mod policy;
mod terms;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_sla::{Fact, Late, News, Status, Target, Terms, Watch, What};

use crate::state::State;
use crate::ticket::{Change, Ticket};
use crate::words::{Actor, ActorKind, Disposition, Visibility};

pub use condition::Condition;
pub use policies::PolicySet;
pub use policy::{
    Field, POLICIES_MAX, Place, PolicyDraft, SCHEDULE_NEEDED, SlaPolicy, in_order, needs_schedule, reorder,
};
pub use terms::{Key, KeyedTerms};

/// The promises of one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sla {
    /// The policy that was applied.
    pub policy: Uuid,
    /// The schedule of its business clocks, `schedules/{uuid}`.
    pub schedule: Option<String>,
    /// Where its terms are kept.
    pub terms: Key,
    /// How they stand.
    pub watch: Watch,
}

/// What can be said to have happened to a ticket's promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlaChange {
    /// A policy was applied at the opening.
    Applied(Box<SlaPolicy>),
    /// A target became at risk, met, missed, or is not as it was told.
    Target(Box<News>),
    /// Other terms were applied by hand.
    Recalculated(Box<Recalculated>),
}

/// Other terms were applied by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalculated {
    /// Why.
    pub reason: String,
    /// The policy before.
    pub previous_policy: Option<Uuid>,
    /// The policy now.
    pub policy: Option<SlaPolicy>,
    /// The newest targets before, as they were told.
    pub previous_targets: Vec<Target>,
    /// The newest targets now.
    pub targets: Vec<Target>,
}

impl SlaChange {
    /// The name of the payload field in the contract.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Applied(_) => "sla_applied",
            Self::Recalculated(_) => "sla_recalculated",
            Self::Target(news) => match **news {
                News::AtRisk(_) => "sla_target_at_risk",
                News::Missed { .. } => "sla_target_missed",
                News::Met { .. } => "sla_target_met",
                News::Revised { .. } => "sla_target_revised",
            },
        }
    }

    /// Whether somebody did just that.
    pub fn is_by_hand(&self) -> bool {
        matches!(self, Self::Recalculated(_))
    }

    /// When it happened, whenever it was noticed.
    pub fn occurred_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let Self::Target(news) = self else { return now };
        let known = match &**news {
            News::AtRisk(target) => target.warn_at,
            News::Missed { target, .. } => target.due_at,
            News::Met { target, .. } => target.end.map(|end| end.at),
            News::Revised { .. } => None,
        };
        known.map_or(now, |at| at.min(now))
    }
}

/// Gives a ticket that is being opened the policy that fits it.
pub fn apply(ticket: &mut Ticket, policies: &PolicySet, now: DateTime<Utc>) -> Option<(Change, KeyedTerms)> {
    let agreed = policies.agree(ticket, ticket.opened_at)?;
    ticket.sla = Some(agreed.sla(Watch::new(&agreed.terms.terms, ticket.opened_at, now)));
    let change = Change::Sla(SlaChange::Applied(Box::new(agreed.policy)));
    Some((change, agreed.terms))
}

/// Lets the promises of `ticket` follow what happened to it, and gives what is to be told.
///
/// # Errors
/// When something older than what was followed before happened; then nothing was changed, and the whole history is needed.
pub fn follow(ticket: &mut Ticket, terms: &Terms, facts: &[Fact], now: DateTime<Utc>) -> Result<Vec<Change>, Late> {
    match &mut ticket.sla {
        Some(sla) => Ok(told(sla.watch.apply(terms, facts, now)?)),
        None => Ok(Vec::new()),
    }
}

/// Whether `ticket` is owed nothing of its own: it is part of another one, or marked as spam or deleted.
pub fn is_aside(ticket: &Ticket) -> bool {
    ticket.merged_into.is_some() || ticket.disposition != Disposition::Normal
}

/// The disposition before `changes`, when they changed it.
pub fn marked(changes: &[Change]) -> Option<Disposition> {
    changes.iter().find_map(|change| match change {
        Change::DispositionChanged(before) => Some(*before),
        _ => None,
    })
}

/// What is to be told of promises.
pub fn told(news: Vec<News>) -> Vec<Change> {
    let change = |news| Change::Sla(SlaChange::Target(Box::new(news)));
    news.into_iter().map(change).collect()
}

/// What `changes` mean to the promises of the ticket, which is `state` after all of them.
pub fn facts(state: State, changes: &[Change], now: DateTime<Utc>) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::Message(message) => {
                let what = said(message.actor.kind, message.visibility);
                facts.extend(what.map(|what| Fact::new(message.occurred_at, what)));
            }
            Change::StateChanged(_) => {
                // What it became is what the next change says it was.
                let next = changes[index + 1..].iter().find_map(|later| match later {
                    Change::StateChanged(before) => Some(*before),
                    _ => None,
                });
                facts.push(Fact::new(now, What::Became(status(next.unwrap_or(state)))));
            }
            _ => {}
        }
    }
    facts
}

/// What a message means to promises: none for notes and machines.
pub fn said(kind: ActorKind, visibility: Visibility) -> Option<What> {
    match (kind, visibility) {
        (ActorKind::Customer, _) => Some(What::CustomerWrote),
        (ActorKind::Agent, Visibility::Public) => Some(What::Replied),
        (ActorKind::Agent, Visibility::Internal) | (ActorKind::Automation, _) => None,
    }
}

/// Who tells what follows from what others did, or from the passing of time.
pub fn teller() -> Actor {
    Actor {
        kind: ActorKind::Automation,
        id: "sla".to_owned(),
    }
}

/// A state of promises as tickets know it.
pub fn state(status: Status) -> State {
    match status {
        Status::New => State::New,
        Status::Open => State::Open,
        Status::Pending => State::Pending,
        Status::OnHold => State::OnHold,
        Status::Solved => State::Solved,
        Status::Closed => State::Closed,
    }
}

/// A state as promises know it.
pub fn status(state: State) -> Status {
    match state {
        State::New => Status::New,
        State::Open => Status::Open,
        State::Pending => Status::Pending,
        State::OnHold => Status::OnHold,
        State::Solved => Status::Solved,
        State::Closed => Status::Closed,
    }
}

#[cfg(test)]
mod tests;
