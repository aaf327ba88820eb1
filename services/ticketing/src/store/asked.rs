//! Whose sendings and answers are when customers are merged.
//!
//! - What is about a ticket is whose the ticket is, and moves with it: see [`follow`].
//! - What is about none stays with whom it was recorded for, so that its name never changes and undoing a merge needs no list of
//!   what moved. It is found and told by the customer into whom that one was merged: see [`of`] and [`present`].
//! - Who was asked lately as one of the two was asked lately as both: see [`share_turns`].

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros};
use vorrang_error::Error;

use super::entity::{answer, customer, survey_cap, survey_sending};
use super::{row, sendings};

/// The customers for whom this one's sendings and answers were recorded: itself, and those that were merged into it. None for
/// a tombstone, whose are the other's.
pub fn of(tenant: &str, customer: Uuid) -> SelectStatement {
    let own = Condition::all()
        .add(customer::Column::Id.eq(customer))
        .add(customer::Column::MergedInto.is_null());
    customer::Entity::find()
        .select_only()
        .column(customer::Column::Id)
        .filter(customer::Column::Tenant.eq(tenant))
        .filter(Condition::any().add(own).add(customer::Column::MergedInto.eq(customer)))
        .into_query()
}

/// Those of `customers` that were merged, each with the one it was merged into.
pub async fn present<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    customers: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Uuid>, Error> {
    let mut customers: Vec<Uuid> = customers.into_iter().collect();
    customers.sort_unstable();
    customers.dedup();
    let mut merged = HashMap::new();
    for ids in customers.chunks(row::IN_MAX) {
        let some: Vec<(Uuid, Uuid)> = customer::Entity::find()
            .select_only()
            .column(customer::Column::Id)
            .column(customer::Column::MergedInto)
            .filter(customer::Column::Tenant.eq(tenant))
            .filter(customer::Column::Id.is_in(ids.iter().copied()))
            .filter(customer::Column::MergedInto.is_not_null())
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        merged.extend(some);
    }
    Ok(merged)
}

/// What is about these tickets is this customer's now, as they are. The caller holds their locks.
pub async fn follow(tx: &Tx, tenant: &str, tickets: &[Uuid], customer: Uuid) -> Result<(), Error> {
    for ids in tickets.chunks(row::IN_MAX) {
        survey_sending::Entity::update_many()
            .col_expr(survey_sending::Column::CustomerId, Expr::value(customer))
            .filter(survey_sending::Column::Tenant.eq(tenant))
            .filter(survey_sending::Column::TicketId.is_in(ids.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        answer::Entity::update_many()
            .col_expr(answer::Column::CustomerId, Expr::value(customer))
            .filter(answer::Column::Tenant.eq(tenant))
            .filter(answer::Column::TicketId.is_in(ids.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    Ok(())
}

/// `to` was asked when `from` was, if that is later: they are one person, or were, so that nobody is asked too often by a merge
/// or by undoing it.
pub async fn share_turns(tx: &Tx, tenant: &str, from: Uuid, to: Uuid) -> Result<(), Error> {
    let turns = survey_cap::Entity::find()
        .filter(survey_cap::Column::Tenant.eq(tenant))
        .filter(survey_cap::Column::CustomerId.eq(from))
        .order_by_asc(survey_cap::Column::Kind)
        .all(tx.conn())
        .await
        .map_err(error)?;
    for turn in turns {
        let at = from_micros(turn.last_at);
        sendings::take_turn(tx, tenant, (to, &turn.kind), at, at).await?;
    }
    Ok(())
}
