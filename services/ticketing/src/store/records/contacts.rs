//! Proactive contacts: stored, listed.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::{Record, RecordPosition, seal};
use crate::event::Fact;
use crate::record::{Outcome, ProactiveContact};
use crate::store::entity::proactive_contact;
use crate::store::personal::{Keyring, Personal, Place};
use crate::store::sealed::{self, RecordTexts};
use crate::store::{Store, row, write};

impl Store {
    /// Proactive contacts to a customer, and with `family` to everybody merged into it, before `after`, the latest first, with where each
    /// stands.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer.
    pub async fn proactive_contacts(
        &self,
        tenant: &str,
        customer: Uuid,
        family: bool,
        after: Option<RecordPosition>,
        limit: u64,
    ) -> Result<Vec<(RecordPosition, ProactiveContact)>, Error> {
        self.check_customer(tenant, customer).await?;
        let whose = match family {
            true => row::family(self.db.reader(), tenant, customer).await?,
            false => vec![customer],
        };
        let before = |RecordPosition(at, id)| {
            let same = Condition::all()
                .add(proactive_contact::Column::At.eq(at))
                .add(proactive_contact::Column::Id.lt(id));
            Condition::any().add(proactive_contact::Column::At.lt(at)).add(same)
        };
        let condition = Condition::all()
            .add(proactive_contact::Column::Tenant.eq(tenant))
            .add(proactive_contact::Column::CustomerId.is_in(whose))
            .add_option(after.map(before));
        let rows = proactive_contact::Entity::find()
            .filter(condition)
            .order_by_desc(proactive_contact::Column::At)
            .order_by_desc(proactive_contact::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let contacts = read_contacts(self.db.reader(), &self.personal, tenant, rows).await?;
        Ok(contacts
            .into_iter()
            .map(|(id, _, contact)| (RecordPosition(micros(contact.at), id), contact))
            .collect())
    }
}

impl Record for ProactiveContact {
    type Key = String;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn told(stored: Option<&Self>, given: Self) -> (Outcome, Option<Self>) {
        Self::told(stored, given)
    }

    fn fact(self, customer: Uuid) -> Fact {
        Fact::ContactMade(customer, self)
    }

    async fn stored(
        tx: &Tx,
        personal: &Personal,
        tenant: &str,
        customers: &[Uuid],
        given: &[&Self],
    ) -> Result<HashMap<(Uuid, String), (Uuid, Self)>, Error> {
        let rows = proactive_contact::Entity::find()
            .filter(proactive_contact::Column::Tenant.eq(tenant))
            .filter(proactive_contact::Column::CustomerId.is_in(customers.iter().copied()))
            .filter(proactive_contact::Column::ContactId.is_in(given.iter().map(|contact| contact.id.as_str())))
            .all(tx.conn())
            .await
            .map_err(error)?;
        let contacts = read_contacts(tx.conn(), personal, tenant, rows).await?;
        Ok(contacts
            .into_iter()
            .map(|(id, customer, contact)| ((customer, contact.id.clone()), (id, contact)))
            .collect())
    }

    async fn write(tx: &Tx, keyring: &Keyring, tenant: &str, rows: Vec<(Uuid, Uuid, Self)>) -> Result<(), Error> {
        let rows = rows
            .into_iter()
            .map(|(id, customer, contact)| {
                let place = Place("proactive_contacts", id.as_bytes());
                Ok(proactive_contact::Model {
                    tenant: tenant.to_owned(),
                    id,
                    customer_id: customer,
                    contact_id: contact.id,
                    at: micros(contact.at),
                    ticket_id: contact.ticket,
                    agent: contact.agent,
                    source: contact.source,
                    created_at: micros(contact.created_at),
                    sealed: seal(keyring, customer, place, contact.reason)?,
                })
            })
            .collect::<Result<_, Error>>()?;
        let conflict = OnConflict::columns([proactive_contact::Column::Tenant, proactive_contact::Column::Id])
            .update_columns([
                proactive_contact::Column::Agent,
                proactive_contact::Column::Source,
                proactive_contact::Column::Sealed,
            ])
            .to_owned();
        write::insert::<proactive_contact::Entity>(tx, rows, Some(conflict)).await
    }
}

/// Rows as contacts, with their ids and customers; keeps the order.
async fn read_contacts<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<proactive_contact::Model>,
) -> Result<Vec<(Uuid, Uuid, ProactiveContact)>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter()
        .map(|row| {
            let place = Place("proactive_contacts", row.id.as_bytes());
            let (texts, _) = sealed::open::<RecordTexts>(&keyring, place, row.sealed.as_deref())?;
            let contact = ProactiveContact {
                id: row.contact_id,
                reason: texts.note,
                at: from_micros(row.at),
                ticket: row.ticket_id,
                agent: row.agent,
                source: row.source,
                created_at: from_micros(row.created_at),
            };
            Ok((row.id, row.customer_id, contact))
        })
        .collect()
}
