//! When a conversation becomes another one, or is taken aside: tickets are merged, taken apart again, split, marked as spam
//! or deleted, or restored.
//!
//! A merge in force counts for the whole past, an undone one never was: the promises of the ticket whose conversation it is
//! are judged anew by all that is said there now. A ticket that is part of another one, or marked, is owed nothing of its own
//! meanwhile.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_database::Tx;
use vorrang_error::Error;
use vorrang_sla::{Fact, Terms};

use super::states::Histories;
use crate::sla;
use crate::store::Store;
use crate::ticket::{Change, Ticket};
use crate::words::Disposition;

impl Store {
    /// What is recorded of conversations, before they are changed.
    pub(in crate::store) async fn conversations(
        &self,
        tx: &Tx,
        tenant: &str,
        tickets: impl IntoIterator<Item = Uuid>,
    ) -> Result<Histories, Error> {
        let ids: Vec<Uuid> = tickets.into_iter().collect();
        self.histories(tx.conn(), tenant, &ids).await
    }

    /// Judges the promises of `ticket` by what its conversation is now, and adds what is to be told to `changes`, which happened in
    /// the same operation. `before` is what its conversation was; none when it was part of another ticket.
    pub(in crate::store) async fn rejudge(
        &self,
        tx: &Tx,
        tenant: &str,
        ticket: &mut Ticket,
        before: Option<Vec<Fact>>,
        changes: &mut Vec<Change>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let happened = sla::facts(ticket.state, changes, now);
        let is_aside = sla::is_aside(ticket);
        // What was marked before this operation was owed nothing, as what was part of another ticket.
        let marked = sla::marked(changes).unwrap_or(ticket.disposition);
        let before = before.filter(|_| marked == Disposition::Normal);
        if let Some(sla) = &mut ticket.sla {
            let terms = self.terms(tx.conn(), tenant, [sla.terms.clone()]).await?;
            let terms = terms.into_values().next().unwrap_or_default();
            let nothing = Terms::default();
            let (old, before) = match &before {
                Some(facts) => (&*terms, facts.as_slice()),
                None => (&nothing, [].as_slice()),
            };
            let (new, after) = if is_aside {
                (&nothing, Vec::new())
            } else {
                let mut histories = self.histories(tx.conn(), tenant, &[ticket.id]).await?;
                let mut facts = histories.remove(&ticket.id).unwrap_or_default();
                facts.extend(&happened);
                (&*terms, facts)
            };
            let opened_at = ticket.opened_at;
            let (watch, news) = sla.watch.rebuilt((old, before), (new, &after), opened_at, now);
            sla.watch = watch;
            changes.extend(sla::told(news));
        }
        let states = happened.into_iter().map(|fact| (ticket.id, fact));
        self.keep_states(tx, tenant, states).await
    }
}
