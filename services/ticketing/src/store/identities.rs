//! Single identities: verified, or given to another customer.

use chrono::{DateTime, Utc};
use prost::Message;
use uuid::Uuid;
use vorrang_error::Error;

use super::{Begun, Call, Store, row, write};
use crate::customer::{Customer, IdentityKey};

impl Store {
    /// Says whether an identity is known to be this customer's.
    ///
    /// # Errors
    /// NotFound, also of the identity; Precondition `ERASED`, `CUSTOMER_MERGED`; Conflict `ETAG_MISMATCH`.
    pub async fn verify_identity<R, A>(
        &self,
        call: &Call,
        id: Uuid,
        etag: &str,
        identity: (&IdentityKey, bool),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Customer, DateTime<Utc>) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut customer = self.own_customer(&tx, &call.tenant, id).await?;
        vorrang_service::check_etag(etag, customer.revision)?;
        let (key, verified) = identity;
        let mut changed = Vec::new();
        if customer.set_verified(key, verified, now)? {
            self.join_organization(&tx, &call.tenant, &mut customer).await?;
            changed.push(customer.clone());
        }
        let answer = respond(&customer, now);
        self.finish_customers(tx, call, id, changed, &answer, now).await?;
        Ok(answer)
    }

    /// Gives an identity of `source` to `target`.
    ///
    /// # Errors
    /// NotFound, also of the identity; Precondition `ERASED`, `CUSTOMER_MERGED`, `TOO_MANY_IDENTITIES`; Conflict
    /// `ETAG_MISMATCH`.
    pub async fn move_identity<R, A>(
        &self,
        call: &Call,
        source: (Uuid, &str),
        target: (Uuid, &str),
        key: &IdentityKey,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Customer, &Customer, DateTime<Utc>) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let now = self.clock.now();
        let mut from = self.own_customer(&tx, &call.tenant, source.0).await?;
        let mut to = self.own_customer(&tx, &call.tenant, target.0).await?;
        vorrang_service::check_etag(source.1, from.revision)?;
        vorrang_service::check_etag(target.1, to.revision)?;
        from.give(key, &mut to, now)?;
        self.join_organization(&tx, &call.tenant, &mut to).await?;
        write::clear_identities(&tx, &call.tenant, from.id).await?;
        let answer = respond(&from, &to, now);
        // The one that gives is written first, so that what it gave is free.
        self.finish_customers(tx, call, target.0, vec![from, to], &answer, now)
            .await?;
        Ok(answer)
    }
}
