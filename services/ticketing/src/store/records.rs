//! What CRMs and shops tell about customers: orders, milestones and proactive contacts. The same walk for all, with what differs in a file
//! of each.

mod contacts;
mod milestones;
mod orders;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::customer;
use super::personal::{self, Keyring, Personal, Place};
use super::sealed::{self, RecordTexts};
use super::{Begun, Call, Store, row};
use crate::customer::{IdentityKey, no_such_identity};
use crate::event::{Event, Fact};
use crate::names;
use crate::record::{Milestone, Order, Outcome, ProactiveContact};

/// Whom something is told about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whose {
    /// This customer, or the one it was merged into.
    Customer(Uuid),
    /// Whoever has this identity.
    Identity(IdentityKey),
}

/// Something that is told about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// Whom.
    pub whose: Whose,
    /// What.
    pub what: T,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recording {
    /// Whose it is.
    pub customer: Uuid,
    /// What.
    pub outcome: Outcome,
}

pub use orders::Lifetime;

/// The result of each item, in their order.
pub type Results = Vec<Result<Recording, Error>>;

/// Where a page of orders or milestones goes on: the time and the id of its last row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPosition(pub i64, pub Uuid);

/// What is stored, by customer and key, with the ids of the rows.
type Stored<R> = HashMap<(Uuid, <R as Record>::Key), (Uuid, R)>;

/// What can be told about a customer: how it is found, decided about, stored and told on.
pub(super) trait Record: Clone + Send + Sync {
    type Key: std::hash::Hash + Eq + Clone + Send;

    /// What makes it one, beside the customer.
    fn key(&self) -> Self::Key;
    fn told(stored: Option<&Self>, given: Self) -> (Outcome, Option<Self>);
    fn fact(self, customer: Uuid) -> Fact;
    /// Those of these customers that may be the same as `given`, with their rows' ids.
    fn stored(
        tx: &Tx,
        personal: &Personal,
        tenant: &str,
        customers: &[Uuid],
        given: &[&Self],
    ) -> impl Future<Output = Result<Stored<Self>, Error>> + Send;
    /// Inserts or replaces rows: id, customer, what.
    fn write(
        tx: &Tx,
        keyring: &Keyring,
        tenant: &str,
        rows: Vec<(Uuid, Uuid, Self)>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Store {
    /// Records orders in their order, in one transaction. An item that was refused before stays refused.
    ///
    /// # Errors
    /// When the database fails; then nothing was recorded.
    pub async fn record_orders<R, A>(
        &self,
        call: &Call,
        items: Vec<Result<Told<Order>, Error>>,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(Results) -> R,
    {
        self.record_all(call, items, respond).await
    }

    /// Records milestones, as [`Store::record_orders`].
    ///
    /// # Errors
    /// When the database fails; then nothing was recorded.
    pub async fn record_milestones<R, A>(
        &self,
        call: &Call,
        items: Vec<Result<Told<Milestone>, Error>>,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(Results) -> R,
    {
        self.record_all(call, items, respond).await
    }

    /// Records proactive contacts, as [`Store::record_orders`].
    ///
    /// # Errors
    /// When the database fails; then nothing was recorded.
    pub async fn record_proactive_contacts<R, A>(
        &self,
        call: &Call,
        items: Vec<Result<Told<ProactiveContact>, Error>>,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(Results) -> R,
    {
        self.record_all(call, items, respond).await
    }

    /// Keeps what an imported history tells, without an event of its own. Whom it is about must be there, and `keyring` have their keys.
    pub(super) async fn keep<T: Record>(
        &self,
        tx: &Tx,
        tenant: &str,
        keyring: &Keyring,
        told: Vec<(Uuid, T)>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if told.is_empty() {
            return Ok(());
        }
        let mut ids: Vec<Uuid> = told.iter().map(|(customer, _)| *customer).collect();
        ids.sort_unstable();
        ids.dedup();
        let given: Vec<&T> = told.iter().map(|(_, what)| what).collect();
        let mut known = T::stored(tx, &self.personal, tenant, &ids, &given).await?;
        let mut changed = HashMap::new();
        for (customer, what) in told {
            let key = (customer, what.key());
            if let (_, Some(kept)) = T::told(known.get(&key).map(|(_, stored)| stored), what) {
                let id = known.get(&key).map_or_else(|| self.ids.next(now), |(id, _)| *id);
                changed.insert(key.clone(), (id, customer, kept.clone()));
                known.insert(key, (id, kept));
            }
        }
        T::write(tx, keyring, tenant, changed.into_values().collect()).await
    }

    async fn record_all<T: Record, R, A>(
        &self,
        call: &Call,
        items: Vec<Result<Told<T>, Error>>,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(Results) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = &call.tenant;
        row::lock_tenant(&tx, tenant).await?;
        let now = self.clock.now();
        let people = self
            .people(&tx, tenant, items.iter().flatten().map(|told| &told.whose))
            .await?;
        let given: Vec<&T> = items.iter().flatten().map(|told| &told.what).collect();
        let there = people.values().filter_map(|person| match person {
            Person::There(id) => Some(*id),
            Person::Erased => None,
        });
        let mut ids: Vec<Uuid> = there.collect();
        ids.sort_unstable();
        ids.dedup();
        let mut known = T::stored(&tx, &self.personal, tenant, &ids, &given).await?;
        let mut changed: HashMap<(Uuid, T::Key), (Uuid, T)> = HashMap::new();
        let mut events: Vec<Event> = Vec::new();
        let mut results: Results = Vec::with_capacity(items.len());
        for item in items {
            let told = match item {
                Ok(told) => told,
                Err(error) => {
                    results.push(Err(error));
                    continue;
                }
            };
            let customer = match people.get(&told.whose) {
                Some(Person::There(customer)) => *customer,
                Some(Person::Erased) => {
                    results.push(Err(personal::erased()));
                    continue;
                }
                None => {
                    results.push(Err(nobody(&told.whose)));
                    continue;
                }
            };
            let key = (customer, told.what.key());
            let (outcome, kept) = T::told(known.get(&key).map(|(_, stored)| stored), told.what);
            if let Some(kept) = kept {
                let id = known.get(&key).map_or_else(|| self.ids.next(now), |(id, _)| *id);
                if outcome != Outcome::Unchanged {
                    events.push(self.event(call, kept.clone().fact(customer), now));
                }
                changed.insert(key.clone(), (id, kept.clone()));
                known.insert(key, (id, kept));
            }
            results.push(Ok(Recording { customer, outcome }));
        }
        let answer = respond(results);
        let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;
        let rows = changed
            .into_iter()
            .map(|((customer, _), (id, what))| (id, customer, what));
        T::write(&tx, &keyring, tenant, rows.collect()).await?;
        // The answer has names of resources only, of many customers: it outlives each of them.
        let keyring = keyring.about_nobody();
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Whom these stand for; those that are not there are not in it.
    async fn people<'a>(
        &self,
        tx: &Tx,
        tenant: &str,
        all: impl Iterator<Item = &'a Whose>,
    ) -> Result<HashMap<Whose, Person>, Error> {
        let all: HashSet<&Whose> = all.collect();
        let keys = all.iter().filter_map(|whose| match whose {
            Whose::Identity(key) => Some(key.clone()),
            Whose::Customer(_) => None,
        });
        let owners = row::owners(tx.conn(), &self.personal, tenant, &keys.collect::<Vec<_>>()).await?;
        let named = |whose: &Whose| match whose {
            Whose::Customer(id) => Some(*id),
            Whose::Identity(key) => owners.get(key).copied(),
        };
        let ids: HashSet<Uuid> = all.iter().filter_map(|whose| named(whose)).collect();
        let there = there(tx, tenant, ids).await?;
        Ok(all
            .into_iter()
            .filter_map(|whose| Some((whose.clone(), *there.get(&named(whose)?)?)))
            .collect())
    }

    /// Checks that it is there; a tombstone is.
    pub(super) async fn check_customer(&self, tenant: &str, id: Uuid) -> Result<(), Error> {
        customer::Entity::find_by_id((tenant.to_owned(), id))
            .select_only()
            .column(customer::Column::Id)
            .into_tuple::<Uuid>()
            .one(self.db.reader())
            .await
            .map_err(error)?
            .map(|_| ())
            .ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(id)))
    }
}

/// The error for whom nobody is.
fn nobody(whose: &Whose) -> Error {
    match whose {
        Whose::Customer(id) => Error::not_found(names::CUSTOMER, names::customer(*id)),
        Whose::Identity(_) => no_such_identity(),
    }
}

/// Whom a name or an identity stands for.
#[derive(Debug, Clone, Copy)]
enum Person {
    /// This customer: the one that was named, or the one it was merged into.
    There(Uuid),
    /// Somebody who was erased.
    Erased,
}

/// Which customers of the tenant these stand for.
async fn there(tx: &Tx, tenant: &str, ids: HashSet<Uuid>) -> Result<HashMap<Uuid, Person>, Error> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut found = HashMap::new();
    for ids in ids.chunks(row::IN_MAX) {
        let rows: Vec<(Uuid, Option<Uuid>, Option<i64>)> = customer::Entity::find()
            .select_only()
            .column(customer::Column::Id)
            .column(customer::Column::MergedInto)
            .column(customer::Column::ErasedAt)
            .filter(customer::Column::Tenant.eq(tenant))
            .filter(customer::Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(tx.conn())
            .await
            .map_err(error)?;
        found.extend(rows.into_iter().map(|(id, merged, erased)| match erased {
            Some(_) => (id, Person::Erased),
            None => (id, Person::There(merged.unwrap_or(id))),
        }));
    }
    Ok(found)
}

/// Seals the personal part of a row.
fn seal(keyring: &Keyring, customer: Uuid, place: Place<'_>, note: String) -> Result<Option<Vec<u8>>, Error> {
    sealed::seal(keyring, customer, place, &RecordTexts { note })
}
