//! Holidays from an iCalendar file (RFC 5545): which days or hours a desk is closed.
//!
//! Every VEVENT closes what it covers. One of whole days (`DTSTART;VALUE=DATE`, or from local midnight to midnight) closes
//! the hours that start on those days; one with times closes just that time, the end of a night shift included. Recurring
//! events are worked out for the years that are asked for and for no others. What a busy calendar says beside that
//! (transparency, alarms, attendees) closes nothing and is passed over; cancelled events too.
//!
//! A file is taken whole or refused with the line and the reason of everything that is wrong with it. Work is bounded: by
//! size, events, length of one event and the days that rules are tried on. Pure.

mod closures;
mod component;
mod duration;
mod event;
mod line;
mod moment;
mod rule;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

pub use closures::{Closure, closures};

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Events that one file may have.
pub const EVENTS_MAX: usize = 5_000;

/// Years that may be asked for at once.
pub const YEARS_MAX: usize = 30;

/// Closed days that one file may come to.
pub const HOLIDAYS_MAX: usize = 10_000;

/// Problems that are reported; a file in another format has one on each line.
const PROBLEMS_MAX: usize = 20;

/// Days on which the rules of one file may be tried.
const WORK_MAX: usize = 5_000_000;

/// A day on which an event closes the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// The local date.
    pub date: NaiveDate,
    /// `UID` of the event, of several on this date the first: importing again finds it by uid and date.
    pub uid: String,
    /// What it is called: `SUMMARY`, of several events all of them. May be empty.
    pub name: String,
    /// What it closes.
    pub closed: Closed,
}

/// What is closed of the hours that start on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// All of them.
    Day,
    /// Of them what lies between these minutes after the day's midnight, in order: a time above 1440 is on the next day.
    Times(Vec<(u16, u16)>),
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    /// By date, each date once.
    pub days: Vec<Holiday>,
    /// How many events the file has.
    pub events: usize,
    /// How many of them are cancelled.
    pub cancelled: usize,
}

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line, from 1; of a folded line the first. 0: the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl Refusal {
    fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.reason),
            line => write!(f, "line {line}: {}", self.reason),
        }
    }
}

impl Closed {
    /// Both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Times(mut times), Self::Times(others)) => {
                times.extend(others);
                times.sort_unstable();
                times.dedup();
                Self::Times(times)
            }
            _ => Self::Day,
        }
    }
}

/// The holidays of `years` in the iCalendar file `text`, on the local dates of `zone`. Times without a zone are the
/// desk's own.
///
/// # Errors
/// Everything that is wrong with the file, in its order.
pub fn read(text: &str, zone: Tz, years: RangeInclusive<i32>) -> Result<Holidays, Vec<Refusal>> {
    if text.len() > FILE_BYTES_MAX {
        let reason = format!("a file has at most {FILE_BYTES_MAX} bytes");
        return Err(vec![Refusal::new(0, reason)]);
    }
    let (components, mut refusals) = component::events(text);
    let events: Vec<event::Event> = components
        .iter()
        .filter_map(|component| match event::Event::read(component, zone) {
            Ok(event) => Some(event),
            Err(found) => {
                refusals.extend(found);
                None
            }
        })
        .collect();
    refused(refusals)?;
    let mut work = WORK_MAX;
    let mut days: BTreeMap<NaiveDate, BTreeMap<String, Holiday>> = BTreeMap::new();
    let mut count = 0;
    for event in events.iter().filter(|event| !event.cancelled) {
        let moved = event::moved(&events, event);
        for (date, closed) in event
            .closes(zone, &years, &moved, &mut work)
            .map_err(|refusal| vec![refusal])?
        {
            if !years.contains(&date.year()) {
                continue;
            }
            count += 1;
            if count > HOLIDAYS_MAX {
                let reason = format!("a file comes to at most {HOLIDAYS_MAX} closed days");
                return Err(vec![Refusal::new(event.line, reason)]);
            }
            let of_date = days.entry(date).or_default();
            let known = of_date.remove(&event.uid).map(|known| known.closed);
            let holiday = Holiday {
                date,
                uid: event.uid.clone(),
                name: event.name.clone(),
                closed: match known {
                    Some(known) => known.and(closed),
                    None => closed,
                },
            };
            of_date.insert(event.uid.clone(), holiday);
        }
    }
    Ok(Holidays {
        days: days.into_values().filter_map(one_of_a_date).collect(),
        events: events.len(),
        cancelled: events.iter().filter(|event| event.cancelled).count(),
    })
}

/// Several events of one date are one holiday.
fn one_of_a_date(events: BTreeMap<String, Holiday>) -> Option<Holiday> {
    events.into_values().reduce(|mut first, next| {
        if !next.name.is_empty() && first.name.split(", ").all(|name| name != next.name) {
            let comma = if first.name.is_empty() { "" } else { ", " };
            first.name = format!("{}{comma}{}", first.name, next.name);
        }
        first.closed = first.closed.and(next.closed);
        first
    })
}

fn refused(mut refusals: Vec<Refusal>) -> Result<(), Vec<Refusal>> {
    if refusals.is_empty() {
        return Ok(());
    }
    refusals.sort_by_key(|refusal| refusal.line);
    let more = refusals.len().saturating_sub(PROBLEMS_MAX);
    refusals.truncate(PROBLEMS_MAX);
    if more > 0 {
        refusals.push(Refusal::new(0, format!("and {more} more problems")));
    }
    Err(refusals)
}

#[cfg(test)]
mod tests;
