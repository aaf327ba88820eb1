//! Recurrence rules on dates: `FREQ=YEARLY;BYMONTH=11;BYDAY=-1TH`.
//!
//! Yearly to daily rules with all parts that choose days, except week numbers. A rule is worked out by looking at every
//! day of each of its periods from its start to the last day that is asked for: slow per day, but bounded whatever the rule
//! says, also by one that never fits (30 February). Rules by time of day are refused: holidays are days.

mod parse;
#[cfg(test)]
mod tests;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Weekday};

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

/// A recurrence rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    frequency: Frequency,
    /// Every so many periods; at least 1.
    interval: u32,
    /// At most so many occurrences, the start included.
    count: Option<usize>,
    /// None after this, on the clock of the start.
    until: Option<NaiveDateTime>,
    by_month: Vec<i32>,
    by_month_day: Vec<i32>,
    by_year_day: Vec<i32>,
    /// With the how-manieth of the month or year it is, from the end when negative; 0: every one.
    by_day: Vec<(i32, Weekday)>,
    by_set_pos: Vec<i32>,
    week_start: Weekday,
}

/// Rules were tried on more days than a file may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuchWork;

impl Rule {
    /// The dates on which it recurs from `start` to `last`; the start is the first, whether the rule fits it or not.
    ///
    /// `work` is how many more days may be looked at.
    pub fn dates(
        &self,
        start: NaiveDateTime,
        last: NaiveDate,
        work: &mut usize,
    ) -> Result<Vec<NaiveDate>, TooMuchWork> {
        let first = start.date();
        let mut dates = vec![first];
        let mut period = self.period_of(first);
        let count = self.count.unwrap_or(usize::MAX);
        while let Some(begin) = period
            && begin <= last
            && dates.len() < count
        {
            let days = self.days_of(begin);
            *work = work.checked_sub(days.len()).ok_or(TooMuchWork)?;
            for date in self.chosen(&days, first) {
                let over = self.until.is_some_and(|until| date.and_time(start.time()) > until);
                if over || date > last || dates.len() == count {
                    return Ok(dates);
                }
                if date > first {
                    dates.push(date);
                }
            }
            period = self.next(begin);
        }
        Ok(dates)
    }

    /// The first day of the period of a date.
    fn period_of(&self, date: NaiveDate) -> Option<NaiveDate> {
        match self.frequency {
            Frequency::Yearly => date.with_ordinal(1),
            Frequency::Monthly => date.with_day(1),
            Frequency::Weekly => {
                let into = date.weekday().days_since(self.week_start);
                date.checked_sub_days(Days::new(into.into()))
            }
            Frequency::Daily => Some(date),
        }
    }

    /// The first day of the period after the one that begins at `begin`.
    fn next(&self, begin: NaiveDate) -> Option<NaiveDate> {
        match self.frequency {
            Frequency::Yearly => begin.checked_add_months(Months::new(self.interval.checked_mul(12)?)),
            Frequency::Monthly => begin.checked_add_months(Months::new(self.interval)),
            Frequency::Weekly => begin.checked_add_days(Days::new(u64::from(self.interval) * 7)),
            Frequency::Daily => begin.checked_add_days(Days::new(self.interval.into())),
        }
    }

    fn days_of(&self, begin: NaiveDate) -> Vec<NaiveDate> {
        let days = match self.frequency {
            Frequency::Yearly => usize::try_from(days_in_year(begin)).unwrap_or(0),
            Frequency::Monthly => usize::try_from(days_in_month(begin)).unwrap_or(0),
            Frequency::Weekly => 7,
            Frequency::Daily => 1,
        };
        begin.iter_days().take(days).collect()
    }

    /// Those days of a period that the rule names, in order.
    fn chosen(&self, days: &[NaiveDate], start: NaiveDate) -> Vec<NaiveDate> {
        let fitting: Vec<NaiveDate> = days.iter().copied().filter(|date| self.fits(*date, start)).collect();
        if self.by_set_pos.is_empty() {
            return fitting;
        }
        let length = i32::try_from(fitting.len()).unwrap_or(i32::MAX);
        let at = |index: usize| i32::try_from(index).unwrap_or(i32::MAX);
        fitting
            .iter()
            .enumerate()
            .filter(|(index, _)| named(&self.by_set_pos, at(*index) + 1, length))
            .map(|(_, date)| *date)
            .collect()
    }

    /// Whether a day is named. What the rule leaves open it takes from the start.
    fn fits(&self, date: NaiveDate, start: NaiveDate) -> bool {
        let month = i32::try_from(date.month()).unwrap_or(0);
        if !self.by_month.is_empty() && !self.by_month.contains(&month) {
            return false;
        }
        if self.by_month_day.is_empty() && self.by_year_day.is_empty() && self.by_day.is_empty() {
            return match self.frequency {
                Frequency::Yearly => {
                    date.day() == start.day() && (!self.by_month.is_empty() || date.month() == start.month())
                }
                Frequency::Monthly => date.day() == start.day(),
                Frequency::Weekly => date.weekday() == start.weekday(),
                Frequency::Daily => true,
            };
        }
        let month_day = i32::try_from(date.day()).unwrap_or(0);
        let year_day = i32::try_from(date.ordinal()).unwrap_or(0);
        (self.by_month_day.is_empty() || named(&self.by_month_day, month_day, days_in_month(date)))
            && (self.by_year_day.is_empty() || named(&self.by_year_day, year_day, days_in_year(date)))
            && (self.by_day.is_empty() || self.by_day.iter().any(|named| self.is_weekday(date, *named)))
    }

    /// Whether a date is this day of the week: the how-manieth of its month, or of its year when a yearly rule names
    /// no months.
    fn is_weekday(&self, date: NaiveDate, (which, weekday): (i32, Weekday)) -> bool {
        if date.weekday() != weekday {
            return false;
        }
        if which == 0 {
            return true;
        }
        let of_year = self.frequency == Frequency::Yearly && self.by_month.is_empty();
        let (day, days) = if of_year {
            (i32::try_from(date.ordinal()).unwrap_or(0), days_in_year(date))
        } else {
            (i32::try_from(date.day()).unwrap_or(0), days_in_month(date))
        };
        if which > 0 {
            (day - 1) / 7 + 1 == which
        } else {
            (days - day) / 7 + 1 == -which
        }
    }
}

/// Whether the `at`th of `length` is among `numbers`, which count from the end when negative.
fn named(numbers: &[i32], at: i32, length: i32) -> bool {
    numbers.contains(&at) || numbers.contains(&(at - length - 1))
}

fn days_in_year(date: NaiveDate) -> i32 {
    if date.leap_year() { 366 } else { 365 }
}

fn days_in_month(date: NaiveDate) -> i32 {
    i32::from(date.num_days_in_month())
}
