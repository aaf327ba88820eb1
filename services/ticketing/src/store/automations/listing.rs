//! What automations did, newest first.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, from_micros};
use vorrang_error::Error;
use vorrang_service::Page;

use super::runs;
use crate::automation::Run;
use crate::names::{self, TicketRef};
use crate::store::entity::automation_run::{Column, Entity};
use crate::store::{Store, row};

/// Whose runs.
#[derive(Debug, Clone, Copy)]
pub enum RunFilter {
    /// On this ticket.
    Ticket(TicketRef),
    /// Of this automation.
    Automation(Uuid),
}

/// A run with what it was done to.
#[derive(Debug, Clone)]
pub struct StoredRun {
    /// What was done.
    pub run: Run,
    /// To which ticket.
    pub ticket: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

impl Store {
    /// A page of runs.
    ///
    /// # Errors
    /// NotFound of the ticket or the automation.
    pub async fn automation_runs(
        &self,
        tenant: &str,
        filter: RunFilter,
        page: &Page<Uuid>,
    ) -> Result<Vec<StoredRun>, Error> {
        let mut query = Entity::find().filter(Column::Tenant.eq(tenant));
        query = match filter {
            RunFilter::Ticket(which) => {
                let row = row::find(tenant, which)
                    .one(self.db.reader())
                    .await
                    .map_err(error)?
                    .ok_or_else(|| Error::not_found(names::TICKET, which.name()))?;
                query.filter(Column::TicketId.eq(row.id))
            }
            RunFilter::Automation(id) => {
                self.automation(tenant, id, None).await?;
                query.filter(Column::AutomationId.eq(id))
            }
        };
        if let Some(after) = page.after {
            query = query.filter(Column::Id.lt(after));
        }
        let rows = query
            .order_by_desc(Column::Id)
            .limit(page.limit())
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let stored = |row| {
            Ok(StoredRun {
                run: runs::read(&row)?,
                ticket: row.ticket_id,
                at: from_micros(row.at),
            })
        };
        rows.into_iter().map(stored).collect()
    }
}
