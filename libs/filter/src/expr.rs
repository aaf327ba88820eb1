//! What a filter says, as a tree that a store can translate.
//!
//! Every condition is either true or false, also for a record that lacks the field: `Not` is therefore plain negation.

use std::fmt;

use crate::literal::Literal;
use crate::pattern::Pattern;
use crate::text;

/// A filter's expression. The reader keeps it flat: no `And` directly in an `And`, no `Or` in an `Or`, no `Not` in a
/// `Not`, and none of them with fewer than two parts.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// All of them.
    And(Vec<Expr>),
    /// At least one of them.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// One field of the record.
    Field(Condition),
}

/// What is asked of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name in the schema, dots included.
    pub field: String,
    /// What is asked.
    pub test: Test,
}

/// What can be asked. A missing value, an empty text and an empty list are the same: missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It has a value.
    Present,
    /// Its value stands so to the literal. A missing value is different from every literal (`!=` is true), and everything
    /// else is false of it.
    Compare(Comparison, Literal),
    /// Its text has a part that fits, ignoring case.
    Contains(Pattern),
    /// Its list has a word that fits.
    Has(Pattern),
}

/// How a value stands to a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same, or fits the pattern.
    Equal,
    /// The negation of `Equal`, true for a missing value too.
    NotEqual,
    /// Less, earlier, shorter.
    Less,
    /// Not more.
    LessOrEqual,
    /// More, later, longer.
    Greater,
    /// Not less.
    GreaterOrEqual,
}

impl Comparison {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether two values that stand so to each other fit.
    pub fn fits(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Expr {
    /// A condition on `field`.
    pub fn field(field: impl Into<String>, test: Test) -> Self {
        Self::Field(Condition {
            field: field.into(),
            test,
        })
    }

    /// All of `parts`, flat. There must be one at least.
    pub fn and(parts: Vec<Expr>) -> Self {
        Self::joined(parts, true)
    }

    /// One of `parts`, flat. There must be one at least.
    pub fn or(parts: Vec<Expr>) -> Self {
        Self::joined(parts, false)
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    fn joined(parts: Vec<Expr>, all: bool) -> Self {
        debug_assert!(!parts.is_empty());
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match (part, all) {
                (Self::And(inner), true) | (Self::Or(inner), false) => flat.extend(inner),
                (other, _) => flat.push(other),
            }
        }
        if flat.len() == 1 {
            flat.remove(0)
        } else if all {
            Self::And(flat)
        } else {
            Self::Or(flat)
        }
    }

    pub(crate) fn collect_fields<'a>(&'a self, fields: &mut Vec<&'a str>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect_fields(fields)),
            Self::Not(inner) => inner.collect_fields(fields),
            Self::Field(condition) => fields.push(&condition.field),
        }
    }

    fn write_part(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            other => write!(f, "{other}"),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, between) = match self {
            Self::And(parts) => (parts, " AND "),
            Self::Or(parts) => (parts, " OR "),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                return inner.write_part(f);
            }
            Self::Field(condition) => return write!(f, "{condition}"),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(between)?;
            }
            part.write_part(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_path(f, &self.field)?;
        match &self.test {
            Test::Present => f.write_str(":*"),
            Test::Compare(comparison, literal) => write!(f, " {} {literal}", comparison.as_str()),
            Test::Contains(pattern) | Test::Has(pattern) => write!(f, ":{pattern}"),
        }
    }
}
