//! Every change of a ticket's state: with the messages, what promises are judged by.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;
use vorrang_sla::{Fact, What};

use crate::sla;
use crate::state::State;
use crate::store::entity::message;
use crate::store::entity::ticket_state::{Column, Entity, Model};
use crate::store::{Store, kin, row, write};

/// Facts of tickets in the order of recording, by ticket.
pub type Histories = HashMap<Uuid, Vec<Fact>>;

impl Store {
    /// Notes the changes of state among `facts`, which happened in this order.
    pub(in crate::store) async fn keep_states(
        &self,
        tx: &Tx,
        tenant: &str,
        facts: impl IntoIterator<Item = (Uuid, Fact)>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let rows = facts
            .into_iter()
            .filter_map(|(ticket_id, fact)| {
                let What::Became(status) = fact.what else { return None };
                Some(Model {
                    tenant: tenant.to_owned(),
                    ticket_id,
                    // Ids sort in the order of recording, as those of messages do.
                    id: self.ids.next(now),
                    state: sla::state(status).as_str().to_owned(),
                    at: micros(fact.at),
                })
            })
            .collect();
        write::insert::<Entity>(tx, rows, None).await
    }

    /// All that is recorded about each of `tickets`: what was said in its conversation, which is that of everything merged into
    /// it, too, and its own changes of state.
    pub(in crate::store) async fn histories<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        tickets: &[Uuid],
    ) -> Result<Histories, Error> {
        let parts = kin::parts(conn, tenant, tickets).await?;
        let leads: HashMap<Uuid, Uuid> = parts.iter().map(|part| (part.id, part.target)).collect();
        let heard: Vec<Uuid> = tickets.iter().chain(leads.keys()).copied().collect();
        let said = said(conn, tenant, &heard).await?;
        let mut facts = became(conn, tenant, tickets).await?;
        for (ticket, said) in said {
            // A part may itself be asked for: it is heard there and in what it is part of.
            let mut listens = Some(ticket);
            while let Some(id) = listens {
                if tickets.contains(&id) {
                    facts.entry(id).or_default().extend(&said);
                }
                listens = leads.get(&id).copied();
            }
        }
        let in_order = |mut facts: Vec<(Uuid, Fact)>| {
            facts.sort_by_key(|(recorded, _)| *recorded);
            facts.into_iter().map(|(_, fact)| fact).collect()
        };
        Ok(facts.into_iter().map(|(id, facts)| (id, in_order(facts))).collect())
    }
}

type Recorded = HashMap<Uuid, Vec<(Uuid, Fact)>>;

async fn said<C: ConnectionTrait>(conn: &C, tenant: &str, tickets: &[Uuid]) -> Result<Recorded, Error> {
    let mut found = Recorded::new();
    for ids in tickets.chunks(row::IN_MAX) {
        let rows: Vec<(Uuid, Uuid, String, String, i64)> = message::Entity::find()
            .select_only()
            .columns([
                message::Column::TicketId,
                message::Column::Id,
                message::Column::ActorKind,
                message::Column::Visibility,
                message::Column::OccurredAt,
            ])
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::TicketId.is_in(ids.iter().copied()))
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        for (ticket, id, kind, visibility, at) in rows {
            if let Some(what) = sla::said(kind.parse()?, visibility.parse()?) {
                let fact = Fact::new(from_micros(at), what);
                found.entry(ticket).or_default().push((id, fact));
            }
        }
    }
    Ok(found)
}

async fn became<C: ConnectionTrait>(conn: &C, tenant: &str, tickets: &[Uuid]) -> Result<Recorded, Error> {
    let mut found = Recorded::new();
    for ids in tickets.chunks(row::IN_MAX) {
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::TicketId.is_in(ids.iter().copied()))
            .all(conn)
            .await
            .map_err(error)?;
        for row in rows {
            let state: State = row.state.parse()?;
            let fact = Fact::new(from_micros(row.at), What::Became(sla::status(state)));
            found.entry(row.ticket_id).or_default().push((row.id, fact));
        }
    }
    Ok(found)
}
