//! Following the log: what happened sets automations off, and moves the times that others wait for.

use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement};
use vorrang_database::event_log::{self, StoredEvent};
use vorrang_database::{Tx, error};
use vorrang_error::{Error, Kind};

use super::moments;
use crate::action::Needs;
use crate::automation::{Cause, Happening, Outcome, Ready, Run, SetOff, Setting, Taken, take_turn, untouched};
use crate::convert;
use crate::names::TicketRef;
use crate::store::entity::automation_cursor::{Column, Entity};
use crate::store::{Store, row};
use crate::ticket::Ticket;

/// Events of one step, and so of one transaction: keeps it short.
const AT_ONCE: u64 = 100;

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Another process works for the tenant.
    Busy,
    /// There was nothing.
    UpToDate,
    /// Something was passed; there may be more.
    More,
}

/// Of a step that may be repeated as it is: nothing is wrong with what it looked at.
fn passes(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unavailable | Kind::Timeout | Kind::Limited | Kind::Conflict
    )
}

impl Store {
    /// Rings when something was committed in this process.
    pub fn bell(&self) -> tokio::sync::watch::Receiver<u64> {
        self.db.subscribe()
    }

    /// The tenants whose automations are behind their log. Costs a look at each tenant that ever had one.
    pub async fn behind_automations(&self) -> Result<Vec<String>, Error> {
        let statement = Statement::from_string(
            self.db.reader().get_database_backend(),
            "SELECT c.tenant FROM automation_cursors c JOIN event_heads h ON h.tenant = c.tenant WHERE h.seq > c.seq",
        );
        let rows = self.db.reader().query_all_raw(statement).await.map_err(error)?;
        rows.iter().map(|row| row.try_get_by_index(0).map_err(error)).collect()
    }

    /// One step along a tenant's log, at most to the first event that an automation does something about. Everything of it is one
    /// transaction: what was done, its events, the cursor.
    ///
    /// # Errors
    /// When the database fails; then nothing was done, or all of it.
    pub async fn follow_automations(&self, tenant: &str) -> Result<Followed, Error> {
        let Some(cursor) = cursor(self.db.reader(), tenant).await? else {
            return Ok(Followed::UpToDate);
        };
        let mut events = event_log::read(&self.db, tenant, cursor, AT_ONCE).await?;
        if events.is_empty() {
            let (head, floor) = event_log::ends(self.db.reader(), tenant).await?;
            if floor <= cursor {
                return Ok(if head > cursor {
                    Followed::More
                } else {
                    Followed::UpToDate
                });
            }
            tracing::warn!(tenant, cursor, floor, "events were removed before automations saw them");
            return self.pass(tenant, cursor, floor).await;
        }
        // After the events: what was enabled or archived before one of them is known.
        let definitions = self.ticket_fields(tenant).await?;
        let ready = self.ready(self.db.reader(), tenant, &definitions).await?;
        let wanted: Vec<Option<Happening>> = events
            .iter()
            .map(|event| if ready.is_empty() { None } else { happening(event) })
            .collect();
        let first = wanted
            .iter()
            .flatten()
            .find(|happening| !set_off(&ready, happening).is_empty());
        // Whatever sets something off has a step of its own, so that nothing else is in the way of it, nor it of anything.
        if let Some(happening) = first.filter(|happening| happening.seq == cursor + 1) {
            return match self.handle(tenant, cursor, &ready, happening).await {
                Err(failure) if !passes(&failure) => {
                    tracing::error!(tenant, event = %happening.event, error = failure.chain(), "automations failed on an event");
                    self.pass_over(tenant, cursor, &ready, happening, &failure).await
                }
                result => result,
            };
        }
        let end = first.map_or(i64::MAX, |happening| happening.seq);
        events.retain(|event| event.seq < end);
        let Some(last) = events.last().map(|event| event.seq) else {
            return Ok(Followed::More);
        };
        let Some(mut tx) = self.work_for(tenant, cursor).await? else {
            return Ok(Followed::Busy);
        };
        for happening in wanted.iter().flatten().filter(|one| one.seq <= last) {
            self.arm(&mut tx, tenant, &ready, happening).await?;
        }
        move_cursor(&tx, tenant, last).await?;
        tx.commit().await?;
        Ok(Followed::More)
    }

    /// A transaction that works for a tenant whose cursor still stands there. None: somebody else does, or did.
    pub(super) async fn work_for(&self, tenant: &str, expected: i64) -> Result<Option<Tx>, Error> {
        let tx = self.db.begin().await?;
        match hold(&tx, tenant).await? {
            Some(seq) if seq == expected => Ok(Some(tx)),
            _ => {
                tx.rollback().await?;
                Ok(None)
            }
        }
    }

    /// Passes to a place in the log without looking.
    async fn pass(&self, tenant: &str, cursor: i64, seq: i64) -> Result<Followed, Error> {
        let Some(tx) = self.work_for(tenant, cursor).await? else {
            return Ok(Followed::Busy);
        };
        move_cursor(&tx, tenant, seq).await?;
        tx.commit().await?;
        Ok(Followed::More)
    }

    /// Lets everything that an event sets off do what it does.
    async fn handle(
        &self,
        tenant: &str,
        cursor: i64,
        ready: &[Ready],
        happening: &Happening,
    ) -> Result<Followed, Error> {
        let Some(mut tx) = self.work_for(tenant, cursor).await? else {
            return Ok(Followed::Busy);
        };
        let which = TicketRef::Id(happening.ticket);
        if let Some(mut ticket) = row::lock_ticket(&tx, &self.personal, tenant, which).await? {
            let set_off = set_off(ready, happening);
            // When nothing fits the ticket as it is, nothing changes it so that something does.
            if untouched(&ticket).is_none() && set_off.iter().any(|one| may_fit(one, &ticket)) {
                let now = self.clock.now();
                let known = moments::moments(tx.conn(), tenant, &ticket).await?;
                let (guard, told) = moments::guard(tx.conn(), tenant, &ticket, &known, now).await?;
                let actions = set_off.iter().flat_map(|one| &one.ready.automation.profile.actions);
                let around = self
                    .surroundings(tx.conn(), tenant, &ticket, &Needs::of(actions))
                    .await?;
                let setting = Setting {
                    around: &around,
                    ids: &self.ids,
                    now,
                };
                let taken = take_turn(&set_off, &mut ticket, guard, &told, &setting);
                if !taken.is_empty() {
                    self.write_turn(&mut tx, tenant, &mut ticket, taken, now).await?;
                }
            }
            self.arm(&mut tx, tenant, ready, happening).await?;
        }
        move_cursor(&tx, tenant, happening.seq).await?;
        tx.commit().await?;
        Ok(Followed::More)
    }

    /// Passes over an event on which automations failed, and records that they did.
    async fn pass_over(
        &self,
        tenant: &str,
        cursor: i64,
        ready: &[Ready],
        happening: &Happening,
        failure: &Error,
    ) -> Result<Followed, Error> {
        let Some(mut tx) = self.work_for(tenant, cursor).await? else {
            return Ok(Followed::Busy);
        };
        let which = TicketRef::Id(happening.ticket);
        move_cursor(&tx, tenant, happening.seq).await?;
        let recorded = match row::lock_ticket(&tx, &self.personal, tenant, which).await? {
            Some(mut ticket) if untouched(&ticket).is_none() => {
                let now = self.clock.now();
                let known = moments::moments(tx.conn(), tenant, &ticket).await?;
                let (_, told) = moments::guard(tx.conn(), tenant, &ticket, &known, now).await?;
                let failed = set_off(ready, happening)
                    .into_iter()
                    .filter(|one| may_fit(one, &ticket) && !told.contains(&one.ready.automation.id));
                let taken = failed.map(|one| {
                    let run = Run {
                        id: self.ids.next(now),
                        automation: one.ready.automation.id,
                        version: one.ready.automation.revision,
                        cause: one.cause,
                        outcome: Outcome::Failed,
                        reason: failure.reason().to_owned(),
                        steps: Vec::new(),
                        event: one.event,
                        trigger: one.trigger.to_owned(),
                        surveys: Vec::new(),
                        webhooks: Vec::new(),
                    };
                    Taken {
                        changes: Vec::new(),
                        replies: 0,
                        run,
                    }
                });
                let taken: Vec<Taken> = taken.collect();
                let written = match taken.is_empty() {
                    true => Ok(()),
                    false => self.write_turn(&mut tx, tenant, &mut ticket, taken, now).await,
                };
                match written {
                    // The times of others go on.
                    Ok(()) => self.arm(&mut tx, tenant, ready, happening).await,
                    failed => failed,
                }
            }
            _ => Ok(()),
        };
        match recorded {
            Ok(()) => tx.commit().await?,
            Err(error) if passes(&error) => return Err(error),
            Err(error) => {
                drop(tx);
                tracing::error!(tenant, error = error.chain(), "what failed could not be recorded, too");
                return self.pass(tenant, cursor, happening.seq).await;
            }
        }
        Ok(Followed::More)
    }
}

/// Whether the condition holds, or cannot be read, which is then told.
fn may_fit(one: &SetOff<'_>, ticket: &Ticket) -> bool {
    one.ready.filter.as_ref().map_or(true, |filter| filter.matches(ticket))
}

/// Those that an event sets off, in their order.
fn set_off<'a>(ready: &'a [Ready], happening: &Happening) -> Vec<SetOff<'a>> {
    if happening.is_history() {
        return Vec::new();
    }
    ready
        .iter()
        .filter(|one| one.automation.enabled_after < happening.seq)
        .filter_map(|one| {
            let kind = one.automation.profile.trigger.fits(happening)?;
            Some(SetOff {
                ready: one,
                trigger: kind.as_str(),
                cause: happening.cause.clone(),
                event: Some(happening.event),
            })
        })
        .collect()
}

fn happening(event: &StoredEvent) -> Option<Happening> {
    let told = convert::told(&event.payload)?;
    Some(Happening {
        event: event.id,
        seq: event.seq,
        ticket: told.ticket,
        what: told.what,
        moves: told.moves,
        cause: Cause(told.cause),
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
    })
}

/// Where a tenant's cursor stands; none: it never had an automation.
async fn cursor<C: ConnectionTrait>(conn: &C, tenant: &str) -> Result<Option<i64>, Error> {
    let row = Entity::find_by_id(tenant.to_owned()).one(conn).await.map_err(error)?;
    Ok(row.map(|row| row.seq))
}

/// Holds a tenant's cursor until the commit. None: somebody else holds it.
pub(super) async fn hold(tx: &Tx, tenant: &str) -> Result<Option<i64>, Error> {
    let row = Entity::find_by_id(tenant.to_owned())
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx.conn())
        .await
        .map_err(error)?;
    Ok(row.map(|row| row.seq))
}

async fn move_cursor(tx: &Tx, tenant: &str, seq: i64) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Seq, Expr::value(seq))
        .filter(Column::Tenant.eq(tenant))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}
