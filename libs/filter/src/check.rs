//! What may be asked of which kind of field: one function makes the typed condition, or says why there is none.

use std::sync::Arc;

use crate::WILDCARDS_MAX;
use crate::expr::{Comparison, Expr, Test};
use crate::literal::{self, Choice, Literal};
use crate::nearest;
use crate::pattern::Pattern;
use crate::schema::Kind;

/// What stands between a field and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `= != < <= > >=`.
    Compare(Comparison),
    /// `:`.
    Has,
}

/// A value as it was written.
#[derive(Debug, Clone)]
pub struct Word {
    /// The byte where it begins.
    pub at: usize,
    /// What it says; stars that were not escaped are its wildcards.
    pub pattern: Pattern,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// The typed condition `field operator word`.
///
/// # Errors
/// A sentence about the value or the operator.
pub fn condition(field: &str, kind: &Kind, operator: Operator, word: &Word) -> Result<Expr, String> {
    use Comparison::{Equal, NotEqual};
    if *kind == Kind::Any {
        return condition(field, &literal::kind_of(&word.pattern, word.quoted), operator, word);
    }
    let pattern = &word.pattern;
    let is = |test| Ok(Expr::field(field, test));
    if operator == Operator::Has && pattern.is_all() {
        return is(Test::Present);
    }
    if operator == Operator::Has && pattern.word() == Some("") {
        return Err(format!("nothing is asked of `{field}`: write a value, or `{field}:*`"));
    }
    let comparison = match operator {
        Operator::Compare(comparison) => comparison,
        Operator::Has => Equal,
    };
    if *kind == Kind::Sealed {
        return Err(format!(
            "`{field}` is sealed: it can only be asked whether it is there, by `{field}:*`"
        ));
    }
    let with_words = matches!(
        kind,
        Kind::Text | Kind::Word | Kind::Name(_) | Kind::Choice(_) | Kind::Ranked(_)
    );
    if with_words && matches!(comparison, Equal | NotEqual) && (pattern.word() == Some("") || pattern.is_all()) {
        // An empty value is a missing one, and every value fits a lone star.
        let present = Expr::field(field, Test::Present);
        let wants_missing = (comparison == Equal) == (pattern.word() == Some(""));
        return Ok(if wants_missing { present.negated() } else { present });
    }
    match (kind, operator) {
        (Kind::Text, Operator::Has) => is(Test::Contains(stars(pattern)?)),
        (Kind::Text | Kind::Word, _) => match comparison {
            Equal | NotEqual => is(Test::Compare(comparison, Literal::Text(stars(pattern)?))),
            _ => Err(format!("`{field}` is text and has no order: use =, != or :")),
        },
        (Kind::Name(collection), _) => match comparison {
            Equal | NotEqual => is(Test::Compare(comparison, name(field, collection, pattern)?)),
            _ => Err(format!("`{field}` is a name and has no order: use =, != or :")),
        },
        (Kind::Words, Operator::Has) => is(Test::Has(stars(pattern)?)),
        (Kind::Choices(words), Operator::Has) => is(Test::Has(Pattern::exactly(choice(field, words, pattern)?.word()))),
        (Kind::Words | Kind::Choices(_), Operator::Compare(_)) => Err(format!(
            "`{field}` is a list: ask whether it has a word by `{field}:word`"
        )),
        (Kind::Choice(_), _) if !matches!(comparison, Equal | NotEqual) => {
            Err(format!("the words of `{field}` have no order: use =, != or :"))
        }
        (Kind::Choice(words) | Kind::Ranked(words), _) => is(Test::Compare(
            comparison,
            Literal::Choice(choice(field, words, pattern)?),
        )),
        (Kind::Bool, _) if !matches!(comparison, Equal | NotEqual) => {
            Err(format!("`{field}` is true or false and has no order: use =, != or :"))
        }
        _ => is(Test::Compare(comparison, plain(field, kind, word)?)),
    }
}

/// A bare word, looked for in a searchable field.
pub fn search(field: &str, kind: &Kind, pattern: &Pattern) -> Result<Expr, String> {
    let test = match kind {
        Kind::Text => Test::Contains(stars(pattern)?),
        Kind::Words => Test::Has(stars(pattern)?),
        _ => Test::Compare(Comparison::Equal, Literal::Text(stars(pattern)?)),
    };
    Ok(Expr::field(field, test))
}

fn stars(pattern: &Pattern) -> Result<Pattern, String> {
    if pattern.stars() > WILDCARDS_MAX {
        return Err(format!("a value has at most {WILDCARDS_MAX} `*`"));
    }
    Ok(pattern.clone())
}

fn name(field: &str, collection: &str, pattern: &Pattern) -> Result<Literal, String> {
    let of_collection = |word: &str| {
        let rest = word.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| !rest.is_empty())
    };
    match pattern.word() {
        Some(word) if of_collection(word) => Ok(Literal::Text(pattern.clone())),
        _ => Err(format!("`{field}` is compared with a whole name, `{collection}/…`")),
    }
}

fn choice(field: &str, words: &Arc<[String]>, pattern: &Pattern) -> Result<Choice, String> {
    let Some(word) = pattern.word() else {
        return Err(format!(
            "`{field}` takes whole words, no `*`; join several by OR, or ask `{field}:*`"
        ));
    };
    Choice::new(words, word).ok_or_else(|| {
        let hint = nearest::hint(word, words.iter().map(String::as_str));
        format!("`{field}` has no such word{hint}")
    })
}

/// A value that is no word.
fn plain(field: &str, kind: &Kind, word: &Word) -> Result<Literal, String> {
    let about = |why: String| format!("`{field}` {why}");
    let Some(text) = word.pattern.word() else {
        return Err(about(
            "takes no `*`; whether it has a value is asked by `:*`".to_owned(),
        ));
    };
    if word.quoted && matches!(kind, Kind::Integer | Kind::Number | Kind::Bool) {
        return Err(about("is compared with a value without quotes".to_owned()));
    }
    match kind {
        Kind::Integer => literal::integer(text),
        Kind::Number => literal::number(text),
        Kind::Bool => literal::boolean(text),
        Kind::Time => literal::time(text),
        Kind::Date => literal::date(text),
        _ => literal::duration(text),
    }
    .map_err(about)
}
