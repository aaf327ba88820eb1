//! What a line may refer to: tickets that are open by then, merges that make no circle.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::line::{Line, What};
use crate::read::{Problem, Reason};

/// The tickets opened so far and what is merged into what. Lines are seen in the order in which they count.
#[derive(Debug, Clone, Default)]
pub struct References {
    tickets: HashMap<String, Known>,
    /// How often something was taken apart: shortcuts of before lead astray.
    parted: u64,
}

#[derive(Debug, Clone)]
struct Known {
    opened_at: DateTime<Utc>,
    merged_into: Option<String>,
    /// A ticket that this one leads to, farther on, as long as nothing is taken apart.
    shortcut: Option<(u64, String)>,
}

impl References {
    /// Nothing opened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A ticket that was opened before the first line, as it is now.
    pub fn know(&mut self, ticket: impl Into<String>, opened_at: DateTime<Utc>, merged_into: Option<String>) {
        let known = Known {
            opened_at,
            merged_into,
            shortcut: None,
        };
        self.tickets.insert(ticket.into(), known);
    }

    /// Whether it is known.
    pub fn knows(&self, ticket: &str) -> bool {
        self.tickets.contains_key(ticket)
    }

    /// What it is merged into.
    pub fn merged_into(&self, ticket: &str) -> Option<&str> {
        self.tickets.get(ticket)?.merged_into.as_deref()
    }

    /// Judges a line and takes in what it changes. A bad one changes nothing.
    ///
    /// # Errors
    /// The first thing that is wrong with its references.
    pub fn see(&mut self, line: &Line) -> Result<(), Problem> {
        if let What::TicketOpened { ticket, .. } = &line.what {
            if self.knows(ticket) {
                return Err(problem("ticket", Reason::TicketTwice, "was opened before"));
            }
            self.know(ticket.clone(), line.at, None);
            return Ok(());
        }
        for (index, ticket) in line.what.tickets().into_iter().enumerate() {
            let field = match (&line.what, index) {
                (What::Linked { .. }, 1) => "to",
                (_, 1) => "into",
                _ => "ticket",
            };
            let open = self.tickets.get(ticket).is_some_and(|known| known.opened_at <= line.at);
            if !open {
                return Err(problem(
                    field,
                    Reason::TicketNotOpen,
                    "names a ticket that is opened nowhere, or only later",
                ));
            }
        }
        match &line.what {
            What::Merged { ticket, into } => {
                let before = self.merged_into(ticket).map(str::to_owned);
                self.merge(ticket, None);
                // Of one of its own: whatever leads to it ends there.
                if self.end(into) == *ticket {
                    self.merge(ticket, before);
                    return Err(problem(
                        "into",
                        Reason::MergeCircle,
                        "is part of this ticket already, or is itself",
                    ));
                }
                self.merge(ticket, Some(into.clone()));
            }
            What::Unmerged { ticket, into } => {
                if self.merged_into(ticket) != Some(into) {
                    return Err(problem(
                        "into",
                        Reason::NotMerged,
                        "is no ticket that this one is merged into",
                    ));
                }
                self.merge(ticket, None);
            }
            _ => {}
        }
        Ok(())
    }

    /// The ticket at the end of all merges that begin with `from`. Whoever was asked for once is found in a step, however long the chain.
    fn end(&mut self, from: &str) -> String {
        let mut passed = Vec::new();
        let mut at = from.to_owned();
        // Merges make no circle, since each was judged here: this ends.
        while let Some(next) = self.next(&at) {
            passed.push(std::mem::replace(&mut at, next));
        }
        for one in passed {
            if let Some(known) = self.tickets.get_mut(&one) {
                known.shortcut = Some((self.parted, at.clone()));
            }
        }
        at
    }

    fn next(&self, ticket: &str) -> Option<String> {
        let known = self.tickets.get(ticket)?;
        let shortcut = known.shortcut.as_ref().filter(|(parted, _)| *parted == self.parted);
        shortcut.map(|(_, to)| to.clone()).or_else(|| known.merged_into.clone())
    }

    fn merge(&mut self, ticket: &str, into: Option<String>) {
        if let Some(known) = self.tickets.get_mut(ticket) {
            let before = std::mem::replace(&mut known.merged_into, into);
            self.parted += u64::from(before.is_some());
        }
    }
}

fn problem(field: &str, reason: Reason, text: &str) -> Problem {
    Problem {
        field: field.to_owned(),
        reason,
        text: text.to_owned(),
    }
}
