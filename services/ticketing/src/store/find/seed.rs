//! Conditions of a filter that an index answers, so that it can be counted how little they leave.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, IntoSimpleExpr};
use vorrang_database::Engine;
use vorrang_filter::{Comparison, Expr as Filter, Filter as Whole, Record, Test, Value};

use super::super::entity::{ticket, ticket_value};
use super::sql::{self, Place};
use crate::state::State;
use crate::words::Disposition;

/// A condition that has to hold for every ticket that fits.
#[derive(Debug, Clone)]
pub(super) enum Seed {
    /// On `tickets`.
    Tickets(Condition),
    /// On `ticket_values`, of which the ticket has such a row.
    Values(Condition),
}

impl Seed {
    /// All tickets.
    pub fn all() -> Self {
        Self::Tickets(Condition::all())
    }

    /// A row for each ticket that it leaves, no more than `most`.
    pub fn probe(&self, tenant: &str, most: u64) -> SelectStatement {
        let mut query = Query::select();
        query.expr(Expr::val(1)).limit(most);
        match self {
            Self::Tickets(condition) => query
                .from(ticket::Entity)
                .and_where(ticket::Column::Tenant.eq(tenant))
                .cond_where(condition.clone()),
            Self::Values(condition) => query
                .from(ticket_value::Entity)
                .and_where(ticket_value::Column::Tenant.eq(tenant))
                .cond_where(condition.clone()),
        }
        .to_owned()
    }

    /// The same as a condition on `tickets`.
    pub fn condition(&self, tenant: &str) -> Condition {
        match self {
            Self::Tickets(condition) => condition.clone(),
            Self::Values(condition) => {
                let rows = Query::select()
                    .column(ticket_value::Column::TicketId)
                    .from(ticket_value::Entity)
                    .and_where(ticket_value::Column::Tenant.eq(tenant))
                    .cond_where(condition.clone())
                    .to_owned();
                Condition::all().add(ticket::Column::Id.into_simple_expr().in_subquery(rows))
            }
        }
    }
}

/// The conditions that an index answers, those that usually leave least first.
pub(super) fn seeds(filter: &Filter, engine: Engine) -> Vec<Seed> {
    let parts = match filter {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut found: Vec<(u8, Seed)> = Vec::new();
    let mut ranges: Vec<(&str, Vec<Filter>)> = Vec::new();
    for part in parts {
        if let Some(field) = only_field(part) {
            match field {
                "state" => found.extend(states(part)),
                "disposition" => found.extend(dispositions(part)),
                "number" | "opened_at" | "updated_at" | "due_at" | "solved_at" if is_range(part) => {
                    match ranges.iter_mut().find(|(other, _)| *other == field) {
                        Some((_, parts)) => parts.push(part.clone()),
                        None => ranges.push((field, vec![part.clone()])),
                    }
                }
                _ => found.extend(equal(part, engine)),
            }
        }
    }
    for (field, parts) in ranges {
        let rank = if field == "number" { 0 } else { 5 };
        found.push((rank, Seed::Tickets(sql::condition(&Filter::and(parts), engine))));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, seed)| seed).collect()
}

/// The field that a part asks for, if it is only one.
fn only_field(part: &Filter) -> Option<&str> {
    match part {
        Filter::Field(asked) => Some(&asked.field),
        Filter::Not(inner) => only_field(inner),
        Filter::And(parts) | Filter::Or(parts) => {
            let field = only_field(parts.first()?)?;
            parts
                .iter()
                .all(|part| only_field(part) == Some(field))
                .then_some(field)
        }
    }
}

/// Whether it says from where or up to where a value lies.
fn is_range(part: &Filter) -> bool {
    let Filter::Field(asked) = part else { return false };
    matches!(&asked.test, Test::Compare(comparison, _) if *comparison != Comparison::NotEqual)
}

/// Equality with one value, or with one of several.
fn equal(part: &Filter, engine: Engine) -> Option<(u8, Seed)> {
    let parts = match part {
        Filter::Or(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut values = Condition::any();
    let mut field = "";
    for part in parts {
        let Filter::Field(asked) = part else { return None };
        field = &asked.field;
        let exact = match &asked.test {
            Test::Compare(Comparison::Equal, vorrang_filter::Literal::Text(pattern)) => pattern.word().is_some(),
            Test::Compare(Comparison::Equal, _) => true,
            Test::Has(pattern) => pattern.word().is_some(),
            Test::Compare(..) | Test::Present | Test::Contains(_) => false,
        };
        if !exact {
            return None;
        }
        if let Test::Has(pattern) = &asked.test {
            values = values.add(ticket_value::Column::Word.eq(pattern.word().unwrap_or_default()));
        } else if let Test::Compare(comparison, literal) = &asked.test {
            values = values.add(sql::value(*comparison, literal, engine));
        }
    }
    let rank = match (field, sql::place(field)) {
        ("external_id", _) => 0,
        ("customer" | "merged_into", _) => 1,
        (_, Place::Values) => {
            let of_field = Condition::all().add(ticket_value::Column::Field.eq(field)).add(values);
            return Some((2, Seed::Values(of_field)));
        }
        ("sub_state", _) => 3,
        ("organization" | "assignee", _) => 4,
        ("queue", _) => 7,
        // No index lies over the others.
        _ => return None,
    };
    Some((rank, Seed::Tickets(sql::condition(part, engine))))
}

/// The one field of a record that is nothing else.
struct Only(&'static str, &'static str);

impl Record for Only {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        (field == self.0).then(|| Value::text(self.1))
    }
}

/// States are few: those that fit are asked for one by one.
fn states(part: &Filter) -> Option<(u8, Seed)> {
    let whole = Whole::from(part.clone());
    let fitting: Vec<State> = State::ALL
        .into_iter()
        .filter(|state| whole.matches(&Only("state", state.as_str())))
        .collect();
    // What is open is usually little, however much lies behind it.
    let live = fitting
        .iter()
        .all(|state| !matches!(state, State::Solved | State::Closed));
    let words = fitting.iter().map(|state| state.as_str());
    let condition = Condition::all().add(ticket::Column::State.is_in(words));
    Some((if live { 6 } else { 8 }, Seed::Tickets(condition)))
}

/// What is set aside is little.
fn dispositions(part: &Filter) -> Option<(u8, Seed)> {
    let whole = Whole::from(part.clone());
    if whole.matches(&Only("disposition", Disposition::Normal.as_str())) {
        return None;
    }
    let aside = "\"tickets\".\"disposition\" <> 'NORMAL'";
    Some((3, Seed::Tickets(Condition::all().add(Expr::cust(aside)))))
}
