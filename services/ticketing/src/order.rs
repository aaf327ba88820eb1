//! The order of lists of tickets. Pure.
//!
//! Always a total one: what is equal in every key is in the order of its number, in the direction of the last key. Tickets
//! without a value come last in either direction. A page goes on after a [`Position`]: the keys of the last ticket that
//! was looked at, so that nothing shifts it.

use serde::{Deserialize, Serialize};
use vorrang_database::micros;

use crate::state::State;
use crate::ticket::Ticket;
use crate::words::Priority;

/// Most keys of an order.
const KEYS_MAX: usize = 4;

/// What tickets can be ordered by, besides their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    OpenedAt,
    CreatedAt,
    UpdatedAt,
    DueAt,
    SolvedAt,
    QueueEnteredAt,
    Priority,
    State,
    SolveCount,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The keys, with whether it goes down.
    pub keys: Vec<(Key, bool)>,
    /// Whether the number goes down.
    pub number_down: bool,
}

/// Where a ticket stands in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// A value for each key; none: it has none.
    pub keys: Vec<Option<i64>>,
    /// Its number.
    pub number: i64,
}

impl Key {
    const NAMES: [(&'static str, Self); 9] = [
        ("opened_at", Self::OpenedAt),
        ("created_at", Self::CreatedAt),
        ("updated_at", Self::UpdatedAt),
        ("due_at", Self::DueAt),
        ("solved_at", Self::SolvedAt),
        ("queue_entered_at", Self::QueueEnteredAt),
        ("priority", Self::Priority),
        ("state", Self::State),
        ("solve_count", Self::SolveCount),
    ];

    /// Whether a ticket may have none.
    pub fn can_be_missing(self) -> bool {
        matches!(self, Self::DueAt | Self::SolvedAt | Self::QueueEnteredAt)
    }

    fn of(self, ticket: &Ticket) -> Option<i64> {
        match self {
            Self::OpenedAt => Some(micros(ticket.opened_at)),
            Self::CreatedAt => Some(micros(ticket.created_at)),
            Self::UpdatedAt => Some(micros(ticket.updated_at)),
            Self::DueAt => ticket.due_at.map(micros),
            Self::SolvedAt => ticket.solved_at.map(micros),
            Self::QueueEnteredAt => ticket.queue_entered_at.map(micros),
            Self::Priority => rank(Priority::ALL, ticket.priority),
            Self::State => rank(&State::ALL, ticket.state),
            Self::SolveCount => Some(ticket.solve_count.into()),
        }
    }
}

fn rank<T: PartialEq>(all: &[T], one: T) -> Option<i64> {
    let at = all.iter().position(|other| *other == one)?;
    i64::try_from(at).ok()
}

impl Order {
    /// Reads `order_by`: keys separated by commas, ` desc` or ` asc` behind each or nothing. Empty: newest first.
    ///
    /// # Errors
    /// What is wrong, with the names that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut order = Self {
            keys: Vec::new(),
            number_down: true,
        };
        if text.trim().is_empty() {
            return Ok(order);
        }
        let mut ended = false;
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > KEYS_MAX {
            return Err(format!("at most {KEYS_MAX} keys"));
        }
        for part in parts {
            let mut words = part.split_whitespace();
            let (name, direction) = (words.next().unwrap_or_default(), words.next());
            let down = match (direction, words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => return Err("each key is a name with ` desc` behind it or nothing".to_owned()),
            };
            if name == "number" {
                if ended {
                    return Err("number is there twice".to_owned());
                }
                // No two tickets have the same number: what comes after it decides nothing.
                ended = true;
                order.number_down = down;
                continue;
            }
            let Some((_, key)) = Key::NAMES.iter().find(|(known, _)| *known == name) else {
                let known: Vec<&str> = Key::NAMES.iter().map(|(known, _)| *known).collect();
                return Err(format!("unknown key; there are number, {}", known.join(", ")));
            };
            if order.keys.iter().any(|(other, _)| other == key) {
                return Err(format!("{name} is there twice"));
            }
            if !ended {
                order.keys.push((*key, down));
                order.number_down = down;
            }
        }
        Ok(order)
    }

    /// The key along which an index lies, when the order is that of an index; `Some(None)` is the number alone.
    pub fn walkable(&self) -> Option<Option<Key>> {
        match self.keys.as_slice() {
            [] => Some(None),
            [(key, down)] if *down == self.number_down => match key {
                Key::OpenedAt | Key::UpdatedAt | Key::DueAt | Key::SolvedAt => Some(Some(*key)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where a ticket stands.
    pub fn position(&self, ticket: &Ticket) -> Position {
        Position {
            keys: self.keys.iter().map(|(key, _)| key.of(ticket)).collect(),
            number: ticket.number,
        }
    }

    /// Whether the position is one of this order: a token may say anything.
    pub fn has(&self, position: &Position) -> bool {
        let fits = |((key, _), value): (&(Key, bool), &Option<i64>)| value.is_some() || key.can_be_missing();
        position.keys.len() == self.keys.len() && self.keys.iter().zip(&position.keys).all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let read = |text: &str| Order::parse(text).expect(text);
        let newest = Order {
            keys: Vec::new(),
            number_down: true,
        };
        assert_eq!(read(""), newest);
        assert_eq!(read(" number  desc "), newest);
        let due = Order {
            keys: vec![(Key::Priority, true), (Key::DueAt, false)],
            number_down: false,
        };
        assert_eq!(read("priority desc, due_at"), due);
        assert_eq!(read("priority desc,due_at asc"), due);
        assert!(
            read("updated_at desc, number").walkable().is_none(),
            "no index has two directions"
        );
        assert_eq!(read("updated_at desc").walkable(), Some(Some(Key::UpdatedAt)));
        assert_eq!(
            read("number, state"),
            Order {
                keys: Vec::new(),
                number_down: false
            }
        );
        for wrong in [
            "subject",
            "number up",
            "number desc desc",
            "number,",
            ",",
            "state, state desc",
            "number, number",
            "state, priority, due_at, solved_at, number",
        ] {
            assert!(Order::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_position_belongs_to_its_order() {
        let order = Order::parse("due_at").expect("reads");
        let at = |keys: Vec<Option<i64>>| Position { keys, number: 1 };
        assert!(order.has(&at(vec![None])) && order.has(&at(vec![Some(1)])));
        assert!(!order.has(&at(vec![])) && !order.has(&at(vec![Some(1), None])));
        assert!(
            !Order::parse("opened_at").expect("reads").has(&at(vec![None])),
            "always has one"
        );
    }
}
