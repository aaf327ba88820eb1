//! Undoing a merge.

use prost::Message;
use vorrang_error::Error;

use super::{Begun, Call, Store, ids, kin, row, write};
use crate::names::{self, TicketRef};
use crate::ticket::{Change, Ticket};

impl Store {
    /// Makes a ticket one of its own again. `respond` gets it and the ticket whose conversation it has left.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `NOT_MERGED`.
    pub async fn unmerge_ticket<R, A>(&self, call: &Call, which: TicketRef, etag: &str, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket, &Ticket) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        row::lock_tenant(&tx, tenant).await?;
        let id = ids::resolve(tx.conn(), tenant, &[which]).await?[0];
        let leads = kin::leads(tx.conn(), tenant, [id]).await?;
        let end = kin::end(&leads, id);
        let mut locked = row::lock_tickets(&tx, &self.personal, tenant, vec![id, end]).await?;
        let now = self.clock.now();
        let missing = || Error::not_found(names::TICKET, which.name());
        let mut ticket = locked.remove(&id).ok_or_else(missing)?;
        ticket.check_etag(etag)?;
        let direct = ticket.leave(now)?;
        let mut target = locked.remove(&end).ok_or_else(missing)?;
        // Nothing is written yet: this is how the conversation was.
        let mut said = self.conversations(&tx, tenant, [end]).await?;
        let keyring = self.personal.keyring(tx.conn(), tenant, &[id, end]).await?;
        let parts = kin::parts(tx.conn(), tenant, &[id]).await?;
        if !parts.is_empty() {
            // What is merged into it may be more or less than when it was merged itself.
            ticket.resume(&kin::conversation(tx.conn(), tenant, id).await?);
        }
        let mut news = Vec::new();
        self.rejudge(&tx, tenant, &mut ticket, None, &mut news, now).await?;
        // Written before the target's conversation is read, which goes by what is stored.
        write::tickets(&tx, &keyring, tenant, [&ticket]).await?;
        let conversation = kin::conversation(tx.conn(), tenant, end).await?;
        let mut changes = target.hear(&conversation, false, now);
        self.rejudge(&tx, tenant, &mut target, said.remove(&end), &mut changes, now)
            .await?;
        write::tickets(&tx, &keyring, tenant, [&target]).await?;
        let home: Vec<_> = parts.iter().map(|part| part.id).chain([id]).collect();
        write::bring_keys_home(&tx, tenant, &home).await?;
        let answer = respond(&ticket, &target);
        let mut own = vec![Change::Unmerged(Box::new(target.clone()), direct)];
        own.extend(news);
        let mut events = self.events(call, &ticket, own, now);
        events.extend(self.events(call, &target, changes, now));
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }
}
