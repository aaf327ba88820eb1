//! Ids and numbers of tickets, without the tickets.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::error;
use vorrang_error::Error;

use super::entity::ticket;
use super::row::IN_MAX;
use crate::names::{self, TicketRef};

/// The ids of tickets, in the order of their references, without locking them.
///
/// # Errors
/// NotFound for the first that the tenant does not have.
pub async fn resolve<C: ConnectionTrait>(conn: &C, tenant: &str, refs: &[TicketRef]) -> Result<Vec<Uuid>, Error> {
    let mut known: HashMap<i64, Uuid> = HashMap::new();
    let mut there: HashSet<Uuid> = HashSet::new();
    let (mut ids, mut numbers) = (Vec::new(), Vec::new());
    for one in refs {
        match one {
            TicketRef::Id(id) => ids.push(*id),
            TicketRef::Number(number) => numbers.push(*number),
        }
    }
    let which = Condition::any()
        .add(ticket::Column::Id.is_in(ids))
        .add(ticket::Column::Number.is_in(numbers));
    let rows: Vec<(Uuid, i64)> = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .column(ticket::Column::Number)
        .filter(ticket::Column::Tenant.eq(tenant))
        .filter(which)
        .into_tuple()
        .all(conn)
        .await
        .map_err(error)?;
    for (id, number) in rows {
        known.insert(number, id);
        there.insert(id);
    }
    refs.iter()
        .map(|one| {
            let found = match one {
                TicketRef::Id(id) => Some(*id).filter(|id| there.contains(id)),
                TicketRef::Number(number) => known.get(number).copied(),
            };
            found.ok_or_else(|| Error::not_found(names::TICKET, one.name()))
        })
        .collect()
}

/// The numbers of tickets.
pub async fn numbers<C: ConnectionTrait>(conn: &C, tenant: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    let mut found = HashMap::new();
    for ids in ids.chunks(IN_MAX) {
        let rows: Vec<(Uuid, i64)> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .column(ticket::Column::Number)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The ids of tickets, by their numbers.
pub async fn by_number<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    numbers: &[i64],
) -> Result<HashMap<i64, Uuid>, Error> {
    let mut found = HashMap::new();
    for numbers in numbers.chunks(IN_MAX) {
        let rows: Vec<(i64, Uuid)> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Number)
            .column(ticket::Column::Id)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::Number.is_in(numbers.iter().copied()))
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        found.extend(rows);
    }
    Ok(found)
}
