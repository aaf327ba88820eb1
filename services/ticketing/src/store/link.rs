//! Linking tickets.

use std::collections::HashSet;

use prost::Message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::ticket;
use super::personal::Personal;
use super::{Begun, Call, Store, ids, kin, row, write};
use crate::names::{self, TicketRef};
use crate::ticket::link::{self, Link, LinkKind};
use crate::ticket::{Change, Ticket};

/// Tickets that are looked at to see whether a link closes a circle.
const LOOKED_AT_MAX: usize = 10_000;

impl Store {
    /// Links two tickets. `respond` gets both.
    ///
    /// # Errors
    /// NotFound; Precondition as the contract names them.
    pub async fn link_tickets<R, A>(
        &self,
        call: &Call,
        from: TicketRef,
        to: TicketRef,
        kind: LinkKind,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &Ticket) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (mut from, mut to) = lock_both(&tx, &self.personal, &call.tenant, from, to).await?;
        let now = self.clock.now();
        if kind.is_acyclic() && leads_back(&tx, &call.tenant, &to, kind, from.id).await? {
            return Err(link::circle());
        }
        let linked = match link::link(&mut from, &mut to, kind, now) {
            Ok(linked) => linked,
            Err(refusal) => return Err(kin::say_where(tx.conn(), &call.tenant, refusal).await),
        };
        let answer = respond(&from, &to);
        let keyring = self
            .personal
            .keyring(tx.conn(), &call.tenant, &[from.id, to.id])
            .await?;
        let mut events = Vec::new();
        if linked {
            write::tickets(&tx, &keyring, &call.tenant, [&from, &to]).await?;
            events = self.events(call, &from, vec![Change::Linked(Box::new(to), kind)], now);
        }
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Removes a link. `respond` gets both tickets.
    ///
    /// # Errors
    /// NotFound; Precondition `NOT_LINKED`, `TICKET_MERGED`.
    pub async fn unlink_tickets<R, A>(
        &self,
        call: &Call,
        from: TicketRef,
        to: TicketRef,
        kind: LinkKind,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &Ticket) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let (mut from, mut to) = lock_both(&tx, &self.personal, &call.tenant, from, to).await?;
        let now = self.clock.now();
        if let Err(refusal) = link::unlink(&mut from, &mut to, kind, now) {
            return Err(kin::say_where(tx.conn(), &call.tenant, refusal).await);
        }
        let answer = respond(&from, &to);
        let keyring = self
            .personal
            .keyring(tx.conn(), &call.tenant, &[from.id, to.id])
            .await?;
        write::tickets(&tx, &keyring, &call.tenant, [&from, &to]).await?;
        let events = self.events(call, &from, vec![Change::Unlinked(Box::new(to), kind)], now);
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
}

/// Both tickets, with the tenant's lock.
async fn lock_both(
    tx: &Tx,
    personal: &Personal,
    tenant: &str,
    from: TicketRef,
    to: TicketRef,
) -> Result<(Ticket, Ticket), Error> {
    row::lock_tenant(tx, tenant).await?;
    let ids = ids::resolve(tx.conn(), tenant, &[from, to]).await?;
    if ids[0] == ids[1] {
        return Err(link::itself());
    }
    let mut locked = row::lock_tickets(tx, personal, tenant, ids.clone()).await?;
    let mut take = |id: Uuid| {
        locked
            .remove(&id)
            .ok_or_else(|| Error::not_found(names::TICKET, names::ticket(id)))
    };
    Ok((take(ids[0])?, take(ids[1])?))
}

/// Whether following links of `kind` from `start` comes to `goal`. No link is made meanwhile, since the caller holds the tenant's lock.
async fn leads_back(tx: &Tx, tenant: &str, start: &Ticket, kind: LinkKind, goal: Uuid) -> Result<bool, Error> {
    let mut seen: HashSet<Uuid> = HashSet::from([start.id]);
    let mut next: Vec<Uuid> = start.linked(kind).collect();
    loop {
        next.retain(|id| seen.insert(*id));
        if seen.contains(&goal) {
            return Ok(true);
        }
        if next.is_empty() {
            return Ok(false);
        }
        if seen.len() > LOOKED_AT_MAX {
            return Err(Error::precondition(
                "LINK_CHAIN_TOO_LONG",
                "too many tickets are linked in this way to see whether one more link closes a circle",
            ));
        }
        let mut found = Vec::new();
        for ids in next.chunks(row::IN_MAX) {
            let rows: Vec<String> = ticket::Entity::find()
                .select_only()
                .column(ticket::Column::Links)
                .filter(ticket::Column::Tenant.eq(tenant))
                .filter(ticket::Column::Id.is_in(ids.iter().copied()))
                .into_tuple()
                .all(tx.conn())
                .await
                .map_err(error)?;
            for links in rows {
                let links: Vec<Link> = row::read_json(&links)?;
                found.extend(links.iter().filter(|link| link.kind == kind).map(|link| link.ticket));
            }
        }
        next = found;
    }
}
