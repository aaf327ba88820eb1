//! Orders in SQL. The same text on both engines.

use sea_orm::IntoSimpleExpr;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};

use super::super::entity::ticket::Column;
use crate::order::{Key, Order, Position};
use crate::state::State;
use crate::words::Priority;

/// Whether it goes down.
#[derive(Debug, Clone, Copy)]
pub struct Direction(pub bool);

impl From<Direction> for sea_orm::Order {
    fn from(direction: Direction) -> Self {
        if direction.0 { Self::Desc } else { Self::Asc }
    }
}

/// A key as a number; null: it has none.
pub fn key_expr(key: Key) -> Expr {
    match key {
        Key::OpenedAt => Column::OpenedAt.into_simple_expr(),
        Key::CreatedAt => Column::CreatedAt.into_simple_expr(),
        Key::UpdatedAt => Column::UpdatedAt.into_simple_expr(),
        Key::DueAt => Column::DueAt.into_simple_expr(),
        Key::SolvedAt => Column::SolvedAt.into_simple_expr(),
        Key::QueueEnteredAt => Column::QueueEnteredAt.into_simple_expr(),
        Key::SolveCount => Column::SolveCount.into_simple_expr(),
        Key::Priority => rank("priority", Priority::ALL.iter().map(|one| one.as_str())),
        Key::State => rank("state", State::ALL.into_iter().map(State::as_str)),
    }
}

/// The place of a word in its list. Words of ours: nothing in them needs escaping.
fn rank(column: &str, words: impl Iterator<Item = &'static str>) -> Expr {
    let cases: Vec<String> = words
        .enumerate()
        .map(|(rank, word)| format!("WHEN '{word}' THEN {rank}"))
        .collect();
    Expr::cust(format!("CASE \"tickets\".\"{column}\" {} END", cases.join(" ")))
}

/// Tickets that come after the position in the order.
pub fn after(order: &Order, position: &Position) -> Condition {
    let number = beyond(Column::Number.into_simple_expr(), order.number_down, position.number);
    let mut later = Condition::all().add(number);
    // From the last key to the first: later in it, or equal in it and later in what follows.
    for ((key, down), value) in order.keys.iter().zip(&position.keys).rev() {
        let expr = || key_expr(*key);
        later = match value {
            Some(value) => {
                let mut beyond = Condition::any().add(beyond(expr(), *down, *value));
                if key.can_be_missing() {
                    beyond = beyond.add(expr().is_null());
                }
                beyond.add(Condition::all().add(expr().eq(*value)).add(later))
            }
            None => Condition::all().add(expr().is_null()).add(later),
        };
    }
    later
}

/// Along the index of `lead` and number (or of the number alone): behind the position. The leading key is bounded by
/// itself too, since no engine makes a range of the rest.
pub fn behind(lead: Option<Key>, down: Direction, position: &Position) -> Condition {
    range(lead, down, position, false)
}

/// Along the index of `lead` and number: at the position or before it.
pub fn not_after(lead: Option<Key>, down: Direction, position: &Position) -> Condition {
    range(lead, Direction(!down.0), position, true)
}

fn range(lead: Option<Key>, down: Direction, position: &Position, with_it: bool) -> Condition {
    let number = Column::Number.into_simple_expr();
    let number = match with_it {
        true => at_least(number, down.0, position.number),
        false => beyond(number, down.0, position.number),
    };
    match (lead, position.keys.first()) {
        (Some(key), Some(Some(value))) => Condition::all()
            .add(at_least(key_expr(key), down.0, *value))
            .add(Condition::any().add(beyond(key_expr(key), down.0, *value)).add(number)),
        _ => Condition::all().add(number),
    }
}

fn beyond(expr: Expr, down: bool, value: i64) -> Expr {
    if down { expr.lt(value) } else { expr.gt(value) }
}

fn at_least(expr: Expr, down: bool, value: i64) -> Expr {
    if down { expr.lte(value) } else { expr.gte(value) }
}
