//! Customers: made, changed, found.

use chrono::{DateTime, Utc};
use prost::Message;
use uuid::Uuid;
use vorrang_database::Tx;
use vorrang_error::Error;

use super::personal::Owner;
use super::{Begun, Call, Store, organizations, row, write};
use crate::customer::{Customer, Field, IdentityKey, Profile, identity_taken, no_such_identity};
use crate::event::{Event, Fact};
use crate::names;

impl Store {
    /// Makes a customer known.
    ///
    /// # Errors
    /// AlreadyExists `IDENTITY_TAKEN` when somebody else has one of the identities; NotFound when there is no such
    /// organisation; Invalid when dates do not fit together.
    pub async fn create_customer<R, A>(&self, call: &Call, mut profile: Profile, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Customer, DateTime<Utc>) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // Whoever makes customers holds this lock, so that two cannot take the same identity at once.
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        organizations::look_up(&tx, &call.tenant, &mut profile).await?;
        let mut customer = Customer::new(self.ids.next(now), profile, now)?;
        self.join_organization(&tx, &call.tenant, &mut customer).await?;
        self.check_owners(&tx, &call.tenant, &customer).await?;
        let owner = Owner {
            id: customer.id,
            customer: customer.id,
        };
        self.personal.create(&tx, &call.tenant, [owner], now).await?;
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[customer.id]).await?;
        write::customers(&tx, &self.personal, &keyring, &call.tenant, [&customer]).await?;
        let answer = respond(&customer, now);
        let events = vec![self.event(call, Fact::CustomerCreated(customer), now)];
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Changes the named fields of a customer; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound, also of the organisation; Precondition `ERASED`, `CUSTOMER_MERGED`; Conflict `ETAG_MISMATCH`;
    /// AlreadyExists `IDENTITY_TAKEN`; Invalid when what results does not fit together.
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
        A: FnOnce(&Customer, DateTime<Utc>) -> R,
    {
        let (mut profile, fields) = change;
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut customer = self.own_customer(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, customer.revision)?;
        if fields.contains(&Field::Organization) {
            organizations::look_up(&tx, &call.tenant, &mut profile).await?;
        }
        let changed = customer.update(&profile, fields, now)?;
        if changed {
            self.join_organization(&tx, &call.tenant, &mut customer).await?;
            self.check_owners(&tx, &call.tenant, &customer).await?;
            if fields.contains(&Field::Identities) {
                write::clear_identities(&tx, &call.tenant, id).await?;
            }
        }
        let customers = if changed { vec![customer.clone()] } else { Vec::new() };
        let answer = respond(&customer, now);
        self.finish_customers(tx, call, id, customers, &answer, now).await?;
        Ok(answer)
    }

    /// A customer that can be changed. The caller holds the tenant's lock.
    pub(super) async fn own_customer(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Customer, Error> {
        let customer = self.locked_customer(tx, tenant, id).await?;
        customer.check_own()?;
        customer.check_not_erased()?;
        Ok(customer)
    }

    /// The customer that this name stands for: itself, or the one it was merged into. The caller holds the tenant's lock.
    pub(super) async fn present_customer(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Customer, Error> {
        let customer = self.locked_customer(tx, tenant, id).await?;
        match customer.merged_into {
            None => Ok(customer),
            Some(target) => self.locked_customer(tx, tenant, target).await,
        }
    }

    /// A customer as it is until the commit, since the caller holds the tenant's lock.
    pub(super) async fn locked_customer(&self, tx: &Tx, tenant: &str, id: Uuid) -> Result<Customer, Error> {
        row::customers(tx.conn(), &self.personal, tenant, &[id])
            .await?
            .remove(&id)
            .ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(id)))
    }

    /// Lets it join the organisation of its mail domain. No revision of its own: it is part of what made it known.
    pub(super) async fn join_organization(&self, tx: &Tx, tenant: &str, customer: &mut Customer) -> Result<(), Error> {
        let domains = organizations::joined_domains(tx, tenant, customer.joining_domains()).await?;
        customer.join(&domains);
        Ok(())
    }

    /// The end of a call that changed `customers` and is about `id`: rows, an event for each, the answer.
    pub(super) async fn finish_customers<R: Message>(
        &self,
        tx: Tx,
        call: &Call,
        id: Uuid,
        customers: Vec<Customer>,
        answer: &R,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let others = customers
            .iter()
            .map(|customer| customer.id)
            .filter(|other| *other != id);
        let ids: Vec<Uuid> = std::iter::once(id).chain(others).collect();
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &ids).await?;
        write::customers(&tx, &self.personal, &keyring, &call.tenant, &customers).await?;
        let events: Vec<Event> = customers
            .into_iter()
            .map(|customer| self.event(call, Fact::CustomerUpdated(customer), now))
            .collect();
        self.commit(tx, call, &keyring, answer, events, now).await
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
            None => Err(no_such_identity()),
        }
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
