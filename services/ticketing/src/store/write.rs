//! Writing rows, many at a time, and the end of every transaction.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter};
use vorrang_database::event_log::{self, NewEvent};
pub use vorrang_database::insert_rows as insert;
use vorrang_database::{Tx, error, idempotency, micros};
use vorrang_error::Error;

use super::entity::{contact_key, customer, identity, message, number, solve, thread_key, ticket};
use super::personal::{Keyring, Lookup, Personal, Place};
use super::sealed::{self, CustomerTexts, IdentityTexts};
use super::{Call, Store, attachments, log, row, sub_states, values};
use crate::contact::{ContactKey, Recorded};
use crate::customer::{Customer, TIER_STANDARD};
use crate::desk::Thread;
use crate::event::{Event, Fact};
use crate::message::Message;
use crate::state::State;
use crate::ticket::{Change, Ticket};

impl Store {
    /// What changes tell the world, with the ticket as it is after all of them.
    pub(super) fn events(&self, call: &Call, ticket: &Ticket, changes: Vec<Change>, now: DateTime<Utc>) -> Vec<Event> {
        changes
            .into_iter()
            .map(|change| self.event(call, Fact::Ticket(Box::new(ticket.clone()), change), now))
            .collect()
    }

    /// One event of a call. A message was caused by who wrote it, everything else by who called.
    pub(super) fn event(&self, call: &Call, fact: Fact, now: DateTime<Utc>) -> Event {
        let actor = match &fact {
            Fact::Ticket(_, Change::Message(message)) => message.actor.clone(),
            // They follow from what somebody did, or from nobody's doing.
            Fact::Ticket(_, Change::Sla(change)) if !change.is_by_hand() => crate::sla::teller(),
            _ => call.actor.clone(),
        };
        Event {
            id: self.ids.next(now),
            occurred_at: fact.occurred_at(now),
            actor,
            trace_parent: call.trace_parent.clone(),
            cause: call.cause.clone(),
            fact,
        }
    }

    /// The end of a call: its answer, its events, the commit. The answer is sealed with the first key of `keyring`.
    pub(super) async fn commit<R: prost::Message>(
        &self,
        mut tx: Tx,
        call: &Call,
        keyring: &Keyring,
        answer: &R,
        events: Vec<Event>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if !call.request_id.is_empty() {
            let answer = keyring.seal_answer(&call.request_id, &answer.encode_to_vec());
            idempotency::finish(&mut tx, &call.tenant, &call.request_id, &answer).await?;
        }
        append(&mut tx, keyring, &call.tenant, events, now).await?;
        tx.commit().await
    }
}

/// Appends to the log, last of all, and brings what follows from the events to where they leave it. Encoded and sealed before
/// the log's counter is locked. Gives the place of the last event; 0 when there is none.
pub async fn append(
    tx: &mut Tx,
    keyring: &Keyring,
    tenant: &str,
    events: Vec<Event>,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    if events.is_empty() {
        return Ok(0);
    }
    sub_states::hold(tx, tenant, &events).await?;
    values::follow(tx, tenant, &events).await?;
    let events = events
        .into_iter()
        .map(|event| {
            Ok(NewEvent {
                payload: log::payload(keyring, &event, now)?,
                id: event.id,
                kind: event.fact.kind().to_owned(),
                subject: event.fact.subject(),
                occurred_at: event.occurred_at,
                actor_kind: event.actor.kind.as_str().to_owned(),
                actor_id: event.actor.id,
                trace_parent: event.trace_parent,
            })
        })
        .collect::<Result<_, Error>>()?;
    event_log::append(tx, tenant, now, events).await
}

/// Inserts or replaces tickets. The caller holds their locks, or they are new.
pub async fn tickets<'a>(
    tx: &Tx,
    keyring: &Keyring,
    tenant: &str,
    tickets: impl IntoIterator<Item = &'a Ticket>,
) -> Result<(), Error> {
    let rows = tickets
        .into_iter()
        .map(|ticket| row::ticket_row(keyring, tenant, ticket))
        .collect::<Result<_, _>>()?;
    let fixed = [
        ticket::Column::Tenant,
        ticket::Column::Id,
        ticket::Column::Number,
        ticket::Column::CreatedAt,
    ];
    let conflict = OnConflict::columns([ticket::Column::Tenant, ticket::Column::Id])
        .update_columns(ticket::Column::iter().filter(|column| !fixed.iter().any(|one| same(one, column))))
        .to_owned();
    insert::<ticket::Entity>(tx, rows, Some(conflict)).await
}

fn same(one: &ticket::Column, other: &ticket::Column) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// What a ticket's changes brought besides the ticket itself: messages and solves.
pub async fn parts(
    tx: &Tx,
    lookup: &Lookup,
    keyring: &Keyring,
    tenant: &str,
    ticket: &Ticket,
    changes: &[Change],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let solves = |from: usize| {
        let solved = |index: &usize| became(ticket, changes, *index) == Some(State::Solved);
        (from..changes.len()).filter(solved).count()
    };
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::Message(message) => {
                messages(tx, keyring, tenant, std::slice::from_ref(message)).await?;
                attachments::refer(tx, lookup, tenant, &[(ticket.customer, message)]).await?;
            }
            Change::StateChanged(_) if became(ticket, changes, index) == Some(State::Solved) => {
                // Several verbs may have gone by in one transaction.
                let later = i32::try_from(solves(index + 1)).unwrap_or(0);
                let row = solve::Model {
                    tenant: tenant.to_owned(),
                    ticket_id: ticket.id,
                    solve: ticket.solve_count - later,
                    agent: ticket.assignee.clone(),
                    solved_at: micros(now),
                };
                insert::<solve::Entity>(tx, vec![row], None).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The state that a change of it led to: what the next one says it was, or what the ticket is after all of them.
fn became(ticket: &Ticket, changes: &[Change], index: usize) -> Option<State> {
    let Change::StateChanged(_) = changes.get(index)? else {
        return None;
    };
    let next = changes[index + 1..].iter().find_map(|later| match later {
        Change::StateChanged(before) => Some(*before),
        _ => None,
    });
    Some(next.unwrap_or(ticket.state))
}

/// Inserts messages.
pub async fn messages(tx: &Tx, keyring: &Keyring, tenant: &str, messages: &[Message]) -> Result<(), Error> {
    let rows = messages
        .iter()
        .map(|message| row::message_row(keyring, tenant, message))
        .collect::<Result<_, _>>()?;
    insert::<message::Entity>(tx, rows, None).await
}

/// Notes the last number given to a ticket.
pub async fn last_number(tx: &Tx, tenant: &str, last: i64) -> Result<(), Error> {
    let row = number::Model {
        tenant: tenant.to_owned(),
        last,
        // Only where the row is new: an update leaves it as it is.
        sla_revision: 0,
    };
    let conflict = OnConflict::column(number::Column::Tenant)
        .update_column(number::Column::Last)
        .to_owned();
    insert::<number::Entity>(tx, vec![row], Some(conflict)).await
}

/// Inserts or replaces customers with their identities. The caller holds the tenant's lock and has checked that nobody
/// else has one of the identities.
pub async fn customers<'a>(
    tx: &Tx,
    personal: &Personal,
    keyring: &Keyring,
    tenant: &str,
    customers: impl IntoIterator<Item = &'a Customer>,
) -> Result<(), Error> {
    let lookup = personal.lookup(tenant);
    let mut rows = Vec::new();
    let mut identities = Vec::new();
    for customer in customers {
        rows.push(customer_row(keyring, tenant, customer)?);
        for (position, identity) in (0..).zip(&customer.identities) {
            let hash = row::identity_hash(&lookup, &identity.key());
            let place = Place("customer_identities", hash.as_bytes());
            identities.push(identity::Model {
                tenant: tenant.to_owned(),
                kind: identity.kind.as_str().to_owned(),
                sealed: Some(keyring.seal(customer.id, place, identity.value.as_bytes())?),
                value: hash,
                customer_id: customer.id,
                position,
                verified: identity.verified,
            });
        }
    }
    let conflict = OnConflict::columns([customer::Column::Tenant, customer::Column::Id])
        .update_columns([
            customer::Column::Tier,
            customer::Column::TierSource,
            customer::Column::TierValidUntil,
            customer::Column::OrganizationId,
            customer::Column::OrganizationBy,
            customer::Column::Owner,
            customer::Column::Periods,
            customer::Column::MergedInto,
            customer::Column::Language,
            customer::Column::Country,
            customer::Column::Revision,
            customer::Column::UpdatedAt,
            customer::Column::ErasedAt,
            customer::Column::Sealed,
        ])
        .to_owned();
    insert::<customer::Entity>(tx, rows, Some(conflict)).await?;
    // The owner is not among the columns: whatever went wrong before, nobody's identity is ever taken away here.
    let conflict = OnConflict::columns([
        identity::Column::Tenant,
        identity::Column::Kind,
        identity::Column::Value,
    ])
    .update_columns([identity::Column::Position, identity::Column::Verified])
    .to_owned();
    insert::<identity::Entity>(tx, identities, Some(conflict)).await
}

fn customer_row(keyring: &Keyring, tenant: &str, customer: &Customer) -> Result<customer::Model, Error> {
    let texts = CustomerTexts {
        display_name: customer.display_name.clone(),
        attributes: if customer.attributes.is_empty() {
            String::new()
        } else {
            row::json(&customer.attributes)
        },
        said: if customer.said.is_empty() {
            String::new()
        } else {
            row::json(&customer.said)
        },
        merged_identities: customer
            .merged_identities
            .iter()
            .map(|identity| IdentityTexts {
                kind: identity.kind.as_str().to_owned(),
                value: identity.value.clone(),
                verified: identity.verified,
            })
            .collect(),
    };
    let own = customer.tier.as_ref();
    Ok(customer::Model {
        tenant: tenant.to_owned(),
        id: customer.id,
        tier: own.map_or(TIER_STANDARD, |own| own.tier.as_str()).to_owned(),
        tier_source: own.map(|own| own.source.clone()).unwrap_or_default(),
        tier_valid_until: own.and_then(|own| own.valid_until).map(micros),
        language: customer.language.clone(),
        country: customer.country.clone(),
        organization_id: customer.organization.as_ref().map(|one| one.organization),
        organization_by: customer.organization_by.as_str().to_owned(),
        owner: customer.owner.clone(),
        periods: row::json(&customer.periods),
        merged_into: customer.merged_into,
        revision: customer.revision,
        created_at: micros(customer.created_at),
        updated_at: micros(customer.updated_at),
        erased_at: customer.erased_at.map(micros),
        sealed: sealed::seal(keyring, customer.id, Place("customers", customer.id.as_bytes()), &texts)?,
    })
}

/// Removes all identities of a customer, before [`customers`] writes those that stay.
pub async fn clear_identities(tx: &Tx, tenant: &str, customer: uuid::Uuid) -> Result<(), Error> {
    identity::Entity::delete_many()
        .filter(identity::Column::Tenant.eq(tenant))
        .filter(identity::Column::CustomerId.eq(customer))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    Ok(())
}

/// Remembers contacts that were taken.
pub async fn contact_keys<'a>(
    tx: &Tx,
    lookup: &Lookup,
    tenant: &str,
    taken: impl IntoIterator<Item = (&'a ContactKey, &'a Recorded)>,
) -> Result<(), Error> {
    let rows = taken
        .into_iter()
        .map(|(key, recorded)| {
            let (external_id, content_hash) = row::contact_hashes(lookup, key);
            contact_key::Model {
                tenant: tenant.to_owned(),
                source: key.source.clone(),
                external_id,
                content_hash: content_hash.to_vec(),
                ticket_id: recorded.ticket,
                number: recorded.number,
                message_id: recorded.message,
                customer_id: recorded.customer,
            }
        })
        .collect();
    insert::<contact_key::Entity>(tx, rows, None).await
}

/// Lets keys lead to tickets from now on. Which message brought a key stays as it was first said.
pub async fn thread_keys<'a>(
    tx: &Tx,
    lookup: &Lookup,
    tenant: &str,
    keys: impl IntoIterator<Item = (&'a String, &'a Thread)>,
) -> Result<(), Error> {
    let rows = keys
        .into_iter()
        .map(|(key, thread)| thread_key::Model {
            tenant: tenant.to_owned(),
            key: row::thread_hash(lookup, key),
            ticket_id: thread.ticket,
            message_id: thread.message,
            home: thread.home,
        })
        .collect();
    let conflict = OnConflict::columns([thread_key::Column::Tenant, thread_key::Column::Key])
        .update_columns([thread_key::Column::TicketId, thread_key::Column::Home])
        .to_owned();
    insert::<thread_key::Entity>(tx, rows, Some(conflict)).await
}

/// Lets the keys of these tickets, which led on to a follow-up while they were merged, lead to them again.
pub async fn bring_keys_home(tx: &Tx, tenant: &str, tickets: &[uuid::Uuid]) -> Result<(), Error> {
    for tickets in tickets.chunks(row::IN_MAX) {
        thread_key::Entity::update_many()
            .col_expr(thread_key::Column::TicketId, Expr::col(thread_key::Column::Home))
            .col_expr(thread_key::Column::Home, Expr::value(None::<uuid::Uuid>))
            .filter(thread_key::Column::Tenant.eq(tenant))
            .filter(thread_key::Column::Home.is_in(tickets.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    Ok(())
}
