//! Attachments: what is known about uploaded files, who refers to them, and which objects may go.
//!
//! A file is one customer's and is found by its content: the same one uploaded twice is stored once. What opens its
//! object is sealed with the customer's key. A message may refer to a file before it is uploaded (mails are recorded
//! first), so that references are by content, too, and stay when nothing was uploaded yet.
//!
//! An object is noted as doomed before its first byte is written, with a day's grace, and is reprieved when the upload
//! is complete: whatever breaks, no object is left that nobody knows of. Rows of `attachments` are locked by whoever
//! refers to them or removes them, after tickets.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message as _;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use super::entity::{attachment, attachment_ref, doomed_object};
use super::personal::{Lookup, Place};
use super::sealed::FileSecret;
use super::{Store, row, write};
use crate::file::{FileKey, StoredFile};
use crate::message::{Draft, Message};
use crate::names;

/// How long an upload may take, and how long a file waits for a message that refers to it.
pub const GRACE: TimeDelta = TimeDelta::days(1);

/// An object that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    /// Whose it was.
    pub tenant: String,
    /// The object.
    pub object: Uuid,
}

impl Store {
    /// Notes an object that is about to be written.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer, Precondition `ERASED` when they were erased.
    pub async fn begin_upload(&self, tenant: &str, customer: Uuid) -> Result<Uuid, Error> {
        self.customer(tenant, customer).await?.check_not_erased()?;
        let now = self.clock.now();
        let object = Uuid::new_v4();
        let tx = self.db.begin().await?;
        let model = doomed_object::Model {
            object,
            tenant: tenant.to_owned(),
            not_before: micros(now + GRACE),
        };
        write::insert::<doomed_object::Entity>(&tx, vec![model], None).await?;
        tx.commit().await?;
        Ok(object)
    }

    /// Makes a written object the file of a customer. The same file is there already: the object goes, that one stays.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer, Precondition `ERASED` when they were erased meanwhile.
    pub async fn finish_upload(&self, tenant: &str, customer: Uuid, file: StoredFile) -> Result<StoredFile, Error> {
        let hash = file_hash(&self.personal.lookup(tenant), &file.sha256);
        let tx = self.db.begin().await?;
        // Erasure takes the same lock.
        row::lock_tenant(&tx, tenant).await?;
        let known = row::customers(tx.conn(), &self.personal, tenant, &[customer]).await?;
        known
            .get(&customer)
            .ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(customer)))?
            .check_not_erased()?;
        let key = (tenant.to_owned(), customer, hash.clone());
        let there = attachment::Entity::find_by_id(key)
            .one(tx.conn())
            .await
            .map_err(error)?;
        if let Some(there) = there {
            doom(&tx, tenant, &[file.object], self.clock.now()).await?;
            tx.commit().await?;
            return self.open_file(tenant, there).await;
        }
        let keyring = self.personal.keyring(tx.conn(), tenant, &[customer]).await?;
        let secret = FileSecret {
            key: file.key.bytes().to_vec(),
            sha256: file.sha256.clone(),
        };
        let place = Place("attachments", hash.as_bytes());
        let model = attachment::Model {
            tenant: tenant.to_owned(),
            customer_id: customer,
            sealed: keyring.seal(customer, place, &secret.encode_to_vec())?,
            hash,
            object: file.object,
            size_bytes: i64::try_from(file.size).unwrap_or(i64::MAX),
            created_at: micros(self.clock.now()),
        };
        // A message may have referred to it before it came, by who was merged into this customer since, or the other way.
        let root = known.get(&customer).and_then(|one| one.merged_into).unwrap_or(customer);
        let family = row::family(tx.conn(), tenant, root).await?;
        attachment_ref::Entity::update_many()
            .col_expr(attachment_ref::Column::CustomerId, Expr::value(customer))
            .filter(attachment_ref::Column::Tenant.eq(tenant))
            .filter(attachment_ref::Column::Hash.eq(model.hash.as_str()))
            .filter(attachment_ref::Column::CustomerId.is_in(family))
            .filter(attachment_ref::Column::CustomerId.not_in_subquery(who_has(tenant, &model.hash)))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        write::insert::<attachment::Entity>(&tx, vec![model], None).await?;
        doomed_object::Entity::delete_by_id(file.object)
            .exec(tx.conn())
            .await
            .map_err(error)?;
        tx.commit().await?;
        Ok(file)
    }

    /// The file of a customer with this SHA-256.
    ///
    /// # Errors
    /// NotFound when there is none, whether it never was, was erased, or is another tenant's.
    pub async fn file(&self, tenant: &str, customer: Uuid, sha256: &str) -> Result<StoredFile, Error> {
        let hash = file_hash(&self.personal.lookup(tenant), sha256);
        let row = attachment::Entity::find_by_id((tenant.to_owned(), customer, hash))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        match row {
            Some(row) => self.open_file(tenant, row).await,
            None => Err(no_file(customer, sha256)),
        }
    }

    pub(super) async fn open_file(&self, tenant: &str, row: attachment::Model) -> Result<StoredFile, Error> {
        let sealed = row.sealed.as_slice();
        let keyring = self.personal.keyring_for(self.db.reader(), tenant, [sealed]).await?;
        let secret = keyring.open(Place("attachments", row.hash.as_bytes()), sealed)?;
        let secret = secret.ok_or_else(|| no_file(row.customer_id, "…"))?;
        let unreadable = || Error::internal("what opens an attachment cannot be read");
        let secret = FileSecret::decode(secret.as_slice()).map_err(|cause| unreadable().caused_by(cause))?;
        Ok(StoredFile {
            object: row.object,
            size: u64::try_from(row.size_bytes).map_err(|_| unreadable())?,
            key: FileKey::from_bytes(&secret.key).ok_or_else(unreadable)?,
            sha256: secret.sha256,
        })
    }

    /// Completes what a message says of uploaded files by what is known of them.
    ///
    /// # Errors
    /// NotFound when the tenant has no such file.
    pub async fn complete_files(&self, tenant: &str, draft: &mut Draft) -> Result<(), Error> {
        for file in &mut draft.attachments {
            if let Some(customer) = file.of {
                let stored = self.file(tenant, customer, &file.sha256).await?;
                file.size_bytes = i64::try_from(stored.size).unwrap_or(i64::MAX);
            }
        }
        Ok(())
    }

    /// Says of each attachment of messages whether its file can be downloaded.
    pub(super) async fn mark_uploaded(&self, tenant: &str, messages: &mut [Message]) -> Result<(), Error> {
        let with_files: Vec<Uuid> = messages
            .iter()
            .filter(|message| message.attachments.iter().any(|file| names::is_sha256(&file.sha256)))
            .map(|message| message.id)
            .collect();
        let mut refs: HashMap<(Uuid, String), Uuid> = HashMap::new();
        for ids in with_files.chunks(row::IN_MAX) {
            let rows = attachment_ref::Entity::find()
                .filter(attachment_ref::Column::Tenant.eq(tenant))
                .filter(attachment_ref::Column::MessageId.is_in(ids.iter().copied()))
                .all(self.db.reader())
                .await
                .map_err(error)?;
            refs.extend(
                rows.into_iter()
                    .map(|row| ((row.message_id, row.hash), row.customer_id)),
            );
        }
        let hashes: BTreeSet<&String> = refs.keys().map(|(_, hash)| hash).collect();
        let customers: BTreeSet<Uuid> = refs.values().copied().collect();
        let hashes: Vec<&String> = hashes.into_iter().collect();
        let mut uploaded = HashSet::new();
        for hashes in hashes.chunks(row::IN_MAX) {
            let found: Vec<(String, Uuid)> = attachment::Entity::find()
                .select_only()
                .column(attachment::Column::Hash)
                .column(attachment::Column::CustomerId)
                .filter(attachment::Column::Tenant.eq(tenant))
                .filter(attachment::Column::CustomerId.is_in(customers.iter().copied()))
                .filter(attachment::Column::Hash.is_in(hashes.iter().copied()))
                .into_tuple()
                .all(self.db.reader())
                .await
                .map_err(error)?;
            uploaded.extend(found);
        }
        let lookup = self.personal.lookup(tenant);
        for message in messages {
            for file in &mut message.attachments {
                file.of = None;
                if names::is_sha256(&file.sha256) {
                    let key = (message.id, file_hash(&lookup, &file.sha256));
                    let of = refs.get(&key).copied();
                    file.of = of.filter(|of| uploaded.contains(&(key.1, *of)));
                }
            }
        }
        Ok(())
    }

    /// Objects that are to go now, of any tenant, at most `limit`, with ids after `after`.
    pub async fn doomed(&self, after: Option<Uuid>, limit: u64) -> Result<Vec<Doomed>, Error> {
        let rows: Vec<(String, Uuid)> = doomed_object::Entity::find()
            .select_only()
            .column(doomed_object::Column::Tenant)
            .column(doomed_object::Column::Object)
            .filter(doomed_object::Column::NotBefore.lte(micros(self.clock.now())))
            .filter(Condition::all().add_option(after.map(|after| doomed_object::Column::Object.gt(after))))
            .order_by_asc(doomed_object::Column::Object)
            .limit(limit)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let doomed = |(tenant, object)| Doomed { tenant, object };
        Ok(rows.into_iter().map(doomed).collect())
    }

    /// Forgets objects that are gone, of whichever tenant: an object has its id from us alone.
    pub async fn are_gone(&self, objects: &[Uuid]) -> Result<(), Error> {
        let tx = self.db.begin().await?;
        doomed_object::Entity::delete_many()
            .filter(doomed_object::Column::Object.is_in(objects.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        tx.commit().await
    }

    /// Dooms files that no message has referred to within [`GRACE`]; gives how many, `limit` at most.
    pub async fn doom_orphans(&self, limit: u64) -> Result<usize, Error> {
        let now = self.clock.now();
        let rows = attachment::Entity::find()
            .filter(attachment::Column::CreatedAt.lte(micros(now - GRACE)))
            .filter(nobody_refers())
            .order_by_asc(attachment::Column::CreatedAt)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let count = rows.len();
        let mut by_tenant: HashMap<String, Vec<(Uuid, String)>> = HashMap::new();
        for row in rows {
            by_tenant
                .entry(row.tenant)
                .or_default()
                .push((row.customer_id, row.hash));
        }
        for (tenant, files) in by_tenant {
            let tx = self.db.begin().await?;
            doom_unreferred(&tx, &tenant, files, now).await?;
            tx.commit().await?;
        }
        Ok(count)
    }
}

/// Notes what messages refer to, each with its customer.
///
/// # Errors
/// NotFound when a message names an uploaded file that the customer does not have.
pub async fn refer(tx: &Tx, lookup: &Lookup, tenant: &str, messages: &[(Uuid, &Message)]) -> Result<(), Error> {
    let mut rows = Vec::new();
    for (customer, message) in messages.iter().map(|(customer, message)| (*customer, *message)) {
        let mut seen = BTreeSet::new();
        for file in message.attachments.iter().filter(|file| names::is_sha256(&file.sha256)) {
            let hash = file_hash(lookup, &file.sha256);
            if let Some(of) = file.of {
                let there = attachment::Entity::find_by_id((tenant.to_owned(), of, hash.clone()))
                    .lock_shared()
                    .one(tx.conn())
                    .await
                    .map_err(error)?;
                // Another customer's file is as good as none, unless they are one by now.
                let theirs = of == customer || row::family(tx.conn(), tenant, customer).await?.contains(&of);
                if there.is_none() || !theirs {
                    return Err(no_file(of, &file.sha256));
                }
            }
            if seen.insert(hash.clone()) {
                rows.push(attachment_ref::Model {
                    tenant: tenant.to_owned(),
                    message_id: message.id,
                    hash,
                    ticket_id: message.ticket,
                    customer_id: file.of.unwrap_or(customer),
                });
            }
        }
    }
    write::insert::<attachment_ref::Entity>(tx, rows, None).await
}

/// Messages belong to another ticket now.
pub async fn move_refs(tx: &Tx, tenant: &str, messages: &[Uuid], to: Uuid) -> Result<(), Error> {
    attachment_ref::Entity::update_many()
        .col_expr(attachment_ref::Column::TicketId, Expr::value(to))
        .filter(attachment_ref::Column::Tenant.eq(tenant))
        .filter(attachment_ref::Column::MessageId.is_in(messages.iter().copied()))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// Dooms all files of customers; gives how many there were.
pub async fn doom_all_of(tx: &Tx, tenant: &str, customers: &[Uuid], now: DateTime<Utc>) -> Result<i32, Error> {
    attachment_ref::Entity::delete_many()
        .filter(attachment_ref::Column::Tenant.eq(tenant))
        .filter(attachment_ref::Column::CustomerId.is_in(customers.iter().copied()))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    let theirs = Condition::all()
        .add(attachment::Column::Tenant.eq(tenant))
        .add(attachment::Column::CustomerId.is_in(customers.iter().copied()));
    doom_rows(tx, tenant, theirs, now).await
}

/// Takes the references of tickets away, and dooms the files that nobody refers to any more. Gives the number of
/// references by ticket.
pub async fn doom_those_of(
    tx: &Tx,
    tenant: &str,
    tickets: &[Uuid],
    now: DateTime<Utc>,
) -> Result<HashMap<Uuid, i32>, Error> {
    let mut refs = Vec::new();
    for ids in tickets.chunks(row::IN_MAX) {
        let of_tickets = Condition::all()
            .add(attachment_ref::Column::Tenant.eq(tenant))
            .add(attachment_ref::Column::TicketId.is_in(ids.iter().copied()));
        let some = attachment_ref::Entity::find()
            .filter(of_tickets.clone())
            .all(tx.conn())
            .await
            .map_err(error)?;
        if some.is_empty() {
            continue;
        }
        refs.extend(some);
        attachment_ref::Entity::delete_many()
            .filter(of_tickets)
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    let mut counts = HashMap::new();
    let mut files = Vec::with_capacity(refs.len());
    for row in refs {
        *counts.entry(row.ticket_id).or_insert(0) += 1;
        files.push((row.customer_id, row.hash));
    }
    doom_unreferred(tx, tenant, files, now).await?;
    Ok(counts)
}

/// Dooms those of these files that nobody refers to.
async fn doom_unreferred(
    tx: &Tx,
    tenant: &str,
    mut files: Vec<(Uuid, String)>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    files.sort_unstable();
    files.dedup();
    for files in files.chunks(100) {
        let these = files.iter().fold(Condition::any(), |any, (customer, hash)| {
            any.add(
                Condition::all()
                    .add(attachment::Column::CustomerId.eq(*customer))
                    .add(attachment::Column::Hash.eq(hash.as_str())),
            )
        });
        let these = Condition::all().add(attachment::Column::Tenant.eq(tenant)).add(these);
        // Locked first, looked at then: a message that refers to one holds its lock until it is seen.
        attachment::Entity::find()
            .filter(these.clone())
            .order_by_asc(attachment::Column::Hash)
            .lock_exclusive()
            .all(tx.conn())
            .await
            .map_err(error)?;
        doom_rows(tx, tenant, these.add(nobody_refers()), now).await?;
    }
    Ok(())
}

async fn doom_rows(tx: &Tx, tenant: &str, which: Condition, now: DateTime<Utc>) -> Result<i32, Error> {
    let objects: Vec<Uuid> = attachment::Entity::find()
        .select_only()
        .column(attachment::Column::Object)
        .filter(which)
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?;
    for objects in objects.chunks(row::IN_MAX) {
        attachment::Entity::delete_many()
            .filter(attachment::Column::Tenant.eq(tenant))
            .filter(attachment::Column::Object.is_in(objects.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    doom(tx, tenant, &objects, now).await?;
    Ok(i32::try_from(objects.len()).unwrap_or(i32::MAX))
}

/// Dooms objects from now on.
async fn doom(tx: &Tx, tenant: &str, objects: &[Uuid], now: DateTime<Utc>) -> Result<(), Error> {
    let rows = objects
        .iter()
        .map(|object| doomed_object::Model {
            object: *object,
            tenant: tenant.to_owned(),
            not_before: micros(now),
        })
        .collect();
    let conflict = sea_orm::sea_query::OnConflict::column(doomed_object::Column::Object)
        .update_column(doomed_object::Column::NotBefore)
        .to_owned();
    write::insert::<doomed_object::Entity>(tx, rows, Some(conflict)).await
}

/// No message refers to the file.
fn nobody_refers() -> sea_orm::sea_query::SimpleExpr {
    let refs = Query::select()
        .expr(Expr::value(1))
        .from(attachment_ref::Entity)
        .and_where(Expr::cust("attachment_refs.tenant = attachments.tenant"))
        .and_where(Expr::cust("attachment_refs.customer_id = attachments.customer_id"))
        .and_where(Expr::cust("attachment_refs.hash = attachments.hash"))
        .take();
    sea_orm::sea_query::ExprTrait::not(Expr::exists(refs))
}

/// The customers who have this file.
fn who_has(tenant: &str, hash: &str) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(attachment::Column::CustomerId)
        .from(attachment::Entity)
        .and_where(attachment::Column::Tenant.eq(tenant))
        .and_where(attachment::Column::Hash.eq(hash))
        .take()
}

/// How a file is found without its fingerprint being stored.
fn file_hash(lookup: &Lookup, sha256: &str) -> String {
    lookup.hash("file", sha256)
}

fn no_file(customer: Uuid, sha256: &str) -> Error {
    Error::not_found(names::ATTACHMENT, names::attachment(customer, sha256))
}
