//! Everything a figure can be computed from, as of a moment: the rows of all tickets, episodes, visits, customers.
//! Pure.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::episodes::{self, Episode};
use crate::facts::{Facts, Symbol, TicketIndex};
use crate::moment::Moment;
use crate::query::{Answer, Query};
use crate::rows::{All, Base, Holder, Ledger, TicketRows, Voice, derive_all, derive_some};
use crate::visits::{self, Visits};

/// The facts of a tenant as of a moment, ready to be added up. Rows are read when they are asked for: an answer from
/// roll-ups needs none.
pub struct View<'a> {
    moment: Moment<'a>,
    ledger: Option<&'a Ledger>,
    rows: OnceCell<All>,
    episodes: OnceCell<Vec<Episode>>,
    visits: OnceCell<Vec<Visits>>,
}

impl<'a> View<'a> {
    /// Derives everything anew.
    pub fn new(facts: &'a Facts, as_of: Micros) -> Self {
        Self::of(Moment::new(facts, as_of), None, OnceCell::new())
    }

    /// As [`View::new`], with what `ledger` remembers where it still holds. The same answers.
    pub fn with(ledger: &'a Ledger, facts: &'a Facts, as_of: Micros) -> Self {
        Self::of(ledger.moment(facts, as_of), Some(ledger), OnceCell::new())
    }

    /// As [`View::with`] of whatever moment somebody asks for, while it is `now`: what is remembered stays where it is.
    pub fn at(ledger: &'a Ledger, facts: &'a Facts, as_of: Micros, now: Micros) -> Self {
        ledger.moment(facts, now);
        Self::of(ledger.aside(facts, as_of), Some(ledger), OnceCell::new())
    }

    /// A view in which only `rows` are there: whatever follows from single tickets and answers is right in it.
    pub(crate) fn part(moment: &Moment<'a>, rows: All) -> Self {
        Self::of(moment.clone(), None, OnceCell::from(rows))
    }

    fn of(moment: Moment<'a>, ledger: Option<&'a Ledger>, rows: OnceCell<All>) -> Self {
        Self {
            moment,
            ledger,
            rows,
            episodes: OnceCell::new(),
            visits: OnceCell::new(),
        }
    }

    /// The same with the rows alone of which something may be counted in `[from, to)`; None when there is no quick way to them.
    pub(crate) fn within(&self, from: Micros, to: Micros) -> Option<View<'a>> {
        let rows = self.ledger?.within(&self.moment, from, to)?;
        Some(Self::part(&self.moment, rows))
    }

    /// The same with the tickets and answers alone of `customers` (everybody who is one now), and what those tickets are merged with.
    pub(crate) fn of_customers(&self, customers: &[Symbol]) -> View<'a> {
        let persons = customers.iter().filter_map(|customer| self.facts().person(*customer));
        let mut tickets: BTreeSet<TicketIndex> = persons.flat_map(|person| person.tickets()).copied().collect();
        let roots: Vec<TicketIndex> = tickets.iter().map(|index| self.moment.root(*index)).collect();
        for root in roots {
            tickets.insert(root);
            tickets.extend(self.moment.sources(root));
        }
        Self::part(&self.moment, derive_some(&self.moment, &tickets, customers))
    }

    /// The answer to `query` from roll-ups; None when there are none for it.
    pub(crate) fn rolled_up(&self, query: &Query<'_>) -> Option<Answer> {
        self.ledger?.answer(&self.moment, query)
    }

    fn rows(&self) -> &All {
        self.rows.get_or_init(|| match self.ledger {
            Some(ledger) => ledger.all(&self.moment),
            None => derive_all(&self.moment),
        })
    }

    /// The facts behind it.
    pub fn facts(&self) -> &'a Facts {
        self.moment.facts()
    }

    /// Who is who, and what is merged into what.
    pub fn moment(&self) -> &Moment<'a> {
        &self.moment
    }

    /// The moment.
    pub fn as_of(&self) -> Micros {
        self.moment.as_of()
    }

    /// The rows of one ticket; None when it is in no figure.
    pub fn row(&self, index: TicketIndex) -> Option<&TicketRows> {
        let rows = self.rows();
        if rows.is_whole {
            return rows.tickets.get(index as usize)?.as_deref();
        }
        let mut some = rows.tickets.iter().filter_map(Option::as_deref);
        some.find(|ticket| ticket.index == index)
    }

    /// The tickets that count as tickets: opened, not spam, not deleted, not merged into another.
    pub fn tickets(&self) -> impl Iterator<Item = &TicketRows> {
        self.contacts().filter(|ticket| ticket.is_ticket())
    }

    /// The tickets whose contacts, stays and answers count: as [`View::tickets`], and the merged ones too, since what
    /// happened once, happened; unless what they are merged into is spam or deleted.
    pub fn contacts(&self) -> impl Iterator<Item = &TicketRows> {
        self.rows().tickets.iter().filter_map(Option::as_deref)
    }

    /// What customers said when asked, apart from any ticket.
    pub fn voices(&self) -> impl Iterator<Item = &Voice> {
        self.rows().voices.iter().map(Arc::as_ref)
    }

    /// Every customer's chains of related contacts.
    pub fn episodes(&self) -> &[Episode] {
        self.episodes.get_or_init(|| episodes::all(self))
    }

    /// Every visit of the help centre.
    pub fn visits(&self) -> &[Visits] {
        self.visits.get_or_init(|| visits::all(self))
    }

    /// The dimensions of a ticket at its opening. No agent: that is whoever did what is being counted.
    pub fn dimensions<'v>(&self, ticket: &'v TicketRows) -> Dimensions<'v> {
        let base: &'v Base = &ticket.base;
        Dimensions {
            channel: base.channel,
            tier: base.tier,
            priority: base.priority,
            queue: base.queue,
            agent: None,
            team: None,
            customer: ticket.customer,
            language: base.language,
            country: base.country,
            organization: base.organization,
            intent: base.intent,
            sla_policy: base.policy,
            tags: &base.tags,
        }
    }

    /// As [`View::dimensions`], for something that `agent` did at `at`, with that agent's team then.
    pub fn dimensions_by<'v>(&self, ticket: &'v TicketRows, agent: Option<Symbol>, at: Micros) -> Dimensions<'v> {
        Dimensions {
            agent,
            team: agent.and_then(|agent| ticket.teams.at(agent, at)),
            ..self.dimensions(ticket)
        }
    }

    /// As [`View::dimensions_by`], in the queue in which it happened.
    pub fn dimensions_at<'v>(&self, ticket: &'v TicketRows, by: Holder, at: Micros) -> Dimensions<'v> {
        Dimensions {
            queue: by.queue,
            ..self.dimensions_by(ticket, by.agent, at)
        }
    }
}
