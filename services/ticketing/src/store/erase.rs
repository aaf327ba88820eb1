//! Erasing customers. What is personal is sealed everywhere, so that destroying keys is the erasure, whatever there is:
//! messages and events are not touched. Messages are emptied later, in steps, only to free their room.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::entity::{erasure, message, personal_key, texts_left, ticket};
use super::personal::Keyring;
use super::{Begun, Call, Store, attachments, history_erased, holds, row, values, write};
use crate::customer::Customer;
use crate::event::{Event, Fact};
use crate::names;
use crate::privacy::{Counts, Erasure, Ground, held};
use crate::state::State;
use crate::ticket::{Change, Ticket};
use crate::words::Actor;

/// Whom to erase, and why.
#[derive(Debug, Clone)]
pub struct ErasureRequest {
    /// Whom.
    pub customer: Uuid,
    /// Why.
    pub ground: Ground,
    /// The case it belongs to.
    pub reference: String,
}

/// What an erasure did.
struct Destroyed {
    customer: Customer,
    /// Who had been merged into it.
    merged: Vec<Customer>,
    changes: Vec<(Ticket, Vec<Change>)>,
    keys: Vec<Uuid>,
    counts: Counts,
}

impl Store {
    /// Erases a customer with everything that is theirs. Open tickets are closed.
    ///
    /// # Errors
    /// NotFound; Precondition `ERASED` when it was done before, `LEGAL_HOLD` while one stands, `CUSTOMER_MERGED` when it is
    /// the other one that has to be erased.
    pub async fn erase_customer<R, A>(&self, call: &Call, wanted: ErasureRequest, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Erasure) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let customer = self.customer_in(&tx, &call.tenant, wanted.customer).await?;
        let customer = customer.ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(wanted.customer)))?;
        customer.check_not_erased()?;
        customer.check_own()?;
        for id in row::family(tx.conn(), &call.tenant, customer.id).await? {
            if let Some(hold) = holds::of(tx.conn(), &call.tenant, id).await? {
                return Err(held(&hold));
            }
        }
        let now = self.clock.now();
        let destroyed = self.destroy(&tx, &call.tenant, customer, now).await?;
        let last = last(&tx, &call.tenant).await?;
        let proof = Erasure {
            id: self.ids.next(now),
            position: last.as_ref().map_or(0, |last| last.position) + 1,
            customer: destroyed.customer.id,
            erased_at: now,
            actor: call.actor.clone(),
            ground: wanted.ground,
            reference: wanted.reference,
            counts: destroyed.counts,
            previous: last.map(|last| last.sha256()).unwrap_or_default(),
            merged: destroyed.merged.iter().map(|one| one.id).collect(),
        };
        write::insert::<erasure::Entity>(&tx, vec![model(&call.tenant, &proof, false)], None).await?;
        let answer = respond(&proof);
        let keys = destroyed.keys.clone();
        let events = self.told(call, destroyed, proof, now);
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, events, now)
            .await?;
        self.personal.forget(&call.tenant, keys);
        Ok(answer)
    }

    /// Makes an erasure true again that a restore of an older copy has undone. False: it was true.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase_again(&self, tenant: &str, proof: Erasure) -> Result<bool, Error> {
        let mut tx = self.db.begin().await?;
        row::lock_tenant(&tx, tenant).await?;
        let known = erasure::Entity::find_by_id((tenant.to_owned(), proof.id))
            .one(tx.conn())
            .await
            .map_err(error)?;
        if known.is_some() {
            tx.rollback().await?;
            return Ok(false);
        }
        let now = self.clock.now();
        write::insert::<erasure::Entity>(&tx, vec![model(tenant, &proof, true)], None).await?;
        // Who came after the copy was made is not in it.
        let call = Call::of_ours(tenant, "restore");
        let mut keys = Vec::new();
        for id in std::iter::once(proof.customer).chain(proof.merged.iter().copied()) {
            let customer = self.customer_in(&tx, tenant, id).await?;
            // Of those who are merged into the first in this copy already nothing is left.
            let Some(customer) = customer.filter(|customer| customer.erased_at.is_none()) else {
                continue;
            };
            let destroyed = self.destroy(&tx, tenant, customer, now).await?;
            keys.extend_from_slice(&destroyed.keys);
            let events = self.told(&call, destroyed, proof.clone(), now);
            write::append(&mut tx, &Keyring::nobody(tenant), tenant, events, now).await?;
        }
        tx.commit().await?;
        self.personal.forget(tenant, keys);
        Ok(true)
    }

    async fn customer_in(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Option<Customer>, Error> {
        Ok(row::customers(tx.conn(), &self.personal, tenant, &[id])
            .await?
            .remove(&id))
    }

    /// Destroys the customer's keys and empties what they opened. The caller holds the tenant's lock.
    async fn destroy(
        &self,
        tx: &Tx,
        tenant: &str,
        mut customer: Customer,
        now: DateTime<Utc>,
    ) -> Result<Destroyed, Error> {
        let family = row::family(tx.conn(), tenant, customer.id).await?;
        let ids: Vec<Uuid> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .filter(ticket::Column::Tenant.eq(tenant))
            .filter(ticket::Column::CustomerId.is_in(family.iter().copied()))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        let mut tickets: Vec<Ticket> = row::lock_tickets(tx, &self.personal, tenant, ids.clone())
            .await?
            .into_values()
            .collect();
        tickets.sort_by_key(|ticket| ticket.number);
        let before = Counts {
            keys: 0,
            tickets: count(tickets.iter().filter(|ticket| !ticket.erased).count()),
            messages: tickets
                .iter()
                .filter(|ticket| !ticket.erased)
                .map(|ticket| ticket.message_count)
                .sum(),
            attachments: 0,
        };
        // What retention has treated is as it has to be.
        tickets.retain(|ticket| !(ticket.erased && ticket.state == State::Closed));
        let mut changes = Vec::new();
        for ticket in &mut tickets {
            // What nobody can read any more must not wait in a queue.
            let mut closed = ticket.erase_and_close(now);
            if !closed.is_empty() {
                self.follow_promises(tx, tenant, ticket, &mut closed, now).await?;
                changes.push((ticket.clone(), closed));
            }
        }
        let nobody = Keyring::nobody(tenant);
        write::tickets(tx, &nobody, tenant, &tickets).await?;
        values::erase(tx, tenant, &ids).await?;
        for (ticket, closed) in &changes {
            write::parts(tx, &self.personal.lookup(tenant), &nobody, tenant, ticket, closed, now).await?;
        }
        texts_left(tx, tenant, &ids).await?;
        let attachments = attachments::doom_all_of(tx, tenant, &family, now).await?;
        // Of others they may refer to a file, too: what was split off for another customer does.
        attachments::doom_those_of(tx, tenant, &ids, now).await?;
        customer.erase(now);
        let mut merged = row::customers(tx.conn(), &self.personal, tenant, &family).await?;
        merged.remove(&customer.id);
        let mut merged: Vec<Customer> = merged.into_values().collect();
        merged.sort_unstable_by_key(|one| one.id);
        for one in &mut merged {
            one.erase(now);
        }
        history_erased::remember(tx, tenant, &family).await?;
        for id in &family {
            write::clear_identities(tx, tenant, *id).await?;
        }
        let everybody = std::iter::once(&customer).chain(&merged);
        write::customers(tx, &self.personal, &nobody, tenant, everybody).await?;
        let which = Condition::any()
            .add(personal_key::Column::CustomerId.is_in(family.iter().copied()))
            .add(personal_key::Column::Id.is_in(family.iter().copied()));
        let keys = destroy_keys(tx, tenant, which).await?;
        let counts = Counts {
            keys: count(keys.len()),
            attachments,
            ..before
        };
        Ok(Destroyed {
            customer,
            merged,
            changes,
            keys,
            counts,
        })
    }

    /// What an erasure tells the world.
    fn told(&self, call: &Call, destroyed: Destroyed, proof: Erasure, now: DateTime<Utc>) -> Vec<Event> {
        let mut events = Vec::new();
        for (ticket, changes) in destroyed.changes {
            events.extend(self.events(call, &ticket, changes, now));
        }
        for customer in destroyed.merged {
            events.push(self.event(call, Fact::CustomerErased(customer, Box::new(proof.clone())), now));
        }
        let erased = Fact::CustomerErased(destroyed.customer, Box::new(proof));
        events.push(self.event(call, erased, now));
        events
    }

    /// Empties messages whose keys were destroyed, `limit` at most; gives how many. They are unreadable without it: this only
    /// frees their room, and leaves nothing to who gets hold of both an old key and the database of today.
    ///
    /// # Errors
    /// When the database fails; what is left is emptied the next time.
    pub async fn free_texts(&self, limit: u64) -> Result<u64, Error> {
        let next = texts_left::Entity::find()
            .order_by_asc(texts_left::Column::Tenant)
            .order_by_asc(texts_left::Column::TicketId)
            .one(self.db.reader())
            .await
            .map_err(error)?;
        let Some(next) = next else { return Ok(0) };
        let tx = self.db.begin().await?;
        let full = Query::select()
            .column(message::Column::Id)
            .from(message::Entity)
            .and_where(message::Column::Tenant.eq(next.tenant.as_str()))
            .and_where(message::Column::TicketId.eq(next.ticket_id))
            .and_where(message::Column::Sealed.is_not_null())
            .limit(limit)
            .take();
        let emptied = message::Entity::update_many()
            .col_expr(message::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
            .filter(message::Column::Tenant.eq(next.tenant.as_str()))
            .filter(message::Column::TicketId.eq(next.ticket_id))
            .filter(message::Column::Id.in_subquery(full))
            .exec(tx.conn())
            .await
            .map_err(error)?
            .rows_affected;
        if emptied < limit {
            texts_left::Entity::delete_by_id((next.tenant, next.ticket_id))
                .exec(tx.conn())
                .await
                .map_err(error)?;
        }
        tx.commit().await?;
        // One at least was done: there may be more.
        Ok(emptied.max(1))
    }

    /// One proof.
    ///
    /// # Errors
    /// NotFound when the tenant has no such erasure.
    pub async fn erasure(&self, tenant: &str, id: Uuid) -> Result<Erasure, Error> {
        let row = erasure::Entity::find_by_id((tenant.to_owned(), id))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        row.map(read)
            .transpose()?
            .ok_or_else(|| Error::not_found(names::ERASURE, names::erasure(id)))
    }

    /// Whether this erasure is known.
    pub async fn has_erasure(&self, tenant: &str, id: Uuid) -> Result<bool, Error> {
        let found = erasure::Entity::find_by_id((tenant.to_owned(), id))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        Ok(found.is_some())
    }

    /// Proofs at positions below `before`, newest first.
    pub async fn erasures(&self, tenant: &str, before: Option<i64>, limit: u64) -> Result<Vec<Erasure>, Error> {
        let mut query = erasure::Entity::find().filter(erasure::Column::Tenant.eq(tenant));
        if let Some(position) = before {
            query = query.filter(erasure::Column::Position.lt(position));
        }
        let rows = query
            .order_by_desc(erasure::Column::Position)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter().map(read).collect()
    }

    /// Proofs of all tenants that lie nowhere but in the database, oldest first.
    pub async fn erasures_not_kept(&self, limit: u64) -> Result<Vec<(String, Erasure)>, Error> {
        let rows = erasure::Entity::find()
            .filter(Expr::cust("kept = FALSE"))
            .order_by_asc(erasure::Column::Tenant)
            .order_by_asc(erasure::Column::Position)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        rows.into_iter()
            .map(|row| Ok((row.tenant.clone(), read(row)?)))
            .collect()
    }

    /// Notes that a proof lies outside of the database, too.
    pub async fn erasure_is_kept(&self, tenant: &str, id: Uuid) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        erasure::Entity::update_many()
            .col_expr(erasure::Column::Kept, Expr::value(true))
            .filter(erasure::Column::Tenant.eq(tenant))
            .filter(erasure::Column::Id.eq(id))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        tx.commit().await
    }
}

/// Notes tickets whose messages take room for texts that nobody can read any more, for [`Store::free_texts`].
pub(super) async fn texts_left(tx: &Tx, tenant: &str, tickets: &[Uuid]) -> Result<(), Error> {
    let rows = tickets
        .iter()
        .map(|ticket| texts_left::Model {
            tenant: tenant.to_owned(),
            ticket_id: *ticket,
        })
        .collect();
    let there = OnConflict::columns([texts_left::Column::Tenant, texts_left::Column::TicketId])
        .do_nothing()
        .to_owned();
    write::insert::<texts_left::Entity>(tx, rows, Some(there)).await
}

/// Destroys the keys of a tenant that `which` names; gives their ids.
pub(super) async fn destroy_keys(tx: &Tx, tenant: &str, which: Condition) -> Result<Vec<Uuid>, Error> {
    let ids: Vec<Uuid> = personal_key::Entity::find()
        .select_only()
        .column(personal_key::Column::Id)
        .filter(personal_key::Column::Tenant.eq(tenant))
        .filter(which.clone())
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?;
    personal_key::Entity::delete_many()
        .filter(personal_key::Column::Tenant.eq(tenant))
        .filter(which)
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(ids)
}

/// The end of the tenant's chain.
async fn last(tx: &Tx, tenant: &str) -> Result<Option<Erasure>, Error> {
    let row = erasure::Entity::find()
        .filter(erasure::Column::Tenant.eq(tenant))
        .order_by_desc(erasure::Column::Position)
        .one(tx.conn())
        .await
        .map_err(error)?;
    row.map(read).transpose()
}

fn model(tenant: &str, proof: &Erasure, kept: bool) -> erasure::Model {
    erasure::Model {
        tenant: tenant.to_owned(),
        id: proof.id,
        position: proof.position,
        customer_id: proof.customer,
        erased_at: micros(proof.erased_at),
        actor_kind: proof.actor.kind.as_str().to_owned(),
        actor_id: proof.actor.id.clone(),
        ground: proof.ground.as_str().to_owned(),
        reference: proof.reference.clone(),
        keys: proof.counts.keys,
        tickets: proof.counts.tickets,
        messages: proof.counts.messages,
        attachments: proof.counts.attachments,
        previous: proof.previous.clone(),
        kept,
        merged: serde_json::to_string(&proof.merged).expect("ids are always JSON"),
    }
}

fn read(row: erasure::Model) -> Result<Erasure, Error> {
    Ok(Erasure {
        id: row.id,
        position: row.position,
        customer: row.customer_id,
        erased_at: from_micros(row.erased_at),
        actor: Actor {
            kind: row.actor_kind.parse()?,
            id: row.actor_id,
        },
        ground: row.ground.parse()?,
        reference: row.reference,
        counts: Counts {
            keys: row.keys,
            tickets: row.tickets,
            messages: row.messages,
            attachments: row.attachments,
        },
        previous: row.previous,
        merged: serde_json::from_str(&row.merged)
            .map_err(|cause| Error::internal("the proof of an erasure is damaged").caused_by(cause))?,
    })
}

fn count(many: usize) -> i32 {
    i32::try_from(many).unwrap_or(i32::MAX)
}
