//! Everything a figure can be computed from, as of a moment: the rows of all tickets, episodes, visits, customers.
//! Pure.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::buckets::Micros;
use crate::dimensions::Dimensions;
use crate::episodes::{self, Episode};
use crate::facts::{Facts, Symbol, TicketIndex};
use crate::moment::Moment;
use crate::rows::{Base, Holder, Ledger, TicketRows, derive_all};
use crate::visits::{self, Visits};

/// The facts of a tenant as of a moment, ready to be added up.
pub struct View<'a> {
    moment: Moment<'a>,
    rows: Vec<Option<Arc<TicketRows>>>,
    episodes: OnceCell<Vec<Episode>>,
    visits: OnceCell<Vec<Visits>>,
}

impl<'a> View<'a> {
    /// Derives everything anew.
    pub fn new(facts: &'a Facts, as_of: Micros) -> Self {
        let moment = Moment::new(facts, as_of);
        let rows = derive_all(&moment);
        Self::of(moment, rows)
    }

    /// As [`View::new`], with rows that `ledger` remembers where they still hold. The same answers.
    pub fn with(ledger: &Ledger, facts: &'a Facts, as_of: Micros) -> Self {
        let moment = Moment::new(facts, as_of);
        let rows = ledger.rows(&moment);
        Self::of(moment, rows)
    }

    fn of(moment: Moment<'a>, rows: Vec<Option<Arc<TicketRows>>>) -> Self {
        Self {
            moment,
            rows,
            episodes: OnceCell::new(),
            visits: OnceCell::new(),
        }
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
        self.rows.get(index as usize)?.as_deref()
    }

    /// The tickets that count as tickets: opened, not spam, not deleted, not merged into another.
    pub fn tickets(&self) -> impl Iterator<Item = &TicketRows> {
        self.contacts().filter(|ticket| ticket.is_ticket())
    }

    /// The tickets whose contacts, stays and answers count: as [`View::tickets`], and the merged ones too, since what
    /// happened once, happened; unless what they are merged into is spam or deleted.
    pub fn contacts(&self) -> impl Iterator<Item = &TicketRows> {
        self.rows.iter().filter_map(Option::as_deref)
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
            customer: self.moment.customer(base.customer),
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
            team: self.moment.team(agent, at),
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
