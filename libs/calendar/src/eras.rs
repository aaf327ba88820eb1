//! Which version counts on which local day.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use crate::schedule::Schedule;
use crate::version::Version;
use crate::week::Week;
use crate::zone::{DAY, Zone};

/// A local day, as days since 1970-01-01.
pub type Day = i64;

/// The number of a date.
pub fn day(date: NaiveDate) -> Day {
    i64::from(date.num_days_from_ce()) - 719_163
}

/// The days of one version.
#[derive(Debug)]
pub struct Era<'a> {
    /// The first day; of the oldest era all days are that come before.
    pub from: Day,
    pub version: &'a Version,
    pub zone: Arc<Zone>,
    pub week: Arc<Week>,
}

/// All days, by version.
#[derive(Debug)]
pub struct Eras<'a> {
    eras: Vec<Era<'a>>,
}

impl<'a> Eras<'a> {
    /// The eras of `schedule`, in order.
    pub fn of(schedule: &'a Schedule) -> Self {
        let eras = schedule.eras().into_iter().map(|(from, index)| {
            let version = &schedule.versions()[index];
            Era {
                from,
                version,
                zone: Zone::of(version.zone()),
                week: Arc::new(Week::new(version.week())),
            }
        });
        Self { eras: eras.collect() }
    }

    /// In order; there is at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Era<'a>> {
        self.eras.iter()
    }

    /// The era of `day`.
    pub fn on(&self, day: Day) -> &Era<'a> {
        let after = self.eras.partition_point(|era| era.from <= day);
        &self.eras[after.saturating_sub(1)]
    }

    /// What is open by the hours that start on `day`: instants, perhaps overlapping.
    pub fn open_from(&self, day: Day) -> impl Iterator<Item = (i64, i64)> {
        let era = self.on(day);
        let hours = date(day).map_or(&[][..], |date| era.version.hours_on(date));
        hours.iter().map(move |span| {
            let instant = |minute: u16| era.zone.instant(day * DAY + i64::from(minute) * 60);
            (instant(span.start_minute()), instant(span.end_minute()))
        })
    }
}

/// The date of a number; `None`: beyond the calendar.
pub fn date(day: Day) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(day + 719_163).ok()?)
}
