//! Splitting a ticket.

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, event_log, from_micros};
use vorrang_error::Error;

use super::entity::{message, thread_key};
use super::personal::{Keyring, Owner};
use super::{Begun, Call, Store, attachments, kin, log, row, sealed, write};
use crate::custom::CustomFields;
use crate::names::{self, TicketRef};
use crate::past;
use crate::ticket::link::{self, LinkKind};
use crate::ticket::{Change, Fields, Moved, Opening, Ticket};
use crate::words::{Actor, Channel, Priority};

/// As far as the clocks of processes that write one log may differ.
const CLOCKS: TimeDelta = TimeDelta::minutes(5);

/// What is to be split off.
#[derive(Debug, Clone)]
pub struct Splitting {
    /// The ticket.
    pub which: TicketRef,
    /// Its messages that move, each with the ticket it is said to belong to.
    pub messages: Vec<(Uuid, Uuid)>,
    /// What the new ticket is to be.
    pub wanted: Wanted,
    /// The ticket's; empty: whatever it is.
    pub etag: String,
}

/// What a new ticket is to be where it is not as the original.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose matter it is; none: the same customer's.
    pub customer: Option<Uuid>,
    /// Empty: the original's, of the same customer.
    pub subject: String,
    /// None: the original's.
    pub priority: Option<Priority>,
    /// None: the original's.
    pub queue: Option<String>,
    /// Empty: the original's.
    pub language: String,
    /// Its own.
    pub tags: Vec<String>,
    /// Its own.
    pub intent: String,
    /// Its own.
    pub due_at: Option<DateTime<Utc>>,
    /// Its own.
    pub followers: Vec<String>,
    /// Its own.
    pub custom_fields: CustomFields,
}

impl Wanted {
    fn fields(self, original: &Ticket, customer: Uuid) -> Fields {
        let or = |given: String, taken: &String| if given.is_empty() { taken.clone() } else { given };
        // One customer's words are not written into another one's ticket: they would outlive their erasure there.
        let subject = match customer == original.customer {
            true => or(self.subject, &original.subject),
            false => self.subject,
        };
        Fields {
            subject,
            priority: self.priority.unwrap_or(original.priority),
            queue: self.queue.unwrap_or_else(|| original.queue.clone()),
            tags: self.tags,
            intent: self.intent,
            language: or(self.language, &original.language),
            due_at: self.due_at,
            followers: self.followers,
            custom_fields: self.custom_fields,
        }
    }
}

impl Store {
    /// Moves messages to a new ticket. `respond` gets the original and the new one.
    ///
    /// # Errors
    /// NotFound for the ticket, a message that is not its own, or the customer; Conflict `ETAG_MISMATCH`; Precondition as the contract
    /// names them.
    pub async fn split_ticket<R, A>(&self, call: &Call, splitting: Splitting, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &Ticket) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        let locked = row::lock_tenant_row(&tx, tenant).await?;
        let number = locked.last + 1;
        let mut original = row::lock_ticket(&tx, &self.personal, tenant, splitting.which)
            .await?
            .ok_or_else(|| Error::not_found(names::TICKET, splitting.which.name()))?;
        let now = self.clock.now();
        original.check_etag(&splitting.etag)?;
        let found = moved(&tx, tenant, original.id, &splitting.messages).await?;
        if let Err(refusal) = original.check_splits(found.len()) {
            return Err(kin::say_where(tx.conn(), tenant, refusal).await);
        }
        let customer = splitting.wanted.customer.unwrap_or(original.customer);
        let customer = self.present_customer(&tx, tenant, customer).await?;
        customer.check_not_erased()?;
        let first = &found[0];
        let opened_at = found.iter().map(|one| one.moved.occurred_at).min();
        let opening = Opening {
            id: self.ids.next(now),
            number,
            customer: customer.id,
            tier: customer.tier_at(opened_at.unwrap_or(now).min(now)).tier.to_owned(),
            organization: customer.organization.as_ref().map(|one| one.organization),
            channel: first.channel,
            follow_up_of: None,
            split_from: Some(original.id),
            automated: first.moved.automated,
            opened_at,
            fields: splitting.wanted.fields(&original, customer.id),
        };
        let told: Vec<(Uuid, DateTime<Utc>)> = found.iter().map(|one| (one.moved.id, one.created_at)).collect();
        let moved: Vec<Moved> = found.into_iter().map(|one| one.moved).collect();
        let mut new = Ticket::open(opening, now);
        let mut changes = vec![Change::Created];
        changes.extend(new.take_over(&moved, now)?);
        let said = moved.iter().filter_map(Moved::fact).collect();
        self.promise_moved(&tx, tenant, &mut new, said, &mut changes, (locked.sla_revision, now))
            .await?;
        // Nothing has moved yet: this is how the original's conversation was.
        let mut before = self.conversations(&tx, tenant, [original.id]).await?;
        let owner = Owner {
            id: new.id,
            customer: new.customer,
        };
        self.personal.create(&tx, tenant, [owner], now).await?;
        let keyring = self.personal.keyring(tx.conn(), tenant, &[new.id, original.id]).await?;
        hand_over(&tx, &keyring, tenant, original.id, new.id, &moved).await?;
        self.hand_over_events(&tx, tenant, &told, new.id).await?;
        original.give_away(&moved, newest(&tx, tenant, original.id).await?);
        link::link(&mut new, &mut original, LinkKind::SplitFrom, now)?;
        // One operation, one revision: nobody has seen the new one without its messages.
        new.revision = 1;
        original.resume(&kin::conversation(tx.conn(), tenant, original.id).await?);
        let mut news = Vec::new();
        let before = Some(before.remove(&original.id).unwrap_or_default());
        self.rejudge(&tx, tenant, &mut original, before, &mut news, now).await?;
        write::last_number(&tx, tenant, number).await?;
        write::tickets(&tx, &keyring, tenant, [&original, &new]).await?;
        let answer = respond(&original, &new);
        // Who wrote the first message opened the ticket, whoever saw that it is one of its own.
        let opener = Call {
            actor: moved[0].actor.clone(),
            ..call.clone()
        };
        let mut events = self.events(&opener, &new, changes.drain(..1).collect(), now);
        events.extend(self.events(call, &new, changes, now));
        news.insert(0, Change::Split(Box::new(new.clone()), moved));
        events.extend(self.events(call, &original, news, now));
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
}

/// A message that is to move, and where it had come by.
struct Found {
    moved: Moved,
    channel: Channel,
    /// When we stored it, and told so.
    created_at: DateTime<Utc>,
}

type Head = (Uuid, i32, String, String, String, String, i64, bool, i64);

/// The named messages in their order, each once, without their texts.
async fn moved(tx: &Tx, tenant: &str, ticket: Uuid, named: &[(Uuid, Uuid)]) -> Result<Vec<Found>, Error> {
    let own = named.iter().filter(|(of, _)| *of == ticket).map(|(_, id)| *id);
    let rows: Vec<Head> = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .column(message::Column::Position)
        .column(message::Column::ActorKind)
        .column(message::Column::ActorId)
        .column(message::Column::Visibility)
        .column(message::Column::Channel)
        .column(message::Column::OccurredAt)
        .column(message::Column::Automated)
        .column(message::Column::CreatedAt)
        .filter(message::Column::Tenant.eq(tenant))
        .filter(message::Column::TicketId.eq(ticket))
        .filter(message::Column::Id.is_in(own))
        .order_by_asc(message::Column::Position)
        .into_tuple()
        .all(tx.conn())
        .await
        .map_err(error)?;
    let is_there = |(of, id): &(Uuid, Uuid)| *of == ticket && rows.iter().any(|row| row.0 == *id);
    if let Some((of, id)) = named.iter().find(|one| !is_there(one)) {
        return Err(Error::not_found(names::MESSAGE, names::message(*of, *id)));
    }
    rows.into_iter()
        .map(
            |(id, position, kind, actor, visibility, channel, at, automated, created_at)| {
                Ok(Found {
                    moved: Moved {
                        id,
                        position,
                        actor: Actor {
                            kind: kind.parse()?,
                            id: actor,
                        },
                        visibility: visibility.parse()?,
                        occurred_at: from_micros(at),
                        automated,
                    },
                    channel: channel.parse()?,
                    created_at: from_micros(created_at),
                })
            },
        )
        .collect()
}

/// Moves rows: the messages, keeping their places, and the keys that they brought, so that answers to them follow. What is personal in a
/// message is sealed with the new ticket's key from now on, so that it is erased with whose matter it is.
async fn hand_over(
    tx: &Tx,
    keyring: &Keyring,
    tenant: &str,
    from: Uuid,
    to: Uuid,
    moved: &[Moved],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = moved.iter().map(|one| one.id).collect();
    // One by one: a mail may have megabytes.
    for id in &ids {
        let sealed: Option<Option<Vec<u8>>> = message::Entity::find()
            .select_only()
            .column(message::Column::Sealed)
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::TicketId.eq(from))
            .filter(message::Column::Id.eq(*id))
            .into_tuple()
            .one(tx.conn())
            .await
            .map_err(error)?;
        let sealed = sealed::reseal_message(keyring, *id, sealed.flatten(), to)?;
        message::Entity::update_many()
            .col_expr(message::Column::TicketId, Expr::value(to))
            .col_expr(message::Column::Sealed, Expr::value(sealed))
            .filter(message::Column::Tenant.eq(tenant))
            .filter(message::Column::TicketId.eq(from))
            .filter(message::Column::Id.eq(*id))
            .exec(tx.conn())
            .await
            .map_err(error)?;
    }
    thread_key::Entity::update_many()
        .col_expr(thread_key::Column::TicketId, Expr::value(to))
        .filter(thread_key::Column::Tenant.eq(tenant))
        .filter(thread_key::Column::TicketId.eq(from))
        .filter(thread_key::Column::MessageId.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await
        .map_err(error)?;
    attachments::move_refs(tx, tenant, &ids, to).await
}

impl Store {
    /// The events that told of these messages, each when it was stored: their words are sealed with the key of the ticket `to`
    /// from now on. What retention has removed is gone already.
    async fn hand_over_events(
        &self,
        tx: &Tx,
        tenant: &str,
        messages: &[(Uuid, DateTime<Utc>)],
        to: Uuid,
    ) -> Result<(), Error> {
        for (message, at) in messages {
            // Positions rise with times but for the clocks of several processes and the time that commits take.
            let after = event_log::before(tx.conn(), tenant, *at - CLOCKS).await?;
            let upto = event_log::before(tx.conn(), tenant, *at + CLOCKS).await?;
            for kind in ["message_created", past::KIND] {
                for event in event_log::recorded_just_at(tx, tenant, kind, *at, (after, upto)).await? {
                    let ids: Vec<Uuid> = log::keys(&event.payload).chain([to]).collect();
                    let keyring = self.personal.keyring(tx.conn(), tenant, &ids).await?;
                    if let Some(payload) = log::hand_over(&keyring, event.id, &event.payload, *message, to)? {
                        event_log::rewrite(tx, tenant, event.seq, payload).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The newest message of a ticket.
async fn newest(tx: &Tx, tenant: &str, ticket: Uuid) -> Result<Option<Uuid>, Error> {
    message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::Tenant.eq(tenant))
        .filter(message::Column::TicketId.eq(ticket))
        .order_by_desc(message::Column::Position)
        .limit(1)
        .into_tuple()
        .one(tx.conn())
        .await
        .map_err(error)
}
