#![doc = include_str!("../README.md")]

mod check;
mod error;
mod expr;
mod literal;
mod matches;
mod nearest;
mod parse;
mod pattern;
mod schema;
mod text;

pub use error::FilterError;
pub use expr::{Comparison, Condition, Expr, Test};
pub use literal::{Choice, Literal};
pub use matches::{Record, Value};
pub use nearest::hint;
pub use pattern::Pattern;
pub use schema::{Kind, Schema};

/// Most bytes of a filter.
pub const BYTES_MAX: usize = 4096;
/// Deepest nesting of parentheses.
pub const DEPTH_MAX: usize = 32;
/// Most conditions of a filter; a bare word counts once for each field that is searched.
pub const CONDITIONS_MAX: usize = 100;
/// Most `*` of a pattern.
pub const WILDCARDS_MAX: usize = 8;

/// A filter that was understood. The default one is empty: everything fits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    expr: Option<Expr>,
}

impl Filter {
    /// Reads a filter over the fields of `schema`. Nothing but white space is the empty filter.
    ///
    /// # Errors
    /// The first thing that is wrong, with its position and a sentence that says what would be right.
    pub fn parse(text: &str, schema: &Schema) -> Result<Self, FilterError> {
        parse::filter(text, schema).map(|expr| Self { expr })
    }

    /// The expression, for translation; none: everything fits.
    pub fn expr(&self) -> Option<&Expr> {
        self.expr.as_ref()
    }

    /// Whether `record` fits.
    pub fn matches(&self, record: &dyn Record) -> bool {
        self.expr.as_ref().is_none_or(|expr| matches::fits(expr, record))
    }

    /// The fields that it asks for, each once, in alphabetical order.
    pub fn fields(&self) -> Vec<&str> {
        let mut fields = Vec::new();
        if let Some(expr) = &self.expr {
            expr.collect_fields(&mut fields);
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

impl From<Expr> for Filter {
    fn from(expr: Expr) -> Self {
        Self { expr: Some(expr) }
    }
}

/// The same filter in words: reading it again gives the same expression.
impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.expr {
            Some(expr) => write!(f, "{expr}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
