//! A customer's way: every touchpoint over all channels, help centre, surveys and orders, in order, and what it took (kpis §4). Pure.

use std::collections::{BTreeSet, HashMap};

use crate::buckets::Micros;
use crate::facts::{SessionStep, Survey, Symbol, TicketIndex};
use crate::profile::known;
use crate::rows::{Answer, Contact, Holder, StayEnd, TicketRows, TurnEnd};
use crate::view::View;

/// A customer's way.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// The one that stays of merged customers.
    pub customer: Symbol,
    /// By time.
    pub touchpoints: Vec<Touchpoint>,
    /// What it took.
    pub effort: Effort,
}

/// Something that happened between a customer and us.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touchpoint {
    /// When.
    pub at: Micros,
    /// What.
    pub what: What,
    /// The ticket it belongs to.
    pub ticket: Option<TicketIndex>,
    /// The channel.
    pub channel: Option<Symbol>,
    /// Who of us, and in which queue.
    pub by: Holder,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// The customer left.
    Lost,
    /// The customer was won.
    Won,
    /// We went to the customer first.
    ProactiveContact,
    /// A step in the help centre.
    SelfService(SessionStep),
    /// The customer ordered.
    Order(Symbol),
    /// A turn began; how long until the reply that ended it.
    Contact(Option<Micros>),
    /// The customer gave up waiting, after so long.
    Abandoned(Micros),
    /// An agent accepted, after so long.
    Accepted(Micros),
    /// To another agent or queue.
    Transferred,
    /// An agent replied.
    Reply,
    /// So long after the opening.
    Solved(Micros),
    /// After a solve.
    Reopened,
    /// A question was sent.
    SurveySent(Survey),
    /// And answered.
    SurveyAnswered(Survey, f64),
}

/// What a way took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effort {
    /// Turns of the customer.
    pub contacts: u64,
    /// Tickets.
    pub tickets: BTreeSet<TicketIndex>,
    /// Channels of the contacts.
    pub channels: BTreeSet<Symbol>,
    /// Contacts over another channel than the one before.
    pub switches: u64,
    /// Transfers.
    pub transfers: u64,
    /// Times the customer gave up waiting.
    pub abandoned: u64,
    /// Between turns and the replies that ended them, together.
    pub waited: Micros,
}

/// The way of `customer` (of merged ones any) within `[from, to)`; None when nothing is known of them, or they were erased.
pub fn journey(view: &View<'_>, customer: Symbol, from: Micros, to: Micros) -> Option<Journey> {
    let customer = known(view, customer)?;
    let moment = view.moment();
    let merged = view.facts().merged_customers().map(|(one, _)| one);
    let mut persons: Vec<Symbol> = merged
        .filter(|one| moment.customer(Some(*one)) == Some(customer))
        .collect();
    persons.push(customer);
    persons.sort_unstable();
    persons.dedup();
    // One customer's tickets, not everybody's.
    let part = view.of_customers(&persons);
    let view = &part;
    let mut way = Way {
        view,
        persons,
        customer,
        touchpoints: Vec::new(),
    };
    for ticket in view.contacts() {
        if ticket.customer == Some(customer) {
            way.ticket(ticket);
        }
    }
    way.apart();
    way.sessions();
    let mut touchpoints = way.touchpoints;
    touchpoints.retain(|touchpoint| (from..to).contains(&touchpoint.at));
    touchpoints.sort_by_key(|touchpoint| (touchpoint.at, rank(touchpoint.what), touchpoint.ticket));
    let effort = effort(&touchpoints);
    Some(Journey {
        customer,
        touchpoints,
        effort,
    })
}

/// Among things of one instant: what the customer did, then what we did.
fn rank(what: What) -> u8 {
    match what {
        What::Won => 0,
        What::ProactiveContact | What::SelfService(_) | What::Order(_) => 1,
        What::Contact(_) => 2,
        What::Abandoned(_) | What::Accepted(_) => 3,
        What::Transferred => 4,
        What::Reply => 5,
        What::Reopened => 6,
        What::Solved(_) => 7,
        What::SurveySent(_) => 8,
        What::SurveyAnswered(..) => 9,
        What::Lost => 10,
    }
}

fn effort(touchpoints: &[Touchpoint]) -> Effort {
    let mut effort = Effort::default();
    let mut before: Option<Option<Symbol>> = None;
    for touchpoint in touchpoints {
        effort.tickets.extend(touchpoint.ticket);
        match touchpoint.what {
            What::Contact(waited) => {
                effort.contacts += 1;
                effort.channels.extend(touchpoint.channel);
                effort.waited += waited.unwrap_or(0);
                effort.switches += u64::from(before.is_some_and(|before| before != touchpoint.channel));
                before = Some(touchpoint.channel);
            }
            What::Transferred => effort.transfers += 1,
            What::Abandoned(_) => effort.abandoned += 1,
            _ => {}
        }
    }
    effort
}

struct Way<'v, 'a> {
    view: &'v View<'a>,
    /// Everybody who is the customer now.
    persons: Vec<Symbol>,
    customer: Symbol,
    touchpoints: Vec<Touchpoint>,
}

impl Way<'_, '_> {
    fn put(&mut self, at: Micros, what: What, ticket: Option<&TicketRows>, by: Holder) {
        self.touchpoints.push(Touchpoint {
            at,
            what,
            ticket: ticket.map(|ticket| ticket.index),
            channel: ticket.and_then(|ticket| ticket.base.channel),
            by,
        });
    }

    fn ticket(&mut self, ticket: &TicketRows) {
        self.contacts(ticket);
        let nobody = Holder::default();
        for (at, by) in &ticket.conversation.replies {
            self.put(*at, What::Reply, Some(ticket), *by);
        }
        for stay in &ticket.stays {
            let in_queue = |agent| Holder {
                agent,
                queue: stay.queue,
            };
            match stay.end {
                StayEnd::Accepted { at, took, agent } => {
                    self.put(at, What::Accepted(took.elapsed), Some(ticket), in_queue(agent));
                }
                StayEnd::Left { at, .. } => {
                    self.put(at, What::Abandoned(at - stay.entered_at), Some(ticket), in_queue(None));
                }
                StayEnd::Waiting => {}
            }
        }
        for at in &ticket.transfers {
            self.put(*at, What::Transferred, Some(ticket), nobody);
        }
        for solve in &ticket.life.solves {
            self.put(solve.at, What::Solved(solve.took.elapsed), Some(ticket), solve.by);
        }
        let mut was_solved = false;
        for change in &ticket.life.turns {
            if was_solved && !change.solved {
                self.put(change.at, What::Reopened, Some(ticket), nobody);
            }
            was_solved = change.solved;
        }
        for sending in &ticket.sendings {
            self.put(sending.at, What::SurveySent(sending.survey), Some(ticket), nobody);
        }
        for answer in &ticket.answers {
            self.answer(answer, Some(ticket));
        }
    }

    fn answer(&mut self, answer: &Answer, ticket: Option<&TicketRows>) {
        self.put(
            answer.at,
            What::SurveyAnswered(answer.survey, answer.score),
            ticket,
            answer.by,
        );
    }

    /// Turns of the customer in the ticket, with the replies of the conversation that it is part of.
    fn contacts(&mut self, ticket: &TicketRows) {
        let root = self.view.row(ticket.root);
        let turns = root.map_or(&[][..], |root| root.conversation.turns.as_slice());
        let waits: HashMap<Micros, Micros> = turns
            .iter()
            .filter_map(|turn| match turn.end {
                TurnEnd::Replied { took, .. } => Some((turn.begun_at, took.elapsed)),
                TurnEnd::Over | TurnEnd::Waiting => None,
            })
            .collect();
        for Contact { at, channel, queue, .. } in &ticket.contacts {
            self.touchpoints.push(Touchpoint {
                at: *at,
                what: What::Contact(waits.get(at).copied()),
                ticket: Some(ticket.index),
                channel: *channel,
                by: Holder {
                    agent: None,
                    queue: *queue,
                },
            });
        }
    }

    /// What has to do with no ticket: surveys, orders, coming and going.
    fn apart(&mut self) {
        let (view, as_of) = (self.view, self.view.as_of());
        let nobody = Holder::default();
        let (mut answers, mut sendings) = (Vec::new(), Vec::new());
        for voice in view.voices() {
            answers.extend(voice.answers.iter().map(|(answer, _)| *answer));
            sendings.extend(voice.sendings.iter().map(|(sending, _)| *sending));
        }
        let people: Vec<_> = self
            .persons
            .iter()
            .filter_map(|one| view.facts().person(*one))
            .collect();
        for answer in answers {
            self.answer(&answer, None);
        }
        for sending in sendings {
            self.put(sending.at, What::SurveySent(sending.survey), None, nobody);
        }
        for person in people {
            for (at, id) in person.orders(as_of) {
                self.put(at, What::Order(id), None, nobody);
            }
            for at in person.reached(as_of) {
                self.put(at, What::ProactiveContact, None, nobody);
            }
            // Being told of again is no new winning.
            let mut was_there = false;
            for (at, _, came) in person.comings(as_of) {
                if came != was_there {
                    self.put(at, if came { What::Won } else { What::Lost }, None, nobody);
                }
                was_there = came;
            }
        }
    }

    fn sessions(&mut self) {
        let (view, as_of) = (self.view, self.view.as_of());
        for (_, session) in view.facts().sessions() {
            let steps = session.until(as_of);
            // The one named on any of its lines, else that of the ticket that it names (D43).
            let named = steps.iter().find_map(|(_, _, visit)| visit.customer);
            let of_ticket = || {
                let ticket = steps.iter().find_map(|(_, _, visit)| visit.ticket)?;
                view.row(ticket)?.base.customer
            };
            if view.moment().customer(named.or_else(of_ticket)) != Some(self.customer) {
                continue;
            }
            for (at, _, visit) in steps {
                let ticket = visit.ticket.and_then(|ticket| view.row(ticket));
                self.put(*at, What::SelfService(visit.step), ticket, Holder::default());
            }
        }
    }
}

#[cfg(test)]
mod tests;
