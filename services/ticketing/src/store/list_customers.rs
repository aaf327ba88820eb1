//! Pages of customers that fit a filter.
//!
//! The database narrows by what it can compare as it is stored; the filter itself is asked of each customer in memory,
//! since names and attributes are sealed and tiers depend on the time. What one call looks at is bounded, so a page may
//! be short, or empty, and still not be the last.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::error;
use vorrang_error::Error;
use vorrang_filter::{Comparison, Expr, Filter, Literal, Test};

use super::entity::customer;
use super::{Store, row};
use crate::customer::Customer;
use crate::customer::filter::At;
use crate::names;

/// Rows of one read.
const BATCH: u64 = 500;
/// Most rows that one call looks at: opening them takes some tens of microseconds each.
const LOOKED_AT_MAX: usize = 5_000;

/// A page of customers, and the last one that was looked at if more may follow.
#[derive(Debug)]
pub struct Found {
    /// Those that fit, newest first; at most one more than were asked for.
    pub customers: Vec<Customer>,
    /// Go on below this one when there are not more than were asked for.
    pub more_below: Option<Uuid>,
}

impl Store {
    /// Customers with ids below `before` that fit `filter`, newest first, without those that were merged into others.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customers(
        &self,
        tenant: &str,
        filter: &Filter,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Found, Error> {
        let now = self.clock.now();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let narrow = filter.expr().and_then(narrow);
        let mut customers = Vec::new();
        let mut below = before;
        let mut looked_at = 0;
        loop {
            // Without a filter every row fits: no more are read than are wanted.
            let size = if filter.expr().is_none() { limit as u64 } else { BATCH };
            let rows = customer::Entity::find()
                .filter(customer::Column::Tenant.eq(tenant))
                .filter(customer::Column::MergedInto.is_null())
                .filter(
                    Condition::all()
                        .add_option(below.map(|id| customer::Column::Id.lt(id)))
                        .add_option(narrow.clone()),
                )
                .order_by_desc(customer::Column::Id)
                .limit(size)
                .all(self.db.reader())
                .await
                .map_err(error)?;
            let is_last = (rows.len() as u64) < size;
            looked_at += rows.len();
            below = rows.last().map(|row| row.id).or(below);
            let read = row::with_identities(self.db.reader(), &self.personal, tenant, rows).await?;
            customers.extend(read.into_iter().filter(|one| filter.matches(&At(one, now))));
            customers.truncate(limit);
            let more_below = if is_last { None } else { below };
            if is_last || customers.len() == limit || looked_at >= LOOKED_AT_MAX {
                return Ok(Found { customers, more_below });
            }
        }
    }
}

/// What the database can say about it: everybody who fits is in, others may be. None: it can say nothing.
fn narrow(expr: &Expr) -> Option<Condition> {
    match expr {
        Expr::And(parts) => {
            let parts: Vec<Condition> = parts.iter().filter_map(narrow).collect();
            let all = |all: Condition, part| all.add(part);
            (!parts.is_empty()).then(|| parts.into_iter().fold(Condition::all(), all))
        }
        Expr::Or(parts) => {
            let parts: Option<Vec<Condition>> = parts.iter().map(narrow).collect();
            let any = |any: Condition, part| any.add(part);
            parts.map(|parts| parts.into_iter().fold(Condition::any(), any))
        }
        Expr::Not(_) => None,
        Expr::Field(condition) => {
            let Test::Compare(Comparison::Equal, Literal::Text(pattern)) = &condition.test else {
                return None;
            };
            let word = pattern.word()?;
            let column = match condition.field.as_str() {
                "language" => customer::Column::Language,
                "country" => customer::Column::Country,
                "owner" => customer::Column::Owner,
                "organization" => {
                    // What is no name of an organisation is nobody's.
                    let id = names::parse_organization(word).unwrap_or_default();
                    return Some(Condition::all().add(customer::Column::OrganizationId.eq(id)));
                }
                _ => return None,
            };
            // PostgreSQL compares with no text that has a NUL, and none is stored.
            Some(Condition::all().add(column.eq(word.replace('\0', ""))))
        }
    }
}
