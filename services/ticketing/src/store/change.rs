//! Changing one ticket.

use chrono::{DateTime, Utc};
use prost::Message;
use vorrang_database::Tx;
use vorrang_error::Error;

use super::personal::Keyring;
use super::{Begun, Call, Store, kin, row, write};
use crate::event::Event;
use crate::names::{self, TicketRef};
use crate::ticket::{Change, Ticket};
use vorrang_service::Ids;

impl Store {
    /// Locks the ticket, lets `decide` change it, writes what it says happened, and answers with what `respond` makes of
    /// it. A repeat of the call gets the first answer. No changes: nothing is written but the answer.
    ///
    /// # Errors
    /// NotFound when the tenant has no such ticket; whatever `decide` says, then nothing is written at all.
    pub async fn change<R, D, A>(&self, call: &Call, which: TicketRef, decide: D, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        D: FnOnce(&mut Ticket, &Ids, DateTime<Utc>) -> Result<Vec<Change>, Error>,
        A: FnOnce(&Ticket, &[Change]) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let mut ticket = row::lock_ticket(&tx, &self.personal, &call.tenant, which)
            .await?
            .ok_or_else(|| Error::not_found(names::TICKET, which.name()))?;
        // The time is read under the lock, so that the times of a ticket's changes are in their order.
        let now = self.clock.now();
        let mut changes = match decide(&mut ticket, &self.ids, now) {
            Ok(changes) => changes,
            Err(refusal) => return Err(kin::say_where(tx.conn(), &call.tenant, refusal).await),
        };
        self.follow_promises(&tx, &call.tenant, &mut ticket, &mut changes, now)
            .await?;
        let answer = respond(&ticket, &changes);
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[ticket.id]).await?;
        let events = self.write_changes(&tx, call, &keyring, &ticket, changes, now).await?;
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// Writes what was done to a ticket, and asks the customer what that makes us ask. Returns what is to be told.
    pub(super) async fn write_changes(
        &self,
        tx: &Tx,
        call: &Call,
        keyring: &Keyring,
        ticket: &Ticket,
        changes: Vec<Change>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Event>, Error> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let tenant = call.tenant.as_str();
        write::tickets(tx, keyring, tenant, std::slice::from_ref(ticket)).await?;
        let lookup = self.personal.lookup(tenant);
        write::parts(tx, &lookup, keyring, tenant, ticket, &changes, now).await?;
        let asked = self.ask(tx, call, ticket, &changes, now).await?;
        let mut events = self.events(call, ticket, changes, now);
        events.extend(asked);
        Ok(events)
    }
}
