//! On which days something of a ticket or of a customer's answers is counted, so that a period reads its own days only.

use std::collections::BTreeMap;

use super::{Conversation, Pace, StayEnd, TicketRows, TurnEnd, Voice};
use crate::buckets::Micros;
use crate::facts::{Symbol, TicketIndex};

const DAY: Micros = 24 * 3_600 * 1_000_000;

/// A day of UTC, counted from 1970.
type Day = i64;

/// Tickets and customers by day. Who was once counted on a day may stay listed there: lists say where to look.
#[derive(Debug, Default)]
pub struct Days {
    tickets: BTreeMap<Day, Vec<TicketIndex>>,
    voices: BTreeMap<Day, Vec<Symbol>>,
}

impl Days {
    /// A ticket's rows are now `new` instead of `old`.
    pub fn ticket(&mut self, old: Option<&TicketRows>, new: Option<&TicketRows>) {
        let Some(new) = new else { return };
        let known = old.map(days).unwrap_or_default();
        for day in days(new) {
            if known.binary_search(&day).is_err() {
                self.tickets.entry(day).or_default().push(new.index);
            }
        }
    }

    /// A customer's answers are now `new` instead of `old`.
    pub fn voice(&mut self, old: Option<&Voice>, new: Option<&Voice>) {
        let Some(new) = new else { return };
        let known = old.map(days_of_voice).unwrap_or_default();
        for day in days_of_voice(new) {
            if known.binary_search(&day).is_err() {
                self.voices.entry(day).or_default().push(new.customer);
            }
        }
    }

    /// Everything of which something may be counted in `[from, to)`, in ascending order.
    pub fn within(&self, from: Micros, to: Micros) -> (Vec<TicketIndex>, Vec<Symbol>) {
        if to <= from {
            return Default::default();
        }
        let days = from.div_euclid(DAY)..=(to - 1).div_euclid(DAY);
        let mut tickets: Vec<TicketIndex> = self
            .tickets
            .range(days.clone())
            .flat_map(|(_, all)| all)
            .copied()
            .collect();
        let mut voices: Vec<Symbol> = self.voices.range(days).flat_map(|(_, all)| all).copied().collect();
        tickets.sort_unstable();
        tickets.dedup();
        voices.sort_unstable();
        voices.dedup();
        (tickets, voices)
    }
}

/// The days of every time at which a key figure may count something of the ticket, in ascending order.
fn days(ticket: &TicketRows) -> Vec<Day> {
    let mut found = vec![ticket.opened_at.div_euclid(DAY)];
    let mut add = |at: Micros| {
        let day = at.div_euclid(DAY);
        if found.last() != Some(&day) {
            found.push(day);
        }
    };
    talk(&ticket.conversation, &mut add);
    ticket.life.solves.iter().for_each(|solve| add(solve.at));
    for level in &ticket.life.backlog {
        add(level.from);
        if level.to != Micros::MAX {
            add(level.to);
        }
    }
    ticket.contacts.iter().for_each(|contact| add(contact.at));
    ticket.messages.iter().for_each(|message| add(message.at));
    ticket.targets.iter().for_each(|target| add(target.due_at));
    for stay in &ticket.stays {
        add(stay.entered_at);
        match stay.end {
            StayEnd::Accepted { at, .. } | StayEnd::Left { at, .. } => add(at),
            StayEnd::Waiting => {}
        }
    }
    ticket.wrap_ups.iter().for_each(|wrap_up| add(wrap_up.at));
    ticket.unwrapped.iter().for_each(|(at, _)| add(*at));
    ticket.answers.iter().for_each(|answer| add(answer.at));
    ticket.sendings.iter().for_each(|sending| add(sending.at));
    ticket.reviews.iter().for_each(|review| add(review.at));
    ticket.uses.iter().for_each(|usage| add(usage.at));
    found.sort_unstable();
    found.dedup();
    found
}

fn talk(conversation: &Conversation, add: &mut dyn FnMut(Micros)) {
    for pace in [conversation.first_response, conversation.since_handoff] {
        if let Pace::Done { at, .. } = pace {
            add(at);
        }
    }
    for turn in &conversation.turns {
        add(turn.begun_at);
        if let TurnEnd::Replied { at, .. } = turn.end {
            add(at);
        }
    }
    conversation.replies.iter().for_each(|(at, _)| add(*at));
}

fn days_of_voice(voice: &Voice) -> Vec<Day> {
    let answered = voice.answers.iter().map(|(answer, _)| answer.at);
    let sent = voice.sendings.iter().map(|(sending, _)| sending.at);
    let mut found: Vec<Day> = answered.chain(sent).map(|at| at.div_euclid(DAY)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
