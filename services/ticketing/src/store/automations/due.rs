//! Times that automations wait for: noted when what they count from changes, fired when they come.
//!
//! A row for each ticket and time trigger says when it is due and from what that counts (the anchor), so that a look costs what is
//! due, by one index, however many tickets wait. Rows are written while the log is followed. They are only notes: before a trigger
//! fires, its anchor is worked out anew from the ticket, under its lock; when that is another one, the ticket has changed meanwhile and
//! nothing fires. A row remembers that its anchor has fired: each does so once.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::Error;

use super::{follow, moments};
use crate::action::Needs;
use crate::automation::anchor::anchor;
use crate::automation::{Anchor, Cause, Happening, Moments, Ready, SetOff, Setting, take_turn, untouched};
use crate::names::TicketRef;
use crate::state::State;
use crate::store::entity::automation_due::{Column, Entity, Model};
use crate::store::{Store, row, write};
use crate::ticket::Ticket;

/// Tickets of which something is due, of any tenant.
#[derive(Debug, Default)]
pub struct Due {
    /// Tenants with their tickets, those first that have waited longest.
    pub tickets: Vec<(String, Uuid)>,
    /// When there will be something next; among what was not asked for it may be now. None: never.
    pub next: Option<DateTime<Utc>>,
}

impl Store {
    /// What is due at `now`.
    pub async fn due_automations(&self, now: DateTime<Utc>, limit: u64) -> Result<Due, Error> {
        let rows: Vec<(String, Uuid, i64)> = Entity::find()
            .select_only()
            .columns([Column::Tenant, Column::TicketId, Column::DueAt])
            .filter(Column::DueAt.is_not_null())
            .order_by_asc(Column::DueAt)
            .limit(limit + 1)
            .into_tuple()
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut due = Due::default();
        for (place, (tenant, ticket, at)) in rows.into_iter().enumerate() {
            if place == most || at > micros(now) {
                due.next = Some(from_micros(at));
                break;
            }
            if !due.tickets.contains(&(tenant.clone(), ticket)) {
                due.tickets.push((tenant, ticket));
            }
        }
        Ok(due)
    }

    /// Lets the first in order do what it does, of those that are due for a ticket and have something to do; in one transaction. The
    /// others are judged anew after it, since what they waited for may be over by it. Whether any are left.
    pub async fn fire_automations(&self, tenant: &str, ticket: Uuid) -> Result<bool, Error> {
        let definitions = self.ticket_fields(tenant).await?;
        let ready = self.ready(self.db.reader(), tenant, &definitions).await?;
        let mut tx = self.db.begin().await?;
        if follow::hold(&tx, tenant).await?.is_none() {
            // Whoever works for the tenant does this, too.
            tx.rollback().await?;
            return Ok(false);
        }
        let found = row::lock_ticket(&tx, &self.personal, tenant, TicketRef::Id(ticket)).await?;
        let Some(mut ticket) = found else {
            forget(&tx, tenant, ticket).await?;
            tx.commit().await?;
            return Ok(false);
        };
        let mut notes = notes(tx.conn(), tenant, ticket.id).await?;
        // Read under the lock: nothing that was recorded before is overlooked.
        let now = self.clock.now();
        notes.retain(|_, note| note.due_at.is_some_and(|at| at <= micros(now)));
        let known = moments::moments(tx.conn(), tenant, &ticket).await?;
        let anchors = self.anchors(tx.conn(), tenant, &ready, &ticket, &known).await?;
        let (guard, told) = moments::guard(tx.conn(), tenant, &ticket, &known, now).await?;
        let mut changed = Vec::new();
        for one in &ready {
            let Some(mut note) = notes.remove(&one.automation.id) else {
                continue;
            };
            note.due_at = match anchors.get(&one.automation.id) {
                // The same, which is due later.
                Some(anchor) if anchor.key == note.anchor && anchor.due > now => Some(micros(anchor.due)),
                _ => None,
            };
            // It may have been disabled and enabled again since the note was written.
            let holds = anchors
                .get(&one.automation.id)
                .is_some_and(|anchor| anchor.key == note.anchor && began_since(one, anchor));
            note.fired = holds && note.due_at.is_none();
            let set_off = SetOff {
                ready: one,
                trigger: word(one),
                cause: row::read_json(&note.cause)?,
                event: None,
            };
            let fires = note.fired;
            changed.push(note);
            // Of another anchor the log will tell.
            if !fires || untouched(&ticket).is_some() {
                continue;
            }
            let needs = Needs::of(&one.automation.profile.actions);
            let around = self.surroundings(tx.conn(), tenant, &ticket, &needs).await?;
            let setting = Setting {
                around: &around,
                ids: &self.ids,
                now,
            };
            let taken = take_turn(&[set_off], &mut ticket, guard, &told, &setting);
            if !taken.is_empty() {
                note_down(&tx, changed).await?;
                self.write_turn(&mut tx, tenant, &mut ticket, taken, now).await?;
                tx.commit().await?;
                return Ok(!notes.is_empty());
            }
        }
        // Of automations that are not there any more.
        changed.extend(notes.into_values().map(|note| Model { due_at: None, ..note }));
        note_down(&tx, changed).await?;
        tx.commit().await?;
        Ok(false)
    }

    /// Notes when time triggers are due for a ticket, after something happened to it.
    pub(super) async fn arm(
        &self,
        tx: &mut Tx,
        tenant: &str,
        ready: &[Ready],
        happening: &Happening,
    ) -> Result<(), Error> {
        if !happening.moves || !ready.iter().any(|one| one.automation.profile.trigger.time().is_some()) {
            return Ok(());
        }
        let row = row::find(tenant, TicketRef::Id(happening.ticket))
            .one(tx.conn())
            .await
            .map_err(error)?;
        let rows = row.into_iter().collect();
        let Some(ticket) = row::tickets(tx.conn(), &self.personal, tenant, rows).await?.pop() else {
            return Ok(());
        };
        if ticket.state == State::Closed {
            // For good.
            return forget(tx, tenant, ticket.id).await;
        }
        let known = moments::moments(tx.conn(), tenant, &ticket).await?;
        let anchors = self.anchors(tx.conn(), tenant, ready, &ticket, &known).await?;
        let notes = notes(tx.conn(), tenant, ticket.id).await?;
        let mut changed = Vec::new();
        for one in ready {
            let id = one.automation.id;
            let anchor = anchors.get(&id).filter(|anchor| began_since(one, anchor));
            match (notes.get(&id), anchor) {
                (None, None) => {}
                (Some(note), None) => changed.extend(note.due_at.map(|_| Model {
                    due_at: None,
                    ..note.clone()
                })),
                (Some(note), Some(anchor)) if note.anchor == anchor.key => {
                    // Whoever told of it last set it.
                    let next = Model {
                        due_at: (!note.fired).then(|| micros(anchor.due)),
                        cause: row::json(&happening.cause),
                        ..note.clone()
                    };
                    changed.extend((next != *note && !note.fired).then_some(next));
                }
                (_, Some(anchor)) => changed.push(Model {
                    tenant: tenant.to_owned(),
                    ticket_id: ticket.id,
                    automation_id: id,
                    anchor: anchor.key.clone(),
                    cause: row::json::<Cause>(&happening.cause),
                    fired: false,
                    due_at: Some(micros(anchor.due)),
                }),
            }
        }
        note_down(tx, changed).await
    }

    /// The anchors of all time triggers for a ticket, as they are now.
    async fn anchors<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        ready: &[Ready],
        ticket: &Ticket,
        known: &Moments,
    ) -> Result<BTreeMap<Uuid, Anchor>, Error> {
        if untouched(ticket).is_some() {
            return Ok(BTreeMap::new());
        }
        let times = ready
            .iter()
            .filter_map(|one| Some((one.automation.id, one.automation.profile.trigger.time()?)));
        let mut anchors = BTreeMap::new();
        let terms = ticket.sla.as_ref().map(|sla| sla.terms.clone());
        let terms = self.terms(conn, tenant, terms).await?;
        let calendar = terms.values().next().and_then(|terms| terms.calendar());
        for (id, trigger) in times {
            if let Some(anchor) = anchor(trigger, ticket, known, calendar) {
                anchors.insert(id, anchor);
            }
        }
        Ok(anchors)
    }

    /// The anchor of one trigger for a ticket, as it is now.
    pub(super) async fn anchor_of<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        one: &Ready,
        ticket: &Ticket,
        known: &Moments,
    ) -> Result<Option<Anchor>, Error> {
        let mut anchors = self
            .anchors(conn, tenant, std::slice::from_ref(one), ticket, known)
            .await?;
        Ok(anchors.remove(&one.automation.id))
    }
}

/// Whether a time began after the automation was enabled: what began before sets nothing off.
fn began_since(one: &Ready, anchor: &Anchor) -> bool {
    one.automation
        .enabled_at
        .is_some_and(|enabled_at| anchor.at >= enabled_at)
}

/// The word for what sets off a time trigger.
pub(super) fn word(one: &Ready) -> &'static str {
    let trigger = &one.automation.profile.trigger;
    trigger.time().map(|time| time.anchor.as_str()).unwrap_or_default()
}

/// What was noted of a ticket, by automation.
async fn notes<C: ConnectionTrait>(conn: &C, tenant: &str, ticket: Uuid) -> Result<HashMap<Uuid, Model>, Error> {
    let rows = Entity::find()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::TicketId.eq(ticket))
        .all(conn)
        .await
        .map_err(error)?;
    Ok(rows.into_iter().map(|row| (row.automation_id, row)).collect())
}

async fn note_down(tx: &Tx, rows: Vec<Model>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let conflict = OnConflict::columns([Column::Tenant, Column::TicketId, Column::AutomationId])
        .update_columns([Column::Anchor, Column::Cause, Column::Fired, Column::DueAt])
        .to_owned();
    write::insert::<Entity>(tx, rows, Some(conflict)).await
}

async fn forget(tx: &Tx, tenant: &str, ticket: Uuid) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::TicketId.eq(ticket))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}
