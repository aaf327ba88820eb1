//! Opening a ticket by hand.

use prost::Message;
use uuid::Uuid;
use vorrang_error::Error;

use super::personal::Owner;
use super::{Begun, Call, Store, row, write};
use crate::message::Draft;
use crate::names;
use crate::ticket::{Change, Fields, Opening, Ticket};
use crate::words::{ActorKind, Channel};

/// A ticket to be opened for a known customer.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// Whose matter it is.
    pub customer: Uuid,
    /// Channel.
    pub channel: Channel,
    /// The rest.
    pub fields: Fields,
    /// First message. A customer's message without an id gets this customer's.
    pub message: Option<Draft>,
}

impl Store {
    /// Opens a ticket; it waits in its queue at once.
    ///
    /// # Errors
    /// NotFound when the tenant has no such customer, Precondition `ERASED` when everything about them was erased.
    pub async fn create_ticket<R, A>(&self, call: &Call, mut new: NewTicket, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        // The tenant's lock comes first: nobody is erased between the look and the commit.
        let locked = row::lock_tenant_row(&tx, &call.tenant).await?;
        let number = locked.last + 1;
        let customer = self.present_customer(&tx, &call.tenant, new.customer).await?;
        customer.check_not_erased()?;
        let mut call = call.clone();
        if let Some(message) = &mut new.message {
            if message.actor.kind == ActorKind::Customer {
                message.actor.id = names::customer(customer.id);
            }
            // Who wrote the first message opened the ticket.
            call.actor = message.actor.clone();
        }
        let call = &call;
        let now = self.clock.now();
        let opened_at = new.message.as_ref().and_then(|message| message.occurred_at);
        let at = opened_at.map_or(now, |at| at.min(now));
        let opening = Opening {
            id: self.ids.next(now),
            number,
            customer: customer.id,
            tier: customer.tier_at(at).tier.to_owned(),
            organization: customer.organization.as_ref().map(|one| one.organization),
            channel: new.channel,
            follow_up_of: None,
            split_from: None,
            automated: false,
            opened_at,
            fields: new.fields,
        };
        let mut ticket = Ticket::open(opening, now);
        let mut changes = vec![Change::Created];
        if let Some(message) = new.message {
            changes.extend(ticket.add_message(self.ids.next(now), message, None, now)?);
            ticket.revision = 1;
        }
        self.promise(&tx, &call.tenant, &mut ticket, &mut changes, (locked.sla_revision, now))
            .await?;
        let answer = respond(&ticket);
        write::last_number(&tx, &call.tenant, number).await?;
        let owner = Owner {
            id: ticket.id,
            customer: ticket.customer,
        };
        self.personal.create(&tx, &call.tenant, [owner], now).await?;
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[ticket.id]).await?;
        write::tickets(&tx, &keyring, &call.tenant, std::slice::from_ref(&ticket)).await?;
        write::parts(
            &tx,
            &self.personal.lookup(&call.tenant),
            &keyring,
            &call.tenant,
            &ticket,
            &changes,
            now,
        )
        .await?;
        let events = self.events(call, &ticket, changes, now);
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
}
