//! The cells of an answer: by bucket of time and by dimensions.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::tally::Tally;
use super::{Answer, Query, Row};
use crate::buckets::{Axis, Bucket, Grain, Micros};
use crate::dimensions::{Dimension, Dimensions};
use crate::facts::{Strings, Symbol};
use crate::kpis::{Clock, Measure, Observation, Outcome, Stretch, Subject};
use crate::rows::Level;
use crate::view::View;

/// The buckets of `query`'s period, in order, cut to it.
pub fn spans(query: &Query<'_>, grain: Grain) -> Vec<Bucket> {
    let mut axis = Axis::new(query.zone, grain);
    let mut spans = Vec::new();
    let mut at = query.from;
    while at < query.to {
        let start = axis.start_of(at);
        let Some(bucket) = axis.bucket(start).cloned().filter(|bucket| bucket.end > at) else {
            break;
        };
        let end = bucket.end;
        spans.push(Bucket {
            start: bucket.start.max(query.from),
            end: end.min(query.to),
            label: bucket.label,
        });
        at = end;
    }
    spans
}

/// One value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// No value.
    None,
    /// A name.
    Text(Symbol),
    /// A number.
    Number(u32),
    /// A word of ours.
    Word(&'static str),
}

impl Part {
    /// As it is told.
    pub fn told(self, strings: &Strings) -> Option<String> {
        match self {
            Part::None => None,
            Part::Text(symbol) => Some(strings.text(symbol).to_owned()),
            Part::Number(number) => Some(number.to_string()),
            Part::Word(word) => Some(word.to_owned()),
        }
    }
}

impl From<Option<Symbol>> for Part {
    fn from(symbol: Option<Symbol>) -> Self {
        symbol.map_or(Part::None, Part::Text)
    }
}

/// Start of the bucket, then the dimensions asked for, then what the figure itself splits by.
type Key = (Option<Micros>, Vec<Part>);

/// A filter in symbols and numbers. A value that occurs nowhere matches nothing and is left out.
pub struct Wanted {
    pub dimension: Dimension,
    pub parts: Vec<Part>,
}

/// The filters of `query` in symbols of `strings`.
pub fn wanted(query: &Query<'_>, strings: &Strings) -> Vec<Wanted> {
    let part = |dimension: Dimension, value: &Option<String>| match value {
        None => Some(Part::None),
        Some(text) if dimension.is_of_time() => text.parse().ok().map(Part::Number),
        Some(text) => strings.find(text).map(Part::Text),
    };
    let each = query.filters.iter().map(|filter| {
        let parts = filter.values.iter().filter_map(|value| part(filter.dimension, value));
        Wanted {
            dimension: filter.dimension,
            parts: parts.collect(),
        }
    });
    each.collect()
}

/// The values of `by` that an observation has: one key for each of its tags when it is split by them.
pub fn keys_of(by: &[Dimension], zone: Tz, observation: &Observation<'_>) -> Vec<Vec<Part>> {
    let mut keys = vec![Vec::with_capacity(by.len())];
    for dimension in by {
        match dimension {
            Dimension::Tag if !observation.dimensions.tags.is_empty() => {
                let each = |key: Vec<Part>| {
                    let tags = observation.dimensions.tags.iter();
                    tags.map(move |tag| key.iter().copied().chain([Part::Text(*tag)]).collect())
                };
                keys = keys.into_iter().flat_map(each).collect();
            }
            of_time if of_time.is_of_time() => {
                let number = of_time.of_time(zone, observation.at);
                keys.iter_mut()
                    .for_each(|key| key.push(number.map_or(Part::None, Part::Number)));
            }
            dimension => {
                let part = observation.dimensions.get(*dimension).into();
                keys.iter_mut().for_each(|key| key.push(part));
            }
        }
    }
    keys
}

/// Puts rows in the order in which they are told: by bucket, then by their values. Numbers sort as numbers: 9 before 10.
pub fn told<T>(rows: &mut [(Row, T)]) {
    let order = |value: &Option<String>| {
        (
            value
                .as_ref()
                .map_or(0, |text| text.parse::<u32>().map_or(0, |n| n + 1)),
            value.clone(),
        )
    };
    rows.sort_by_cached_key(|(row, _)| {
        let key: Vec<_> = row.key.iter().map(order).collect();
        let own: Vec<_> = row.own.iter().map(|(_, value)| order(value)).collect();
        (row.bucket, key, own)
    });
}

/// Observations being sorted into cells.
pub struct Cells<'v, 'q> {
    view: &'v View<'v>,
    query: &'q Query<'q>,
    wanted: Vec<Wanted>,
    axis: Option<Axis>,
    /// Names of what the figure itself splits by.
    own: &'static [&'static str],
    total: Tally,
    rows: HashMap<Key, Tally>,
}

impl<'v, 'q> Cells<'v, 'q> {
    /// No observation yet.
    pub fn new(view: &'v View<'v>, query: &'q Query<'q>) -> Self {
        Self::with_own(view, query, &[])
    }

    /// The same for a figure that splits by `own` too, whatever is asked.
    pub fn with_own(view: &'v View<'v>, query: &'q Query<'q>, own: &'static [&'static str]) -> Self {
        Self {
            view,
            query,
            wanted: wanted(query, view.facts().strings()),
            axis: query.grain.map(|grain| Axis::new(query.zone, grain)),
            own,
            total: Tally::new(query.clock),
            rows: HashMap::new(),
        }
    }

    /// Takes an observation of any time: the period and the filters decide.
    pub fn add(&mut self, observation: Observation<'v>) {
        if self.is_inside(&observation) && self.fits(&observation) {
            self.take(&observation);
        }
    }

    /// Whether it belongs to the period.
    pub fn is_inside(&self, observation: &Observation<'_>) -> bool {
        (self.query.from..self.query.to).contains(&observation.at)
    }

    /// Whether it matches all filters, and has the calendar that the clock needs.
    pub fn fits(&self, observation: &Observation<'_>) -> bool {
        let timed = self.query.variant.measure.is_timed() && self.query.clock == Clock::Business;
        if timed && !observation.has_calendar {
            return false;
        }
        let zone = self.query.zone;
        self.wanted.iter().all(|wanted| match wanted.dimension {
            Dimension::Tag => {
                let tags = observation.dimensions.tags;
                let none = tags.is_empty() && wanted.parts.contains(&Part::None);
                none || tags.iter().any(|tag| wanted.parts.contains(&Part::Text(*tag)))
            }
            of_time if of_time.is_of_time() => {
                let number = of_time.of_time(zone, observation.at);
                number.is_some_and(|number| wanted.parts.contains(&Part::Number(number)))
            }
            dimension => wanted.parts.contains(&observation.dimensions.get(dimension).into()),
        })
    }

    fn take(&mut self, observation: &Observation<'v>) {
        self.total.add(observation);
        if self.axis.is_some() || !self.query.by.is_empty() {
            let bucket = self.bucket_of(observation.at);
            self.put(bucket, observation, &[]);
        }
    }

    /// The start of the bucket in which `at` lies.
    pub fn bucket_of(&mut self, at: Micros) -> Option<Micros> {
        self.axis.as_mut().map(|axis| axis.start_of(at))
    }

    /// Into the total only.
    pub fn total(&mut self, observation: &Observation<'v>) {
        if self.fits(observation) {
            self.total.add(observation);
        }
    }

    /// Into the rows of a bucket only.
    pub fn row(&mut self, start: Option<Micros>, observation: &Observation<'v>) {
        if self.fits(observation) && (start.is_some() || !self.query.by.is_empty()) {
            let bucket = start.and_then(|start| self.bucket_of(start));
            self.put(bucket, observation, &[]);
        }
    }

    /// Into the row of the observation's bucket and dimensions and of these values of what the figure itself splits by.
    pub fn own_row(&mut self, observation: &Observation<'v>, own: &[Part]) {
        let bucket = self.bucket_of(observation.at);
        self.put(bucket, observation, own);
    }

    /// Counts a level: at `end` for the total, and at each of `ends` for the rows of its bucket.
    pub fn level(
        &mut self,
        end: Micros,
        ends: &[(Option<Micros>, Micros)],
        level: Level,
        dimensions: Dimensions<'v>,
        subject: Subject,
    ) {
        let moment = self.view.moment();
        let at = self.query.from;
        // Everything as at that moment, the agent's team too.
        let observation = |end: Micros| {
            let team = moment.team(dimensions.agent, end.saturating_sub(1));
            let dimensions = Dimensions { team, ..dimensions };
            Observation::apart(subject, at, dimensions, Outcome::Happened)
        };
        let covers = |end: Micros| level.from < end && end <= level.to;
        if covers(end) {
            let observation = observation(end);
            self.total(&observation);
            if ends.is_empty() {
                self.row(None, &observation);
            }
        }
        let first = ends.partition_point(|(_, end)| *end <= level.from);
        for (start, end) in ends.iter().skip(first).take_while(|(_, end)| covers(*end)) {
            self.row(*start, &observation(*end));
        }
    }

    /// Takes the pieces of a stretch.
    pub fn stretch(&mut self, stretch: Stretch<'v>) {
        for piece in self.pieces(&stretch) {
            self.add(piece);
        }
    }

    /// Cuts a stretch to the period and to whatever it is split or filtered by.
    pub fn pieces(&self, stretch: &Stretch<'v>) -> Vec<Observation<'v>> {
        let (mut from, to) = (stretch.from.max(self.query.from), stretch.to.min(self.query.to));
        let asks = |dimension: Dimension| {
            self.query.by.contains(&dimension) || self.wanted.iter().any(|wanted| wanted.dimension == dimension)
        };
        let finest = match self.query.grain {
            Some(Grain::Hour) => Some(Grain::Hour),
            _ if asks(Dimension::HourOfDay) => Some(Grain::Hour),
            Some(Grain::Day) => Some(Grain::Day),
            _ if asks(Dimension::DayOfWeek) => Some(Grain::Day),
            grain => grain,
        };
        let mut cuts = finest.map(|grain| Axis::new(self.query.zone, grain));
        let mut pieces = Vec::new();
        while from < to {
            let end = cuts.as_mut().and_then(|axis| {
                let start = axis.start_of(from);
                axis.bucket(start).map(|bucket| bucket.end).filter(|end| *end > from)
            });
            let end = end.unwrap_or(to).min(to);
            let length = end - from;
            let outcome = Outcome::Time {
                above: if stretch.hit { length } else { 0 },
                below: length,
            };
            pieces.push(Observation::apart(stretch.subject, from, stretch.dimensions, outcome));
            from = end;
        }
        pieces
    }

    fn put(&mut self, bucket: Option<Micros>, observation: &Observation<'v>, own: &[Part]) {
        let clock = self.query.clock;
        for key in self.keys(observation, own) {
            self.rows
                .entry((bucket, key))
                .or_insert_with(|| Tally::new(clock))
                .add(observation);
        }
    }

    /// The keys of an observation: one for each of its tags when it is split by them.
    pub fn keys(&self, observation: &Observation<'_>, own: &[Part]) -> Vec<Vec<Part>> {
        let mut keys = keys_of(self.query.by, self.query.zone, observation);
        keys.iter_mut().for_each(|key| key.extend(own));
        keys
    }

    /// The total, and the rows by bucket and key.
    pub fn answer(self, measure: Measure) -> Answer {
        let (total, rows) = self.finish();
        let rows = rows.into_iter().map(|(mut row, tally)| {
            row.figures = tally.figures(measure);
            row
        });
        Answer {
            total: total.figures(measure),
            rows: rows.collect(),
        }
    }

    /// The same before the numbers are made.
    pub fn finish(self) -> (Tally, Vec<(Row, Tally)>) {
        let strings = self.view.facts().strings();
        let split = self.query.by.len();
        let mut rows: Vec<(Row, Tally)> = Vec::with_capacity(self.rows.len());
        for ((bucket, key), tally) in self.rows {
            let label = bucket.and_then(|start| self.axis.as_ref()?.bucket(start));
            let mut told: Vec<Option<String>> = key.into_iter().map(|part| part.told(strings)).collect();
            let own = told.split_off(split.min(told.len()));
            let row = Row {
                bucket: bucket.map(|start| start.max(self.query.from)),
                label: label.map(|bucket| bucket.label.clone()),
                key: told,
                own: self.own.iter().copied().zip(own).collect(),
                figures: super::Figures::default(),
            };
            rows.push((row, tally));
        }
        told(&mut rows);
        (self.total, rows)
    }
}
