//! The dry run: what an automation would do, asked of the same function as the real run, and nothing written.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use vorrang_database::{error, micros};
use vorrang_error::Error;

use super::{due, moments};
use crate::action::Needs;
use crate::automation::{Anchor, Automation, Cause, Decided, Ready, SetOff, Setting, Trigger, decide, untouched};
use crate::filter;
use crate::names::{self, TicketRef};
use crate::store::entity::ticket::{Column, Entity};
use crate::store::{Store, row};
use crate::ticket::Ticket;

/// On which tickets.
#[derive(Debug, Clone, Copy)]
pub enum Candidates {
    /// On this one.
    One(TicketRef),
    /// On the newest, at most so many, opened between these.
    Newest(u64, Option<DateTime<Utc>>, Option<DateTime<Utc>>),
}

/// What would be.
#[derive(Debug)]
pub enum Verdict {
    /// It is decided: set off now, it would do this.
    Decided(Decided),
    /// There is nothing that its time counts from, or no schedule to count by.
    NothingToWaitFor,
}

/// What would be done to one ticket.
#[derive(Debug)]
pub struct Tested {
    /// The ticket as it is.
    pub ticket: Ticket,
    /// What would be.
    pub verdict: Verdict,
    /// Of a time trigger: since when, and when it is due.
    pub anchor: Option<Anchor>,
}

impl Store {
    /// Says of each ticket what the automation would do if it was set off now.
    ///
    /// # Errors
    /// NotFound of the one ticket.
    pub async fn test_automation(
        &self,
        tenant: &str,
        automation: Automation,
        candidates: Candidates,
    ) -> Result<Vec<Tested>, Error> {
        let definitions = self.ticket_fields(tenant).await?;
        let ready = Ready::new(automation, &filter::schema(&definitions));
        let conn = self.db.reader();
        let rows = match candidates {
            Candidates::One(which) => {
                let found = row::find(tenant, which).one(conn).await.map_err(error)?;
                vec![found.ok_or_else(|| Error::not_found(names::TICKET, which.name()))?]
            }
            Candidates::Newest(most, from, to) => {
                let mut query = Entity::find().filter(Column::Tenant.eq(tenant));
                if let Some(from) = from {
                    query = query.filter(Column::OpenedAt.gte(micros(from)));
                }
                if let Some(to) = to {
                    query = query.filter(Column::OpenedAt.lt(micros(to)));
                }
                let newest = query.order_by_desc(Column::OpenedAt).order_by_desc(Column::Number);
                newest.limit(most).all(conn).await.map_err(error)?
            }
        };
        let mut tested = Vec::new();
        for ticket in row::tickets(conn, &self.personal, tenant, rows).await? {
            tested.push(self.test_on(tenant, &ready, ticket).await?);
        }
        Ok(tested)
    }

    async fn test_on(&self, tenant: &str, ready: &Ready, ticket: Ticket) -> Result<Tested, Error> {
        let conn = self.db.reader();
        let now = self.clock.now();
        let known = moments::moments(conn, tenant, &ticket).await?;
        let (trigger, anchor) = match &ready.automation.profile.trigger {
            Trigger::Events(kinds) => (kinds.first().map_or("", |kind| kind.as_str()), None),
            Trigger::Time(_) => {
                let anchor = self.anchor_of(conn, tenant, ready, &ticket, &known).await?;
                if anchor.is_none() && untouched(&ticket).is_none() {
                    return Ok(Tested {
                        ticket,
                        verdict: Verdict::NothingToWaitFor,
                        anchor,
                    });
                }
                (due::word(ready), anchor)
            }
        };
        let (guard, _) = moments::guard(conn, tenant, &ticket, &known, now).await?;
        let around = self
            .surroundings(conn, tenant, &ticket, &Needs::of(&ready.automation.profile.actions))
            .await?;
        let setting = Setting {
            around: &around,
            ids: &self.ids,
            now,
        };
        let set_off = SetOff {
            ready,
            trigger,
            cause: Cause::default(),
            event: None,
        };
        let decided = decide(&set_off, &ticket, &guard, &setting);
        Ok(Tested {
            ticket,
            verdict: Verdict::Decided(decided),
            anchor,
        })
    }
}
