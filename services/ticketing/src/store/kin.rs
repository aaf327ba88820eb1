//! Which tickets belong together by merges, and what was said in them.
//!
//! The shape of merges changes only under the tenant's lock: whoever holds it may follow them without locking the tickets first. Without
//! it the answer is true as of some moment during the read.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, from_micros};
use vorrang_error::Error;

use super::entity::{message, ticket};
use super::row::IN_MAX;
use crate::conversation::{Conversation, Said};
use crate::names::{self, TicketRef};
use crate::ticket::merge::{CHAIN_MAX, TOGETHER_MAX, too_large};
use crate::words::Actor;

/// A ticket that is part of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The ticket.
    pub id: Uuid,
    /// Whose matter it is.
    pub customer: Uuid,
    /// The one it was merged into.
    pub target: Uuid,
}

/// Which ticket leads to which, for `ids` and all that they lead to. Those that are not in it are of their own.
pub async fn leads<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Uuid>, Error> {
    let mut leads: HashMap<Uuid, Uuid> = HashMap::new();
    let mut asked: Vec<Uuid> = ids.into_iter().collect();
    // One statement a step, however many chains there are.
    for _ in 0..=CHAIN_MAX {
        let found = targets(conn, tenant, &asked).await?;
        leads.extend(&found);
        asked = found.into_values().filter(|id| !leads.contains_key(id)).collect();
        if asked.is_empty() {
            break;
        }
    }
    Ok(leads)
}

/// The last ticket of the chain that begins with `id`: itself when it is one of its own.
pub fn end(leads: &HashMap<Uuid, Uuid>, id: Uuid) -> Uuid {
    let mut at = id;
    for _ in 0..=CHAIN_MAX {
        match leads.get(&at) {
            Some(next) => at = *next,
            None => break,
        }
    }
    at
}

/// Adds to the refusal `TICKET_MERGED` the ticket to go to.
pub async fn say_where<C: ConnectionTrait>(conn: &C, tenant: &str, refusal: Error) -> Error {
    if refusal.reason() != "TICKET_MERGED" {
        return refusal;
    }
    let named = refusal.metadata().iter().find(|(key, _)| *key == "merged_into");
    let Some(Ok(TicketRef::Id(direct))) = named.map(|(_, name)| names::parse_ticket(name)) else {
        return refusal;
    };
    match leads(conn, tenant, [direct]).await {
        Ok(leads) => refusal.with("target", names::ticket(end(&leads, direct))),
        // The refusal holds all the same, and names the next ticket.
        Err(_) => refusal,
    }
}

async fn targets<C: ConnectionTrait>(conn: &C, tenant: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, Error> {
    let mut found = HashMap::new();
    for ids in ids.chunks(IN_MAX) {
        let rows: Vec<(Uuid, Option<Uuid>)> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .column(ticket::Column::MergedInto)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::Id.is_in(ids.iter().copied()))
            .filter(ticket::Column::MergedInto.is_not_null())
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        found.extend(rows.into_iter().filter_map(|(id, target)| Some((id, target?))));
    }
    Ok(found)
}

/// Everything that is part of one of `ids`, directly or through others.
///
/// # Errors
/// Precondition `MERGE_TOO_LARGE` when that is more than any merge allows.
pub async fn parts<C: ConnectionTrait>(conn: &C, tenant: &str, ids: &[Uuid]) -> Result<Vec<Part>, Error> {
    let mut all: Vec<Part> = Vec::new();
    let mut level = ids.to_vec();
    let mut depth = 0;
    while !level.is_empty() {
        let mut next = Vec::new();
        for ids in level.chunks(IN_MAX) {
            let rows: Vec<(Uuid, Uuid, Option<Uuid>)> = ticket::Entity::find()
                .select_only()
                .column(ticket::Column::Id)
                .column(ticket::Column::CustomerId)
                .column(ticket::Column::MergedInto)
                .filter(ticket::Column::Tenant.eq(tenant))
                .filter(ticket::Column::MergedInto.is_in(ids.iter().copied()))
                .into_tuple()
                .all(conn)
                .await
                .map_err(error)?;
            next.extend(rows.into_iter().filter_map(|(id, customer, target)| {
                Some(Part {
                    id,
                    customer,
                    target: target?,
                })
            }));
        }
        level = next.iter().map(|part| part.id).collect();
        if !level.is_empty() {
            depth += 1;
        }
        if depth > CHAIN_MAX || all.len() + next.len() > ids.len() * TOGETHER_MAX {
            return Err(too_large());
        }
        all.extend(next);
    }
    Ok(all)
}

/// Everything said in `ticket` and all that is part of it.
///
/// # Errors
/// As [`parts`].
pub async fn conversation<C: ConnectionTrait>(conn: &C, tenant: &str, ticket: Uuid) -> Result<Conversation, Error> {
    let mut tickets = vec![ticket];
    tickets.extend(parts(conn, tenant, &[ticket]).await?.into_iter().map(|part| part.id));
    let mut said = Vec::new();
    for tickets in tickets.chunks(IN_MAX) {
        let rows: Vec<(Uuid, Uuid, String, String, String, i64)> = message::Entity::find()
            .select_only()
            .column(message::Column::Id)
            .column(message::Column::TicketId)
            .column(message::Column::ActorKind)
            .column(message::Column::ActorId)
            .column(message::Column::Visibility)
            .column(message::Column::OccurredAt)
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::TicketId.is_in(tickets.iter().copied()))
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        for (id, ticket, kind, actor, visibility, at) in rows {
            let actor = Actor {
                kind: kind.parse()?,
                id: actor,
            };
            said.push(Said::new(id, ticket, &actor, visibility.parse()?, from_micros(at)));
        }
    }
    Ok(Conversation::new(said))
}

/// The customers who take part in the conversation of each of `ids` because a ticket of theirs was merged into it.
pub async fn guests<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, HashSet<Uuid>>, Error> {
    let parts = parts(conn, tenant, ids).await?;
    let leads: HashMap<Uuid, Uuid> = parts.iter().map(|part| (part.id, part.target)).collect();
    let mut guests: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
    for part in &parts {
        guests.entry(end(&leads, part.id)).or_default().insert(part.customer);
    }
    Ok(guests)
}
