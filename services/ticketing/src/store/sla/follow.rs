//! After an operation: the promises of the tickets it touched follow what happened to them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_database::Tx;
use vorrang_error::Error;
use vorrang_sla::{Fact, Late, Terms};

use crate::automation::Cause;
use crate::desk::Written;
use crate::event::{self, Event};
use crate::sla::{self, Key, KeyedTerms};
use crate::store::Store;
use crate::ticket::{Change, Ticket};

/// A ticket with what happened to it in this transaction, in order.
struct Touched<'a> {
    ticket: &'a mut Ticket,
    facts: Vec<Fact>,
    is_new: bool,
}

/// What is to be told of each ticket.
type News = BTreeMap<Uuid, Vec<Change>>;

impl Store {
    /// Lets the promises of `ticket` follow `changes`, and adds what is to be told to them. For every operation that may add
    /// messages or change states, before the ticket is written.
    pub(in crate::store) async fn follow_promises(
        &self,
        tx: &Tx,
        tenant: &str,
        ticket: &mut Ticket,
        changes: &mut Vec<Change>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if sla::marked(changes).is_some() {
            let mut before = self.conversations(tx, tenant, [ticket.id]).await?;
            let before = before.remove(&ticket.id).unwrap_or_default();
            return self.rejudge(tx, tenant, ticket, Some(before), changes, now).await;
        }
        let touched = Touched {
            facts: sla::facts(ticket.state, changes, now),
            is_new: false,
            ticket,
        };
        let told = self.follow(tx, tenant, vec![touched], 0, now).await?;
        changes.extend(told.into_values().flatten());
        Ok(())
    }

    /// The same for a ticket that is being opened, which gets its promises. `revision` is that of the tenant's row, which is
    /// locked.
    pub(in crate::store) async fn promise(
        &self,
        tx: &Tx,
        tenant: &str,
        ticket: &mut Ticket,
        changes: &mut Vec<Change>,
        (revision, now): (i64, DateTime<Utc>),
    ) -> Result<(), Error> {
        let touched = Touched {
            facts: sla::facts(ticket.state, changes, now),
            is_new: true,
            ticket,
        };
        let told = self.follow(tx, tenant, vec![touched], revision, now).await?;
        changes.extend(told.into_values().flatten());
        Ok(())
    }

    /// The same for a ticket that is opened with messages of another one, which come first.
    pub(in crate::store) async fn promise_moved(
        &self,
        tx: &Tx,
        tenant: &str,
        ticket: &mut Ticket,
        said: Vec<Fact>,
        changes: &mut Vec<Change>,
        (revision, now): (i64, DateTime<Utc>),
    ) -> Result<(), Error> {
        let facts = said.into_iter().chain(sla::facts(ticket.state, changes, now)).collect();
        let touched = Touched {
            ticket,
            facts,
            is_new: true,
        };
        let told = self.follow(tx, tenant, vec![touched], revision, now).await?;
        changes.extend(told.into_values().flatten());
        Ok(())
    }

    /// The same for everything that the desk wrote. Its events carry the tickets as they are after it.
    pub(in crate::store) async fn follow_written(
        &self,
        tx: &Tx,
        tenant: &str,
        written: &mut Written,
        (revision, now): (i64, DateTime<Utc>),
    ) -> Result<(), Error> {
        // By ticket: what happened, and the trace of the contact that did it last.
        let mut happened: HashMap<Uuid, (Vec<Change>, String)> = HashMap::new();
        for event in &written.events {
            if let event::Fact::Ticket(ticket, change) = &event.fact {
                let (changes, trace) = happened.entry(ticket.id).or_default();
                changes.push(change.clone());
                trace.clone_from(&event.trace_parent);
            }
        }
        let touched = written
            .tickets
            .values_mut()
            .filter_map(|ticket| {
                let (changes, _) = happened.get(&ticket.id)?;
                Some(Touched {
                    facts: sla::facts(ticket.state, changes, now),
                    is_new: changes.contains(&Change::Created),
                    ticket,
                })
            })
            .collect();
        let told = self.follow(tx, tenant, touched, revision, now).await?;
        for event in &mut written.events {
            if let event::Fact::Ticket(ticket, _) = &mut event.fact
                && let Some(after) = written.tickets.get(&ticket.id)
            {
                ticket.sla.clone_from(&after.sla);
            }
        }
        for (id, changes) in told {
            let (Some(ticket), Some((_, trace))) = (written.tickets.get(&id), happened.get(&id)) else {
                continue;
            };
            for change in changes {
                let fact = event::Fact::Ticket(Box::new(ticket.clone()), change);
                written.events.push(Event {
                    id: self.ids.next(now),
                    occurred_at: fact.occurred_at(now),
                    actor: sla::teller(),
                    trace_parent: trace.clone(),
                    cause: Cause::default(),
                    fact,
                });
            }
        }
        Ok(())
    }

    async fn follow(
        &self,
        tx: &Tx,
        tenant: &str,
        touched: Vec<Touched<'_>>,
        revision: i64,
        now: DateTime<Utc>,
    ) -> Result<News, Error> {
        let mut news = News::new();
        let known = touched.iter().filter_map(|one| one.ticket.sla.as_ref());
        let mut terms = self
            .terms(tx.conn(), tenant, known.map(|sla| sla.terms.clone()))
            .await?;
        let policies = if touched.iter().any(|one| one.is_new) {
            self.policies_at(tx.conn(), tenant, revision).await?
        } else {
            Arc::default()
        };
        let facts_of =
            |one: &Touched<'_>| -> Vec<(Uuid, Fact)> { one.facts.iter().map(|fact| (one.ticket.id, *fact)).collect() };
        let facts: Vec<(Uuid, Fact)> = touched.iter().flat_map(facts_of).collect();
        let mut agreed: HashMap<Key, KeyedTerms> = HashMap::new();
        let mut late = Vec::new();
        for one in touched {
            let told = news.entry(one.ticket.id).or_default();
            if one.is_new
                && let Some((change, keyed)) = sla::apply(one.ticket, &policies, now)
            {
                told.push(change);
                terms.insert(keyed.key.clone(), Arc::clone(&keyed.terms));
                agreed.insert(keyed.key.clone(), keyed);
            }
            // What happens to a ticket that is aside is judged when it is so no more.
            let sla = one.ticket.sla.as_ref().filter(|_| !sla::is_aside(one.ticket));
            let Some(terms) = sla.and_then(|sla| terms.get(&sla.terms)) else {
                continue;
            };
            match sla::follow(one.ticket, terms, &one.facts, now) {
                Ok(changes) => told.extend(changes),
                Err(Late) => late.push((one, Arc::clone(terms))),
            }
        }
        self.keep_terms(tx, tenant, agreed.values()).await?;
        // Before the new states are written: they are among the facts that are handed over.
        self.follow_late(tx, tenant, late, &mut news, now).await?;
        self.keep_states(tx, tenant, facts).await?;
        Ok(news)
    }

    /// Of tickets to which something happened that is older than what was known: judges them by their whole history.
    async fn follow_late(
        &self,
        tx: &Tx,
        tenant: &str,
        late: Vec<(Touched<'_>, Arc<Terms>)>,
        news: &mut News,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if late.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = late.iter().map(|(one, _)| one.ticket.id).collect();
        let mut histories = self.histories(tx.conn(), tenant, &ids).await?;
        for (one, terms) in late {
            let before = histories.remove(&one.ticket.id).unwrap_or_default();
            let after: Vec<Fact> = before.iter().chain(&one.facts).copied().collect();
            let opened_at = one.ticket.opened_at;
            if let Some(sla) = &mut one.ticket.sla {
                let (watch, told) = sla.watch.rebuilt((&terms, &before), (&terms, &after), opened_at, now);
                sla.watch = watch;
                news.entry(one.ticket.id).or_default().extend(sla::told(told));
            }
        }
        Ok(())
    }
}
