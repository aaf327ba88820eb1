//! Filters in SQL: the one place where the engines differ in it. Gives the same answers as the filter does in memory.
//!
//! A negation is pushed down to the single conditions, where a missing value is known: no expression is ever null where
//! that would matter.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Query, SelectStatement, extension::sqlite::SqliteExpr};
use sea_orm::{ColumnTrait, IntoSimpleExpr};
use uuid::Uuid;
use vorrang_database::{Engine, micros};
use vorrang_filter::{Comparison, Condition as Asked, Expr as Filter, Literal, Pattern, Test};

use super::super::entity::{ticket, ticket_value};
use super::super::values::day_number;
use crate::names::{self, TicketRef};

/// What a field of the filter is in the tables.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// A column with words.
    Words(ticket::Column),
    /// A column with an id; what stands before it in the name.
    Id(ticket::Column, &'static str),
    /// A column with the id of a resource.
    Resource(ticket::Column),
    /// A column with a number or a time.
    Number(ticket::Column),
    /// A column with true or false.
    Bool(ticket::Column),
    /// Rows of `ticket_values`.
    Values,
}

/// Where a field lies.
pub(super) fn place(field: &str) -> Place {
    use ticket::Column;
    match field {
        "number" => Place::Number(Column::Number),
        "state" => Place::Words(Column::State),
        "sub_state" => Place::Id(Column::SubState, "subStates/"),
        "disposition" => Place::Words(Column::Disposition),
        "priority" => Place::Words(Column::Priority),
        "channel" => Place::Words(Column::Channel),
        "tier" => Place::Words(Column::Tier),
        "queue" => Place::Words(Column::Queue),
        "assignee" => Place::Words(Column::Assignee),
        "customer" => Place::Resource(Column::CustomerId),
        "organization" => Place::Resource(Column::OrganizationId),
        "follow_up_of" => Place::Resource(Column::FollowUpOf),
        "merged_into" => Place::Resource(Column::MergedInto),
        "split_from" => Place::Resource(Column::SplitFrom),
        "external_id" => Place::Words(Column::ExternalId),
        "language" => Place::Words(Column::Language),
        "intent" => Place::Words(Column::Intent),
        "automated" => Place::Bool(Column::Automated),
        "message_count" => Place::Number(Column::MessageCount),
        "solve_count" => Place::Number(Column::SolveCount),
        "opened_at" => Place::Number(Column::OpenedAt),
        "created_at" => Place::Number(Column::CreatedAt),
        "updated_at" => Place::Number(Column::UpdatedAt),
        "due_at" => Place::Number(Column::DueAt),
        "first_replied_at" => Place::Number(Column::FirstRepliedAt),
        "solved_at" => Place::Number(Column::SolvedAt),
        "queue_entered_at" => Place::Number(Column::QueueEnteredAt),
        // Tags, followers, and the tenants' own.
        _ => Place::Values,
    }
}

/// The filter as a condition on `tickets`.
pub(super) fn condition(filter: &Filter, engine: Engine) -> Condition {
    translate(filter, true, engine)
}

/// As deep as the filter, which its reader bounds. `wanted` is false under an odd number of negations.
fn translate(filter: &Filter, wanted: bool, engine: Engine) -> Condition {
    let join = |parts: &[Filter], all: bool| {
        let start = if all { Condition::all() } else { Condition::any() };
        parts
            .iter()
            .fold(start, |joined, part| joined.add(translate(part, wanted, engine)))
    };
    match filter {
        Filter::And(parts) => join(parts, wanted),
        Filter::Or(parts) => join(parts, !wanted),
        Filter::Not(inner) => translate(inner, !wanted, engine),
        Filter::Field(asked) => field(asked, wanted, engine),
    }
}

fn field(asked: &Asked, wanted: bool, engine: Engine) -> Condition {
    let place = place(&asked.field);
    if let Place::Values = place {
        return in_values(asked, wanted, engine);
    }
    match &asked.test {
        Test::Present => present(place, wanted),
        Test::Compare(comparison, literal) => {
            // What is missing is different from everything, and nothing else.
            let missing_fits = (*comparison == Comparison::NotEqual) == wanted;
            let comparison = if wanted { *comparison } else { opposite(*comparison) };
            let fits = Condition::all().add(compare(place, comparison, literal, engine));
            match column(place) {
                Some(column) if missing_fits => Condition::any().add(fits).add(column.is_null()),
                _ => fits,
            }
        }
        // Only lists and free text are asked so, and neither is a column.
        Test::Contains(_) | Test::Has(_) => Condition::all().add(Expr::val(!wanted)),
    }
}

/// The column that may be null.
fn column(place: Place) -> Option<ticket::Column> {
    match place {
        Place::Words(column) | Place::Id(column, _) | Place::Resource(column) | Place::Number(column) => Some(column),
        Place::Bool(_) | Place::Values => None,
    }
}

fn present(place: Place, wanted: bool) -> Condition {
    let Some(column) = column(place) else {
        return Condition::all().add(Expr::val(wanted));
    };
    let is_text = matches!(place, Place::Words(_) | Place::Id(..));
    match (wanted, is_text) {
        (true, true) => Condition::all().add(column.is_not_null()).add(column.ne("")),
        (true, false) => Condition::all().add(column.is_not_null()),
        (false, true) => Condition::any().add(column.is_null()).add(column.eq("")),
        (false, false) => Condition::all().add(column.is_null()),
    }
}

/// False or null when the value is missing.
fn compare(place: Place, comparison: Comparison, literal: &Literal, engine: Engine) -> Expr {
    let negated = comparison == Comparison::NotEqual;
    let never = || Expr::val(negated);
    match (place, literal) {
        (Place::Words(column), Literal::Text(pattern)) => word(column.into_simple_expr(), pattern, negated, engine),
        (Place::Words(column), Literal::Choice(choice)) => column.is_in(choice.fitting(comparison)),
        (Place::Id(column, before), Literal::Text(pattern)) => {
            match pattern.word().and_then(|name| name.strip_prefix(before)) {
                Some(id) => equal(column.into_simple_expr(), id.to_owned(), negated),
                None => never(),
            }
        }
        (Place::Resource(column), Literal::Text(pattern)) => match pattern.word().and_then(resource) {
            Some(id) => equal(column.into_simple_expr(), id, negated),
            // No resource has such a name.
            None => never(),
        },
        (Place::Number(column), Literal::Integer(number)) => ordered(column.into_simple_expr(), comparison, *number),
        (Place::Number(column), Literal::Time(time)) => ordered(column.into_simple_expr(), comparison, micros(*time)),
        (Place::Bool(column), Literal::Bool(flag)) => column.eq(*flag != negated),
        _ => never(),
    }
}

/// The id in a name that a resource can have.
fn resource(name: &str) -> Option<Uuid> {
    if name.starts_with("tickets/") {
        return match names::parse_ticket(name).ok()? {
            TicketRef::Id(id) => Some(id),
            TicketRef::Number(_) => None,
        };
    }
    names::parse_customer(name)
        .or_else(|_| names::parse_organization(name))
        .ok()
}

fn in_values(asked: &Asked, wanted: bool, engine: Engine) -> Condition {
    use ticket_value::Column;
    let mut rows = Condition::all();
    let mut negated = !wanted;
    match &asked.test {
        Test::Present => {}
        Test::Has(pattern) | Test::Contains(pattern) => {
            rows = rows.add(word(Column::Word.into_simple_expr(), pattern, false, engine));
        }
        Test::Compare(comparison, literal) => {
            let mut comparison = *comparison;
            if comparison == Comparison::NotEqual {
                // Not one that is equal: true of what is missing, too.
                comparison = Comparison::Equal;
                negated = !negated;
            }
            rows = rows.add(value(comparison, literal, engine));
        }
    }
    let found = Expr::exists(values_of(&asked.field).cond_where(rows).to_owned());
    Condition::all().add(if negated { found.not() } else { found })
}

/// Rows of this field of the ticket that is looked at.
fn values_of(field: &str) -> SelectStatement {
    use ticket_value::Column;
    Query::select()
        .expr(Expr::val(1))
        .from(ticket_value::Entity)
        .and_where(Column::Tenant.into_expr().eq(ticket::Column::Tenant.into_simple_expr()))
        .and_where(Column::TicketId.into_expr().eq(ticket::Column::Id.into_simple_expr()))
        .and_where(Column::Field.eq(field))
        .to_owned()
}

/// A comparison with a row of `ticket_values`.
pub(super) fn value(comparison: Comparison, literal: &Literal, engine: Engine) -> Expr {
    use ticket_value::Column;
    match literal {
        Literal::Text(pattern) => word(Column::Word.into_simple_expr(), pattern, false, engine),
        Literal::Choice(choice) => Column::Word.is_in(choice.fitting(comparison)),
        Literal::Number(number) => ordered(Column::Real.into_simple_expr(), comparison, *number),
        Literal::Integer(number) => ordered(Column::Whole.into_simple_expr(), comparison, *number),
        Literal::Bool(flag) => Column::Whole.eq(i64::from(*flag)),
        Literal::Date(date) => ordered(Column::Whole.into_simple_expr(), comparison, day_number(*date)),
        Literal::Time(time) => ordered(Column::Whole.into_simple_expr(), comparison, micros(*time)),
        Literal::Duration(length) => ordered(
            Column::Whole.into_simple_expr(),
            comparison,
            length.num_microseconds().unwrap_or(i64::MAX),
        ),
    }
}

/// A text that is, or fits, a pattern.
fn word(expr: Expr, pattern: &Pattern, negated: bool, engine: Engine) -> Expr {
    if let Some(word) = pattern.word() {
        return equal(expr, word.to_owned(), negated);
    }
    let fits = match engine {
        Engine::Postgres => expr.like(LikeExpr::new(like(pattern)).escape('\\')),
        // LIKE ignores the case of ASCII letters there.
        Engine::Sqlite => expr.glob(glob(pattern)),
    };
    if negated { fits.not() } else { fits }
}

fn like(pattern: &Pattern) -> String {
    let escaped = |piece: &String| piece.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    pattern.pieces().iter().map(escaped).collect::<Vec<_>>().join("%")
}

fn glob(pattern: &Pattern) -> String {
    let escaped = |piece: &String| piece.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]");
    pattern.pieces().iter().map(escaped).collect::<Vec<_>>().join("*")
}

fn equal(expr: Expr, value: impl Into<sea_orm::Value>, negated: bool) -> Expr {
    let value = Expr::val(value);
    if negated { expr.ne(value) } else { expr.eq(value) }
}

fn ordered(expr: Expr, comparison: Comparison, value: impl Into<sea_orm::Value>) -> Expr {
    let value = Expr::val(value);
    match comparison {
        Comparison::Equal => expr.eq(value),
        Comparison::NotEqual => expr.ne(value),
        Comparison::Less => expr.lt(value),
        Comparison::LessOrEqual => expr.lte(value),
        Comparison::Greater => expr.gt(value),
        Comparison::GreaterOrEqual => expr.gte(value),
    }
}

fn opposite(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}
