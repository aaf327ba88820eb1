//! What of a ticket's past counts for automations: its newest messages, its state's beginning, what was done to it lately.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;

use crate::automation::{Guard, Moments, Outcome, Spoken};
use crate::store::entity::{automation_run, message, ticket_state};
use crate::ticket::Ticket;

/// Messages that are looked back on. Behind so many nobody looks for whose turn it is.
const SPOKEN_MAX: u64 = 500;

/// What is known of a ticket.
pub async fn moments<C: ConnectionTrait>(conn: &C, tenant: &str, ticket: &Ticket) -> Result<Moments, Error> {
    let rows: Vec<(Uuid, String, String, String, i64, bool)> = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .column(message::Column::ActorKind)
        .column(message::Column::ActorId)
        .column(message::Column::Visibility)
        .column(message::Column::OccurredAt)
        .column(message::Column::Automated)
        .filter(message::Column::Tenant.eq(tenant))
        .filter(message::Column::TicketId.eq(ticket.id))
        .order_by_desc(message::Column::Position)
        .limit(SPOKEN_MAX)
        .into_tuple()
        .all(conn)
        .await
        .map_err(error)?;
    let spoken = rows.into_iter().map(|(id, kind, actor, visibility, at, automated)| {
        Ok(Spoken {
            id,
            kind: kind.parse()?,
            incoming: actor.starts_with("customers/"),
            visibility: visibility.parse()?,
            automated,
            at: from_micros(at),
        })
    });
    let since: Option<i64> = ticket_state::Entity::find()
        .select_only()
        .column(ticket_state::Column::At)
        .filter(ticket_state::Column::Tenant.eq(tenant))
        .filter(ticket_state::Column::TicketId.eq(ticket.id))
        .order_by_desc(ticket_state::Column::Id)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await
        .map_err(error)?;
    Ok(Moments {
        spoken: spoken.collect::<Result<_, Error>>()?,
        state_since: since.map(from_micros),
    })
}

/// What was done lately, and of which automations it was told that they were stopped or failed.
pub async fn guard<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    ticket: &Ticket,
    moments: &Moments,
    now: DateTime<Utc>,
) -> Result<(Guard, Vec<Uuid>), Error> {
    use automation_run::Column;
    let hour_ago = micros(now - TimeDelta::hours(1));
    let lately: Vec<(Uuid, String)> = automation_run::Entity::find()
        .select_only()
        .column(Column::AutomationId)
        .column(Column::Outcome)
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::TicketId.eq(ticket.id))
        // By the index of the ticket: ids begin with the time at which they were made.
        .filter(Column::Id.gte(earliest_id(now - TimeDelta::hours(1))))
        .filter(Column::At.gt(hour_ago))
        .into_tuple()
        .all(conn)
        .await
        .map_err(error)?;
    let replies: Vec<i32> = automation_run::Entity::find()
        .select_only()
        .column(Column::Replies)
        .filter(Column::Tenant.eq(tenant))
        .filter(Column::CustomerId.eq(ticket.customer))
        .filter(Column::At.gt(hour_ago))
        .filter(Column::Replies.gt(0))
        .into_tuple()
        .all(conn)
        .await
        .map_err(error)?;
    let (applied, told): (Vec<_>, Vec<_>) = lately
        .into_iter()
        .partition(|(_, outcome)| outcome == Outcome::Applied.as_str());
    let guard = Guard {
        runs: applied.len() as u64,
        replies: replies.into_iter().map(|count| u64::try_from(count).unwrap_or(0)).sum(),
        answers_machine: moments.answers_machine(),
    };
    Ok((guard, told.into_iter().map(|(automation, _)| automation).collect()))
}

/// No id that was made at `at` or later is less.
fn earliest_id(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
