//! Roll-ups that retract: sums by bucket of time and by dimensions, kept up to date with every change of a row.
//!
//! A cube is made of all rows when a question of its shape (figure, dimensions, time zone, hours or days) is asked first. From then on a
//! ticket that is derived anew is taken out as it was put in, and put in as it is: a reopen, a late answer, a merge, an erasure take their old
//! values back. Sums are whole numbers and single values are kept in order, so that an answer from a cube is the answer from
//! the rows to the bit, quantiles too. Pure.

mod answer;
mod cube;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;

use cube::{Cube, is_by_subject};

use crate::buckets::{Grain, Micros};
use crate::dimensions::Dimension;
use crate::kpis::{Clock, Measure, Observe, Source};
use crate::moment::Moment;
use crate::query::{Answer, Filter, Query, Sign};
use crate::rows::{All, TicketRows, Voice};
use crate::view::View;

/// Cubes are dropped, the least recently used first, while all of a tenant need more than this many bytes.
const BYTES_MAX: usize = 256 * 1024 * 1024;
/// Rows that are read at once when a cube is made.
const ROWS_AT_ONCE: usize = 65_536;

/// Where cubes take rows from.
pub trait Rows {
    /// Those of which something may be counted in `[from, to)`.
    fn within(&self, from: Micros, to: Micros) -> All;

    /// Of those of which something counts at a time that moves with the clock: that alone, as it is at `moment`.
    fn moving(&self, moment: &Moment<'_>) -> All;

    /// All of them, at most so many at once.
    fn each(&self, most: usize, take: &mut dyn FnMut(All));
}

/// Rows that have changed: what they were and what they are.
#[derive(Debug, Default)]
pub struct Swap {
    old: All,
    new: All,
}

impl Swap {
    /// Of a ticket.
    pub fn ticket(&mut self, old: Option<Arc<TicketRows>>, new: Option<Arc<TicketRows>>) {
        self.old.tickets.extend(old.map(Some));
        self.new.tickets.extend(new.map(Some));
    }

    /// Of a customer's answers.
    pub fn voice(&mut self, old: Option<Arc<Voice>>, new: Option<Arc<Voice>>) {
        self.old.voices.extend(old);
        self.new.voices.extend(new);
    }

    fn is_empty(&self) -> bool {
        [&self.old, &self.new]
            .iter()
            .all(|rows| rows.tickets.is_empty() && rows.voices.is_empty())
    }
}

/// What all questions have in common that one cube answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    kpi: &'static str,
    variant: &'static str,
    clock: Clock,
    zone: Tz,
    /// Hours or days: everything longer is whole days.
    grain: Grain,
    /// What is split and filtered by, each once, in order.
    by: Vec<Dimension>,
}

impl Shape {
    /// None when cubes cannot answer: by customer there would be as many sums as things; what is observed under several of the values
    /// that are asked for together (tags of a ticket, agents of a ticket that counts once) would count several times; the team of whoever has
    /// a ticket changes without the ticket.
    fn of(query: &Query<'_>, split: bool) -> Option<Self> {
        if query.variant.source() != Source::RollUps {
            return None;
        }
        let filters = query.filters.iter().map(|filter| filter.dimension);
        let mut by: Vec<Dimension> = filters.collect();
        let tags = query.filters.iter().filter(|filter| filter.dimension == Dimension::Tag);
        let tagged = tags.clone().count();
        let is_one_tag = tagged == 0 || tagged == 1 && tags.clone().all(|filter| filter.values.len() == 1);
        if !is_one_tag || tagged > 0 && query.by.contains(&Dimension::Tag) {
            return None;
        }
        let measure = query.variant.measure;
        let together = |filter: &Filter| filter.values.len() > 1;
        if is_by_subject(measure) && query.filters.iter().any(together) {
            return None;
        }
        if matches!(measure, Measure::PerAgent { .. }) {
            by.push(Dimension::Agent);
        }
        if split {
            by.extend(query.by);
        }
        by.sort_unstable();
        by.dedup();
        let is_level = matches!(query.variant.observe, Observe::Levels(_));
        let moves = |dimension: &Dimension| *dimension == Dimension::Team || dimension.is_of_time();
        if by.contains(&Dimension::Customer) || is_level && by.iter().any(moves) {
            return None;
        }
        let is_timed = measure.is_timed();
        Some(Self {
            kpi: query.kpi.id,
            variant: query.variant.id,
            clock: if is_timed { query.clock } else { Clock::Elapsed },
            zone: query.zone,
            grain: query.grain.filter(|grain| *grain == Grain::Hour).unwrap_or(Grain::Day),
            by,
        })
    }
}

/// The cubes of a tenant.
#[derive(Default)]
pub struct Cubes {
    known: HashMap<Shape, Cube>,
    /// Counts uses, to tell which was used last.
    uses: u64,
}

impl fmt::Debug for Cubes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

impl Cubes {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Rows have changed by `moment`.
    pub fn swap(&mut self, moment: &Moment<'_>, swap: Swap) {
        if self.known.is_empty() || swap.is_empty() {
            return;
        }
        let old = View::part(moment, swap.old);
        let new = View::part(moment, swap.new);
        for cube in self.known.values_mut() {
            cube.take(&old, Sign::Minus);
            cube.take(&new, Sign::Plus);
        }
    }

    /// The answer to `query`; None when there is no cube for it.
    pub fn answer(&mut self, moment: &Moment<'_>, query: &Query<'_>, rows: &dyn Rows) -> Option<Answer> {
        let shape = Shape::of(query, true)?;
        // What has several tags, or counts once, may be in several rows, and is once in the total.
        let once = is_by_subject(query.variant.measure) && !query.by.is_empty();
        let apart = once || query.by.contains(&Dimension::Tag);
        let total = if apart {
            let query = Query {
                by: &[],
                grain: None,
                ..query.clone()
            };
            let shape = Shape {
                by: Shape::of(&query, false)?.by,
                ..shape.clone()
            };
            Some(
                self.cube(moment, shape, &query, rows)?
                    .answer(moment, &query, rows)
                    .total,
            )
        } else {
            None
        };
        let mut answer = self.cube(moment, shape, query, rows)?.answer(moment, query, rows);
        if let Some(total) = total {
            answer.total = total;
        }
        Some(answer)
    }

    fn cube(&mut self, moment: &Moment<'_>, shape: Shape, query: &Query<'_>, rows: &dyn Rows) -> Option<&mut Cube> {
        self.uses += 1;
        if !self.known.contains_key(&shape) {
            let mut cube = Cube::new(&shape, query.variant);
            rows.each(ROWS_AT_ONCE, &mut |all| cube.take(&View::part(moment, all), Sign::Plus));
            cube.settle();
            self.make_room(cube.bytes());
            self.known.insert(shape.clone(), cube);
        }
        let cube = self.known.get_mut(&shape)?;
        cube.used = self.uses;
        (!cube.is_too_wide()).then_some(cube)
    }

    fn make_room(&mut self, bytes: usize) {
        let mut all: Vec<(u64, usize, Shape)> = self
            .known
            .iter()
            .map(|(shape, cube)| (cube.used, cube.bytes(), shape.clone()))
            .collect();
        let mut sum = bytes + all.iter().map(|(_, bytes, _)| bytes).sum::<usize>();
        all.sort_unstable_by_key(|(used, ..)| *used);
        for (_, bytes, shape) in all {
            if sum <= BYTES_MAX {
                break;
            }
            sum -= bytes;
            self.known.remove(&shape);
        }
    }
}

#[cfg(test)]
mod tests;
