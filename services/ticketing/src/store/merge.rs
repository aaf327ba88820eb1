//! Merging tickets.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use uuid::Uuid;
use vorrang_error::Error;

use super::{Begun, Call, Store, ids, kin, row, write};
use crate::names::{self, TicketRef};
use crate::ticket::merge::{self, Family};
use crate::ticket::{Change, Ticket};

/// What is to be merged into what.
#[derive(Debug, Clone)]
pub struct Merging {
    /// The ticket they become part of.
    pub target: TicketRef,
    /// The tickets that become part of it.
    pub sources: Vec<TicketRef>,
    /// Whether sources of other customers are meant.
    pub across_customers: bool,
    /// The target's; empty: whatever it is.
    pub etag: String,
}

impl Store {
    /// Merges tickets, all or none. `respond` gets the ticket whose conversation it is now and the sources, each once, in their order.
    ///
    /// # Errors
    /// NotFound for a ticket that the tenant does not have; Conflict `ETAG_MISMATCH`; Precondition as the contract names them.
    pub async fn merge_tickets<R, A>(&self, call: &Call, merging: Merging, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &[&Ticket]) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        row::lock_tenant(&tx, tenant).await?;
        let target = ids::resolve(tx.conn(), tenant, &[merging.target]).await?[0];
        let mut sources = ids::resolve(tx.conn(), tenant, &merging.sources).await?;
        let mut named = BTreeSet::new();
        sources.retain(|id| named.insert(*id));

        // Nothing leads anywhere else until the commit, so all of them can be locked at once, in their order.
        let mut concerned = named;
        concerned.insert(target);
        let leads = kin::leads(tx.conn(), tenant, concerned.iter().copied()).await?;
        concerned.extend(leads.values());
        let mut family: Family = row::lock_tickets(&tx, &self.personal, tenant, concerned.into_iter().collect())
            .await?
            .into_iter()
            .collect();
        let now = self.clock.now();
        let found = |family: &Family, id: Uuid| {
            family
                .get(&id)
                .cloned()
                .ok_or_else(|| Error::not_found(names::TICKET, names::ticket(id)))
        };
        found(&family, target)?.check_etag(&merging.etag)?;
        let done = merge::merge(&mut family, target, &sources, merging.across_customers, now)?;
        let end = merge::last_of(&family, target)?;
        let ids: Vec<Uuid> = [end].into_iter().chain(family.keys().copied()).collect();
        let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;

        // Nothing is written yet: this is how the conversations were.
        let lost = done.left.values().map(|(before, _)| *before);
        let heard: BTreeSet<Uuid> = lost.chain([end]).collect();
        let changed = heard.iter().chain(&done.joined).copied();
        let mut said = self.conversations(&tx, tenant, changed).await?;
        let mut news: BTreeMap<Uuid, Vec<Change>> = BTreeMap::new();
        for id in &done.joined {
            if let Some(source) = family.get_mut(id) {
                let before = said.remove(id).filter(|_| !done.left.contains_key(id));
                let changes = news.entry(*id).or_default();
                self.rejudge(&tx, tenant, source, before, changes, now).await?;
            }
        }

        // Written before the conversations are read, which go by what is stored.
        let joined: Vec<Ticket> = done
            .joined
            .iter()
            .map(|id| found(&family, *id))
            .collect::<Result<_, _>>()?;
        write::tickets(&tx, &keyring, tenant, &joined).await?;
        let mut told: BTreeMap<Uuid, Vec<Change>> = BTreeMap::new();
        if !joined.is_empty() {
            for id in heard {
                let conversation = kin::conversation(tx.conn(), tenant, id).await?;
                if let Some(ticket) = family.get_mut(&id) {
                    let mut changes = ticket.hear(&conversation, done.wakes && id == end, now);
                    let before = Some(said.remove(&id).unwrap_or_default());
                    self.rejudge(&tx, tenant, ticket, before, &mut changes, now).await?;
                    told.insert(id, changes);
                    write::tickets(&tx, &keyring, tenant, [&*ticket]).await?;
                }
            }
        }

        let last = found(&family, end)?;
        let sources: Vec<&Ticket> = sources.iter().filter_map(|id| family.get(id)).collect();
        let answer = respond(&last, &sources);
        let mut events = Vec::new();
        for source in &joined {
            let mut changes = Vec::new();
            if let Some((before, direct)) = done.left.get(&source.id) {
                changes.push(Change::Unmerged(Box::new(found(&family, *before)?), *direct));
            }
            changes.push(Change::Merged(Box::new(last.clone())));
            changes.extend(news.remove(&source.id).unwrap_or_default());
            events.extend(self.events(call, source, changes, now));
        }
        for (id, changes) in told {
            events.extend(self.events(call, &found(&family, id)?, changes, now));
        }
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
}
