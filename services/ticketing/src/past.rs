//! The past of another system: what its lines make of customers, tickets and what belongs to them. Pure.
//!
//! A line makes exactly one event, [`Recorded`], and changes rows so that an imported ticket can be read, found, filtered, exported,
//! erased and answered like any other. It does nothing else: no queue, no promise, no survey, nothing that acts on live events.
//!
//! - A ticket is found again by its number at the source, a customer by the source's id, or else by an e-mail address or phone number
//!   among their attributes.
//! - The past never overrules the present: what anybody has changed here since its last import stays as it is, messages included,
//!   whatever a late import tells about earlier days. Nor does an older line overrule a newer one that came before it. The log has it all
//!   the same.
//! - Customers who were known here before keep what they have; an import only adds what they lack, and replaces what an import said of an
//!   earlier time. Before a customer's first line that line holds, also for the tier of tickets that were opened then.

mod customers;
mod merges;
mod tickets;
pub mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_history::{Line, Problem, References, What};
use vorrang_service::Ids;

use crate::customer::{Customer, IdentityKey};
use crate::message::Message;
use crate::record::{Order, ProactiveContact};
use crate::state::State;
use crate::ticket::Ticket;
use crate::words::OrderStatus;

pub use customers::identities;
pub use merges::Merges;

/// Most lines of a call.
pub const LINES_MAX: usize = 1_000;

/// Who acts in what an import tells without naming somebody.
pub const BY_IMPORT: &str = "import";

/// How the type of the events is called.
pub const KIND: &str = "history_recorded";

/// A line that was taken in, with the names that its ids have here.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The system it comes from.
    pub source: String,
    /// The import, `imports/{import}`.
    pub import: String,
    /// What it says.
    pub line: Line,
    /// The ticket it is about.
    pub ticket: Option<Uuid>,
    /// The other ticket of a merge or a link.
    pub other: Option<Uuid>,
    /// Whom it is about.
    pub customer: Option<Uuid>,
    /// The message it became.
    pub message: Option<Uuid>,
}

/// Why a line was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It refers to what is not there.
    Bad(Problem),
    /// Whom it is about was erased: nothing can be added any more.
    Erased,
}

/// How far the past of an imported ticket is told. Lines may come late, from another file or corrected: what an older one says about
/// the state is over by then.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Imported {
    /// The ticket's revision as the last import left it: any other says that somebody has worked on it since.
    pub revision: i64,
    /// When the newest status that counted was given.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub status_at: Option<DateTime<Utc>>,
    /// When it was last assigned.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub assigned_at: Option<DateTime<Utc>>,
    /// When it was last merged, or that undone.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub merged_at: Option<DateTime<Utc>>,
    /// The id at the source of the ticket that it is part of by the log, whatever the row says.
    pub merged_into: Option<String>,
}

/// A solve of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solve {
    /// Of which ticket.
    pub ticket: Uuid,
    /// Its number.
    pub number: i32,
    /// Who had the ticket.
    pub agent: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A change of state of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    /// Its id, in the order of recording.
    pub id: Uuid,
    /// Of which ticket.
    pub ticket: Uuid,
    /// What it became.
    pub state: State,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is known and what becomes of it. Filled with everything that the lines name, then given one line after the other.
#[derive(Debug, Default)]
pub struct Past {
    /// The system.
    pub source: String,
    /// When all this is recorded.
    pub now: DateTime<Utc>,
    /// The last number given to a ticket of the tenant.
    pub last_number: i64,
    /// Customers by id.
    pub customers: BTreeMap<Uuid, Customer>,
    /// Who has which identity.
    pub owners: HashMap<IdentityKey, Uuid>,
    /// Ids at the source of customers who were erased.
    pub gone: BTreeSet<IdentityKey>,
    /// Tickets by id.
    pub tickets: BTreeMap<Uuid, Ticket>,
    /// Tickets of this source by their id there.
    pub numbers: HashMap<String, Uuid>,
    /// Which ticket leads to which by merges: of those that are named, what they lead to and what leads to them.
    pub merges: Merges,
    /// Customers whose first line said a tier: which, and when. It holds for what was opened before, too.
    pub first_tiers: Vec<(Uuid, String, DateTime<Utc>)>,
    /// What lines may refer to.
    pub references: References,
    /// Customers and tickets that were made: id, and whose they are.
    pub new: Vec<(Uuid, Uuid)>,
    /// Those that are not as they were.
    pub changed: BTreeSet<Uuid>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Solves.
    pub solves: Vec<Solve>,
    /// Changes of state.
    pub states: Vec<Became>,
    /// Orders, and whose.
    pub orders: Vec<(Uuid, Order)>,
    /// Proactive contacts, and to whom.
    pub contacts: Vec<(Uuid, ProactiveContact)>,
}

impl Past {
    /// Takes a line in, whose hash makes the ids of what has none at the source.
    ///
    /// # Errors
    /// What is wrong with it; then nothing has changed.
    pub fn take(&mut self, line: &Line, hash: &[u8; 32], import: &str, ids: &Ids) -> Result<Recorded, Refusal> {
        let named: Vec<Uuid> = line.what.tickets().iter().filter_map(|id| self.ticket(id)).collect();
        if named
            .iter()
            .filter_map(|id| self.tickets.get(id))
            .any(|ticket| ticket.erased)
        {
            return Err(Refusal::Erased);
        }
        let known = self.known(line);
        if known
            .and_then(|id| self.customers.get(&id))
            .is_some_and(|one| one.erased_at.is_some())
        {
            return Err(Refusal::Erased);
        }
        if known.is_none() && self.is_gone(line) {
            return Err(Refusal::Erased);
        }
        self.references.see(line).map_err(Refusal::Bad)?;
        let customer = match line.what.customer() {
            Some(id) => Some(self.customer(id, line, ids)),
            None => named.first().and_then(|id| Some(self.tickets.get(id)?.customer)),
        };
        let mut recorded = Recorded {
            source: self.source.clone(),
            import: import.to_owned(),
            ticket: named.first().copied(),
            other: named.get(1).copied(),
            customer,
            message: None,
            line: line.clone(),
        };
        self.apply(line, hash, &mut recorded, ids);
        Ok(recorded)
    }

    fn apply(&mut self, line: &Line, hash: &[u8; 32], recorded: &mut Recorded, ids: &Ids) {
        let (at, source) = (line.at, self.source.clone());
        match &line.what {
            What::TicketOpened { .. } => {
                recorded.ticket = recorded.customer.map(|customer| self.open(line, customer, ids));
            }
            What::Customer { .. } => {
                if let Some(id) = recorded.customer {
                    self.learn(id, line);
                }
            }
            What::CustomerLeft { .. } => {
                if let Some(id) = recorded.customer {
                    self.left(id, at);
                }
            }
            What::Message { .. } => recorded.message = recorded.ticket.and_then(|id| self.write(id, line, ids)),
            What::Status { status, .. } => {
                if let Some(id) = recorded.ticket {
                    self.become_status(id, *status, at, ids);
                }
            }
            What::Assigned { agent, queue, .. } => {
                let newer = recorded
                    .ticket
                    .and_then(|id| self.newer(id, at, |past| &mut past.assigned_at));
                if let Some(ticket) = newer {
                    ticket.assignee = agent.as_deref().map(words::agent);
                    if let Some(queue) = queue {
                        ticket.queue = words::slug(queue);
                    }
                }
            }
            What::Merged { into, .. } => self.merge(recorded.ticket, recorded.other, Some(into), at),
            What::Unmerged { .. } => self.merge(recorded.ticket, None, None, at),
            What::Linked { .. } => {
                self.link(recorded.ticket, recorded.other, at);
                self.link(recorded.other, recorded.ticket, at);
            }
            What::Order {
                id, amount, currency, ..
            } => {
                let money = amount
                    .zip(currency.as_deref())
                    .and_then(|(amount, currency)| Some((words::amount(amount, currency)?, currency)));
                if let (Some(customer), Some((amount, currency))) = (recorded.customer, money) {
                    let order = Order {
                        id: id.clone(),
                        amount,
                        currency: currency.to_owned(),
                        status: OrderStatus::Placed,
                        ordered_at: at,
                        // Whatever a shop told since is newer.
                        changed_at: Some(at),
                        note: String::new(),
                        source,
                        created_at: self.now,
                        updated_at: self.now,
                    };
                    self.orders.push((customer, order));
                }
            }
            What::ProactiveContact { reason, .. } => {
                if let Some(customer) = recorded.customer {
                    let contact = ProactiveContact {
                        id: format!("import-{}", hex::encode(&hash[..16])),
                        reason: words::cut(reason, crate::record::REASON_MAX),
                        at,
                        ticket: recorded.ticket,
                        agent: String::new(),
                        source,
                        created_at: self.now,
                    };
                    self.contacts.push((customer, contact));
                }
            }
            _ => {}
        }
    }

    /// The ticket that has this id at the source.
    fn ticket(&self, id: &str) -> Option<Uuid> {
        self.numbers.get(id).copied()
    }
}

#[cfg(test)]
mod tests;
