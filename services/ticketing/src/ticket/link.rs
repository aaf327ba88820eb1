//! Links between tickets, each kept on both sides as it reads from there.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_error::Error;

use super::Ticket;

/// Links that may be asked for on one ticket. Those that the system makes come on top, up to as many again.
pub const LINKS_MAX: usize = 100;

/// How a ticket stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LinkKind {
    /// They have to do with each other.
    RelatesTo,
    /// The other one is the reason for this one.
    CausedBy,
    /// This one is the reason for the other one.
    Causes,
    /// This one says again what the other one says.
    Duplicates,
    /// The other one says again what this one says.
    DuplicatedBy,
    /// This one goes on where the other one had ended.
    FollowUpOf,
    /// The other one goes on where this one had ended.
    FollowedUpBy,
    /// This one was made from messages of the other one.
    SplitFrom,
    /// The other one was made from messages of this one.
    SplitInto,
}

impl LinkKind {
    /// Every kind.
    #[cfg(test)]
    pub const ALL: [Self; 9] = [
        Self::RelatesTo,
        Self::CausedBy,
        Self::Causes,
        Self::Duplicates,
        Self::DuplicatedBy,
        Self::FollowUpOf,
        Self::FollowedUpBy,
        Self::SplitFrom,
        Self::SplitInto,
    ];

    /// As it reads from the other side.
    pub fn inverse(self) -> Self {
        match self {
            Self::RelatesTo => Self::RelatesTo,
            Self::CausedBy => Self::Causes,
            Self::Causes => Self::CausedBy,
            Self::Duplicates => Self::DuplicatedBy,
            Self::DuplicatedBy => Self::Duplicates,
            Self::FollowUpOf => Self::FollowedUpBy,
            Self::FollowedUpBy => Self::FollowUpOf,
            Self::SplitFrom => Self::SplitInto,
            Self::SplitInto => Self::SplitFrom,
        }
    }

    /// Whether somebody may ask for it; the others only say what the system did.
    pub fn is_by_hand(self) -> bool {
        matches!(
            self,
            Self::RelatesTo | Self::CausedBy | Self::Causes | Self::Duplicates | Self::DuplicatedBy
        )
    }

    /// Whether following it from ticket to ticket must never lead back: nothing is its own reason.
    pub fn is_acyclic(self) -> bool {
        self != Self::RelatesTo
    }
}

/// One side of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// How this ticket stands to the other one.
    pub kind: LinkKind,
    /// The other one.
    pub ticket: Uuid,
    /// When they were linked.
    pub at: DateTime<Utc>,
}

impl Ticket {
    /// The tickets to which it stands in this way.
    pub fn linked(&self, kind: LinkKind) -> impl Iterator<Item = Uuid> {
        self.links
            .iter()
            .filter(move |link| link.kind == kind)
            .map(|link| link.ticket)
    }

    /// Whether it stands to `other` in this way.
    pub fn is_linked(&self, kind: LinkKind, other: Uuid) -> bool {
        self.linked(kind).any(|ticket| ticket == other)
    }
}

/// Links two tickets, as `kind` reads from the first. That this closes no circle is for the caller to see, who can look
/// further than at two tickets. Gives whether anything changed.
///
/// # Errors
/// Precondition `LINK_TO_ITSELF`, `TICKET_MERGED`, `LINKS_TOO_MANY`.
pub fn link(from: &mut Ticket, to: &mut Ticket, kind: LinkKind, now: DateTime<Utc>) -> Result<bool, Error> {
    if from.id == to.id {
        return Err(itself());
    }
    from.check_own()?;
    to.check_own()?;
    if from.is_linked(kind, to.id) {
        return Ok(false);
    }
    for ticket in [&*from, &*to] {
        let by_hand = ticket.links.iter().filter(|link| link.kind.is_by_hand()).count();
        if (kind.is_by_hand() && by_hand >= LINKS_MAX) || ticket.links.len() >= 2 * LINKS_MAX {
            return Err(
                Error::precondition("LINKS_TOO_MANY", format!("a ticket has at most {LINKS_MAX} links"))
                    .with("ticket", crate::names::ticket(ticket.id)),
            );
        }
    }
    let side = |kind, other: Uuid| Link {
        kind,
        ticket: other,
        at: now,
    };
    from.links.push(side(kind, to.id));
    to.links.push(side(kind.inverse(), from.id));
    from.touch(now);
    to.touch(now);
    Ok(true)
}

/// Removes a link.
///
/// # Errors
/// Precondition `NOT_LINKED`, `TICKET_MERGED`.
pub fn unlink(from: &mut Ticket, to: &mut Ticket, kind: LinkKind, now: DateTime<Utc>) -> Result<(), Error> {
    from.check_own()?;
    to.check_own()?;
    if !from.is_linked(kind, to.id) {
        return Err(Error::precondition(
            "NOT_LINKED",
            "the tickets are not linked in this way",
        ));
    }
    from.links.retain(|link| (link.kind, link.ticket) != (kind, to.id));
    to.links
        .retain(|link| (link.kind, link.ticket) != (kind.inverse(), from.id));
    from.touch(now);
    to.touch(now);
    Ok(())
}

/// A ticket was to be linked to itself.
pub fn itself() -> Error {
    Error::precondition("LINK_TO_ITSELF", "a ticket cannot be linked to itself")
}

/// A link was to close a circle.
pub fn circle() -> Error {
    Error::precondition(
        "LINK_CIRCLE",
        "the other ticket already stands to this one, directly or through others, as this one would to it",
    )
}

#[cfg(test)]
mod tests;
