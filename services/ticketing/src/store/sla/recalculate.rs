//! Judging a ticket anew, and reading all that it was ever promised.

use prost::Message;
use vorrang_error::Error;
use vorrang_sla::{Target, Terms, Watch, judge};

use crate::names::{self, TicketRef};
use crate::sla::{self, Recalculated, SlaChange};
use crate::state::{State, Trigger};
use crate::store::{Begun, Call, Store, kin, row, write};
use crate::ticket::{Change, Ticket};

impl Store {
    /// Gives a ticket the policy and schedule that fit it as it is now, and judges all its targets by them.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Precondition `TICKET_CLOSED`, `TICKET_MERGED` or `TICKET_SET_ASIDE`.
    pub async fn recalculate_sla<R, A>(
        &self,
        call: &Call,
        (which, etag): (TicketRef, &str),
        reason: String,
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Ticket) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let mut ticket = row::lock_ticket(&tx, &self.personal, &call.tenant, which)
            .await?
            .ok_or_else(|| Error::not_found(names::TICKET, which.name()))?;
        ticket.check_etag(etag)?;
        if let Err(refusal) = ticket.check_own() {
            return Err(kin::say_where(tx.conn(), &call.tenant, refusal).await);
        }
        ticket.check_in_use()?;
        if ticket.state == State::Closed {
            // Final means final: what it counted as must not change any more.
            ticket.standing().after(Trigger::Noted)?;
        }
        let now = self.clock.now();
        let policies = self.all_policies(tx.conn(), &call.tenant).await?;
        let agreed = policies.agree(&ticket, now);
        let keys = ticket.sla.iter().map(|sla| sla.terms.clone());
        let before = self.terms(tx.conn(), &call.tenant, keys).await?.into_values().next();
        let mut histories = self.histories(tx.conn(), &call.tenant, &[ticket.id]).await?;
        let facts = histories.remove(&ticket.id).unwrap_or_default();
        let (old, new) = (
            before.unwrap_or_default(),
            agreed.as_ref().map(|agreed| agreed.terms.terms.clone()),
        );
        let previous = ticket.sla.take();
        let watch = match &previous {
            Some(sla) => sla.watch.clone(),
            None => Watch::new(&Terms::default(), ticket.opened_at, now),
        };
        let (watch, news) = watch.rebuilt(
            (&old, &facts),
            (&new.unwrap_or_default(), &facts),
            ticket.opened_at,
            now,
        );
        let recalculated = Recalculated {
            reason,
            previous_policy: previous.as_ref().map(|sla| sla.policy),
            policy: agreed.as_ref().map(|agreed| agreed.policy.clone()),
            previous_targets: previous.map(|sla| sla.watch.told()).unwrap_or_default(),
            targets: watch.told(),
        };
        ticket.sla = agreed.as_ref().map(|agreed| agreed.sla(watch));
        ticket.note(now);
        let mut changes = vec![Change::Sla(SlaChange::Recalculated(Box::new(recalculated)))];
        changes.extend(sla::told(news));
        let answer = respond(&ticket);
        self.keep_terms(&tx, &call.tenant, agreed.iter().map(|agreed| &agreed.terms))
            .await?;
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[ticket.id]).await?;
        write::tickets(&tx, &keyring, &call.tenant, [&ticket]).await?;
        let events = self.events(call, &ticket, changes, now);
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// All targets that a ticket ever had, as they stand now: resolution first, then by turn.
    ///
    /// # Errors
    /// NotFound when the tenant has no such ticket.
    pub async fn sla_targets(&self, tenant: &str, which: TicketRef) -> Result<Vec<Target>, Error> {
        let ticket = self.ticket(tenant, which).await?;
        // One that is aside is owed nothing of its own.
        let Some(sla) = ticket.sla.as_ref().filter(|_| !sla::is_aside(&ticket)) else {
            return Ok(Vec::new());
        };
        let reader = self.db.reader();
        let terms = self.terms(reader, tenant, [sla.terms.clone()]).await?;
        let terms = terms.into_values().next().unwrap_or_default();
        let mut histories = self.histories(reader, tenant, &[ticket.id]).await?;
        let facts = histories.remove(&ticket.id).unwrap_or_default();
        Ok(judge(&terms, ticket.opened_at, &facts, self.clock.now()))
    }
}
