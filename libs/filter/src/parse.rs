//! Reads a filter: recursive descent over the text, as deep as [`DEPTH_MAX`] and no deeper.

use crate::check::{self, Operator, Word};
use crate::error::FilterError;
use crate::expr::{Comparison, Expr, Test};
use crate::nearest;
use crate::schema::{Kind, Schema};
use crate::text::{self, KEYWORDS};
use crate::{BYTES_MAX, CONDITIONS_MAX, DEPTH_MAX};

mod word;

/// The expression; none when there is nothing but white space.
pub fn filter(text: &str, schema: &Schema) -> Result<Option<Expr>, FilterError> {
    if text.len() > BYTES_MAX {
        let message = format!("a filter has at most {BYTES_MAX} bytes, this one has {}", text.len());
        return Err(FilterError::at(text, 0, message));
    }
    if let Some(at) = text.find('\0') {
        return Err(FilterError::at(text, at, "a filter has no NUL character"));
    }
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        conditions: 0,
        schema,
    };
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let expr = parser.expression(None)?;
    match parser.peek() {
        None => Ok(Some(expr)),
        Some(_) => Err(parser.error("this `)` closes nothing")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    conditions: usize,
    schema: &'a Schema,
}

/// The field that values in parentheses belong to: `state = (OPEN OR PENDING)`.
#[derive(Clone, Copy)]
struct Target<'a> {
    field: &'a str,
    kind: &'a Kind,
    operator: Operator,
}

impl<'a> Parser<'a> {
    /// Factors joined by AND or by nothing, up to the end or a `)`.
    fn expression(&mut self, target: Option<Target<'_>>) -> Result<Expr, FilterError> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.factor(target)?);
            self.skip_space();
            if matches!(self.peek(), None | Some(')')) {
                return Ok(Expr::and(parts));
            }
            self.keyword("AND");
        }
    }

    /// Terms joined by OR.
    fn factor(&mut self, target: Option<Target<'_>>) -> Result<Expr, FilterError> {
        let mut parts = Vec::new();
        loop {
            parts.push(self.term(target)?);
            if !self.keyword("OR") {
                return Ok(Expr::or(parts));
            }
        }
    }

    /// A condition or parentheses, negated or not.
    fn term(&mut self, target: Option<Target<'_>>) -> Result<Expr, FilterError> {
        self.skip_space();
        // Among values a `-` belongs to a number.
        let minus = target.is_none() && self.rest().starts_with('-');
        if minus {
            self.at += 1;
        }
        let negated = minus || self.keyword("NOT");
        let expr = self.simple(target)?;
        Ok(if negated { expr.negated() } else { expr })
    }

    fn simple(&mut self, target: Option<Target<'_>>) -> Result<Expr, FilterError> {
        self.skip_space();
        match self.peek() {
            None => Err(self.error("the filter ends where a condition is expected")),
            Some('(') => self.parentheses(target),
            Some(')') => Err(self.error("a condition is expected before `)`")),
            Some(_) => {
                if let Some(keyword) = KEYWORDS.iter().find(|keyword| self.is_at(keyword)) {
                    return Err(self.error(format!("a condition is expected before `{keyword}`")));
                }
                match target {
                    Some(target) => self.value(target),
                    None if self.rest().starts_with('-') => Err(self.error("one negation is enough")),
                    None => self.restriction(),
                }
            }
        }
    }

    fn parentheses(&mut self, target: Option<Target<'_>>) -> Result<Expr, FilterError> {
        if self.depth == DEPTH_MAX {
            return Err(self.error(format!("parentheses are nested at most {DEPTH_MAX} deep")));
        }
        let open = self.at;
        self.at += 1;
        self.depth += 1;
        let expr = self.expression(target)?;
        self.depth -= 1;
        if self.peek() != Some(')') {
            return Err(FilterError::at(self.text, open, "this `(` is never closed"));
        }
        self.at += 1;
        Ok(expr)
    }

    /// `field operator value`, or a word that is searched.
    fn restriction(&mut self) -> Result<Expr, FilterError> {
        let start = self.at;
        let name = self.path()?;
        if self.peek() == Some('(') && !name.quoted {
            return Err(FilterError::at(self.text, start, "there are no functions"));
        }
        let end = self.at;
        self.skip_space();
        let operator_at = self.at;
        let Some(operator) = self.operator()? else {
            self.at = end;
            return self.search(&name);
        };
        let Some(field) = name.pattern.word() else {
            return Err(FilterError::at(self.text, start, "the name of a field has no `*`"));
        };
        self.skip_space();
        let Some(kind) = self.schema.kind(field) else {
            return self.key(field, start, operator);
        };
        let target = Target { field, kind, operator };
        if self.peek() == Some('(') {
            return match operator {
                Operator::Has | Operator::Compare(Comparison::Equal) => self.parentheses(Some(target)),
                Operator::Compare(_) => Err(FilterError::at(
                    self.text,
                    operator_at,
                    "several values in parentheses go with = and : only",
                )),
            };
        }
        self.value(target)
    }

    /// `map:key`; everything else about an unknown field is an error.
    fn key(&mut self, field: &str, start: usize, operator: Operator) -> Result<Expr, FilterError> {
        if self.schema.is_map(field) && operator == Operator::Has {
            let key = self.word()?;
            let name = format!("{field}.{}", key.pattern.word().unwrap_or_default());
            if self.schema.kind(&name).is_some() {
                self.count(key.at)?;
                return Ok(Expr::field(name, Test::Present));
            }
            let known = self.schema.fields().map(|(name, _)| name);
            let message = format!("`{field}` has no such key{}", nearest::hint(&name, known));
            return Err(FilterError::at(self.text, key.at, message));
        }
        let message = if self.schema.is_map(field) {
            format!("`{field}` has keys: write `{field}.key`, or `{field}:key` to ask whether one is there")
        } else {
            let known = self.schema.fields().map(|(name, _)| name);
            format!("there is no such field{}", nearest::hint(field, known))
        };
        Err(FilterError::at(self.text, start, message))
    }

    fn value(&mut self, target: Target<'_>) -> Result<Expr, FilterError> {
        let word = self.word()?;
        match self.peek() {
            Some('(') if !word.quoted => return Err(FilterError::at(self.text, word.at, "there are no functions")),
            Some(next) if !next.is_whitespace() && next != ')' => {
                return Err(self.error("a value with such characters is written in quotes"));
            }
            _ => {}
        }
        self.count(word.at)?;
        check::condition(target.field, target.kind, target.operator, &word)
            .map_err(|message| FilterError::at(self.text, word.at, message))
    }

    fn search(&mut self, word: &Word) -> Result<Expr, FilterError> {
        let error = |message: &str| Err(FilterError::at(self.text, word.at, message));
        if !word.quoted && word.pattern.word().is_some_and(text::is_keyword) {
            return error("AND, OR and NOT are written in capital letters; to look for the word, put it in quotes");
        }
        if word.pattern.is_all() || word.pattern.word() == Some("") {
            return error("there is nothing to look for");
        }
        if self.schema.searched().is_empty() {
            return error("no field is searched for a bare word here: write `field = value`");
        }
        let mut parts = Vec::new();
        for field in self.schema.searched() {
            let Some(kind) = self.schema.kind(field) else { continue };
            self.count(word.at)?;
            let part = check::search(field, kind, &word.pattern)
                .map_err(|message| FilterError::at(self.text, word.at, message))?;
            parts.push(part);
        }
        Ok(Expr::or(parts))
    }

    fn operator(&mut self) -> Result<Option<Operator>, FilterError> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let compare = Operator::Compare;
        let known = [
            ("!=", compare(NotEqual)),
            ("<=", compare(LessOrEqual)),
            (">=", compare(GreaterOrEqual)),
            ("<", compare(Less)),
            (">", compare(Greater)),
            ("=", compare(Equal)),
            (":", Operator::Has),
        ];
        let Some((written, operator)) = known.iter().find(|(written, _)| self.rest().starts_with(written)) else {
            return match self.peek() {
                Some('!') => Err(self.error("a negation is written NOT or -")),
                Some(',') => Err(self.error("conditions are joined by AND or OR, not by a comma")),
                _ => Ok(None),
            };
        };
        self.at += written.len();
        if self.rest().starts_with(['=', '<', '>', ':', '!']) {
            return Err(self.error("the operators are = != < <= > >= and :"));
        }
        Ok(Some(*operator))
    }

    /// One more condition.
    fn count(&mut self, at: usize) -> Result<(), FilterError> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            let message = format!("a filter has at most {CONDITIONS_MAX} conditions");
            return Err(FilterError::at(self.text, at, message));
        }
        Ok(())
    }

    /// Goes past the keyword, if it is next.
    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let found = self.is_at(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    /// Whether the keyword is next, as a whole word.
    fn is_at(&self, keyword: &str) -> bool {
        self.rest().strip_prefix(keyword).is_some_and(|after| {
            after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || "()\"'".contains(c))
        })
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn error(&self, message: impl Into<String>) -> FilterError {
        FilterError::at(self.text, self.at, message)
    }
}
