//! Forgetting customers whom ticketing has erased: their sessions stay, as those of somebody unknown, and what they searched for
//! is gone from the log.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use uuid::Uuid;
use vorrang_database::{Tx, erased, error as database_error, event_log};
use vorrang_error::Error;
use vorrang_feed::Erasures;

use super::Store;
use super::entity::session::{Column, Entity};
use crate::convert;
use crate::session::name;

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Forgotten {
    /// Sessions that are nobody's now.
    pub sessions: usize,
    /// Events of them.
    pub events: usize,
}

impl Store {
    /// Forgets these customers, with the cursor of the feed that says so. Gives what there was of them.
    pub(crate) async fn erase(&self, erasures: &Erasures, now: DateTime<Utc>) -> Result<Forgotten, Error> {
        let tx = self.database.begin().await?;
        let tenant = erasures.tenant.as_str();
        let mut all = Forgotten::default();
        for customer in &erasures.customers {
            erased::mark(&tx, tenant, customer, now).await?;
            let forgotten = forget(&tx, tenant, customer).await?;
            all.sessions += forgotten.sessions;
            all.events += forgotten.events;
        }
        erased::put_cursor(&tx, tenant, &erasures.cursor).await?;
        tx.commit().await?;
        Ok(all)
    }
}

/// `customer`, unless it is erased: then nobody.
pub(super) async fn known(tx: &Tx, tenant: &str, customer: &str) -> Result<String, Error> {
    if customer.is_empty() {
        return Ok(String::new());
    }
    let erased = erased::hold(tx, tenant, &BTreeSet::from([customer])).await?;
    Ok(if erased.is_empty() {
        customer.to_owned()
    } else {
        String::new()
    })
}

async fn forget(tx: &Tx, tenant: &str, customer: &str) -> Result<Forgotten, Error> {
    let mut forgotten = Forgotten::default();
    // Locked: what a change that runs now appends to the log is there, and the next one reads nobody's session.
    let sessions: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Customer.eq(customer))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(database_error)?;
    Entity::update_many()
        .col_expr(Column::Customer, Expr::value(""))
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::Customer.eq(customer))
        .exec(tx.conn())
        .await
        .map_err(database_error)?;
    for id in sessions {
        let session = name(id);
        for event in event_log::about(tx, tenant, &session).await? {
            if let Some(payload) = convert::of_nobody(&event.payload)? {
                event_log::rewrite(tx, tenant, event.seq, payload).await?;
                forgotten.events += 1;
            }
        }
        let actor = Statement::from_sql_and_values(
            tx.conn().get_database_backend(),
            "UPDATE events SET actor_id = '' WHERE tenant = $1 AND subject = $2 AND actor_id = $3",
            [tenant.into(), session.into(), customer.into()],
        );
        tx.conn().execute_raw(actor).await.map_err(database_error)?;
        forgotten.sessions += 1;
    }
    Ok(forgotten)
}
