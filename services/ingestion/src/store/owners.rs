//! Whose the bytes are that came, so that they can be erased with their customer.
//!
//! Nobody is asked what is in them: a contact that ticketing has recorded names its customer, and is linked to what it came as in
//! the transaction that keeps that. One push may hold contacts of several customers; it goes with the first of them who is erased,
//! since what came is kept as it came or not at all. What was recorded of the others is with ticketing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};
use vorrang_database::{Tx, erased, error as database_error};
use vorrang_error::Error;
use vorrang_feed::Erasures;

use super::entity::{inbox, quarantine, raw, raw_customer};
use super::{Store, thin};

/// Values of one `IN`, below both engines' limits.
const IN_MAX: usize = 500;

/// Whose something is that came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// SHA-256 of what came.
    pub sha256: [u8; 32],
    /// `customers/{uuid}`.
    pub customer: String,
}

/// How much of a customer's was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Things that came.
    pub raws: u64,
    /// Contacts of the inbox.
    pub inbox: u64,
    /// Items in quarantine.
    pub quarantine: u64,
}

/// Links what came to its customers; what comes again from somebody who is erased is removed at once.
pub(super) async fn link(tx: &Tx, tenant: &str, owners: &[Owner]) -> Result<(), Error> {
    // In one order: two transactions that insert the same rows in different orders would deadlock.
    let owners: BTreeSet<&Owner> = owners.iter().filter(|owner| !owner.customer.is_empty()).collect();
    if owners.is_empty() {
        return Ok(());
    }
    let customers: BTreeSet<&str> = owners.iter().map(|owner| owner.customer.as_str()).collect();
    let erased = erased::hold(tx, tenant, &customers).await?;
    let rows: Vec<_> = owners
        .iter()
        .map(|owner| raw_customer::ActiveModel {
            tenant: Set(tenant.to_owned()),
            customer: Set(owner.customer.clone()),
            sha256: Set(owner.sha256.to_vec()),
        })
        .collect();
    for rows in rows.chunks(IN_MAX) {
        let columns = [
            raw_customer::Column::Tenant,
            raw_customer::Column::Customer,
            raw_customer::Column::Sha256,
        ];
        raw_customer::Entity::insert_many(rows.to_vec())
            .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
    }
    for customer in &erased {
        remove(tx, tenant, customer).await?;
    }
    Ok(())
}

impl Store {
    /// Removes everything that came from these customers, with the cursor of the feed that says so. Gives what there was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase(&self, erasures: &Erasures, now: DateTime<Utc>) -> Result<Removed, Error> {
        let tx = self.database.begin().await?;
        let tenant = erasures.tenant.as_str();
        let mut all = Removed::default();
        for customer in &erasures.customers {
            erased::mark(&tx, tenant, customer, now).await?;
            let removed = remove(&tx, tenant, customer).await?;
            all.raws += removed.raws;
            all.inbox += removed.inbox;
            all.quarantine += removed.quarantine;
        }
        erased::put_cursor(&tx, tenant, &erasures.cursor).await?;
        tx.commit().await?;
        Ok(all)
    }
}

async fn remove(tx: &Tx, tenant: &str, customer: &str) -> Result<Removed, Error> {
    thin::remove(tx, tenant, customer).await?;
    let hashes: Vec<Vec<u8>> = raw_customer::Entity::find()
        .select_only()
        .column(raw_customer::Column::Sha256)
        .filter(raw_customer::Column::Tenant.eq(tenant))
        .filter(raw_customer::Column::Customer.eq(customer))
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(database_error)?;
    let mut removed = Removed::default();
    for hashes in hashes.chunks(IN_MAX) {
        let hashes = || hashes.iter().cloned();
        // What else the items named is not known any more: named again, it waits under an item that is there.
        let items = sea_orm::sea_query::Query::select()
            .column(quarantine::Column::Id)
            .from(quarantine::Entity)
            .and_where(quarantine::Column::Tenant.eq(tenant))
            .and_where(quarantine::Column::RawSha256.is_in(hashes()))
            .take();
        super::entity::thin::Entity::delete_many()
            .filter(super::entity::thin::Column::Tenant.eq(tenant))
            .filter(super::entity::thin::Column::CompletedAt.is_null())
            .filter(super::entity::thin::Column::Item.in_subquery(items))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        let quarantine = quarantine::Entity::delete_many()
            .filter(quarantine::Column::Tenant.eq(tenant))
            .filter(quarantine::Column::RawSha256.is_in(hashes()));
        removed.quarantine += quarantine.exec(tx.conn()).await.map_err(database_error)?.rows_affected;
        // One that waits holds what is its own, and nobody knows yet whose it is: it is brought to ticketing like any other.
        let inbox = inbox::Entity::delete_many()
            .filter(inbox::Column::Tenant.eq(tenant))
            .filter(inbox::Column::RawSha256.is_in(hashes()))
            .filter(inbox::Column::Pending.eq(false));
        removed.inbox += inbox.exec(tx.conn()).await.map_err(database_error)?.rows_affected;
        let raws = raw::Entity::delete_many()
            .filter(raw::Column::Tenant.eq(tenant))
            .filter(raw::Column::Sha256.is_in(hashes()));
        removed.raws += raws.exec(tx.conn()).await.map_err(database_error)?.rows_affected;
        raw_customer::Entity::delete_many()
            .filter(raw_customer::Column::Tenant.eq(tenant))
            .filter(raw_customer::Column::Sha256.is_in(hashes()))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
    }
    Ok(removed)
}
