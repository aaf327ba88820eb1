//! One event: what it covers, once or again and again.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;

use super::component::Component;
use super::duration::{self, Duration};
use super::line::Line;
use super::moment::Moment;
use super::rule::Rule;
use super::{Closed, Refusal};
use crate::eras::{Day, date, day};
use crate::zone::{DAY, Zone};

/// Days that one event may last.
const DAYS_MAX: i64 = 366;

/// Characters of a uid and of a name.
const TEXT_MAX: usize = 200;

/// A VEVENT.
#[derive(Debug)]
pub struct Event {
    /// The line of its `BEGIN`.
    pub line: usize,
    pub uid: String,
    pub name: String,
    pub cancelled: bool,
    start: Moment,
    /// How long each occurrence is.
    length: Duration,
    rule: Option<Rule>,
    /// Further starts.
    more: Vec<Moment>,
    /// Starts that do not happen.
    except: Vec<Moment>,
    /// The start, in the event of the same uid, of the occurrence that this one replaces.
    replaces: Option<Moment>,
}

/// The starts that other events of the same uid replace, in seconds.
pub fn moved(events: &[Event], event: &Event) -> BTreeSet<i64> {
    let same = events
        .iter()
        .filter(|other| other.uid == event.uid && event.replaces.is_none());
    same.filter_map(|other| other.replaces).map(Moment::seconds).collect()
}

impl Event {
    /// Reads it; times without a zone are in `own`.
    pub fn read(component: &Component<'_>, own: Tz) -> Result<Self, Vec<Refusal>> {
        let mut reader = Reader {
            component,
            refusals: Vec::new(),
        };
        let uid = reader.uid();
        let cancelled = reader
            .once("STATUS")
            .is_some_and(|line| line.value.trim().eq_ignore_ascii_case("CANCELLED"));
        let name = reader.once("SUMMARY").map(Line::text).unwrap_or_default();
        let start = reader.moment("DTSTART", own);
        let length = start.and_then(|start| reader.length(start, own));
        let rule = match (start, reader.once("RRULE")) {
            (Some(start), Some(line)) => reader.take(Rule::read(line, start)),
            _ => None,
        };
        let more = reader.list("RDATE", own);
        let except = reader.list("EXDATE", own);
        let replaces = reader.moment("RECURRENCE-ID", own);
        reader.refuse_unread();
        if start.is_none() && reader.once("DTSTART").is_none() {
            reader
                .refusals
                .push(Refusal::new(component.line, "the event has no DTSTART"));
        }
        match (start, length, uid) {
            (Some(start), Some(length), Some(uid)) if reader.refusals.is_empty() => Ok(Self {
                line: component.line,
                uid,
                name: name
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
                    .chars()
                    .take(TEXT_MAX)
                    .collect(),
                cancelled,
                start,
                length,
                rule,
                more,
                except,
                replaces,
            }),
            _ => Err(reader.refusals),
        }
    }

    /// What it closes in `years` on the dates of `own`; without the occurrences that start at `moved`.
    pub fn closes(
        &self,
        own: Tz,
        years: &RangeInclusive<i32>,
        moved: &BTreeSet<i64>,
        work: &mut usize,
    ) -> Result<Vec<(NaiveDate, Closed)>, Refusal> {
        let refuse = |reason: &str| Refusal::new(self.line, reason);
        // A day more on either side: its date on another clock may differ.
        let first = NaiveDate::from_ymd_opt(*years.start(), 1, 1).map(|first| first - Days::new(DAYS_MAX as u64 + 2));
        let last = NaiveDate::from_ymd_opt(*years.end(), 12, 31).map(|last| last + Days::new(2));
        let (Some(first), Some(last)) = (first, last) else {
            return Err(refuse("no such years"));
        };
        let dates = match &self.rule {
            Some(rule) => rule
                .dates(self.start.local(), last, work)
                .map_err(|_| refuse("the rules of this file recur too often to be worked out"))?,
            None => vec![self.start.date()],
        };
        let starts = dates
            .into_iter()
            .map(|date| self.start.on(date))
            .chain(self.more.iter().copied());
        let except: BTreeSet<i64> = self.except.iter().copied().map(Moment::seconds).collect();
        let except_dates: BTreeSet<NaiveDate> = self
            .except
            .iter()
            .filter(|except| except.is_date() || self.start.is_date())
            .map(|except| except.date())
            .collect();
        let mut closes = Vec::new();
        let mut seen = BTreeSet::new();
        for start in starts {
            let at = start.seconds();
            let excluded = except.contains(&at) || except_dates.contains(&start.date()) || moved.contains(&at);
            if !excluded && seen.insert(at) && (first..=last).contains(&start.date()) {
                closes.extend(self.covers(start, own));
            }
        }
        closes.retain(|(date, _)| years.contains(&date.year()));
        Ok(closes)
    }

    /// What the occurrence that begins at `start` closes.
    fn covers(&self, start: Moment, own: Tz) -> Vec<(NaiveDate, Closed)> {
        let (from, to) = match start {
            Moment::Date(date) => (day(date) * DAY, (day(date) + self.length.days) * DAY),
            Moment::Time(local, zone) => {
                let zone = Zone::of(zone);
                let end = zone.instant(local.and_utc().timestamp() + self.length.days * DAY) + self.length.seconds;
                let own = Zone::of(own);
                (own.local(start.seconds()), own.local(end))
            }
        };
        if from >= to {
            return Vec::new();
        }
        if from % DAY == 0 && to % DAY == 0 {
            return dated(from / DAY..to / DAY, |_| Closed::Day);
        }
        // Whole minutes; the hours of the day before may reach into it.
        let (from, to) = (from.div_euclid(60), (to + 59).div_euclid(60));
        let minutes = DAY / 60;
        dated(from.div_euclid(minutes) - 1..(to - 1).div_euclid(minutes) + 1, |day| {
            let on_day = |at: i64| u16::try_from((at - day * minutes).clamp(0, 2 * minutes)).unwrap_or(0);
            Closed::Times(vec![(on_day(from), on_day(to))])
        })
    }
}

fn dated(days: std::ops::Range<Day>, closed: impl Fn(Day) -> Closed) -> Vec<(NaiveDate, Closed)> {
    days.filter_map(|day| Some((date(day)?, closed(day)))).collect()
}

/// Reads properties and collects what is wrong.
struct Reader<'a> {
    component: &'a Component<'a>,
    refusals: Vec<Refusal>,
}

impl<'a> Reader<'a> {
    fn take<T>(&mut self, result: Result<T, Refusal>) -> Option<T> {
        result.map_err(|refusal| self.refusals.push(refusal)).ok()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a Line<'a>> + use<'a> {
        let name = name.to_owned();
        self.component.properties.iter().filter(move |line| line.name == name)
    }

    /// A property that may be there once.
    fn once(&mut self, name: &str) -> Option<&'a Line<'a>> {
        let mut lines = self.all(name);
        let first = lines.next();
        if let Some(second) = lines.next() {
            let refusal = second.refuse(format!("{name} is there twice"));
            if !self.refusals.contains(&refusal) {
                self.refusals.push(refusal);
            }
        }
        first
    }

    fn moment(&mut self, name: &str, own: Tz) -> Option<Moment> {
        let line = self.once(name)?;
        self.take(Moment::read(line, own))
    }

    fn list(&mut self, name: &str, own: Tz) -> Vec<Moment> {
        let lists: Vec<_> = self.all(name).map(|line| Moment::list(line, own)).collect();
        lists.into_iter().filter_map(|list| self.take(list)).flatten().collect()
    }

    fn uid(&mut self) -> Option<String> {
        let uid = self
            .once("UID")
            .map(|line| line.value.trim().to_owned())
            .unwrap_or_default();
        if uid.is_empty() || uid.chars().count() > TEXT_MAX {
            let reason =
                format!("the event needs a UID of at most {TEXT_MAX} characters, so that it can be imported again");
            self.refusals.push(Refusal::new(self.component.line, reason));
            return None;
        }
        Some(uid)
    }

    /// How long an event from `start` is: to its end, or its duration; a date without either is one day, a time nothing.
    fn length(&mut self, start: Moment, own: Tz) -> Option<Duration> {
        let (end, duration) = (self.once("DTEND"), self.once("DURATION"));
        let (line, length) = match (end, duration) {
            (Some(_), Some(line)) => {
                self.refusals.push(line.refuse("DTEND and DURATION exclude each other"));
                return None;
            }
            (Some(line), None) => {
                let end = self.take(Moment::read(line, own))?;
                if end.is_date() != start.is_date() {
                    self.refusals
                        .push(line.refuse("DTEND and DTSTART are either both dates or both times"));
                    return None;
                }
                let seconds = end.seconds() - start.seconds();
                let whole_days = if start.is_date() { seconds / DAY } else { 0 };
                // Some write the last day as the end.
                let days = if start.is_date() && seconds == 0 { 1 } else { whole_days };
                let seconds = seconds - whole_days * DAY;
                (line, Duration { days, seconds })
            }
            (None, Some(line)) => {
                let duration = duration::parse(line.value.trim());
                (
                    line,
                    self.take(duration.ok_or_else(|| line.refuse("DURATION: not a positive duration")))?,
                )
            }
            (None, None) => {
                let days = i64::from(start.is_date());
                return Some(Duration { days, seconds: 0 });
            }
        };
        let reason = if start.is_date() && length.seconds != 0 {
            "an event of whole days lasts whole days"
        } else if length.days < 0 || length.seconds < 0 {
            "the event ends before it starts"
        } else if length.days + length.seconds / DAY > DAYS_MAX {
            "the event lasts longer than a year"
        } else {
            return Some(length);
        };
        self.refusals.push(line.refuse(reason));
        None
    }

    /// What would change which days are closed and is not understood.
    fn refuse_unread(&mut self) {
        for line in &self.component.properties {
            let range = line.name == "RECURRENCE-ID" && line.parameter("RANGE").is_some();
            if range || line.name == "EXRULE" {
                let what = if range { "RECURRENCE-ID with RANGE" } else { "EXRULE" };
                self.refusals
                    .push(line.refuse(format!("{what} is not read; name the days instead")));
            }
        }
    }
}
