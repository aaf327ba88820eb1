//! Terms by their key: written once and never changed, so what was read stays true.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use vorrang_database::{Tx, error};
use vorrang_error::Error;
use vorrang_sla::Terms;

use crate::sla::{Key, KeyedTerms};
use crate::store::entity::sla_terms::{Column, Entity, Model};
use crate::store::{Store, row, write};

/// Terms kept in memory: thousands of tickets have the same.
const KEPT_MAX: usize = 1_000;

/// Terms that are known to be stored.
#[derive(Clone, Default)]
pub struct TermsCache(Arc<Mutex<Kept>>);

/// By tenant and key.
type Kept = HashMap<(String, Key), Arc<Terms>>;

impl TermsCache {
    fn get(&self, tenant: &str, key: &Key) -> Option<Arc<Terms>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(tenant.to_owned(), key.clone())).cloned()
    }

    fn put(&self, tenant: &str, key: Key, terms: Arc<Terms>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            // Read again when it is needed again.
            kept.clear();
        }
        kept.insert((tenant.to_owned(), key), terms);
    }
}

impl Store {
    /// The terms with these keys.
    ///
    /// # Errors
    /// Internal when one is not there: no ticket outlives its terms.
    pub(in crate::store) async fn terms<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        keys: impl IntoIterator<Item = Key>,
    ) -> Result<HashMap<Key, Arc<Terms>>, Error> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for key in keys.into_iter().collect::<BTreeSet<Key>>() {
            match self.terms.get(tenant, &key) {
                Some(terms) => drop(found.insert(key, terms)),
                None => missing.push(key),
            }
        }
        for keys in missing.chunks(row::IN_MAX) {
            let rows = Entity::find()
                .filter(Column::Tenant.eq(tenant))
                .filter(Column::Key.is_in(keys.iter().map(Key::as_str)))
                .all(conn)
                .await
                .map_err(error)?;
            for key in keys {
                let row = rows.iter().find(|row| row.key == key.as_str());
                let row = row.ok_or_else(|| Error::internal("the SLA terms of a ticket are not stored"))?;
                let read = KeyedTerms::read(key.clone(), &row.body)?;
                self.terms.put(tenant, key.clone(), Arc::clone(&read.terms));
                found.insert(read.key, read.terms);
            }
        }
        Ok(found)
    }

    /// Makes sure that terms are stored.
    pub(in crate::store) async fn keep_terms(
        &self,
        tx: &Tx,
        tenant: &str,
        terms: impl IntoIterator<Item = &KeyedTerms>,
    ) -> Result<(), Error> {
        let mut rows: HashMap<&str, Model> = HashMap::new();
        for keyed in terms {
            let is_known = rows.contains_key(keyed.key.as_str()) || self.terms.get(tenant, &keyed.key).is_some();
            if !is_known {
                let row = Model {
                    tenant: tenant.to_owned(),
                    key: keyed.key.as_str().to_owned(),
                    body: keyed.json(),
                };
                rows.insert(keyed.key.as_str(), row);
            }
        }
        // In one order, so that two transactions with the same new terms wait for each other in one direction only.
        let mut rows: Vec<Model> = rows.into_values().collect();
        rows.sort_unstable_by(|left, right| left.key.cmp(&right.key));
        let conflict = OnConflict::columns([Column::Tenant, Column::Key])
            .do_nothing()
            .to_owned();
        write::insert::<Entity>(tx, rows, Some(conflict)).await
    }
}
