//! Schedules, from the contract to the domain.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use vorrang_api::ticketing::v1 as pb;
use vorrang_calendar::holidays::YEARS_MAX;
use vorrang_calendar::{DAYS, Draft, EXCEPTIONS_MAX, FIRST_DATE, LAST_DATE, Overlaps, Problem};
use vorrang_error::Violations;

use super::{mask_of, text};
use crate::schedule::{Field, Note, Wanted};

/// Characters of the name of a schedule, of the name and of the uid of an exception.
const NAME_MAX: usize = 200;

/// Years that an import takes when it does not say.
const YEARS: i32 = 5;

/// The fields of a schedule that a mask names; at least one.
pub fn schedule_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<Field> {
    mask_of(mask, Field::parse, violations)
}

/// What a client wants a schedule to be, in these fields: what is wrong in others is nobody's concern.
pub fn schedule(prefix: &str, given: &pb::Schedule, fields: &[Field], violations: &mut Violations) -> Wanted {
    let named = |field: Field| fields.contains(&field);
    let mut display_name = String::new();
    if named(Field::DisplayName) {
        let path = format!("{prefix}.display_name");
        if given.display_name.trim().is_empty() {
            violations.add(&path, "must be given");
        }
        display_name = text(&path, given.display_name.trim(), NAME_MAX, violations);
    }
    let mut draft = Draft {
        at: DateTime::<Utc>::UNIX_EPOCH,
        time_zone: "UTC".to_owned(),
        weekly: BTreeMap::new(),
        exceptions: BTreeMap::new(),
        valid_from: None,
    };
    if named(Field::TimeZone) {
        draft.time_zone.clone_from(&given.time_zone);
    }
    if named(Field::Weekly) {
        draft.weekly = weekly(given.weekly.as_ref());
    }
    let mut notes = BTreeMap::new();
    let mut dates: Vec<&str> = Vec::new();
    if named(Field::Exceptions) {
        if given.exceptions.len() > EXCEPTIONS_MAX {
            violations.add(
                format!("{prefix}.exceptions"),
                format!("at most {EXCEPTIONS_MAX} exceptions"),
            );
        }
        for (index, exception) in given.exceptions.iter().take(EXCEPTIONS_MAX).enumerate() {
            let path = format!("{prefix}.exceptions[{index}]");
            if draft
                .exceptions
                .insert(exception.date.clone(), exception.hours.clone())
                .is_some()
            {
                violations.add(format!("{path}.date"), "is there twice");
            }
            dates.push(&exception.date);
            let note = Note {
                name: text(&format!("{path}.name"), &exception.name, NAME_MAX, violations),
                uid: text(&format!("{path}.uid"), &exception.uid, NAME_MAX, violations),
            };
            if let Some(date) = exception.date.parse().ok().filter(|_| note != Note::default()) {
                notes.insert(date, note);
            }
        }
    }
    let hours = draft.check(Overlaps::Refused).unwrap_or_else(|problems| {
        for problem in problems {
            violations.add(format!("{prefix}.{}", path_of(&problem, &dates)), problem.reason);
        }
        closed()
    });
    Wanted {
        display_name,
        hours,
        notes,
    }
}

/// A local date; none when it is not given.
pub fn date(field: &str, given: &str, violations: &mut Violations) -> Option<NaiveDate> {
    if given.is_empty() {
        return None;
    }
    let date = given.parse::<NaiveDate>().ok().filter(|date| date.to_string() == given);
    let date = date.filter(|date| (FIRST_DATE..=LAST_DATE).contains(date));
    if date.is_none() {
        violations.add(field, "must be a date of the years 1900 to 2199, YYYY-MM-DD");
    }
    date
}

/// The years of an import; `present` is the one that counts when none is named.
pub fn years(first: i32, last: i32, present: i32, violations: &mut Violations) -> RangeInclusive<i32> {
    let first = if first == 0 { present } else { first };
    let last = if last == 0 {
        first.saturating_add(YEARS - 1)
    } else {
        last
    };
    let known = 1900..=2199;
    if !known.contains(&first) {
        violations.add("first_year", "must be 1900 to 2199, or 0 for the present year");
    } else if !known.contains(&last) || last < first || last - first >= YEARS_MAX as i32 {
        violations.add(
            "last_year",
            format!("must not be before first_year nor after 2199, and at most {YEARS_MAX} years are imported at once"),
        );
    }
    first..=last
}

fn weekly(given: Option<&pb::WeeklyHours>) -> BTreeMap<String, Vec<String>> {
    let Some(week) = given else {
        return BTreeMap::new();
    };
    let days = [
        &week.monday,
        &week.tuesday,
        &week.wednesday,
        &week.thursday,
        &week.friday,
        &week.saturday,
        &week.sunday,
    ];
    DAYS.iter()
        .zip(days)
        .map(|(day, hours)| ((*day).to_owned(), hours.clone()))
        .collect()
}

/// Where in the request a problem is.
fn path_of(problem: &Problem, dates: &[&str]) -> String {
    const LONG: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    if let Some(rest) = problem.path.strip_prefix("weekly.")
        && let Some(day) = DAYS.iter().position(|day| rest.starts_with(day))
    {
        return format!("weekly.{}{}", LONG[day], &rest[3..]);
    }
    if let Some(rest) = problem.path.strip_prefix("exceptions.") {
        let found = dates.iter().enumerate().find_map(|(index, date)| {
            let rest = rest.strip_prefix(date)?;
            (rest.is_empty() || rest.starts_with('[')).then_some((index, rest))
        });
        return match found {
            Some((index, "")) => format!("exceptions[{index}]"),
            Some((index, hour)) => format!("exceptions[{index}].hours{hour}"),
            None => "exceptions".to_owned(),
        };
    }
    problem.path.clone()
}

/// Stands in for hours that are wrong.
fn closed() -> vorrang_calendar::Version {
    let draft = Draft {
        at: DateTime::<Utc>::UNIX_EPOCH,
        time_zone: "UTC".to_owned(),
        weekly: BTreeMap::new(),
        exceptions: BTreeMap::new(),
        valid_from: None,
    };
    draft.check(Overlaps::Refused).expect("nothing is wrong with no hours")
}
