//! Asking a record in memory.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::expr::{Comparison, Expr, Test};
use crate::literal::Literal;

/// Something that a filter can be asked about.
pub trait Record {
    /// The value of a field of the schema; none when it is missing. An empty text or list counts as missing.
    fn get(&self, field: &str) -> Option<Value<'_>>;
}

/// A field's value, of the kind that the schema says. A value of another kind is treated as a missing one.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Of text, words and choices.
    Text(Cow<'a, str>),
    /// Of integers; of numbers too.
    Integer(i64),
    /// Of numbers.
    Number(f64),
    /// Of booleans.
    Bool(bool),
    /// Of times; compared by whole microseconds.
    Time(DateTime<Utc>),
    /// Of dates.
    Date(NaiveDate),
    /// Of durations; compared by whole microseconds.
    Duration(TimeDelta),
    /// Of lists of words or choices.
    List(Vec<Cow<'a, str>>),
}

impl<'a> Value<'a> {
    /// A borrowed text.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A list of borrowed words.
    pub fn list(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self::List(words.into_iter().map(Cow::Borrowed).collect())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(words) => words.is_empty(),
            _ => false,
        }
    }
}

/// Whether `record` fits; as deep as the expression, which the reader bounds.
pub fn fits(expr: &Expr, record: &dyn Record) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| fits(part, record)),
        Expr::Or(parts) => parts.iter().any(|part| fits(part, record)),
        Expr::Not(inner) => !fits(inner, record),
        Expr::Field(condition) => {
            let value = record.get(&condition.field).filter(|value| !value.is_empty());
            passes(&condition.test, value.as_ref())
        }
    }
}

fn passes(test: &Test, value: Option<&Value<'_>>) -> bool {
    match (test, value) {
        (Test::Present, value) => value.is_some(),
        (Test::Contains(pattern), Some(Value::Text(text))) => pattern.is_in(text),
        // A list whose field has no kind: what is asked for looks like a text.
        (Test::Has(pattern) | Test::Contains(pattern), Some(Value::List(words))) => {
            words.iter().any(|word| pattern.fits(word))
        }
        (Test::Compare(comparison, literal), value) => match value.and_then(|value| order(value, literal)) {
            Some(order) => comparison.fits(order),
            None => *comparison == Comparison::NotEqual,
        },
        _ => false,
    }
}

/// How the value stands to the literal; none when they cannot be compared. A text that does not fit a pattern counts as
/// less, which is as good as greater: only equality is asked of texts.
fn order(value: &Value<'_>, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Text(text), Literal::Text(pattern)) => Some(if pattern.fits(text) {
            Ordering::Equal
        } else {
            Ordering::Less
        }),
        (Value::Text(text), Literal::Choice(choice)) => choice.order_of(text),
        (Value::Integer(value), Literal::Integer(literal)) => Some(value.cmp(literal)),
        #[expect(clippy::cast_precision_loss, reason = "a number field is compared as a number")]
        (Value::Integer(value), Literal::Number(literal)) => (*value as f64).partial_cmp(literal),
        (Value::Number(value), Literal::Number(literal)) => value.partial_cmp(literal),
        (Value::Bool(value), Literal::Bool(literal)) => Some(value.cmp(literal)),
        (Value::Time(value), Literal::Time(literal)) => Some(value.timestamp_micros().cmp(&literal.timestamp_micros())),
        (Value::Date(value), Literal::Date(literal)) => Some(value.cmp(literal)),
        (Value::Duration(value), Literal::Duration(literal)) => {
            Some(value.num_microseconds().cmp(&literal.num_microseconds()))
        }
        _ => None,
    }
}
