//! Writing down what automations did to a ticket: rows, events with what led to them, counts; in one transaction with the cursor.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use crate::automation::{Cause, Outcome, Run, Step, Taken, actor};
use crate::event::Fact;
use crate::store::entity::{automation, automation_run};
use crate::store::sendings::To;
use crate::store::{Call, Store, row, write};
use crate::ticket::{Change, Ticket};

/// What of a run is kept as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    pub version: i64,
    pub cause: Cause,
    pub reason: String,
    pub steps: Vec<Step>,
    pub event: Option<Uuid>,
    pub trigger: String,
}

impl Store {
    /// Writes what a turn did to the ticket, which is locked and as it is after it.
    pub(super) async fn write_turn(
        &self,
        tx: &mut Tx,
        tenant: &str,
        ticket: &mut Ticket,
        mut taken: Vec<Taken>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let rows = taken.iter().map(|one| to_row(tenant, ticket, one, now)).collect();
        write::insert::<automation_run::Entity>(tx, rows, None).await?;
        self.count(tx, tenant, &taken, now).await?;
        // Promises follow everything that happened, in its order; what that brings about was brought about by the last.
        let mut changes: Vec<Change> = taken.iter().flat_map(|one| one.changes.iter().cloned()).collect();
        let happened = changes.len();
        self.follow_promises(tx, tenant, ticket, &mut changes, now).await?;
        let keyring = self.personal.keyring(tx.conn(), tenant, &[ticket.id]).await?;
        if taken.iter().any(|one| one.run.outcome == Outcome::Applied) {
            write::tickets(tx, &keyring, tenant, std::slice::from_ref(&*ticket)).await?;
            let lookup = self.personal.lookup(tenant);
            write::parts(tx, &lookup, &keyring, tenant, ticket, &changes, now).await?;
        }
        if let Some(last) = taken.last_mut() {
            last.changes.extend(changes.drain(happened..));
        }
        let mut events = Vec::new();
        for mut one in taken {
            let surveys = std::mem::take(&mut one.run.surveys);
            let call = Call {
                tenant: tenant.to_owned(),
                request_id: String::new(),
                request_hash: [0; 32],
                actor: actor(one.run.automation),
                trace_parent: String::new(),
                cause: one.run.cause,
            };
            for survey in surveys {
                let to = To::Solve(ticket, 0);
                let sent = self.send_now(tx, &call, &survey, to, "", now).await?;
                events.push(self.event(&call, Fact::SurveySent(Box::new(sent)), now));
            }
            events.extend(self.events(&call, ticket, one.changes, now));
        }
        write::append(tx, &keyring, tenant, events, now).await?;
        Ok(())
    }

    async fn count(&self, tx: &Tx, tenant: &str, taken: &[Taken], now: DateTime<Utc>) -> Result<(), Error> {
        let mut applied: BTreeMap<Uuid, i64> = BTreeMap::new();
        for one in taken.iter().filter(|one| one.run.outcome == Outcome::Applied) {
            *applied.entry(one.run.automation).or_default() += 1;
        }
        for (id, times) in applied {
            automation::Entity::update_many()
                .col_expr(
                    automation::Column::AppliedCount,
                    Expr::col(automation::Column::AppliedCount).add(times),
                )
                .col_expr(automation::Column::LastAppliedAt, Expr::value(micros(now)))
                .filter(automation::Column::Tenant.eq(tenant))
                .filter(automation::Column::Id.eq(id))
                .exec(tx.conn())
                .await
                .map_err(error)?;
        }
        Ok(())
    }
}

fn to_row(tenant: &str, ticket: &Ticket, taken: &Taken, now: DateTime<Utc>) -> automation_run::Model {
    let run = &taken.run;
    let body = Body {
        version: run.version,
        cause: run.cause.clone(),
        reason: run.reason.clone(),
        steps: run.steps.clone(),
        event: run.event,
        trigger: run.trigger.clone(),
    };
    automation_run::Model {
        tenant: tenant.to_owned(),
        id: run.id,
        automation_id: run.automation,
        ticket_id: ticket.id,
        customer_id: ticket.customer,
        at: micros(now),
        outcome: run.outcome.as_str().to_owned(),
        replies: i32::try_from(taken.replies).unwrap_or(i32::MAX),
        body: row::json(&body),
    }
}

/// A run as it was recorded.
pub(super) fn read(row: &automation_run::Model) -> Result<Run, Error> {
    let body: Body = row::read_json(&row.body)?;
    Ok(Run {
        id: row.id,
        automation: row.automation_id,
        version: body.version,
        cause: body.cause,
        outcome: row.outcome.parse()?,
        reason: body.reason,
        steps: body.steps,
        event: body.event,
        trigger: body.trigger,
        // They say what is to be done, not what was: that is told by the steps.
        surveys: Vec::new(),
        webhooks: Vec::new(),
    })
}
