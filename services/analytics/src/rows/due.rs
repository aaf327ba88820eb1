//! How long derived rows hold without any further event: from the last thing they follow from, until time alone changes them.

use super::targets::Holds;
use super::{TicketRows, Voice};
use crate::buckets::Micros;
use crate::facts::{Symbol, TicketIndex};
use crate::moment::Moment;

/// The times of all that rows follow from, being gathered.
struct Times {
    as_of: Micros,
    latest: Micros,
    /// Something is dated after the moment: what is true now holds for now only.
    ahead: bool,
}

impl Times {
    fn new(as_of: Micros) -> Self {
        Self {
            as_of,
            latest: Micros::MIN,
            ahead: false,
        }
    }

    fn dated(&mut self, at: Option<Micros>) {
        if let Some(at) = at {
            self.ahead |= at > self.as_of;
            self.latest = self.latest.max(at);
        }
    }

    fn customer(&mut self, moment: &Moment<'_>, customer: Symbol) {
        for one in moment.merges().chain(customer) {
            self.dated(moment.facts().person(one).and_then(|person| person.last()));
        }
    }

    fn agents(&mut self, moment: &Moment<'_>, agents: impl Iterator<Item = Symbol>) {
        for agent in agents {
            self.dated(moment.facts().team_told_at(agent));
        }
    }

    fn hold(self, derived: Holds) -> Holds {
        if self.ahead {
            return Holds {
                from: self.as_of,
                until: self.as_of,
            };
        }
        Holds {
            from: derived.from.max(self.latest),
            until: derived.until,
        }
    }
}

/// From when until when the rows of a ticket hold, of which the targets alone hold for `derived`.
pub fn ticket(moment: &Moment<'_>, index: TicketIndex, rows: Option<&TicketRows>, derived: Holds) -> Holds {
    let facts = moment.facts();
    let mut times = Times::new(moment.as_of());
    let root = moment.root(index);
    for one in [index, root].iter().chain(moment.sources(index)) {
        if let Some(ticket) = facts.tickets().get(*one as usize) {
            times.dated(ticket.opening.as_ref().map(|opening| opening.at));
            times.dated(ticket.timeline.all().last().map(|entry| entry.at));
        }
    }
    let opening = facts
        .tickets()
        .get(index as usize)
        .and_then(|ticket| ticket.opening.as_ref());
    if let Some(customer) = opening.and_then(|opening| opening.customer) {
        times.customer(moment, customer);
    }
    if let Some(rows) = rows {
        times.agents(moment, rows.teams.agents());
    }
    times.hold(derived)
}

/// The same of a customer's answers.
pub fn voice(moment: &Moment<'_>, customer: Symbol, voice: Option<&Voice>) -> Holds {
    let mut times = Times::new(moment.as_of());
    let steps = moment.facts().survey(customer).map_or(&[][..], |steps| steps.all());
    times.dated(steps.last().map(|entry| entry.at));
    times.customer(moment, customer);
    if let Some(voice) = voice {
        times.agents(moment, voice.teams.agents());
    }
    times.hold(Holds::ALWAYS)
}
