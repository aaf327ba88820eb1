//! What ticketing does not have yet.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{
    ActiveValue, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;
use vorrang_database::{Engine, Tx, error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::entity::inbox::{ActiveModel, Column, Entity, Model};
use super::{NewRaw, Owner, Store, Whole, owners, raw, request_id_reused, thin};
use crate::contact::Contact;
use crate::outcome::{Outcome, PushResult};

/// A contact to be kept until ticketing can be reached.
#[derive(Debug, Clone)]
pub struct NewInboxItem {
    /// Under which ticketing is told of it; unique per tenant.
    pub request_id: String,
    /// The contact.
    pub contact: Contact,
    /// W3C traceparent of the push.
    pub trace_parent: String,
    /// What it came as.
    pub raw_sha256: [u8; 32],
}

/// A contact that waits for ticketing.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Id of its receipt.
    pub id: Uuid,
    /// Whose it is.
    pub tenant: String,
    /// Under which ticketing is told of it.
    pub request_id: String,
    /// The contact.
    pub contact: Contact,
    /// W3C traceparent of the push.
    pub trace_parent: String,
    /// What it came as.
    pub raw_sha256: Vec<u8>,
    /// How often ticketing refused it for now; an outage does not count.
    pub attempts: i32,
}

/// What became of a contact that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: Uuid,
    /// What became of it; `None` while it waits.
    pub result: Option<PushResult>,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When it was delivered.
    pub delivered_at: Option<DateTime<Utc>>,
    /// How often delivery was tried.
    pub attempts: i32,
}

impl Store {
    /// Those of `conversations` of which a contact waits: a later one must wait behind it.
    pub async fn waiting_conversations(&self, tenant: &str, conversations: &[&str]) -> Result<HashSet<String>, Error> {
        if conversations.is_empty() {
            return Ok(HashSet::new());
        }
        let rows: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Conversation)
            .distinct()
            .filter(Column::Pending.eq(true))
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Conversation.is_in(conversations.iter().copied()))
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows.into_iter().collect())
    }

    /// Keeps contacts with what they came as, in this order, and gives the ids of their receipts. One that is there under
    /// the same request id gives the id of the first time.
    ///
    /// # Errors
    /// Of the whole when the database fails; of one item Invalid `REQUEST_ID_REUSED`.
    pub async fn park(
        &self,
        tenant: &str,
        items: &[NewInboxItem],
        raws: &[NewRaw],
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Uuid, Error>>, Error> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let hashes: Vec<[u8; 32]> = items.iter().map(|item| hash(&item.contact)).collect();
        let tx = self.database.begin().await?;
        raw::insert(&tx, tenant, raws, now).await?;
        let mut rows = Vec::with_capacity(items.len());
        for ((item, hash), seq) in items.iter().zip(&hashes).zip(places(&tx, items.len()).await?) {
            let row = new_row(seq, self.ids.next(now), tenant, item, hash, now)?;
            rows.push((item.request_id.as_str(), row));
        }
        // In the order of their ids: two transactions that insert the same rows in different orders would deadlock. Of
        // two with one id the first stays the first.
        if tx.engine() == Engine::Postgres {
            rows.sort_by_key(|(request_id, _)| *request_id);
        }
        Entity::insert_many(rows.into_iter().map(|(_, row)| row))
            .on_conflict(
                OnConflict::columns([Column::Tenant, Column::RequestId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        let kept: Vec<(String, Uuid, Vec<u8>)> = Entity::find()
            .select_only()
            .columns([Column::RequestId, Column::Id, Column::RequestHash])
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::RequestId.is_in(items.iter().map(|item| item.request_id.as_str())))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        let kept: HashMap<String, (Uuid, Vec<u8>)> = kept
            .into_iter()
            .map(|(request_id, id, hash)| (request_id, (id, hash)))
            .collect();
        items
            .iter()
            .zip(&hashes)
            .map(|(item, hash)| match kept.get(&item.request_id) {
                Some((id, first)) if first == hash => Ok(Ok(*id)),
                Some(_) => Ok(Err(request_id_reused())),
                None => Err(Error::internal("a contact was parked and is not there")),
            })
            .collect()
    }

    /// The tenants of which a contact waits whose time has come.
    pub async fn tenants_due(&self, now: DateTime<Utc>) -> Result<Vec<String>, Error> {
        Entity::find()
            .select_only()
            .column(Column::Tenant)
            .distinct()
            .filter(Column::Pending.eq(true))
            .filter(Column::NextAttemptAt.lte(micros(now)))
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)
    }

    /// The next contacts to be brought together: those of a tenant that wait and may be tried now, oldest first, of a
    /// conversation only the first; at most `rows`, and at most about `bytes` if more than one. One that was refused
    /// before comes alone.
    pub async fn due(&self, tenant: &str, now: DateTime<Utc>, rows: u64, bytes: usize) -> Result<Vec<Waiting>, Error> {
        let earlier = "earlier";
        let blocked = Query::select()
            .expr(Expr::val(1))
            .from_as(Entity, earlier)
            .and_where(Expr::col((earlier, Column::Pending)).eq(true))
            .and_where(Expr::col((earlier, Column::Tenant)).equals((Entity, Column::Tenant)))
            .and_where(Expr::col((earlier, Column::Conversation)).equals((Entity, Column::Conversation)))
            .and_where(Expr::col((earlier, Column::Seq)).lt(Expr::col((Entity, Column::Seq))))
            .to_owned();
        // First without the contacts: 200 large ones would be 200 MiB. As JSON a contact is hardly smaller than on the wire.
        let size = Func::cust("octet_length").arg(Expr::col((Entity, Column::Contact)));
        let candidates: Vec<(i64, i32, i64)> = Entity::find()
            .select_only()
            .columns([Column::Seq, Column::Attempts])
            .expr_as(Expr::expr(size).cast_as("bigint"), "size")
            .filter(Column::Pending.eq(true))
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::NextAttemptAt.lte(micros(now)))
            .filter(
                sea_orm::Condition::any()
                    .add(Column::Conversation.eq(""))
                    .add(Expr::exists(blocked).not()),
            )
            .order_by_asc(Column::Seq)
            .limit(rows)
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        let chosen = together(&candidates, bytes);
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Seq.is_in(chosen))
            // Another process may have brought it meanwhile.
            .filter(Column::Pending.eq(true))
            .order_by_asc(Column::Seq)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        rows.into_iter().map(waiting).collect()
    }

    /// How many contacts wait, of all tenants; above a million it says a million.
    pub async fn waiting(&self) -> Result<u64, Error> {
        const ENOUGH: u64 = 1_000_000;
        Entity::find()
            .filter(Column::Pending.eq(true))
            .limit(ENOUGH)
            .count(self.database.reader())
            .await
            .map_err(database_error)
    }

    /// Notes what became of contacts that waited, and completes what was only named before.
    pub async fn delivered(
        &self,
        tenant: &str,
        results: &[(Uuid, PushResult)],
        wholes: &[Whole],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if results.is_empty() {
            return Ok(());
        }
        let tx = self.database.begin().await?;
        let mut owners = Vec::new();
        for (id, result) in results {
            let came: Option<Vec<u8>> = Entity::find()
                .select_only()
                .column(Column::RawSha256)
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Id.eq(*id))
                .into_tuple()
                .one(tx.conn())
                .await
                .map_err(database_error)?;
            if let Some(sha256) = came.and_then(|came| came.try_into().ok()) {
                let customer = result.customer.clone();
                owners.push(Owner { sha256, customer });
            }
            Entity::update_many()
                .col_expr(Column::Pending, Expr::value(false))
                .col_expr(Column::DeliveredAt, Expr::value(micros(now)))
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
                .col_expr(Column::Outcome, Expr::value(result.outcome.as_str()))
                .col_expr(Column::Ticket, Expr::value(result.ticket.as_str()))
                .col_expr(Column::TicketNumber, Expr::value(result.ticket_number))
                .col_expr(Column::Message, Expr::value(result.message.as_str()))
                .col_expr(Column::Customer, Expr::value(result.customer.as_str()))
                .col_expr(Column::QuarantineItem, Expr::value(result.quarantine_item.as_str()))
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Id.eq(*id))
                // Another process may have delivered it too; the first answer stays, they are the same but for DUPLICATE.
                .filter(Column::Pending.eq(true))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
        }
        thin::complete(&tx, tenant, wholes, now).await?;
        owners::link(&tx, tenant, &owners).await?;
        tx.commit().await
    }

    /// Notes that ticketing was tried with these and refused each of them for now; `next` is when to try again.
    pub async fn attempted(&self, tenant: &str, ids: &[Uuid], next: DateTime<Utc>) -> Result<(), Error> {
        self.put_off(tenant, ids, next, 1).await
    }

    /// Leaves these until `next` without a word on them: nobody could be asked.
    pub async fn postponed(&self, tenant: &str, ids: &[Uuid], next: DateTime<Utc>) -> Result<(), Error> {
        self.put_off(tenant, ids, next, 0).await
    }

    async fn put_off(&self, tenant: &str, ids: &[Uuid], next: DateTime<Utc>, attempts: i32) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let tx = self.database.begin().await?;
        Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(attempts))
            .col_expr(Column::NextAttemptAt, Expr::value(micros(next)))
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }

    /// One receipt.
    pub async fn receipt(&self, tenant: &str, id: Uuid) -> Result<Receipt, Error> {
        let row = Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(Column::Id.eq(id))
            .one(self.database.reader())
            .await
            .map_err(database_error)?
            .ok_or_else(|| Error::not_found(crate::names::RECEIPT, crate::names::receipt(id)))?;
        let result = match Outcome::parse(&row.outcome) {
            Some(outcome) if !row.pending => Some(PushResult {
                outcome,
                ticket: row.ticket,
                ticket_number: row.ticket_number,
                message: row.message,
                customer: row.customer,
                quarantine_item: row.quarantine_item,
                receipt: String::new(),
            }),
            _ => None,
        };
        Ok(Receipt {
            id: row.id,
            result,
            accepted_at: from_micros(row.accepted_at),
            delivered_at: row.delivered_at.map(from_micros),
            attempts: row.attempts,
        })
    }
}

/// Over what a repeat must have in common with the first time.
fn hash(contact: &Contact) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(serde_json::to_vec(contact).unwrap_or_default()).into()
}

/// Places in the order of arrival for `count` rows that are not inserted in it. SQLite's rows are, and get theirs by that.
async fn places(tx: &Tx, count: usize) -> Result<Vec<ActiveValue<i64>>, Error> {
    if tx.engine() == Engine::Sqlite {
        return Ok(vec![NotSet; count]);
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let draw = "SELECT nextval(pg_get_serial_sequence('inbox', 'seq')) AS seq FROM generate_series(1, $1)";
    let drawn = tx
        .conn()
        .query_all_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            draw,
            [count.into()],
        ))
        .await
        .map_err(database_error)?;
    let mut places: Vec<i64> = drawn
        .iter()
        .map(|row| row.try_get("", "seq"))
        .collect::<Result<_, _>>()
        .map_err(database_error)?;
    places.sort_unstable();
    Ok(places.into_iter().map(Set).collect())
}

/// Which of `(seq, attempts, size)` go in one call: what is tried for the first time up to `bytes`, or else the first alone,
/// so that it spoils no other a second time.
fn together(candidates: &[(i64, i32, i64)], bytes: usize) -> Vec<i64> {
    let Some(&(first, attempts, _)) = candidates.first() else {
        return Vec::new();
    };
    if attempts > 0 {
        return vec![first];
    }
    let mut total = 0;
    candidates
        .iter()
        .filter(|(_, attempts, _)| *attempts == 0)
        .take_while(|(seq, _, size)| {
            total += usize::try_from(*size).unwrap_or(usize::MAX);
            *seq == first || total <= bytes
        })
        .map(|(seq, _, _)| *seq)
        .collect()
}

fn new_row(
    seq: ActiveValue<i64>,
    id: Uuid,
    tenant: &str,
    item: &NewInboxItem,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<ActiveModel, Error> {
    let contact = serde_json::to_string(&item.contact)
        .map_err(|why| Error::internal("a contact cannot be written as JSON").caused_by(why))?;
    Ok(ActiveModel {
        seq,
        id: Set(id),
        tenant: Set(tenant.to_owned()),
        request_id: Set(item.request_id.clone()),
        request_hash: Set(hash.to_vec()),
        conversation: Set(item.contact.conversation.clone()),
        contact: Set(contact),
        trace_parent: Set(item.trace_parent.clone()),
        raw_sha256: Set(item.raw_sha256.to_vec()),
        pending: Set(true),
        attempts: Set(0),
        next_attempt_at: Set(micros(now)),
        accepted_at: Set(micros(now)),
        delivered_at: Set(None),
        outcome: Set(String::new()),
        ticket: Set(String::new()),
        ticket_number: Set(0),
        message: Set(String::new()),
        customer: Set(String::new()),
        quarantine_item: Set(String::new()),
    })
}

fn waiting(row: Model) -> Result<Waiting, Error> {
    let contact = serde_json::from_str(&row.contact)
        .map_err(|why| Error::internal(format!("contact {} in the inbox is unreadable", row.id)).caused_by(why))?;
    Ok(Waiting {
        id: row.id,
        tenant: row.tenant,
        request_id: row.request_id,
        contact,
        trace_parent: row.trace_parent,
        raw_sha256: row.raw_sha256,
        attempts: row.attempts,
    })
}
