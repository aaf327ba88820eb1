//! What a customer had to do with us, and how the customer differs from others of the same tier (kpis §4). Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::buckets::Micros;
use crate::facts::{Survey, Symbol, TicketIndex};
use crate::rows::{StayEnd, TicketRows, TurnEnd};
use crate::statistics::deviation;
use crate::view::View;

/// A z-score of a segment with fewer values says nothing.
const SEGMENT_MIN: usize = 10;
/// From this far from the mean on somebody is unusual.
pub const UNUSUAL: f64 = 2.0;

/// What a customer is measured by, in the order in which it is told.
pub const TRAITS: [&str; 7] = [
    "tickets",
    "contacts_per_ticket",
    "response_seconds",
    "resolution_seconds",
    "transfers_per_ticket",
    "reopen_percent",
    "csat",
];

/// Everything about one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The one that stays of merged customers.
    pub customer: Symbol,
    /// The tier at the moment of asking.
    pub tier: Option<Symbol>,
    /// Newest first.
    pub tickets: Vec<TicketIndex>,
    /// By queue.
    pub queues: BTreeMap<Option<Symbol>, Waits>,
    /// By agent.
    pub agents: BTreeMap<Symbol, Help>,
    /// As [`TRAITS`].
    pub traits: Vec<Trait>,
    /// How many customers of the tier have a ticket.
    pub segment: usize,
}

/// Waiting in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waits {
    /// How often.
    pub stays: u64,
    /// How often an agent accepted.
    pub accepted: u64,
    /// How often the customer gave up, short ones not counted.
    pub left: u64,
    /// Until an agent accepted, together.
    pub waited: Micros,
}

/// What an agent did for a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Help {
    /// Tickets in which the agent replied.
    pub tickets: BTreeSet<TicketIndex>,
    /// Replies.
    pub replies: u64,
    /// From accepting to the end of the wrap-up, together.
    pub handled: Micros,
    /// In which tickets were open and the agent had them.
    pub held: Micros,
}

/// One trait beside those of the segment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Trait {
    /// The customer's.
    pub value: Option<f64>,
    /// Of the segment.
    pub mean: Option<f64>,
    /// Of the segment.
    pub deviation: Option<f64>,
    /// Customers of the segment who have one.
    pub count: usize,
    /// How many deviations the customer is away from the mean.
    pub z: Option<f64>,
}

/// The profile of `customer` (of merged ones any); None when nothing is known of them, or they were erased.
pub fn profile(view: &View<'_>, customer: Symbol) -> Option<Profile> {
    let customer = known(view, customer)?;
    let moment = view.moment();
    let as_of = view.as_of();
    let tier = moment.tier(Some(customer), as_of);
    let mut by_customer: HashMap<Symbol, Vec<&TicketRows>> = HashMap::new();
    for ticket in view.contacts() {
        if let Some(whose) = ticket.customer {
            by_customer.entry(whose).or_default().push(ticket);
        }
    }
    let mut own = by_customer.get(&customer).cloned().unwrap_or_default();
    own.sort_by_key(|ticket| (std::cmp::Reverse(ticket.opened_at), ticket.index));
    let mut segment: [Vec<f64>; TRAITS.len()] = Default::default();
    let mut members = 0;
    for (whose, tickets) in &by_customer {
        if moment.tier(Some(*whose), as_of) == tier {
            members += 1;
            for (values, value) in segment.iter_mut().zip(traits(tickets)) {
                values.extend(value);
            }
        }
    }
    // Without a ticket there is nothing to compare.
    let values = if own.is_empty() {
        [None; TRAITS.len()]
    } else {
        traits(&own)
    };
    Some(Profile {
        customer,
        tier,
        tickets: own.iter().map(|ticket| ticket.index).collect(),
        queues: queues(&own),
        agents: agents(&own, as_of),
        traits: values
            .into_iter()
            .zip(segment)
            .map(|(value, values)| Trait::new(value, values))
            .collect(),
        segment: members,
    })
}

/// Who `customer` is now; None when nothing is known of them, or they were erased.
pub fn known(view: &View<'_>, customer: Symbol) -> Option<Symbol> {
    let stays = view.moment().customer(Some(customer))?;
    view.facts().person(stays).map(|_| stays)
}

impl Trait {
    fn new(value: Option<f64>, mut segment: Vec<f64>) -> Self {
        // Sums do not depend on the order of arrival.
        segment.sort_by(f64::total_cmp);
        let count = segment.len();
        let mean = (count > 0).then(|| segment.iter().sum::<f64>() / count as f64);
        let deviation = deviation(&segment);
        let z = match (value, mean, deviation) {
            (Some(value), Some(mean), Some(deviation)) if deviation > 0.0 && count >= SEGMENT_MIN => {
                Some((value - mean) / deviation)
            }
            _ => None,
        };
        Self {
            value,
            mean,
            deviation,
            count,
            z,
        }
    }

    /// Whether the customer is unlike the others here.
    pub fn is_unusual(&self) -> bool {
        self.z.is_some_and(|z| z.abs() >= UNUSUAL)
    }
}

/// See [`TRAITS`]. What is merged into another ticket counts as contact, not as ticket.
fn traits(tickets: &[&TicketRows]) -> [Option<f64>; TRAITS.len()] {
    let own: Vec<&&TicketRows> = tickets.iter().filter(|ticket| ticket.is_ticket()).collect();
    let count = own.len() as f64;
    let per_ticket = |sum: usize| (count > 0.0).then(|| sum as f64 / count);
    let turns = own.iter().flat_map(|ticket| &ticket.conversation.turns);
    let responses = turns.filter_map(|turn| match turn.end {
        TurnEnd::Replied { took, .. } => Some(took.elapsed as f64 / 1e6),
        TurnEnd::Over | TurnEnd::Waiting => None,
    });
    let solved = || own.iter().filter_map(|ticket| ticket.standing_solve());
    let ever_solved = own.iter().filter(|ticket| !ticket.life.solves.is_empty());
    let reopened = own.iter().filter(|ticket| ticket.reopened()).count() as f64;
    let ever = ever_solved.count() as f64;
    let answers = tickets.iter().flat_map(|ticket| &ticket.answers);
    let scores = answers
        .filter(|answer| answer.survey == Survey::Csat)
        .map(|answer| answer.score);
    [
        (count > 0.0).then_some(count),
        per_ticket(tickets.iter().map(|ticket| ticket.contacts.len()).sum()),
        mean(responses),
        mean(solved().map(|solve| solve.took.elapsed as f64 / 1e6)),
        per_ticket(own.iter().map(|ticket| ticket.transfers.len()).sum()),
        (ever > 0.0).then(|| 100.0 * reopened / ever),
        mean(scores),
    ]
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn queues(tickets: &[&TicketRows]) -> BTreeMap<Option<Symbol>, Waits> {
    let mut queues: BTreeMap<Option<Symbol>, Waits> = BTreeMap::new();
    for stay in tickets.iter().flat_map(|ticket| &ticket.stays) {
        let waits = queues.entry(stay.queue).or_default();
        waits.stays += 1;
        match stay.end {
            StayEnd::Accepted { took, .. } => {
                waits.accepted += 1;
                waits.waited += took.elapsed;
            }
            StayEnd::Left { short, .. } => waits.left += u64::from(!short),
            StayEnd::Waiting => {}
        }
    }
    queues
}

fn agents(tickets: &[&TicketRows], as_of: Micros) -> BTreeMap<Symbol, Help> {
    let mut agents: BTreeMap<Symbol, Help> = BTreeMap::new();
    for ticket in tickets {
        for (_, by) in &ticket.conversation.replies {
            if let Some(agent) = by.agent {
                let help = agents.entry(agent).or_default();
                help.replies += 1;
                help.tickets.insert(ticket.index);
            }
        }
        for wrap_up in &ticket.wrap_ups {
            if let (Some(agent), Some(took)) = (wrap_up.by.agent, wrap_up.took) {
                agents.entry(agent).or_default().handled += took.elapsed;
            }
        }
        for level in &ticket.life.backlog {
            if let Some(agent) = level.by.agent {
                agents.entry(agent).or_default().held += (level.to.min(as_of) - level.from).max(0);
            }
        }
    }
    agents
}

#[cfg(test)]
mod tests;
