//! Personal data at rest: what a customer wrote, is called and is reached by is stored sealed, with keys that can be
//! destroyed. Destroying a key erases everything that was sealed with it: in rows, in the log, in stored answers, in
//! backups of all of them.
//!
//! - Each customer and each ticket has a key of 256 random bits. It lies in `personal_keys`, wrapped with a key of the
//!   tenant that is made from the installation's `secrets.data_key`, and says whose it is: erasing a customer destroys
//!   the customer's key and those of all their tickets, retention destroys that of one ticket.
//! - A sealed value names its key, so that it opens wherever its row was moved to, and is bound to the tenant and to its
//!   place (the row or event it was written for): copied to another place it does not open.
//! - What has to be found again (an address, a Message-ID) is stored as a keyed hash, see [`Lookup`].
//!
//! **Use.** Where something is made: [`Personal::create`] its keys. Where rows and events are written: one
//! [`Personal::keyring`] a transaction, and [`Keyring::seal`]. Where they are read:
//! [`Personal::keyring_for`] all that was read, and [`Keyring::open`]; `None` means erased.
//!
//! Never seals with a destroyed key: whoever writes holds a lock under which `erased` was read (the ticket's, or the
//! tenant's for customers), and erasure takes the same locks. A reader in another process may open what it reads for at
//! most [`cache::FRESH`] after the erasure.

mod cache;
mod cipher;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use tokio::time::Instant;
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use super::entity::personal_key;
use super::{row, write};
use cache::Cache;
use cipher::{Key, Root};

pub use cipher::{Lookup, key_id};

/// Says whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The customer or ticket that has the key.
    pub id: Uuid,
    /// Whose erasure destroys it.
    pub customer: Uuid,
}

/// Where a sealed value stands: the table (or whatever holds it), and the id of the row there. A value opens only there.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a>(pub &'static str, pub &'a [u8]);

/// The keys of all customers. Clones share what is cached.
#[derive(Clone)]
pub struct Personal {
    root: Arc<Root>,
    cache: Arc<Cache>,
}

impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Personal(***)")
    }
}

impl Personal {
    /// With the installation's `secrets.data_key`.
    pub fn new(data_key: &[u8]) -> Self {
        Self {
            root: Arc::new(Root::new(data_key)),
            cache: Arc::default(),
        }
    }

    /// Makes hashes by which values of this tenant are found.
    pub fn lookup(&self, tenant: &str) -> Lookup {
        self.root.tenant(tenant).lookup()
    }

    /// Seals a secret of the tenant itself, such as what signs its webhooks. It is nobody's, and no erasure reaches it.
    pub fn seal_secret(&self, tenant: &str, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        self.root.tenant(tenant).seal(place, plain)
    }

    /// Opens what [`Personal::seal_secret`] made for the same tenant and place.
    ///
    /// # Errors
    /// Internal when it was sealed with another key, or changed.
    pub fn open_secret(&self, tenant: &str, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let opened = self.root.tenant(tenant).open(place, sealed);
        opened.ok_or_else(|| Error::internal("a secret does not open: was secrets.data_key changed?"))
    }

    /// Gives keys to what is made in this transaction. The ids must be new.
    pub async fn create(
        &self,
        tx: &Tx,
        tenant: &str,
        owners: impl IntoIterator<Item = Owner>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let wrapping = self.root.tenant(tenant);
        let mut rows = Vec::new();
        let made = Instant::now();
        for owner in owners {
            let (key, wrapped) = wrapping.fresh(owner.id);
            // Cached before the commit: when that fails, nobody ever asks for this id again.
            self.cache.put(tenant, owner.id, Arc::new(key), made);
            rows.push(personal_key::Model {
                tenant: tenant.to_owned(),
                id: owner.id,
                customer_id: owner.customer,
                wrapped,
                created_at: micros(now),
            });
        }
        write::insert::<personal_key::Entity>(tx, rows, None).await
    }

    /// The keys of these customers and tickets, the first of which is what the call is about. Those that were destroyed
    /// are not in it.
    pub async fn keyring<C: ConnectionTrait>(&self, conn: &C, tenant: &str, ids: &[Uuid]) -> Result<Keyring, Error> {
        let mut keys = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        // Taken before the keys are read: one destroyed meanwhile must not count as fresh for longer.
        let now = Instant::now();
        self.cache.get(tenant, ids, now, &mut keys, &mut missing);
        if !missing.is_empty() {
            let wrapping = self.root.tenant(tenant);
            for ids in missing.chunks(row::IN_MAX) {
                let rows = personal_key::Entity::find()
                    .filter(personal_key::Column::Tenant.eq(tenant))
                    .filter(personal_key::Column::Id.is_in(ids.iter().copied()))
                    .all(conn)
                    .await
                    .map_err(error)?;
                for row in rows {
                    let key = Arc::new(wrapping.unwrap(row.id, &row.wrapped)?);
                    self.cache.put(tenant, row.id, Arc::clone(&key), now);
                    keys.insert(row.id, key);
                }
            }
        }
        Ok(Keyring {
            tenant: tenant.to_owned(),
            about: ids.first().copied(),
            keys,
        })
    }

    /// The keys that open these sealed values.
    pub async fn keyring_for<'a, C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        sealed: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Keyring, Error> {
        let mut ids: Vec<Uuid> = sealed.into_iter().filter_map(cipher::key_id).collect();
        ids.sort_unstable();
        ids.dedup();
        self.keyring(conn, tenant, &ids).await
    }

    /// Drops keys from memory that were destroyed.
    pub fn forget(&self, tenant: &str, ids: impl IntoIterator<Item = Uuid>) {
        self.cache.forget(tenant, ids);
    }
}

/// The keys of one transaction or one read.
pub struct Keyring {
    tenant: String,
    about: Option<Uuid>,
    keys: HashMap<Uuid, Arc<Key>>,
}

impl Keyring {
    /// Of calls about nobody: it seals nothing.
    pub fn nobody(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            about: None,
            keys: HashMap::new(),
        }
    }

    /// For an answer that is about many, and has nothing personal in it.
    #[must_use]
    pub fn about_nobody(mut self) -> Self {
        self.about = None;
        self
    }

    /// Seals `plain` with the key of customer or ticket `owner`.
    ///
    /// # Errors
    /// Precondition `ERASED` when that key was destroyed: nothing personal can be added any more.
    pub fn seal(&self, owner: Uuid, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.keys.get(&owner).ok_or_else(erased)?;
        Ok(key.seal(owner, &self.tenant, place, plain))
    }

    /// Opens what was sealed for this place. None: it is erased.
    ///
    /// # Errors
    /// Internal when it is not what was sealed there.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut plain = Vec::new();
        Ok(self.open_into(place, sealed, &mut plain)?.then_some(plain))
    }

    /// [`Keyring::open`] behind what is in `plain` already. False: it is erased, nothing was added.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn open_into(&self, place: Place<'_>, sealed: &[u8], plain: &mut Vec<u8>) -> Result<bool, Error> {
        let id = cipher::key_id(sealed).ok_or_else(|| damaged(place))?;
        let Some(key) = self.keys.get(&id) else {
            return Ok(false);
        };
        if key.open(&self.tenant, place, sealed, plain) {
            Ok(true)
        } else {
            Err(damaged(place))
        }
    }

    /// Seals the answer of a repeatable call with the key of what the call is about.
    pub fn seal_answer(&self, request_id: &str, answer: &[u8]) -> Vec<u8> {
        let place = Place("requests", request_id.as_bytes());
        match self.about.and_then(|id| Some((id, self.keys.get(&id)?))) {
            Some((id, key)) => key.seal(id, &self.tenant, place, answer),
            // Of what is erased an answer says nothing, and neither does one about nobody.
            None => [&[PLAIN], answer].concat(),
        }
    }

    /// Opens what [`Keyring::seal_answer`] made. None: whom it is about is erased.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn open_answer(&self, request_id: &str, stored: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match stored.split_first() {
            Some((&PLAIN, answer)) => Ok(Some(answer.to_vec())),
            _ => self.open(Place("requests", request_id.as_bytes()), stored),
        }
    }
}

/// First byte of an answer that is not sealed; no sealed value begins with it.
const PLAIN: u8 = 0;

/// The refusal to add anything personal to what was erased.
pub fn erased() -> Error {
    Error::precondition(
        "ERASED",
        "the customer's data was erased: nothing personal can be added",
    )
}

fn damaged(place: Place<'_>) -> Error {
    Error::internal(format!(
        "a sealed value of {} does not open: was secrets.data_key changed?",
        place.0
    ))
}
