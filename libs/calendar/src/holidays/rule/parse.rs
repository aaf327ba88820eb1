//! Reading a rule.

use std::str::FromStr;

use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;

use super::{Frequency, Rule};
use crate::holidays::Refusal;
use crate::holidays::line::Line;
use crate::holidays::moment::{Moment, shortened};
use crate::zone::Zone;

impl Rule {
    /// The rule of an `RRULE` line of an event that starts at `start`.
    pub fn read(line: &Line<'_>, start: Moment) -> Result<Self, Refusal> {
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            by_month: Vec::new(),
            by_month_day: Vec::new(),
            by_year_day: Vec::new(),
            by_day: Vec::new(),
            by_set_pos: Vec::new(),
            week_start: Weekday::Mon,
        };
        let mut seen: Vec<String> = Vec::new();
        for part in line.value.trim().trim_end_matches(';').split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| bad(line, part))?;
            let name = name.to_ascii_uppercase();
            rule.part(line, &name, value, start)?;
            if seen.contains(&name) {
                return Err(line.refuse(format!("RRULE: {name} is there twice")));
            }
            seen.push(name);
        }
        if !seen.iter().any(|name| name == "FREQ") {
            return Err(line.refuse("RRULE: FREQ is missing"));
        }
        rule.check(line)?;
        Ok(rule)
    }

    fn part(&mut self, line: &Line<'_>, name: &str, value: &str, start: Moment) -> Result<(), Refusal> {
        let bad = || bad(line, &format!("{name}={value}"));
        match name {
            "FREQ" => {
                self.frequency = match value.to_ascii_uppercase().as_str() {
                    "YEARLY" => Frequency::Yearly,
                    "MONTHLY" => Frequency::Monthly,
                    "WEEKLY" => Frequency::Weekly,
                    "DAILY" => Frequency::Daily,
                    "HOURLY" | "MINUTELY" | "SECONDLY" => {
                        return Err(line.refuse("RRULE: holidays recur YEARLY, MONTHLY, WEEKLY or DAILY"));
                    }
                    _ => return Err(bad()),
                };
            }
            "INTERVAL" => self.interval = number(value, 1..=10_000).ok_or_else(bad)?,
            "COUNT" => self.count = Some(number(value, 1..=100_000).ok_or_else(bad)?),
            "UNTIL" => self.until = Some(until(line, value, start)?),
            "BYMONTH" => self.by_month = numbers(value, 12, false).ok_or_else(bad)?,
            "BYMONTHDAY" => self.by_month_day = numbers(value, 31, true).ok_or_else(bad)?,
            "BYYEARDAY" => self.by_year_day = numbers(value, 366, true).ok_or_else(bad)?,
            "BYSETPOS" => self.by_set_pos = numbers(value, 366, true).ok_or_else(bad)?,
            "BYDAY" => self.by_day = value.split(',').map(weekday).collect::<Option<_>>().ok_or_else(bad)?,
            "WKST" => match weekday(value).ok_or_else(bad)? {
                (0, day) => self.week_start = day,
                _ => return Err(bad()),
            },
            "BYHOUR" | "BYMINUTE" | "BYSECOND" | "BYWEEKNO" => {
                return Err(line.refuse(format!("RRULE: {name} is not read; name the days instead")));
            }
            _ => return Err(bad()),
        }
        Ok(())
    }

    /// What RFC 5545 forbids.
    fn check(&self, line: &Line<'_>) -> Result<(), Refusal> {
        let monthly_or_yearly = matches!(self.frequency, Frequency::Yearly | Frequency::Monthly);
        let reason = if self.count.is_some() && self.until.is_some() {
            "RRULE: COUNT and UNTIL exclude each other"
        } else if !self.by_month_day.is_empty() && self.frequency == Frequency::Weekly {
            "RRULE: BYMONTHDAY does not go with FREQ=WEEKLY"
        } else if !self.by_year_day.is_empty() && self.frequency != Frequency::Yearly {
            "RRULE: BYYEARDAY goes with FREQ=YEARLY only"
        } else if self.by_day.iter().any(|(which, _)| *which != 0) && !monthly_or_yearly {
            "RRULE: numbered days go with FREQ=YEARLY and FREQ=MONTHLY only"
        } else if !self.by_set_pos.is_empty()
            && self.by_month.is_empty()
            && self.by_month_day.is_empty()
            && self.by_year_day.is_empty()
            && self.by_day.is_empty()
        {
            "RRULE: BYSETPOS needs another BY part to choose from"
        } else {
            return Ok(());
        };
        Err(line.refuse(reason))
    }
}

/// The last moment of a rule on the clock of the start: a date is its whole day.
fn until(line: &Line<'_>, value: &str, start: Moment) -> Result<chrono::NaiveDateTime, Refusal> {
    let own = match start {
        Moment::Date(_) => Tz::UTC,
        Moment::Time(_, zone) => zone,
    };
    let last = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    Ok(match (Moment::parse(line, value, own)?, start) {
        (Moment::Date(date), _) => date.and_time(last),
        // Of an event of whole days only the date counts, whatever clock the time is on.
        (Moment::Time(local, _), Moment::Date(_)) => local.date().and_time(last),
        (moment @ Moment::Time(..), Moment::Time(_, zone)) => {
            let local = Zone::of(zone).local(moment.seconds());
            chrono::DateTime::from_timestamp(local, 0)
                .unwrap_or_default()
                .naive_utc()
        }
    })
}

fn bad(line: &Line<'_>, part: &str) -> Refusal {
    line.refuse(format!("RRULE: {} is not understood", shortened(part)))
}

fn number<N: FromStr + PartialOrd>(text: &str, range: std::ops::RangeInclusive<N>) -> Option<N> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// Numbers up to `most`, without 0; from the end, when they may be, as negative ones.
fn numbers(text: &str, most: i32, negative: bool) -> Option<Vec<i32>> {
    let least = if negative { -most } else { 1 };
    text.split(',')
        .map(|one| number(one.strip_prefix('+').unwrap_or(one), least..=most).filter(|number| *number != 0))
        .collect()
}

/// `MO`, `1MO`, `-1SU`.
fn weekday(text: &str) -> Option<(i32, Weekday)> {
    let (which, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match name.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    let which = if which.is_empty() {
        0
    } else {
        *numbers(which, 53, true)?.first()?
    };
    Some((which, weekday))
}
