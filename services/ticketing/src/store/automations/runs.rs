//! Writing down what automations did to a ticket: rows, events with what led to them, counts; in one transaction with the cursor.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::{Error, Kind};

use crate::automation::{Cause, Outcome, Run, Step, Taken, actor};
use crate::event::{Event, Fact};
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
        for one in &mut taken {
            let call = Call {
                tenant: tenant.to_owned(),
                request_id: String::new(),
                request_hash: [0; 32],
                actor: actor(one.run.automation),
                trace_parent: String::new(),
                cause: one.run.cause.clone(),
            };
            let asked = self.ask(tx, &call, ticket, &one.changes, now).await?;
            events.extend(self.events(&call, ticket, std::mem::take(&mut one.changes), now));
            events.extend(asked);
            events.extend(self.send_surveys(tx, &call, ticket, &mut one.run, now).await?);
            let told = Change::Automated(Box::new(one.run.clone()));
            events.extend(self.events(&call, ticket, vec![told], now));
        }
        let rows = taken.iter().map(|one| to_row(tenant, ticket, one, now)).collect();
        write::insert::<automation_run::Entity>(tx, rows, None).await?;
        self.count(tx, tenant, &taken, now).await?;
        write::append(tx, &keyring, tenant, events, now).await?;
        Ok(())
    }

    /// Sends the surveys of a run. What something came between for (the rule of a survey that asked first, another automation of the
    /// same turn, a process that asked the customer) is noted as refused.
    async fn send_surveys(
        &self,
        tx: &Tx,
        call: &Call,
        ticket: &Ticket,
        run: &mut Run,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        for (step, survey) in std::mem::take(&mut run.surveys) {
            match self.send_now(tx, call, &survey, To::Solve(ticket, 0), "", now).await {
                Ok(sent) => events.push(self.event(call, Fact::SurveySent(Box::new(sent)), now)),
                Err(refusal)
                    if matches!(
                        refusal.kind(),
                        Kind::Precondition | Kind::AlreadyExists | Kind::NotFound
                    ) =>
                {
                    run.refuse(step, &refusal);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(events)
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
