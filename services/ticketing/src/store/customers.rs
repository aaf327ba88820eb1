//! Customers: made, changed, found.

use prost::Message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error};
use vorrang_error::Error;

use super::entity::customer;
use super::personal::Owner;
use super::{Begun, Call, Store, row, write};
use crate::customer::{Customer, Field, IdentityKey, Profile, identity_taken};
use crate::event::Fact;
use crate::names;

impl Store {
    /// Makes a customer known.
    ///
    /// # Errors
    /// AlreadyExists `IDENTITY_TAKEN` when somebody else has one of the identities.
    pub async fn create_customer<R, A>(&self, call: &Call, profile: Profile, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Customer) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // Whoever makes customers holds this lock, so that two cannot take the same identity at once.
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let customer = Customer::new(self.ids.next(now), profile, now);
        self.check_owners(&tx, &call.tenant, &customer).await?;
        let owner = Owner {
            id: customer.id,
            customer: customer.id,
        };
        self.personal.create(&tx, &call.tenant, [owner], now).await?;
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[customer.id]).await?;
        write::customers(&tx, &self.personal, &keyring, &call.tenant, [&customer]).await?;
        let answer = respond(&customer);
        let events = vec![self.event(call, Fact::CustomerCreated(customer), now)];
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Changes the named fields of a customer; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Precondition `ERASED`; Conflict `ETAG_MISMATCH`; AlreadyExists `IDENTITY_TAKEN`.
    pub async fn update_customer<R, A>(
        &self,
        call: &Call,
        id: Uuid,
        etag: &str,
        change: (Profile, &[Field]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Customer) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut customer = row::customers(tx.conn(), &self.personal, &call.tenant, &[id])
            .await?
            .remove(&id)
            .ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(id)))?;
        customer.check_not_erased()?;
        vorrang_service::check_etag(etag, customer.revision)?;
        let (profile, fields) = change;
        let changed = customer.update(profile, fields, now);
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[id]).await?;
        let mut events = Vec::new();
        if changed {
            self.check_owners(&tx, &call.tenant, &customer).await?;
            if fields.contains(&Field::Identities) {
                write::clear_identities(&tx, &call.tenant, id).await?;
            }
            write::customers(&tx, &self.personal, &keyring, &call.tenant, [&customer]).await?;
        }
        let answer = respond(&customer);
        if changed {
            events.push(self.event(call, Fact::CustomerUpdated(customer), now));
        }
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// One customer.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer.
    pub async fn customer(&self, tenant: &str, id: Uuid) -> Result<Customer, Error> {
        row::customers(self.db.reader(), &self.personal, tenant, &[id])
            .await?
            .remove(&id)
            .ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(id)))
    }

    /// The customer an identity belongs to.
    ///
    /// # Errors
    /// NotFound when nobody of the tenant has it.
    pub async fn lookup_customer(&self, tenant: &str, key: IdentityKey) -> Result<Customer, Error> {
        let owners = row::owners(self.db.reader(), &self.personal, tenant, std::slice::from_ref(&key)).await?;
        match owners.get(&key) {
            Some(id) => self.customer(tenant, *id).await,
            // The value is somebody's address: it is not repeated.
            None => Err(Error::not_found(names::CUSTOMER, "a customer with this identity")),
        }
    }

    /// Customers with ids below `before`, newest first.
    pub async fn customers(&self, tenant: &str, before: Option<Uuid>, limit: u64) -> Result<Vec<Customer>, Error> {
        let mut query = customer::Entity::find().filter(customer::Column::Tenant.eq(tenant));
        if let Some(id) = before {
            query = query.filter(customer::Column::Id.lt(id));
        }
        let rows = query
            .order_by_desc(customer::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        row::with_identities(self.db.reader(), &self.personal, tenant, rows).await
    }

    async fn check_owners(&self, tx: &Tx, tenant: &str, customer: &Customer) -> Result<(), Error> {
        let keys: Vec<IdentityKey> = customer.identities.iter().map(|identity| identity.key()).collect();
        let owners = row::owners(tx.conn(), &self.personal, tenant, &keys).await?;
        match owners.into_iter().find(|(_, owner)| *owner != customer.id) {
            Some((key, owner)) => Err(identity_taken(&key, owner)),
            None => Ok(()),
        }
    }
}
