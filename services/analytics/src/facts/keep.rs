//! Facts in parts that can be written apart: what changes seldom is written seldom. A part is so many tickets, or so many names
//! with everything that is known under them, or the little rest. Read back in order they are the facts that were written.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::bytes::{Broken, Keep, keep_fields, keep_words, take};
use super::{
    ActorKind, Benchmark, Facts, Opening, Order, Presence, Review, ReviewIndex, SessionStep, Status, Step, Survey,
    Symbol, Ticket, TicketIndex, Visit, Workflow,
};
use crate::buckets::Micros;

/// Tickets and names of one part.
const CHUNK: u32 = 65_536;

/// Rises with every change of what is written below: what another version wrote is read from the feeds instead.
pub const FORMAT: u32 = 1;

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Names, and what is known of customers, agents and sessions under them.
    Names(u32),
    /// Tickets.
    Tickets(u32),
    /// Reviews, promises, benchmarks.
    Rest,
}

/// The parts that differ from what was written last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched(BTreeSet<Part>);

impl Touched {
    /// More of them.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which they are read.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.0.iter().copied()
    }

    pub(super) fn symbol(&mut self, symbol: Symbol) {
        self.0.insert(Part::Names((symbol.number() - 1) / CHUNK));
    }

    /// Names that are new: those from a number of names on.
    pub(super) fn names(&mut self, before: usize, now: usize) {
        for number in before..now {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            self.0.insert(Part::Names(number / CHUNK));
        }
    }

    pub(super) fn ticket(&mut self, index: TicketIndex) {
        self.0.insert(Part::Tickets(index / CHUNK));
    }

    pub(super) fn rest(&mut self) {
        self.0.insert(Part::Rest);
    }
}

impl Facts {
    /// What has changed since this was asked last.
    pub fn take_touched(&mut self) -> Touched {
        let mut touched = std::mem::take(&mut self.touched);
        if !touched.is_empty() {
            touched.rest();
        }
        touched
    }

    /// All parts there are.
    pub fn all_parts(&self) -> Touched {
        let chunks = |len: usize| 0..u32::try_from(len.div_ceil(CHUNK as usize)).unwrap_or(u32::MAX);
        let names = chunks(self.strings.len()).map(Part::Names);
        let tickets = chunks(self.tickets.len()).map(Part::Tickets);
        Touched(names.chain(tickets).chain([Part::Rest]).collect())
    }

    /// A part as bytes.
    pub fn encode(&self, part: Part) -> Vec<u8> {
        let mut out = Vec::new();
        match part {
            Part::Names(chunk) => {
                for number in range(chunk, self.strings.len()) {
                    if let Some(symbol) = Symbol::nth(number + 1) {
                        self.write_name(symbol, &mut out);
                    }
                }
            }
            Part::Tickets(chunk) => {
                for index in range(chunk, self.tickets.len()) {
                    if let Some(ticket) = self.tickets.get(index as usize) {
                        ticket.write(&mut out);
                    }
                }
            }
            Part::Rest => {
                self.reviews.write(&mut out);
                self.desk.write(&mut out);
                self.benchmarks.write(&mut out);
                self.merged.write(&mut out);
                self.merged_people.write(&mut out);
                self.merges.write(&mut out);
                self.last.write(&mut out);
            }
        }
        out
    }

    /// Adds a part that [`Facts::encode`] gave: all parts, in their order, to facts that are empty.
    ///
    /// Fails with [`Broken`]; the facts are of no use then.
    pub fn decode(&mut self, part: Part, mut bytes: &[u8]) -> Result<(), Broken> {
        let input = &mut bytes;
        match part {
            Part::Names(chunk) => {
                for _ in 0..CHUNK {
                    if input.is_empty() {
                        break;
                    }
                    self.read_name(input)?;
                }
                in_order(chunk, self.strings.len())?;
            }
            Part::Tickets(chunk) => {
                while !input.is_empty() {
                    let ticket = Ticket::read(input)?;
                    let index = TicketIndex::try_from(self.tickets.len()).map_err(|_| Broken)?;
                    if let Some(id) = ticket.id {
                        self.ticket_ids.insert(id, index);
                    }
                    self.tickets.push(ticket);
                }
                in_order(chunk, self.tickets.len())?;
            }
            Part::Rest => {
                self.reviews = Keep::read(input)?;
                self.desk = Keep::read(input)?;
                self.benchmarks = Keep::read(input)?;
                self.merged = Keep::read(input)?;
                self.merged_people = Keep::read(input)?;
                self.merges = Keep::read(input)?;
                self.last = Keep::read(input)?;
                // Whoever remembers what follows from facts has seen none of these.
                self.changes.forget_all();
            }
        }
        if input.is_empty() { Ok(()) } else { Err(Broken) }
    }

    fn write_name(&self, symbol: Symbol, out: &mut Vec<u8>) {
        self.strings.text(symbol).to_owned().write(out);
        let mut known = Vec::new();
        let mut flags = u8::from(self.erased.contains(&symbol));
        put(&self.people, symbol, 1, &mut flags, &mut known);
        put(&self.sessions, symbol, 2, &mut flags, &mut known);
        put(&self.surveys, symbol, 3, &mut flags, &mut known);
        put(&self.teams, symbol, 4, &mut flags, &mut known);
        put(&self.duties, symbol, 5, &mut flags, &mut known);
        put(&self.review_ids, symbol, 6, &mut flags, &mut known);
        out.push(flags);
        out.append(&mut known);
    }

    fn read_name(&mut self, input: &mut &[u8]) -> Result<(), Broken> {
        let symbol = self.strings.put(&String::read(input)?).ok_or(Broken)?;
        let [flags] = take(input, 1)? else { return Err(Broken) };
        if flags & 1 != 0 {
            self.erased.insert(symbol);
        }
        get(&mut self.people, symbol, 1, *flags, input)?;
        get(&mut self.sessions, symbol, 2, *flags, input)?;
        get(&mut self.surveys, symbol, 3, *flags, input)?;
        get(&mut self.teams, symbol, 4, *flags, input)?;
        get(&mut self.duties, symbol, 5, *flags, input)?;
        get(&mut self.review_ids, symbol, 6, *flags, input)
    }
}

/// The numbers of a chunk, of `len` in all.
fn range(chunk: u32, len: usize) -> std::ops::Range<u32> {
    let first = chunk.saturating_mul(CHUNK);
    let end = u32::try_from(len).unwrap_or(u32::MAX);
    first..first.saturating_add(CHUNK).min(end)
}

/// Whether after `chunk` there are as many as its place says.
fn in_order(chunk: u32, len: usize) -> Result<(), Broken> {
    let first = chunk as usize * CHUNK as usize;
    let is_so = (first..=first + CHUNK as usize).contains(&len);
    is_so.then_some(()).ok_or(Broken)
}

fn put<T: Keep>(known: &HashMap<Symbol, T>, symbol: Symbol, bit: u8, flags: &mut u8, out: &mut Vec<u8>) {
    if let Some(value) = known.get(&symbol) {
        *flags |= 1 << bit;
        value.write(out);
    }
}

fn get<T: Keep>(
    known: &mut HashMap<Symbol, T>,
    symbol: Symbol,
    bit: u8,
    flags: u8,
    input: &mut &[u8],
) -> Result<(), Broken> {
    if flags & (1 << bit) != 0 {
        known.insert(symbol, T::read(input)?);
    }
    Ok(())
}

keep_words!(ActorKind: Customer = 0, Agent = 1, Automation = 2);
keep_words!(Status: New = 0, Open = 1, Pending = 2, OnHold = 3, Solved = 4, Closed = 5, Spam = 6, Deleted = 7);
keep_words!(Survey: Csat = 0, CesEffort = 1, CesEase = 2, Nps = 3, OneContact = 4, Pec = 5);
keep_words!(Workflow: Macro = 0, Automation = 1, SlaPolicy = 2);
keep_words!(Presence: Available = 0, Busy = 1, Away = 2, Offline = 3);
keep_words!(SessionStep: Started = 0, Searched = 1, Viewed = 2, Solved = 3, Escalated = 4, Ended = 5);
keep_fields!(Visit: step, customer, ticket);
keep_fields!(Review: agent, quality, connection);
keep_fields!(Benchmark: kpi, label, value, valid_from);
keep_fields!(Ticket: id, opening, timeline);
keep_fields!(
    Opening: at, order, customer, channel, tier, priority, queue, agent, opened_by, intent, organization, tags, told_promise,
);

impl Keep for Symbol {
    fn write(&self, out: &mut Vec<u8>) {
        self.number().write(out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        Self::nth(u32::read(input)?).ok_or(Broken)
    }
}

impl Keep for Step {
    fn write(&self, out: &mut Vec<u8>) {
        let mut tag = |tag: u8| out.push(tag);
        match *self {
            Step::Message {
                actor,
                id,
                public,
                channel,
            } => {
                tag(0);
                ((actor, public), id, channel).write(out);
            }
            Step::Status { status, actor } => {
                tag(1);
                (status, actor).write(out);
            }
            Step::Counts { counts, actor } => {
                tag(2);
                (counts, actor).write(out);
            }
            Step::Assigned { agent, queue } => {
                tag(3);
                (agent, queue).write(out);
            }
            Step::QueueEntered { queue } => {
                tag(4);
                queue.write(out);
            }
            Step::QueueAccepted { queue, agent, by_hand } => {
                tag(5);
                (queue, agent, by_hand).write(out);
            }
            Step::QueueLeft => tag(6),
            Step::Handoff => tag(7),
            Step::WrapUpEnded { agent, talk, hold } => {
                tag(8);
                (agent, talk, hold).write(out);
            }
            Step::Promised { policy } => {
                tag(9);
                policy.write(out);
            }
            Step::Applied { workflow, id } => {
                tag(10);
                (workflow, id).write(out);
            }
            Step::Linked { to } => {
                tag(11);
                to.write(out);
            }
            Step::Unlinked { to } => {
                tag(12);
                to.write(out);
            }
            Step::Reviewed { review } => {
                tag(13);
                review.write(out);
            }
            Step::Merged { into } => {
                tag(14);
                into.write(out);
            }
            Step::Unmerged => tag(15),
            Step::SurveySent { survey } => {
                tag(16);
                survey.write(out);
            }
            Step::Answered {
                survey,
                solve,
                score,
                agent,
            } => {
                tag(17);
                ((survey, solve), score, agent).write(out);
            }
            Step::QueueMoved { queue } => {
                tag(18);
                queue.write(out);
            }
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let [tag] = take(input, 1)? else { return Err(Broken) };
        Ok(match tag {
            0 => {
                let ((actor, public), id, channel) = Keep::read(input)?;
                Step::Message {
                    actor,
                    id,
                    public,
                    channel,
                }
            }
            1 => {
                let (status, actor) = Keep::read(input)?;
                Step::Status { status, actor }
            }
            2 => {
                let (counts, actor) = Keep::read(input)?;
                Step::Counts { counts, actor }
            }
            3 => {
                let (agent, queue) = Keep::read(input)?;
                Step::Assigned { agent, queue }
            }
            4 => Step::QueueEntered {
                queue: Keep::read(input)?,
            },
            5 => {
                let (queue, agent, by_hand) = Keep::read(input)?;
                Step::QueueAccepted { queue, agent, by_hand }
            }
            6 => Step::QueueLeft,
            7 => Step::Handoff,
            8 => {
                let (agent, talk, hold) = Keep::read(input)?;
                Step::WrapUpEnded { agent, talk, hold }
            }
            9 => Step::Promised {
                policy: Keep::read(input)?,
            },
            10 => {
                let (workflow, id) = Keep::read(input)?;
                Step::Applied { workflow, id }
            }
            11 => Step::Linked { to: Keep::read(input)? },
            12 => Step::Unlinked { to: Keep::read(input)? },
            13 => Step::Reviewed {
                review: ReviewIndex::read(input)?,
            },
            14 => Step::Merged {
                into: Keep::read(input)?,
            },
            15 => Step::Unmerged,
            16 => Step::SurveySent {
                survey: Keep::read(input)?,
            },
            17 => {
                let ((survey, solve), score, agent) = Keep::read(input)?;
                Step::Answered {
                    survey,
                    solve,
                    score,
                    agent,
                }
            }
            18 => Step::QueueMoved {
                queue: Keep::read(input)?,
            },
            _ => return Err(Broken),
        })
    }
}

/// A time after another one that the reader knows.
pub(super) fn write_after(at: Micros, before: &mut Micros, out: &mut Vec<u8>) {
    at.wrapping_sub(*before).write(out);
    *before = at;
}

/// As [`write_after`].
pub(super) fn read_after(before: &mut Micros, input: &mut &[u8]) -> Result<Micros, Broken> {
    *before = before.wrapping_add(Micros::read(input)?);
    Ok(*before)
}

impl Keep for Order {
    fn write(&self, out: &mut Vec<u8>) {
        let (feed, seq) = self.parts();
        (feed, seq).write(out);
    }

    fn read(input: &mut &[u8]) -> Result<Self, Broken> {
        let (feed, seq): (u8, u64) = Keep::read(input)?;
        Ok(Order::new(feed, i64::try_from(seq).map_err(|_| Broken)?))
    }
}
