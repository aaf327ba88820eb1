//! Milestones: stored, listed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::{Record, RecordPosition, seal};
use crate::event::Fact;
use crate::record::{Milestone, Outcome};
use crate::store::entity::customer_milestone;
use crate::store::personal::{Keyring, Personal, Place};
use crate::store::sealed::{self, RecordTexts};
use crate::store::{Store, write};

impl Store {
    /// Milestones of a customer before `after`, the latest first, with where each stands.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer.
    pub async fn milestones(
        &self,
        tenant: &str,
        customer: Uuid,
        after: Option<RecordPosition>,
        limit: u64,
    ) -> Result<Vec<(RecordPosition, Milestone)>, Error> {
        self.check_customer(tenant, customer).await?;
        let before = |RecordPosition(at, id)| {
            let same = Condition::all()
                .add(customer_milestone::Column::At.eq(at))
                .add(customer_milestone::Column::Id.lt(id));
            Condition::any().add(customer_milestone::Column::At.lt(at)).add(same)
        };
        let condition = Condition::all()
            .add(customer_milestone::Column::Tenant.eq(tenant))
            .add(customer_milestone::Column::CustomerId.eq(customer))
            .add_option(after.map(before));
        let rows = customer_milestone::Entity::find()
            .filter(condition)
            .order_by_desc(customer_milestone::Column::At)
            .order_by_desc(customer_milestone::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let milestones = read_milestones(self.db.reader(), &self.personal, tenant, rows).await?;
        Ok(milestones
            .into_iter()
            .map(|(id, _, milestone)| (RecordPosition(micros(milestone.at), id), milestone))
            .collect())
    }
}

impl Record for Milestone {
    type Key = (DateTime<Utc>, String);

    fn key(&self) -> Self::Key {
        (self.at, self.name.clone())
    }

    fn told(stored: Option<&Self>, given: Self) -> (Outcome, Option<Self>) {
        Self::told(stored, given)
    }

    fn fact(self, customer: Uuid) -> Fact {
        Fact::MilestoneRecorded(customer, self)
    }

    async fn stored(
        tx: &Tx,
        personal: &Personal,
        tenant: &str,
        customers: &[Uuid],
        given: &[&Self],
    ) -> Result<HashMap<(Uuid, Self::Key), (Uuid, Self)>, Error> {
        let rows = customer_milestone::Entity::find()
            .filter(customer_milestone::Column::Tenant.eq(tenant))
            .filter(customer_milestone::Column::CustomerId.is_in(customers.iter().copied()))
            .filter(customer_milestone::Column::At.is_in(given.iter().map(|milestone| micros(milestone.at))))
            .all(tx.conn())
            .await
            .map_err(error)?;
        let milestones = read_milestones(tx.conn(), personal, tenant, rows).await?;
        Ok(milestones
            .into_iter()
            .map(|(id, customer, milestone)| ((customer, milestone.key()), (id, milestone)))
            .collect())
    }

    async fn write(tx: &Tx, keyring: &Keyring, tenant: &str, rows: Vec<(Uuid, Uuid, Self)>) -> Result<(), Error> {
        let rows = rows
            .into_iter()
            .map(|(id, customer, milestone)| {
                Ok(customer_milestone::Model {
                    tenant: tenant.to_owned(),
                    id,
                    customer_id: customer,
                    name: milestone.name,
                    at: micros(milestone.at),
                    source: milestone.source,
                    created_at: micros(milestone.created_at),
                    sealed: seal(
                        keyring,
                        customer,
                        Place("customer_milestones", id.as_bytes()),
                        milestone.note,
                    )?,
                })
            })
            .collect::<Result<_, Error>>()?;
        let conflict = OnConflict::columns([customer_milestone::Column::Tenant, customer_milestone::Column::Id])
            .update_columns([customer_milestone::Column::Source, customer_milestone::Column::Sealed])
            .to_owned();
        write::insert::<customer_milestone::Entity>(tx, rows, Some(conflict)).await
    }
}

/// Rows as milestones, with their ids and customers; keeps the order.
async fn read_milestones<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<customer_milestone::Model>,
) -> Result<Vec<(Uuid, Uuid, Milestone)>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter()
        .map(|row| {
            let place = Place("customer_milestones", row.id.as_bytes());
            let (texts, _) = sealed::open::<RecordTexts>(&keyring, place, row.sealed.as_deref())?;
            let milestone = Milestone {
                name: row.name,
                at: from_micros(row.at),
                note: texts.note,
                source: row.source,
                created_at: from_micros(row.created_at),
            };
            Ok((row.id, row.customer_id, milestone))
        })
        .collect()
}
