//! From holidays to the exceptions of a version: the hours that are left.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::{Closed, Holiday};
use crate::span::Span;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// What an imported holiday makes of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Of the event.
    pub uid: String,
    /// Of the event.
    pub name: String,
    /// The hours that are left, in order.
    pub hours: Vec<Span>,
}

/// What `holidays` make of the hours of a week (Monday first). A time that closes nothing is not in it, a whole day always.
///
/// What is left of a night shift after midnight is given to the next date: hours belong to the day on which they start.
pub fn closures(holidays: &[Holiday], week: &[Vec<Span>; 7]) -> BTreeMap<NaiveDate, Closure> {
    let hours_of = |date: NaiveDate| &week[date.weekday().num_days_from_monday() as usize];
    let mut closures = BTreeMap::new();
    let mut spilled = Vec::new();
    for holiday in holidays {
        let hours = hours_of(holiday.date);
        let (left, next) = holiday.closed.rest(hours);
        let closure = |hours: Vec<Span>| Closure {
            uid: holiday.uid.clone(),
            name: holiday.name.clone(),
            hours,
        };
        if let Some(date) = holiday.date.succ_opt().filter(|_| !next.is_empty()) {
            spilled.push((date, closure(next)));
        }
        if holiday.closed == Closed::Day || left != *hours {
            closures.insert(holiday.date, closure(left));
        }
    }
    for (date, tail) in spilled {
        let closure = closures.entry(date).or_insert_with(|| Closure {
            hours: hours_of(date).clone(),
            ..tail.clone()
        });
        closure.hours.extend(tail.hours);
        closure.hours.sort_unstable();
    }
    closures
}

impl Closed {
    /// What is left of `hours`, which start on the day: hours that start on the day, and hours that start on the next.
    fn rest(&self, hours: &[Span]) -> (Vec<Span>, Vec<Span>) {
        let Self::Times(times) = self else {
            return (Vec::new(), Vec::new());
        };
        let mut left: Vec<(u16, u16)> = hours
            .iter()
            .map(|span| (span.start_minute(), span.end_minute()))
            .collect();
        for &(from, to) in times.iter().filter(|(from, to)| from < to) {
            left = left
                .into_iter()
                .flat_map(|(start, end)| [(start, end.min(from)), (start.max(to), end)])
                .filter(|(start, end)| start < end)
                .collect();
        }
        left.sort_unstable();
        let (own, next): (Vec<_>, Vec<_>) = left.into_iter().partition(|(start, _)| *start < DAY);
        (
            own.into_iter().map(|(start, end)| Span::between(start, end)).collect(),
            next.into_iter()
                .map(|(start, end)| Span::between(start - DAY, end - DAY))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Span {
        text.parse().expect("hours")
    }

    fn texts(hours: &[Span]) -> Vec<String> {
        hours.iter().map(Span::to_string).collect()
    }

    #[test]
    fn what_is_left_of_the_hours() {
        for (hours, closed, own, next) in [
            (vec!["09:00-17:00"], vec![(840, 1_440)], vec!["09:00-14:00"], vec![]),
            (
                vec!["09:00-17:00"],
                vec![(600, 660)],
                vec!["09:00-10:00", "11:00-17:00"],
                vec![],
            ),
            (
                vec!["09:00-12:00", "13:00-17:00"],
                vec![(0, 780)],
                vec!["13:00-17:00"],
                vec![],
            ),
            (
                vec!["09:00-17:00"],
                vec![(0, 540), (1_020, 1_440)],
                vec!["09:00-17:00"],
                vec![],
            ),
            (vec!["09:00-17:00"], vec![(540, 700), (650, 1_020)], vec![], vec![]),
            (
                vec!["22:00-06:00"],
                vec![(1_380, 1_500)],
                vec!["22:00-23:00"],
                vec!["01:00-06:00"],
            ),
            (vec!["22:00-06:00"], vec![(1_440, 1_800)], vec!["22:00-24:00"], vec![]),
            (vec!["22:00-06:00"], vec![(700, 700)], vec!["22:00-06:00"], vec![]),
        ] {
            let hours: Vec<Span> = hours.into_iter().map(span).collect();
            let (left, after) = Closed::Times(closed.clone()).rest(&hours);
            assert_eq!(
                (texts(&left), texts(&after)),
                (
                    texts(&own.into_iter().map(span).collect::<Vec<_>>()),
                    texts(&next.into_iter().map(span).collect::<Vec<_>>())
                ),
                "{closed:?}"
            );
        }
    }

    #[test]
    fn the_end_of_a_night_goes_to_the_next_date() {
        let week: [Vec<Span>; 7] = std::array::from_fn(|_| vec![span("22:00-06:00")]);
        let night = |date: &str, closed| Holiday {
            date: date.parse().expect("a date"),
            uid: "maintenance".into(),
            name: "Wartung".into(),
            closed,
        };
        // From Monday 23:00 to Tuesday 01:00, and all of Thursday.
        let holidays = [
            night("2026-03-02", Closed::Times(vec![(1_380, 1_500)])),
            night("2026-03-03", Closed::Times(vec![(0, 60)])),
            night("2026-03-05", Closed::Day),
        ];
        let found = closures(&holidays, &week);
        let found: Vec<_> = found
            .iter()
            .map(|(date, closure)| (date.to_string(), texts(&closure.hours)))
            .collect();
        let expected = [
            ("2026-03-02", vec!["22:00-23:00"]),
            ("2026-03-03", vec!["01:00-06:00", "22:00-06:00"]),
            ("2026-03-05", vec![]),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(date, hours)| {
                (
                    date.to_owned(),
                    hours.into_iter().map(str::to_owned).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }
}
