//! The versions of a desk's opening hours.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::eras::{Day, date, day};
use crate::version::Version;

/// Versions that one schedule may have.
pub const VERSIONS_MAX: usize = 200;

/// Opening hours over time: at least one version, in the order in which they were written.
///
/// Its JSON is the list of its versions; it is what a ticket keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Version>", into = "Vec<Version>")]
pub struct Schedule {
    versions: Vec<Version>,
}

/// A schedule without a version, or with more than [`VERSIONS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a schedule has 1 to {VERSIONS_MAX} versions, not {0}")]
pub struct TooManyVersions(pub usize);

impl Schedule {
    /// A schedule of `versions`; of those written in the same instant the later in the list is the later.
    pub fn new(mut versions: Vec<Version>) -> Result<Self, TooManyVersions> {
        if versions.is_empty() || versions.len() > VERSIONS_MAX {
            return Err(TooManyVersions(versions.len()));
        }
        versions.sort_by_key(Version::at);
        Ok(Self { versions })
    }

    /// The versions as they were written, oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What was known at `instant`: the versions written at or before it. `None`: nothing was written yet.
    ///
    /// A ticket is measured by what was known when it was opened: a version announced before counts from its day on,
    /// one written later never.
    pub fn known_at(&self, instant: DateTime<Utc>) -> Option<Self> {
        let known = self.versions.partition_point(|version| version.at() <= instant);
        Self::new(self.versions[..known].to_vec()).ok()
    }

    /// The version whose hours count on a local date: its place among [`Schedule::versions`].
    pub fn on(&self, date: NaiveDate) -> usize {
        let eras = self.eras();
        let after = eras.partition_point(|(from, _)| *from <= day(date));
        eras[after.saturating_sub(1)].1
    }

    /// The versions that count from a date after `date`, in the order of their dates: dates and places among
    /// [`Schedule::versions`].
    pub fn after(&self, date: NaiveDate) -> Vec<(NaiveDate, usize)> {
        let eras = self.eras().into_iter().filter(|(from, _)| *from > day(date));
        eras.filter_map(|(from, index)| Some((self::date(from)?, index)))
            .collect()
    }

    /// From which day on which version counts, in order of days; the first from the beginning of time.
    pub(crate) fn eras(&self) -> Vec<(Day, usize)> {
        let versions = self.versions.iter().enumerate();
        let mut from: Vec<(Day, usize)> = versions
            .map(|(index, version)| (counts_from(index, version), index))
            .collect();
        // Among those of a day the later written is the last: it is the one that stays.
        from.sort_unstable();
        let mut eras: Vec<(Day, usize)> = Vec::with_capacity(from.len());
        for era in from {
            if eras.last().is_some_and(|last| last.0 == era.0) {
                eras.pop();
            }
            eras.push(era);
        }
        if let Some(oldest) = eras.first_mut() {
            oldest.0 = Day::MIN;
        }
        eras
    }
}

/// The day from which the `index`th version in the order of writing counts.
fn counts_from(index: usize, version: &Version) -> Day {
    match version.valid_from() {
        Some(date) => day(date),
        None if index == 0 => Day::MIN,
        None => day(version.at().with_timezone(&version.zone()).date_naive()),
    }
}

impl From<Schedule> for Vec<Version> {
    fn from(schedule: Schedule) -> Self {
        schedule.versions
    }
}

impl TryFrom<Vec<Version>> for Schedule {
    type Error = TooManyVersions;

    fn try_from(versions: Vec<Version>) -> Result<Self, TooManyVersions> {
        Self::new(versions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(at: &str) -> Version {
        serde_json::from_str(&format!(
            r#"{{"at": "{at}", "time_zone": "UTC", "weekly": {{"mon": ["09:00-17:00"]}}}}"#
        ))
        .expect("a version")
    }

    #[test]
    fn a_ticket_knows_what_was_written_before_it() {
        let schedule =
            Schedule::new(vec![version("2026-06-30T12:00:00Z"), version("2026-01-05T08:00:00Z")]).expect("a schedule");
        let known = |at: &str| {
            schedule
                .known_at(at.parse().expect("a time"))
                .map(|known| known.versions.len())
        };
        assert_eq!(known("2026-01-05T07:59:59.999999Z"), None);
        assert_eq!(known("2026-01-05T08:00:00Z"), Some(1));
        assert_eq!(known("2026-06-30T11:59:59Z"), Some(1));
        assert_eq!(known("2026-06-30T12:00:00Z"), Some(2));
    }

    #[test]
    fn each_date_has_its_version() {
        let versions = [None, Some("2026-07-01"), Some("2026-07-01"), Some("2026-03-01")].map(|valid_from| {
            let draft = crate::Draft {
                valid_from: valid_from.map(str::to_owned),
                ..version("2026-01-05T08:00:00Z").draft()
            };
            draft.check(crate::Overlaps::Refused).expect("a version")
        });
        let schedule = Schedule::new(versions.to_vec()).expect("a schedule");
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        for (on, index) in [
            ("1980-01-01", 0),
            ("2026-02-28", 0),
            ("2026-03-01", 3),
            ("2026-07-01", 2),
            ("2126-01-01", 2),
        ] {
            assert_eq!(schedule.on(date(on)), index, "{on}");
        }
        assert_eq!(
            schedule.after(date("2026-02-28")),
            [(date("2026-03-01"), 3), (date("2026-07-01"), 2)]
        );
        assert_eq!(schedule.after(date("2026-03-01")), [(date("2026-07-01"), 2)]);
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was() {
        let schedule =
            Schedule::new(vec![version("2026-01-05T08:00:00Z"), version("2026-06-30T12:00:00Z")]).expect("a schedule");
        let json = serde_json::to_string(&schedule).expect("JSON");
        assert_eq!(
            json,
            r#"[{"at":"2026-01-05T08:00:00Z","time_zone":"UTC","weekly":{"mon":["09:00-17:00"]}},{"at":"2026-06-30T12:00:00Z","time_zone":"UTC","weekly":{"mon":["09:00-17:00"]}}]"#
        );
        assert_eq!(serde_json::from_str::<Schedule>(&json).expect("a schedule"), schedule);
        let error = serde_json::from_str::<Schedule>("[]").expect_err("nothing");
        assert!(error.to_string().contains("1 to 200 versions, not 0"), "{error}");
        let many = vec![version("2026-01-05T08:00:00Z"); VERSIONS_MAX + 1];
        assert_eq!(Schedule::new(many), Err(TooManyVersions(VERSIONS_MAX + 1)));
    }
}
