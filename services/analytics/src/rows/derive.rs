//! The rows of one ticket from its timeline.

use std::borrow::Cow;

use super::life::{Holders, life, transfers};
use super::targets::{Holds, Promised, targets};
use super::teams::named;
use super::{Base, StayEnd, Teams, TicketRows, Took, Use, conversation, voices, work};
use crate::buckets::Micros;
use crate::facts::{Entry, Opening, Order, Status, Step, Ticket, TicketIndex, Trait, instant};
use crate::moment::Moment;

/// The rows of a ticket, and how long they hold.
pub struct Derived {
    /// The rows.
    pub rows: TicketRows,
    /// Without any further event.
    pub holds: Holds,
}

/// Reads one ticket as of `moment`; None when it was not opened by then or is in no figure (D7).
pub fn derive(moment: &Moment<'_>, index: TicketIndex) -> Option<Derived> {
    let facts = moment.facts();
    let ticket = facts.tickets().get(index as usize)?;
    let opening = ticket.opening.as_ref().filter(|opening| opening.at <= moment.as_of())?;
    let root = moment.root(index);
    if moment.is_excluded(root) {
        return None;
    }
    Some(read(moment, index, root, ticket, opening))
}

fn read(moment: &Moment<'_>, index: TicketIndex, root: TicketIndex, ticket: &Ticket, opening: &Opening) -> Derived {
    let facts = moment.facts();
    let as_of = moment.as_of();
    let steps = ticket.timeline.until(as_of);
    let is_ticket = !moment.is_merged(index);
    let was = |what| moment.trait_of(opening.customer, what, opening.at);
    let tier = opening.tier.or_else(|| moment.tier(opening.customer, opening.at));
    let promised = Promised::of(facts, opening, tier, steps);
    let calendar = promised.calendar();
    let took = |from: Micros, to: Micros| Took {
        // A source whose clock runs ahead dates a beginning after its end: no wait is shorter than none.
        elapsed: (to - from).max(0),
        business: calendar.map(|open| {
            open.business(instant(from), instant(to))
                .num_microseconds()
                .unwrap_or(i64::MAX)
        }),
    };
    let holders = Holders::of(opening.queue, steps);
    let life = life(opening.at, steps, &holders, &took);
    let own = conversation::contacts(steps, opening.channel, &holders);
    let mut holds = Holds::ALWAYS;
    let mut together = super::Conversation::default();
    let (mut target_rows, mut paused) = (Vec::new(), Vec::new());
    let mut uses = Vec::new();
    let mut given_up = Some(false);
    let mut stays = work::stays(steps, &took);
    let (wrap_ups, mut unwrapped) = work::wrap_ups(steps, &holders, &took);
    let mut handled = false;
    let mut agents: Vec<_> = opening.agent.into_iter().chain(named(facts, steps)).collect();
    if is_ticket {
        let spoken = entries(moment, index, steps);
        if matches!(spoken, Cow::Owned(_)) {
            agents.extend(named(facts, &spoken));
        }
        together = conversation::conversation(&spoken, &holders, &took);
        together.contact_count = contact_count(moment, index, own.len());
        let so_far = (together.turns.as_slice(), life.solves.as_slice());
        (target_rows, paused) = targets(&promised, opening.at, &spoken, so_far, &holders, (as_of, &mut holds));
        uses = self::uses(moment, index, steps, &holders);
        given_up = work::given_up(steps, &stays, &spoken, !life.solves.is_empty());
        handled = work::handled(&spoken);
    } else {
        stays.retain(|stay| stay.end != StayEnd::Waiting);
    }
    if !is_ticket || life.solved || life.closed {
        unwrapped.clear();
    }
    let rows = TicketRows {
        index,
        opened_at: opening.at,
        opened_by: opening.opened_by,
        opening_agent: opening.agent,
        base: Base {
            channel: opening.channel,
            tier,
            priority: opening.priority,
            queue: opening.queue,
            customer: opening.customer,
            language: was(Trait::Language),
            country: was(Trait::Country),
            organization: opening.organization.or_else(|| was(Trait::Organization)),
            intent: opening.intent,
            policy: promised.policy,
            tags: opening.tags.clone(),
        },
        customer: moment.customer(opening.customer),
        teams: Teams::of(facts, agents, as_of),
        has_calendar: calendar.is_some(),
        root,
        merged: !is_ticket,
        conversation: together,
        contacts: own,
        messages: conversation::messages(steps, opening.channel, &holders),
        written: written(steps),
        linked: linked(steps),
        transfers: transfers(opening.queue, steps),
        handled,
        targets: target_rows,
        rests: !paused.is_empty(),
        paused,
        stays,
        wrap_ups,
        unwrapped,
        answers: voices::answers(steps, &solve_places(steps), &life.solves, &holders),
        sendings: voices::sendings(steps, &holders),
        reviews: voices::reviews(steps, &holders, facts),
        uses,
        given_up,
        life,
    };
    Derived { rows, holds }
}

/// All messages and handoffs of a ticket and of everything merged into it, by time, with its own other steps.
fn entries<'a>(moment: &Moment<'a>, index: TicketIndex, steps: &'a [Entry]) -> Cow<'a, [Entry]> {
    let sources = moment.sources(index);
    if sources.is_empty() {
        return Cow::Borrowed(steps);
    }
    let mut entries = steps.to_vec();
    for source in sources {
        if let Some(ticket) = moment.facts().tickets().get(*source as usize) {
            let until = ticket.timeline.until(moment.as_of());
            let spoken = |entry: &&Entry| matches!(entry.step, Step::Message { .. } | Step::Handoff);
            entries.extend(until.iter().filter(spoken));
        }
    }
    entries.sort_by_key(|entry| (entry.at, entry.order));
    Cow::Owned(entries)
}

/// Contacts of all tickets of a conversation: each by its own replies, solves and closes.
fn contact_count(moment: &Moment<'_>, index: TicketIndex, own: usize) -> u32 {
    let of_source = |source: &TicketIndex| {
        let ticket = moment.facts().tickets().get(*source as usize);
        let opened = ticket.filter(|ticket| {
            ticket
                .opening
                .as_ref()
                .is_some_and(|opening| opening.at <= moment.as_of())
        });
        opened.map_or(0, |ticket| {
            let steps = ticket.timeline.until(moment.as_of());
            conversation::contacts(steps, None, &Holders::of(None, steps)).len()
        })
    };
    let all = own + moment.sources(index).iter().map(of_source).sum::<usize>();
    u32::try_from(all).unwrap_or(u32::MAX)
}

fn uses(moment: &Moment<'_>, index: TicketIndex, steps: &[Entry], holders: &Holders) -> Vec<Use> {
    let mut found = Vec::new();
    let mut add = |entries: &[Entry]| {
        for entry in entries {
            if let Step::Applied { workflow, id } = entry.step {
                found.push(Use {
                    at: entry.at,
                    workflow,
                    id,
                    queue: holders.before(entry.at, entry.order).queue,
                });
            }
        }
    };
    add(steps);
    for source in moment.sources(index) {
        if let Some(ticket) = moment.facts().tickets().get(*source as usize) {
            add(ticket.timeline.until(moment.as_of()));
        }
    }
    found
}

/// What a ticket is linked to in the end, whenever the link was made.
fn linked(steps: &[Entry]) -> Vec<TicketIndex> {
    let mut links = Vec::new();
    for entry in steps {
        match entry.step {
            Step::Linked { to } if !links.contains(&to) => links.push(to),
            Step::Unlinked { to } => links.retain(|link| *link != to),
            _ => {}
        }
    }
    links
}

/// When the customer wrote.
fn written(steps: &[Entry]) -> Vec<Micros> {
    let wrote = |entry: &&Entry| {
        matches!(
            entry.step,
            Step::Message {
                actor: crate::facts::ActorKind::Customer,
                ..
            }
        )
    };
    steps.iter().filter(wrote).map(|entry| entry.at).collect()
}

/// Where in the timeline the solves are: [`life`] says when, this says between what.
fn solve_places(steps: &[Entry]) -> Vec<(Micros, Order)> {
    let mut solved = false;
    let mut places = Vec::new();
    for entry in steps {
        let Step::Status { status, .. } = entry.step else {
            continue;
        };
        match status {
            Status::Solved if !solved => {
                solved = true;
                places.push((entry.at, entry.order));
            }
            Status::New | Status::Open | Status::Pending | Status::OnHold => solved = false,
            _ => {}
        }
    }
    places
}
