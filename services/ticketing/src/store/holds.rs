//! Legal holds.

use prost::Message;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;

use super::entity::legal_hold;
use super::personal::Keyring;
use super::{Begun, Call, Store, row, write};
use crate::names;
use crate::privacy::LegalHold;

impl Store {
    /// Puts a customer under a hold; one that stands keeps its time and gets the new reference.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer, Precondition `ERASED` when there is nothing left to hold.
    pub async fn set_hold<R, A>(&self, call: &Call, customer: Uuid, reference: String, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&LegalHold) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // Erasure takes the same lock: it comes before, or finds the hold.
        row::lock_tenant(&tx, &call.tenant).await?;
        row::customers(tx.conn(), &self.personal, &call.tenant, &[customer])
            .await?
            .remove(&customer)
            .ok_or_else(|| Error::not_found(names::CUSTOMER, names::customer(customer)))?
            .check_not_erased()?;
        let now = self.clock.now();
        let standing = of(tx.conn(), &call.tenant, customer).await?;
        let hold = LegalHold {
            customer,
            reference,
            created_at: standing.map_or(now, |hold| hold.created_at),
        };
        let model = legal_hold::Model {
            tenant: call.tenant.clone(),
            customer_id: customer,
            reference: hold.reference.clone(),
            created_at: micros(hold.created_at),
        };
        let conflict = OnConflict::columns([legal_hold::Column::Tenant, legal_hold::Column::CustomerId])
            .update_column(legal_hold::Column::Reference)
            .to_owned();
        write::insert::<legal_hold::Entity>(&tx, vec![model], Some(conflict)).await?;
        let answer = respond(&hold);
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, Vec::new(), now)
            .await?;
        Ok(answer)
    }

    /// Ends a hold; gives it as it was.
    ///
    /// # Errors
    /// NotFound when none stands.
    pub async fn clear_hold<R, A>(&self, call: &Call, customer: Uuid, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&LegalHold) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        row::lock_tenant(&tx, &call.tenant).await?;
        let hold = of(tx.conn(), &call.tenant, customer)
            .await?
            .ok_or_else(|| Error::not_found(names::LEGAL_HOLD, names::legal_hold(customer)))?;
        legal_hold::Entity::delete_by_id((call.tenant.clone(), customer))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        let answer = respond(&hold);
        let now = self.clock.now();
        self.commit(tx, call, &Keyring::nobody(&call.tenant), &answer, Vec::new(), now)
            .await?;
        Ok(answer)
    }

    /// Holds of customers after `after`, by customer.
    pub async fn holds(&self, tenant: &str, after: Option<Uuid>, limit: u64) -> Result<Vec<LegalHold>, Error> {
        let mut query = legal_hold::Entity::find().filter(legal_hold::Column::Tenant.eq(tenant));
        if let Some(id) = after {
            query = query.filter(legal_hold::Column::CustomerId.gt(id));
        }
        let rows = query
            .order_by_asc(legal_hold::Column::CustomerId)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        Ok(rows.into_iter().map(read).collect())
    }
}

/// The hold on a customer, if one stands.
pub async fn of<C: ConnectionTrait>(conn: &C, tenant: &str, customer: Uuid) -> Result<Option<LegalHold>, Error> {
    let row = legal_hold::Entity::find_by_id((tenant.to_owned(), customer))
        .one(conn)
        .await
        .map_err(error)?;
    Ok(row.map(read))
}

fn read(row: legal_hold::Model) -> LegalHold {
    LegalHold {
        customer: row.customer_id,
        reference: row.reference,
        created_at: from_micros(row.created_at),
    }
}
