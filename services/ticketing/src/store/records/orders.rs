//! Orders: stored, listed, added up.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::{Record, RecordPosition, seal};
use crate::event::Fact;
use crate::record::{Order, Outcome};
use crate::store::entity::customer_order;
use crate::store::personal::{Keyring, Personal, Place};
use crate::store::sealed::{self, RecordTexts};
use crate::store::{Store, row, write};
use crate::words::OrderStatus;

/// What a customer's orders in one currency are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    /// ISO 4217.
    pub currency: String,
    /// In its smallest unit.
    pub amount: i64,
    /// How many orders count.
    pub orders: i64,
    /// The first of them.
    pub first_ordered_at: DateTime<Utc>,
    /// The last of them.
    pub last_ordered_at: DateTime<Utc>,
}

impl Store {
    /// Orders of a customer before `after`, the latest first, with where each stands.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer.
    pub async fn orders(
        &self,
        tenant: &str,
        customer: Uuid,
        after: Option<RecordPosition>,
        limit: u64,
    ) -> Result<Vec<(RecordPosition, Order)>, Error> {
        self.check_customer(tenant, customer).await?;
        let before = |RecordPosition(at, id)| {
            let same = Condition::all()
                .add(customer_order::Column::OrderedAt.eq(at))
                .add(customer_order::Column::Id.lt(id));
            Condition::any().add(customer_order::Column::OrderedAt.lt(at)).add(same)
        };
        let condition = Condition::all()
            .add(customer_order::Column::Tenant.eq(tenant))
            .add(customer_order::Column::CustomerId.eq(customer))
            .add_option(after.map(before));
        let rows = customer_order::Entity::find()
            .filter(condition)
            .order_by_desc(customer_order::Column::OrderedAt)
            .order_by_desc(customer_order::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let orders = read_orders(self.db.reader(), &self.personal, tenant, rows).await?;
        Ok(orders
            .into_iter()
            .map(|(id, _, order)| (RecordPosition(micros(order.ordered_at), id), order))
            .collect())
    }

    /// What a customer's orders are worth, by currency.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer.
    pub async fn lifetime_values(&self, tenant: &str, customer: Uuid) -> Result<Vec<Lifetime>, Error> {
        self.check_customer(tenant, customer).await?;
        let counting = [OrderStatus::Placed, OrderStatus::Completed].map(OrderStatus::as_str);
        // In two parts, so that no number of orders makes the sum overflow.
        let sum = |part: &str| Expr::cust(format!("CAST(COALESCE(SUM({part}), 0) AS BIGINT)"));
        let rows: Vec<(String, i64, i64, i64, i64, i64)> = customer_order::Entity::find()
            .select_only()
            .column(customer_order::Column::Currency)
            .column_as(Expr::cust("COUNT(*)"), "orders")
            .column_as(sum("amount / 1000000"), "millions")
            .column_as(sum("amount % 1000000"), "rest")
            .column_as(Expr::cust("MIN(ordered_at)"), "first_at")
            .column_as(Expr::cust("MAX(ordered_at)"), "last_at")
            .filter(customer_order::Column::Tenant.eq(tenant))
            .filter(customer_order::Column::CustomerId.eq(customer))
            .filter(customer_order::Column::Status.is_in(counting))
            .group_by(customer_order::Column::Currency)
            .order_by_asc(customer_order::Column::Currency)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        Ok(rows
            .into_iter()
            .map(|(currency, orders, millions, rest, first, last)| Lifetime {
                currency,
                amount: i64::try_from(i128::from(millions) * 1_000_000 + i128::from(rest)).unwrap_or(i64::MAX),
                orders,
                first_ordered_at: from_micros(first),
                last_ordered_at: from_micros(last),
            })
            .collect())
    }
}

impl Record for Order {
    type Key = String;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn told(stored: Option<&Self>, given: Self) -> (Outcome, Option<Self>) {
        Self::told(stored, given)
    }

    fn fact(self, customer: Uuid) -> Fact {
        Fact::OrderRecorded(customer, self)
    }

    async fn stored(
        tx: &Tx,
        personal: &Personal,
        tenant: &str,
        customers: &[Uuid],
        given: &[&Self],
    ) -> Result<HashMap<(Uuid, String), (Uuid, Self)>, Error> {
        // A call has few enough of both for one statement.
        let rows = customer_order::Entity::find()
            .filter(customer_order::Column::Tenant.eq(tenant))
            .filter(customer_order::Column::CustomerId.is_in(customers.iter().copied()))
            .filter(customer_order::Column::OrderId.is_in(given.iter().map(|order| order.id.as_str())))
            .all(tx.conn())
            .await
            .map_err(error)?;
        let orders = read_orders(tx.conn(), personal, tenant, rows).await?;
        Ok(orders
            .into_iter()
            .map(|(id, customer, order)| ((customer, order.id.clone()), (id, order)))
            .collect())
    }

    async fn write(tx: &Tx, keyring: &Keyring, tenant: &str, rows: Vec<(Uuid, Uuid, Self)>) -> Result<(), Error> {
        let rows = rows
            .into_iter()
            .map(|(id, customer, order)| {
                Ok(customer_order::Model {
                    tenant: tenant.to_owned(),
                    id,
                    customer_id: customer,
                    amount: order.amount,
                    currency: order.currency,
                    status: order.status.as_str().to_owned(),
                    ordered_at: micros(order.ordered_at),
                    changed_at: order.changed_at.map(micros),
                    source: order.source,
                    created_at: micros(order.created_at),
                    updated_at: micros(order.updated_at),
                    sealed: seal(keyring, customer, Place("customer_orders", id.as_bytes()), order.note)?,
                    order_id: order.id,
                })
            })
            .collect::<Result<_, Error>>()?;
        let conflict = OnConflict::columns([customer_order::Column::Tenant, customer_order::Column::Id])
            .update_columns([
                customer_order::Column::Amount,
                customer_order::Column::Currency,
                customer_order::Column::Status,
                customer_order::Column::OrderedAt,
                customer_order::Column::ChangedAt,
                customer_order::Column::Source,
                customer_order::Column::UpdatedAt,
                customer_order::Column::Sealed,
            ])
            .to_owned();
        write::insert::<customer_order::Entity>(tx, rows, Some(conflict)).await
    }
}

/// Rows as orders, with their ids and customers; keeps the order.
async fn read_orders<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<customer_order::Model>,
) -> Result<Vec<(Uuid, Uuid, Order)>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter()
        .map(|row| {
            let place = Place("customer_orders", row.id.as_bytes());
            let (texts, _) = sealed::open::<RecordTexts>(&keyring, place, row.sealed.as_deref())?;
            let order = Order {
                id: row.order_id,
                amount: row.amount,
                currency: row.currency,
                status: row.status.parse()?,
                ordered_at: from_micros(row.ordered_at),
                changed_at: row::time(row.changed_at),
                note: texts.note,
                source: row.source,
                created_at: from_micros(row.created_at),
                updated_at: from_micros(row.updated_at),
            };
            Ok((row.id, row.customer_id, order))
        })
        .collect()
}
