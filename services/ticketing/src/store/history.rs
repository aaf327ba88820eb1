//! Recording the past of another system: a batch of lines in one transaction, each decided by itself.
//!
//! A line is recorded once: a keyed hash of it is written in the transaction of its event and its rows. What a batch names is read
//! before, in as many statements for a thousand lines as for one.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;
use vorrang_history::{Line, Read, What};

use super::entity::{history_line, solve, ticket, ticket_state};
use super::history_erased::gone;
use super::personal::{Keyring, Lookup, Owner};
use super::{Call, Store, kin, row, values, write};
use crate::customer::{IdentityKey, TIER_VIP};
use crate::event::{Event, Fact};
use crate::past::{self, Imported, Merges, Past, Recorded, Refusal, words};
use crate::words::{Actor, ActorKind};

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is in the log.
    Recorded,
    /// It was before.
    Duplicate,
    /// It must not be taken in.
    Refused(Refusal),
}

/// Lines that are recorded, by their hash: the import and the number under which each was.
type Seen = HashMap<[u8; 32], (String, i64)>;

/// A ticket of a past, by its ids at the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTicket {
    /// Its id.
    pub ticket: String,
    /// When it was opened.
    pub opened_at: chrono::DateTime<chrono::Utc>,
    /// What it is merged into, if that is of the same source.
    pub merged_into: Option<String>,
}

impl Store {
    /// Records lines in the order in which they count. What becomes of each is given in the same order.
    ///
    /// # Errors
    /// When the database fails; then nothing was recorded, unless the error is `OUTCOME_UNKNOWN`.
    pub async fn record_history(
        &self,
        call: &Call,
        source: &str,
        import: &str,
        lines: &[Read],
    ) -> Result<Vec<Taken>, Error> {
        let tenant = call.tenant.as_str();
        let lookup = self.personal.lookup(tenant);
        let hashes: Vec<[u8; 32]> = lines
            .iter()
            .map(|read| stored_hash(&lookup, source, &read.hash))
            .collect();
        let mut tx = self.db.begin().await?;
        let locked = row::lock_tenant_row(&tx, tenant).await?;
        let mut seen = recorded(tx.conn(), tenant, &hashes).await?;
        let fresh: Vec<&Line> = lines
            .iter()
            .zip(&hashes)
            .filter(|(_, hash)| !seen.contains_key(*hash))
            .map(|(read, _)| &read.line)
            .collect();
        let again = |seen: &Seen, read: &Read, hash: &[u8; 32]| match seen.get(hash) {
            // The same line of the same import: the answer was lost, and is given once more.
            Some(first) if *first == (import.to_owned(), number(&read.line)) => Some(Taken::Recorded),
            Some(_) => Some(Taken::Duplicate),
            None => None,
        };
        if fresh.is_empty() {
            tx.rollback().await?;
            return Ok(lines
                .iter()
                .zip(&hashes)
                .filter_map(|(read, hash)| again(&seen, read, hash))
                .collect());
        }
        let mut past = self.past(&tx, tenant, source, &fresh).await?;
        past.last_number = locked.last;
        past.now = self.clock.now();
        let mut taken = Vec::with_capacity(lines.len());
        let mut new = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        for (read, hash) in lines.iter().zip(&hashes) {
            if let Some(before) = again(&seen, read, hash) {
                taken.push(before);
                continue;
            }
            match past.take(&read.line, &read.hash, import, &self.ids) {
                Ok(recorded) => {
                    let whose = (import.to_owned(), number(&read.line));
                    seen.insert(*hash, whose.clone());
                    new.push((*hash, whose));
                    events.push(self.past_event(call, &past, recorded));
                    taken.push(Taken::Recorded);
                }
                Err(refusal) => taken.push(Taken::Refused(refusal)),
            }
        }
        if new.is_empty() {
            tx.rollback().await?;
            return Ok(taken);
        }
        let now = past.now;
        let keyring = self.write_past(&tx, tenant, past).await?;
        let rows = new.into_iter().map(|(hash, (import, number))| history_line::Model {
            tenant: tenant.to_owned(),
            hash: hash.to_vec(),
            import,
            number,
        });
        write::insert::<history_line::Entity>(&tx, rows.collect(), None).await?;
        write::append(&mut tx, &keyring, tenant, events, now).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Which of these lines were recorded, and the tickets of the source that these ids stand for, with those that they lead to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_history(
        &self,
        tenant: &str,
        source: &str,
        hashes: &[[u8; 32]],
        tickets: &[String],
    ) -> Result<(Vec<bool>, Vec<KnownTicket>), Error> {
        let lookup = self.personal.lookup(tenant);
        let hashes: Vec<[u8; 32]> = hashes.iter().map(|hash| stored_hash(&lookup, source, hash)).collect();
        let conn = self.db.reader();
        let seen = recorded(conn, tenant, &hashes).await?;
        let known = known(conn, tenant, source, tickets.iter().map(String::as_str)).await?;
        Ok((hashes.iter().map(|hash| seen.contains_key(hash)).collect(), known))
    }

    /// Everything that the lines name.
    async fn past(&self, tx: &Tx, tenant: &str, source: &str, lines: &[&Line]) -> Result<Past, Error> {
        let mut past = Past {
            source: source.to_owned(),
            ..Past::default()
        };
        let named = || {
            let others = lines.iter().flat_map(|line| line.what.tickets());
            others.chain(lines.iter().filter_map(opened))
        };
        for ticket in known(tx.conn(), tenant, source, named()).await? {
            past.references
                .know(ticket.ticket, ticket.opened_at, ticket.merged_into);
        }
        let found = by_external(tx.conn(), tenant, source, named()).await?;
        // Nothing leads anywhere else until the commit: the tenant's lock is held.
        let leads = kin::leads(tx.conn(), tenant, found.values().copied()).await?;
        let ids: BTreeSet<Uuid> = found.values().chain(leads.values()).copied().collect();
        past.merges = merges(tx, tenant, lines, &found, &leads).await?;
        let tickets = row::lock_tickets(tx, &self.personal, tenant, ids.into_iter().collect()).await?;
        past.numbers = found;
        let keys: HashSet<IdentityKey> = lines
            .iter()
            .flat_map(|line| past::identities(source, line))
            .map(|identity| identity.key())
            .chain(lines.iter().filter_map(|line| author(source, line)))
            .collect();
        let keys: Vec<IdentityKey> = keys.into_iter().collect();
        past.owners = row::owners(tx.conn(), &self.personal, tenant, &keys).await?;
        past.gone = gone(tx, &self.personal.lookup(tenant), tenant, &keys).await?;
        let whose = tickets.values().map(|ticket| ticket.customer);
        let customers: BTreeSet<Uuid> = past.owners.values().copied().chain(whose).collect();
        let customers: Vec<Uuid> = customers.into_iter().collect();
        past.customers = row::customers(tx.conn(), &self.personal, tenant, &customers)
            .await?
            .into_iter()
            .collect();
        past.tickets = tickets.into_iter().collect();
        Ok(past)
    }

    fn past_event(&self, call: &Call, past: &Past, recorded: Recorded) -> Event {
        let named = match (&recorded.line.what, recorded.ticket) {
            (What::Message { actor, .. }, Some(ticket)) => Some(past.actor(actor, ticket)),
            (What::Status { actor: Some(actor), .. }, Some(ticket)) => Some(past.actor(actor, ticket)),
            _ => None,
        };
        Event {
            id: self.ids.next(past.now),
            occurred_at: recorded.line.at,
            actor: named.unwrap_or_else(|| Actor {
                kind: ActorKind::Automation,
                id: past::BY_IMPORT.to_owned(),
            }),
            trace_parent: call.trace_parent.clone(),
            cause: call.cause.clone(),
            fact: Fact::History(Box::new(recorded)),
        }
    }

    async fn write_past(&self, tx: &Tx, tenant: &str, past: Past) -> Result<Keyring, Error> {
        let Past {
            now,
            last_number,
            customers,
            tickets,
            new,
            changed,
            messages,
            solves,
            states,
            orders,
            contacts,
            first_tiers,
            ..
        } = past;
        let owners = new.iter().map(|(id, customer)| Owner {
            id: *id,
            customer: *customer,
        });
        self.personal.create(tx, tenant, owners, now).await?;
        let ids: Vec<Uuid> = customers.keys().chain(tickets.keys()).copied().collect();
        let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;
        write::last_number(tx, tenant, last_number).await?;
        let changed_customers = customers.values().filter(|one| changed.contains(&one.id));
        write::customers(tx, &self.personal, &keyring, tenant, changed_customers).await?;
        let changed_tickets = || tickets.values().filter(|one| changed.contains(&one.id));
        write::tickets(tx, &keyring, tenant, changed_tickets()).await?;
        for (customer, tier, before) in &first_tiers {
            tier_from_the_beginning(tx, tenant, *customer, tier, *before).await?;
        }
        let opened: HashSet<Uuid> = new.iter().map(|(id, _)| *id).collect();
        values::insert(tx, tenant, changed_tickets().filter(|one| opened.contains(&one.id))).await?;
        write::messages(tx, &keyring, tenant, &messages).await?;
        let solves = solves.into_iter().map(|solve| solve::Model {
            tenant: tenant.to_owned(),
            ticket_id: solve.ticket,
            solve: solve.number,
            agent: solve.agent,
            solved_at: micros(solve.at),
        });
        write::insert::<solve::Entity>(tx, solves.collect(), None).await?;
        let states = states.into_iter().map(|one| ticket_state::Model {
            tenant: tenant.to_owned(),
            ticket_id: one.ticket,
            id: one.id,
            state: one.state.as_str().to_owned(),
            at: micros(one.at),
        });
        write::insert::<ticket_state::Entity>(tx, states.collect(), None).await?;
        self.keep(tx, tenant, &keyring, orders, now).await?;
        self.keep(tx, tenant, &keyring, contacts, now).await?;
        Ok(keyring)
    }
}

/// The merges that lines are about, with everything that leads to those tickets.
async fn merges(
    tx: &Tx,
    tenant: &str,
    lines: &[&Line],
    found: &HashMap<String, Uuid>,
    leads: &HashMap<Uuid, Uuid>,
) -> Result<Merges, Error> {
    let mut merges = Merges::default();
    let merging = lines.iter().filter(|line| matches!(line.what, What::Merged { .. }));
    let named = merging.flat_map(|line| line.what.tickets());
    let ends: BTreeSet<Uuid> = named
        .filter_map(|id| found.get(id))
        .map(|id| kin::end(leads, *id))
        .collect();
    if ends.is_empty() {
        return Ok(merges);
    }
    for (ticket, into) in leads {
        merges.join(*ticket, Some(*into));
    }
    match kin::parts(tx.conn(), tenant, &ends.into_iter().collect::<Vec<_>>()).await {
        Ok(parts) => parts
            .into_iter()
            .for_each(|part| merges.join(part.id, Some(part.target))),
        Err(error) if error.kind() == vorrang_error::Kind::Precondition => merges.is_full = true,
        Err(error) => return Err(error),
    }
    Ok(merges)
}

/// Imported tickets of a customer that were opened before their first line count as that line says; what they are otherwise stays.
async fn tier_from_the_beginning(
    tx: &Tx,
    tenant: &str,
    customer: Uuid,
    tier: &str,
    before: DateTime<Utc>,
) -> Result<(), Error> {
    ticket::Entity::update_many()
        .col_expr(ticket::Column::Tier, Expr::value(tier))
        .col_expr(ticket::Column::QueueRank, Expr::value(i32::from(tier != TIER_VIP)))
        .filter(ticket::Column::Tenant.eq(tenant))
        .filter(ticket::Column::CustomerId.eq(customer))
        .filter(ticket::Column::Past.is_not_null())
        .filter(ticket::Column::OpenedAt.lt(micros(before)))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// How a line is found again: with its source, and unreadable for whoever has the database only.
fn stored_hash(lookup: &Lookup, source: &str, hash: &[u8; 32]) -> [u8; 32] {
    // No source has a zero byte.
    let whole = [source.as_bytes(), &[0], hash].concat();
    lookup.digest("history", &whole)
}

async fn recorded<C: ConnectionTrait>(conn: &C, tenant: &str, hashes: &[[u8; 32]]) -> Result<Seen, Error> {
    let mut found = Seen::new();
    for hashes in hashes.chunks(row::IN_MAX) {
        let rows = history_line::Entity::find()
            .filter(history_line::Column::Tenant.eq(tenant))
            .filter(history_line::Column::Hash.is_in(hashes.iter().map(|hash| hash.to_vec())))
            .all(conn)
            .await
            .map_err(error)?;
        let whose = |row: history_line::Model| Some((<[u8; 32]>::try_from(row.hash).ok()?, (row.import, row.number)));
        found.extend(rows.into_iter().filter_map(whose));
    }
    Ok(found)
}

fn number(line: &Line) -> i64 {
    i64::try_from(line.number).unwrap_or(i64::MAX)
}

/// The tickets of a source with these ids, and those that they lead to by the merges of its log, however far.
async fn known<'a, C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    source: &str,
    named: impl Iterator<Item = &'a str>,
) -> Result<Vec<KnownTicket>, Error> {
    let mut asked: BTreeSet<String> = named.map(str::to_owned).collect();
    let mut seen = asked.clone();
    let mut known = Vec::new();
    while !asked.is_empty() {
        let externals: Vec<String> = std::mem::take(&mut asked)
            .iter()
            .map(|id| words::external(source, id))
            .collect();
        for externals in externals.chunks(row::IN_MAX) {
            let rows: Vec<(Option<String>, i64, Option<String>)> = ticket::Entity::find()
                .select_only()
                .column(ticket::Column::ExternalId)
                .column(ticket::Column::OpenedAt)
                .column(ticket::Column::Past)
                .filter(ticket::Column::Tenant.eq(tenant))
                .filter(ticket::Column::ExternalId.is_in(externals.iter().map(String::as_str)))
                .into_tuple()
                .all(conn)
                .await
                .map_err(error)?;
            for (external, opened_at, past) in rows {
                let past: Option<Imported> = past.as_deref().map(row::read_json).transpose()?;
                let merged_into = past.and_then(|past| past.merged_into);
                asked.extend(merged_into.clone().filter(|into| seen.insert(into.clone())));
                let Some(ticket) = external.as_deref().and_then(|one| own(source, one)) else {
                    continue;
                };
                known.push(KnownTicket {
                    ticket: ticket.to_owned(),
                    opened_at: from_micros(opened_at),
                    merged_into,
                });
            }
        }
    }
    Ok(known)
}

/// The tickets that these ids of a source stand for.
async fn by_external<'a, C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    source: &str,
    named: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Uuid>, Error> {
    let named: BTreeSet<String> = named.map(|id| words::external(source, id)).collect();
    let named: Vec<String> = named.into_iter().collect();
    let mut found = HashMap::new();
    for ids in named.chunks(row::IN_MAX) {
        let rows: Vec<(Uuid, Option<String>)> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .column(ticket::Column::ExternalId)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::ExternalId.is_in(ids.iter().map(String::as_str)))
            .into_tuple()
            .all(conn)
            .await
            .map_err(error)?;
        let own = |(id, external): (Uuid, Option<String>)| Some((own(source, &external?)?.to_owned(), id));
        found.extend(rows.into_iter().filter_map(own));
    }
    Ok(found)
}

/// The id at the source; none when it is another's.
fn own<'a>(source: &str, external: &'a str) -> Option<&'a str> {
    external.strip_prefix(source)?.strip_prefix(':')
}

fn opened<'a>(line: &&'a Line) -> Option<&'a str> {
    match &line.what {
        What::TicketOpened { ticket, .. } => Some(ticket),
        _ => None,
    }
}

/// The customer who did it, where a line says so.
fn author(source: &str, line: &Line) -> Option<IdentityKey> {
    let actor = match &line.what {
        What::Message { actor, .. } => actor,
        What::Status { actor, .. } => actor.as_ref()?,
        _ => return None,
    };
    match actor.kind {
        vorrang_history::ActorKind::Customer => Some(words::identity(source, actor.id.as_deref()?)?.key()),
        vorrang_history::ActorKind::Agent | vorrang_history::ActorKind::Automation => None,
    }
}
