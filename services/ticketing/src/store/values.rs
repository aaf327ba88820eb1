//! `ticket_values`: tags, followers and own fields of tickets as rows, so that lists find tickets by them. They follow the
//! ticket's row and are written with it.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;
use vorrang_database::{Tx, error, micros};
use vorrang_error::Error;

use super::entity::ticket_value;
use super::{row, write};
use crate::custom::CustomValue;
use crate::event::{Event, Fact};
use crate::ticket::{Change, Ticket};

/// Fields of a ticket whose values are rows here.
const FOLLOWED: [&str; 3] = ["tags", "followers", "custom_fields"];

/// Brings the values of tickets to what these events made of them.
pub async fn follow(tx: &Tx, tenant: &str, events: &[Event]) -> Result<(), Error> {
    let mut opened: BTreeMap<Uuid, &Ticket> = BTreeMap::new();
    let mut changed: BTreeMap<Uuid, &Ticket> = BTreeMap::new();
    for event in events {
        match &event.fact {
            Fact::Ticket(ticket, Change::Created) => {
                opened.insert(ticket.id, ticket);
            }
            Fact::Ticket(ticket, Change::Updated(fields)) if fields.iter().any(|field| FOLLOWED.contains(field)) => {
                changed.insert(ticket.id, ticket);
            }
            _ => {}
        }
    }
    for ids in changed.keys().collect::<Vec<_>>().chunks(row::IN_MAX) {
        ticket_value::Entity::delete_many()
            .filter(ticket_value::Column::Tenant.eq(tenant))
            .filter(ticket_value::Column::TicketId.is_in(ids.iter().map(|id| **id)))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    opened.extend(changed);
    insert(tx, tenant, opened.into_values()).await
}

/// Removes what says that tickets have free text, since it is erased. The caller holds their locks.
pub async fn erase(tx: &Tx, tenant: &str, tickets: &[Uuid]) -> Result<(), Error> {
    for ids in tickets.chunks(row::IN_MAX) {
        ticket_value::Entity::delete_many()
            .filter(ticket_value::Column::Tenant.eq(tenant))
            .filter(ticket_value::Column::TicketId.is_in(ids.iter().copied()))
            .filter(ticket_value::Column::Word.is_null())
            .filter(ticket_value::Column::Whole.is_null())
            .filter(ticket_value::Column::Real.is_null())
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    Ok(())
}

/// The values of new tickets.
pub async fn insert<'a>(tx: &Tx, tenant: &str, tickets: impl IntoIterator<Item = &'a Ticket>) -> Result<(), Error> {
    let rows = tickets.into_iter().flat_map(|ticket| rows(tenant, ticket)).collect();
    write::insert::<ticket_value::Entity>(tx, rows, None).await
}

fn rows(tenant: &str, ticket: &Ticket) -> Vec<ticket_value::Model> {
    let row =
        |field: &str, position: i32, word: Option<&str>, whole: Option<i64>, real: Option<f64>| ticket_value::Model {
            tenant: tenant.to_owned(),
            ticket_id: ticket.id,
            field: field.to_owned(),
            position,
            word: word.map(str::to_owned),
            whole,
            real,
        };
    let words = |field: &str, words: &[String]| -> Vec<ticket_value::Model> {
        let row = |(position, word): (i32, &String)| row(field, position, Some(word), None, None);
        (0..).zip(words).map(row).collect()
    };
    let mut rows = words("tags", &ticket.tags);
    rows.extend(words("followers", &ticket.followers));
    for (id, value) in &ticket.custom_fields {
        let field = format!("custom_fields.{id}");
        match value {
            // PERSONAL: that there is one, and nothing of it.
            CustomValue::Text(_) => rows.push(row(&field, 0, None, None, None)),
            CustomValue::Code(word) | CustomValue::Choice(word) => rows.push(row(&field, 0, Some(word), None, None)),
            CustomValue::Number(number) => rows.push(row(&field, 0, None, None, Some(number.get()))),
            CustomValue::Flag(flag) => rows.push(row(&field, 0, None, Some(i64::from(*flag)), None)),
            CustomValue::Date(date) => rows.push(row(&field, 0, None, Some(day_number(*date)), None)),
            CustomValue::Time(time) => rows.push(row(&field, 0, None, Some(micros(*time)), None)),
            CustomValue::Choices(choices) => rows.extend(words(&field, choices)),
        }
    }
    rows
}

/// A day as a number that keeps the order.
pub fn day_number(date: chrono::NaiveDate) -> i64 {
    chrono::Datelike::num_days_from_ce(&date).into()
}
