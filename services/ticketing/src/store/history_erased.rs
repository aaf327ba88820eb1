//! Who was erased does not come back with an import: the ids that they had in other systems are remembered, as hashed as identities are.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::{history_erased, identity};
use super::personal::Lookup;
use super::{row, write};
use crate::customer::IdentityKey;
use crate::words::IdentityKind;

/// Remembers the ids of customers who are about to be erased.
pub async fn remember(tx: &Tx, tenant: &str, customers: &[Uuid]) -> Result<(), Error> {
    let hashes: Vec<String> = identity::Entity::find()
        .select_only()
        .column(identity::Column::Value)
        .filter(identity::Column::Tenant.eq(tenant))
        .filter(identity::Column::CustomerId.is_in(customers.iter().copied()))
        .filter(identity::Column::Kind.eq(IdentityKind::External.as_str()))
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?;
    let rows = hashes.into_iter().map(|hash| history_erased::Model {
        tenant: tenant.to_owned(),
        hash,
    });
    let known = OnConflict::columns([history_erased::Column::Tenant, history_erased::Column::Hash])
        .do_nothing()
        .to_owned();
    write::insert::<history_erased::Entity>(tx, rows.collect(), Some(known)).await
}

/// Those of these ids whose customers were erased.
pub async fn gone(
    tx: &Tx,
    lookup: &Lookup,
    tenant: &str,
    keys: &[IdentityKey],
) -> Result<BTreeSet<IdentityKey>, Error> {
    let external = keys.iter().filter(|key| key.kind == IdentityKind::External.as_str());
    let hashes: HashMap<String, &IdentityKey> = external.map(|key| (row::identity_hash(lookup, key), key)).collect();
    let asked: Vec<&str> = hashes.keys().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    for asked in asked.chunks(row::IN_MAX) {
        let rows: Vec<String> = history_erased::Entity::find()
            .select_only()
            .column(history_erased::Column::Hash)
            .filter(history_erased::Column::Tenant.eq(tenant))
            .filter(history_erased::Column::Hash.is_in(asked.iter().copied()))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        found.extend(rows.iter().filter_map(|hash| Some((*hashes.get(hash)?).clone())));
    }
    Ok(found)
}
