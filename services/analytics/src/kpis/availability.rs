//! Whether somebody is there when it was promised, and how busy they are (D45, D55).

use std::collections::BTreeMap;

use vorrang_calendar::Calendar;

use super::{Direction, Kpi, Measure, Observe, Stretch, Subject, Unit, Variant};
use crate::buckets::Micros;
use crate::dimensions::{Dimension, Dimensions};
use crate::facts::{Duty, Presence, Symbol, instant};
use crate::view::View;

pub const CHANNEL_AVAILABILITY: Kpi = Kpi {
    id: "channel_availability",
    version: 1,
    title: "Channel availability",
    formula: "promised opening time with at least one agent available on the channel ÷ promised opening time × 100, in seconds; \
              promised are the hours of all policies for the channel; several channels are added",
    unit: Unit::Percent,
    direction: Direction::Higher,
    cohort_rule: "event: the time that lies in the period, up to the moment of asking",
    actor_rule: "an agent who is available, for this channel or for all; busy is not available",
    calendar_rule: "the schedules of the policies, with all versions known now",
    null_rule: "nothing was promised in the period",
    dimensions: &[Dimension::Channel, Dimension::HourOfDay, Dimension::DayOfWeek],
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::TimeShare,
        observe: Observe::Stretches(channels),
    }],
};

pub const OCCUPANCY: Kpi = Kpi {
    id: "occupancy",
    version: 1,
    title: "Occupancy",
    formula: "time of agents in busy ÷ time in busy or available × 100, in seconds",
    unit: Unit::Percent,
    direction: Direction::Neutral,
    cohort_rule: "event: the time that lies in the period, up to the moment of asking",
    actor_rule: "the agent; a state holds until the agent's next one",
    calendar_rule: "schedules do not matter",
    null_rule: "nobody was busy or available in the period",
    dimensions: &[
        Dimension::Agent,
        Dimension::Team,
        Dimension::HourOfDay,
        Dimension::DayOfWeek,
    ],
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::TimeShare,
        observe: Observe::Stretches(occupancy),
    }],
};

/// An instant span `[from, to)`.
type Span = (Micros, Micros);

/// What every agent did when, until the moment.
fn duties<'v>(view: &'v View<'v>) -> impl Iterator<Item = (Symbol, Span, &'v Duty)> {
    let as_of = view.as_of();
    view.facts().duties().flat_map(move |(agent, duties)| {
        let states = duties.until(as_of);
        states.iter().enumerate().map(move |(place, (from, _, duty))| {
            let to = states.get(place + 1).map_or(as_of, |(to, ..)| *to);
            (agent, (*from, to), duty)
        })
    })
}

fn occupancy<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Stretch<'v>)) {
    for (agent, (from, to), (presence, _)) in duties(view) {
        if !matches!(presence, Presence::Available | Presence::Busy) {
            continue;
        }
        // Who changes the team in the middle of a shift is in both, each for its time.
        let teams = view.facts().teams_of(agent, view.as_of()).into_iter();
        let inside = teams.map(|(at, _)| at).filter(|at| (from + 1..to).contains(at));
        let mut begin = from;
        for end in inside.chain([to]) {
            let dimensions = Dimensions {
                agent: Some(agent),
                team: view.moment().team(Some(agent), begin),
                ..Dimensions::default()
            };
            found(Stretch {
                from: begin,
                to: end,
                subject: Subject::Agent(agent),
                dimensions,
                hit: *presence == Presence::Busy,
            });
            begin = end;
        }
    }
}

fn channels<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Stretch<'v>)) {
    for (channel, promised) in promised(view) {
        let there = duties(view).filter(|(_, _, (presence, channels))| {
            *presence == Presence::Available && channels.as_ref().is_none_or(|channels| channels.contains(&channel))
        });
        let there = union(there.map(|(_, span, _)| span).collect());
        let mut stretch = |(from, to): Span, hit| {
            found(Stretch {
                from,
                to,
                subject: Subject::Channel(channel),
                dimensions: Dimensions {
                    channel: Some(channel),
                    ..Dimensions::default()
                },
                hit,
            });
        };
        for (from, to) in promised {
            let mut at = from;
            let first = there.partition_point(|(_, end)| *end <= from);
            for (begin, end) in there.iter().skip(first).take_while(|(begin, _)| *begin < to) {
                let (begin, end) = ((*begin).max(from), (*end).min(to));
                if at < begin {
                    stretch((at, begin), false);
                }
                stretch((begin, end), true);
                at = end;
            }
            if at < to {
                stretch((at, to), false);
            }
        }
    }
}

/// The promised time of every channel that is known, by channel; up to the moment.
pub fn promised(view: &View<'_>) -> BTreeMap<Symbol, Vec<Span>> {
    let facts = view.facts();
    let as_of = view.as_of();
    let mut named: Vec<Symbol> = Vec::new();
    for (_, _, policy) in facts.desk().policies(as_of) {
        named.extend(
            policy
                .matching
                .channels
                .iter()
                .filter_map(|channel| facts.strings().find(channel)),
        );
    }
    // A policy for every channel promises those over which customers come, and for which agents are there, too.
    for (_, _, (_, channels)) in duties(view) {
        named.extend(channels.iter().flatten());
    }
    named.extend(view.contacts().filter_map(|ticket| ticket.base.channel));
    named.sort_unstable();
    named.dedup();
    let mut spans: BTreeMap<Symbol, Vec<Span>> = BTreeMap::new();
    for (from, to, policy) in facts.desk().policies(as_of) {
        let id = policy.schedule.as_deref().and_then(|id| facts.strings().find(id));
        let Some(schedule) = id.and_then(|id| facts.desk().schedule(id, as_of)) else {
            continue;
        };
        let hours = open_spans(&Calendar::shared(&schedule), (from, to.min(as_of)));
        for channel in &named {
            let channels = &policy.matching.channels;
            let text = facts.strings().text(*channel);
            if channels.is_empty() || channels.iter().any(|one| one == text) {
                spans.entry(*channel).or_default().extend(&hours);
            }
        }
    }
    spans
        .into_iter()
        .map(|(channel, spans)| (channel, union(spans)))
        .collect()
}

/// When a calendar is open within a span.
fn open_spans(calendar: &Calendar, (from, to): Span) -> Vec<Span> {
    let micros = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.timestamp_micros()).filter(|at| *at < to);
    let mut spans = Vec::new();
    let mut at = from;
    while let Some(begin) = micros(calendar.opens_at(instant(at))) {
        let end = closes_at(calendar, begin, to);
        spans.push((begin, end));
        at = end;
    }
    spans
}

/// When a calendar that is open at `begin` closes, at most `to`: the open time until then is all of it.
fn closes_at(calendar: &Calendar, begin: Micros, to: Micros) -> Micros {
    let is_open_until = |end: Micros| {
        let open = calendar.business(instant(begin), instant(end));
        open.num_microseconds() == Some(end - begin)
    };
    if is_open_until(to) {
        return to;
    }
    let (mut low, mut high) = (begin, to);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if is_open_until(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Spans in order, those that touch or overlap made one.
fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(from, to)| from < to);
    spans.sort_unstable();
    let mut one: Vec<Span> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match one.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => one.push((from, to)),
        }
    }
    one
}
