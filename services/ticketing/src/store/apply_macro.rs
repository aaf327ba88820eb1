//! Applying a macro to a ticket.

use prost::Message;
use uuid::Uuid;
use vorrang_error::Error;

use super::{Begun, Call, Store, kin, macros, row};
use crate::action::{Doer, Needs};
use crate::names::{self, TicketRef};
use crate::ticket::{Change, Ticket};

/// A macro to be applied.
#[derive(Debug, Clone)]
pub struct Application {
    /// To which ticket.
    pub ticket: TicketRef,
    /// The ticket's etag; empty: any.
    pub etag: String,
    /// Which macro.
    pub macro_id: Uuid,
    /// Who does it.
    pub doer: Doer,
    /// Only say what would be.
    pub preview: bool,
}

impl Store {
    /// Does to the ticket what the macro says, or nothing; `respond` gets the ticket before and after it.
    ///
    /// # Errors
    /// NotFound of ticket or macro; Conflict `ETAG_MISMATCH`; as [`Macro::apply`](crate::macros::Macro::apply).
    pub async fn apply_macro<R, A>(&self, call: &Call, wanted: Application, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &Ticket, &[Change]) -> R,
    {
        let tx = if wanted.preview {
            // Nothing comes of it, so there is nothing to be repeated.
            self.db.begin().await?
        } else {
            match self.begin(call).await? {
                Begun::New(tx) => tx,
                Begun::Same(answer) => return Ok(answer),
            }
        };
        let tenant = call.tenant.as_str();
        let before = row::lock_ticket(&tx, &self.personal, tenant, wanted.ticket)
            .await?
            .ok_or_else(|| Error::not_found(names::TICKET, wanted.ticket.name()))?;
        let now = self.clock.now();
        before.check_etag(&wanted.etag)?;
        let found = macros::find(tx.conn(), tenant, &[wanted.macro_id])
            .await?
            .remove(&wanted.macro_id)
            .ok_or_else(|| Error::not_found(names::MACRO, names::macro_name(wanted.macro_id)))?;
        let needs = Needs::of(&found.profile.actions);
        let around = self.surroundings(tx.conn(), tenant, &before, &needs).await?;
        let mut ticket = before.clone();
        let mut changes = match found.apply(&mut ticket, &wanted.doer, &around, &self.ids, now) {
            Ok(changes) => changes,
            Err(refusal) => return Err(kin::say_where(tx.conn(), tenant, refusal).await),
        };
        if wanted.preview {
            let answer = respond(&before, &ticket, &changes);
            tx.rollback().await?;
            return Ok(answer);
        }
        self.follow_promises(&tx, tenant, &mut ticket, &mut changes, now)
            .await?;
        let answer = respond(&before, &ticket, &changes);
        let keyring = self.personal.keyring(tx.conn(), tenant, &[ticket.id]).await?;
        let events = self.write_changes(&tx, call, &keyring, &ticket, changes, now).await?;
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
}
