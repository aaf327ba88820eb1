//! The time line of a schedule in blocks: weeks that repeat, and days that have to be looked at one by one.
//!
//! A local day is *regular* when its version, the day before it and the offset all around are the ordinary ones: then
//! what is open during it is what the week says. Days near a clock change, a change of version or an exception are
//! irregular. Between two irregular stretches lies one regular block, whether of a day or of forty years. So there are
//! about twice as many blocks as clock changes and exceptions; each knows the open seconds before it, and any question
//! is a binary search among the blocks and another within one.

use std::sync::Arc;

use crate::eras::{Day, Era, Eras, day};
use crate::intervals::Intervals;
use crate::schedule::Schedule;
use crate::week::Week;
use crate::zone::DAY;

/// Days around a change of version that are looked at: zones are up to 26 hours apart, hours reach into the next day.
const AROUND_VERSION: Day = 3;

/// Days whose hours may reach into a stretch of irregular days, on either side.
const REACH: Day = 3;

#[derive(Debug)]
struct Block {
    /// The first second; of the first block all seconds are that come before.
    start: i64,
    /// Open seconds before it, counted from the end of the first block (negative inside of it).
    before: i64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A week that repeats, on a clock `offset` seconds ahead of UTC. Open seconds are `base` plus the week's.
    Regular { week: Arc<Week>, offset: i64, base: i64 },
    /// Instants.
    Irregular { open: Intervals },
}

/// Open time as a function of the instant, in whole seconds since 1970 UTC, and its inverse.
#[derive(Debug)]
pub struct Blocks {
    /// In order; the first and the last are regular and have no end.
    blocks: Vec<Block>,
}

impl Blocks {
    /// Compiles `schedule`.
    pub fn of(schedule: &Schedule) -> Self {
        let eras = Eras::of(schedule);
        let irregular = irregular_days(&eras);
        let mut blocks = Blocks {
            blocks: Vec::with_capacity(2 * irregular.len() + 1),
        };
        let mut regular_from = Day::MIN;
        for (first, last) in irregular {
            let start = blocks.push_regular(&eras, regular_from, first - 1);
            blocks.push_irregular(&eras, start, first, last);
            regular_from = last + 1;
        }
        blocks.push_regular(&eras, regular_from, Day::MAX);
        blocks
    }

    /// A block of the regular days `first` to `last`; gives back the instant at which it ends.
    fn push_regular(&mut self, eras: &Eras<'_>, first: Day, last: Day) -> i64 {
        // Any of its days; one of them is finite unless the whole time line is regular.
        let some_day = if last != Day::MAX { last } else { first.max(0) };
        let era = eras.on(some_day);
        let offset = some_day * DAY - era.zone.instant(some_day * DAY);
        let start = if first == Day::MIN {
            i64::MIN
        } else {
            first * DAY - offset
        };
        let end = if last == Day::MAX {
            i64::MAX
        } else {
            (last + 1) * DAY - offset
        };
        // The first block counts back from its end, so that sums stay small where the questions are.
        let (before, base) = if first == Day::MIN {
            let from_monday = if last == Day::MAX {
                0
            } else {
                era.week.until(end + offset).0
            };
            (i64::MIN, -from_monday)
        } else {
            let before = self.until(start).0;
            (before, before - era.week.until(start + offset).0)
        };
        let week = Arc::clone(&era.week);
        self.blocks.push(Block {
            start,
            before,
            kind: Kind::Regular { week, offset, base },
        });
        end
    }

    /// A block of the irregular days `first` to `last`, from `start` to where the next regular day begins.
    fn push_irregular(&mut self, eras: &Eras<'_>, start: i64, first: Day, last: Day) {
        let end = eras.on(last + 1).zone.instant((last + 1) * DAY);
        let pairs = (first - REACH..=last + REACH)
            .flat_map(|day| eras.open_from(day))
            .map(|(from, to)| (from.max(start), to.min(end)))
            .collect();
        let before = self.until(start).0;
        self.blocks.push(Block {
            start,
            before,
            kind: Kind::Irregular {
                open: Intervals::union(pairs),
            },
        });
    }

    /// Open seconds before `at`, counted from a fixed instant, and whether the second that begins at `at` is open.
    pub fn until(&self, at: i64) -> (i64, bool) {
        let after = self.blocks.partition_point(|block| block.start <= at);
        let block = &self.blocks[after.saturating_sub(1)];
        match &block.kind {
            Kind::Regular { week, offset, base } => {
                let (open, is_open) = week.until(at + offset);
                (base + open, is_open)
            }
            Kind::Irregular { open } => {
                let (open, is_open) = open.until(at);
                (block.before + open, is_open)
            }
        }
    }

    /// The earliest instant with `wanted` open seconds before it; `wanted` is more than there are before some instant.
    /// `None`: it is never reached.
    pub fn reaches(&self, wanted: i64) -> Option<i64> {
        let after = self.blocks.partition_point(|block| block.before < wanted);
        let block = &self.blocks[after.checked_sub(1)?];
        match &block.kind {
            Kind::Regular { week, offset, base } => Some(week.reaches(wanted - base)? - offset),
            Kind::Irregular { open } => open.reaches(wanted - block.before),
        }
    }

    /// How many blocks there are.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.blocks.len()
    }
}

/// Stretches of irregular days, in order, with at least one regular day between two.
fn irregular_days(eras: &Eras<'_>) -> Vec<(Day, Day)> {
    let mut stretches: Vec<(Day, Day)> = Vec::new();
    let mut next_from = eras.iter().skip(1).map(|era| era.from);
    for era in eras.iter() {
        let next = next_from.next().unwrap_or(Day::MAX);
        if era.from != Day::MIN {
            stretches.push((era.from - AROUND_VERSION, era.from + AROUND_VERSION));
        }
        stretches.extend(clock_changes(era).filter(|&(first, last)| last >= era.from && first < next));
        // The hours of an exception, and those they replace, may reach into the day after.
        let exceptions = era.version.exceptions().keys().map(|&date| day(date));
        stretches.extend(
            exceptions
                .filter(|&day| day >= era.from && day < next)
                .map(|day| (day, day + 1)),
        );
    }
    stretches.sort_unstable();
    let mut merged: Vec<(Day, Day)> = Vec::with_capacity(stretches.len());
    for (first, last) in stretches {
        match merged.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// The days that each clock change of an era's zone makes irregular.
///
/// A day is regular only if all local times from the midnight before the day until the one after the next day mean
/// what they do with its offset: the hours of the day and of the day before lie in there.
fn clock_changes<'a>(era: &'a Era<'_>) -> impl Iterator<Item = (Day, Day)> + 'a {
    era.zone.changes().iter().map(|change| {
        let (low, high) = (change.before.min(change.after), change.before.max(change.after));
        let (first, last) = ((change.at + low).div_euclid(DAY), (change.at + high).div_euclid(DAY));
        (first - 2, last + 2)
    })
}
