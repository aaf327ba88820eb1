//! Schedules, from the domain to the contract.

use chrono::{DateTime, NaiveDate, Utc};
use std::ops::RangeInclusive;
use vorrang_api::ticketing::v1 as pb;
use vorrang_calendar::Span;

use crate::event::ScheduleFact;
use crate::names;
use crate::schedule::{Imported, Note, Overview, Version};

/// A schedule with the version that counts today.
pub fn overview(schedule: &Overview) -> pb::Schedule {
    let version = &schedule.version;
    pb::Schedule {
        name: names::schedule(schedule.id),
        display_name: schedule.display_name.clone(),
        time_zone: version.hours.zone().name().to_owned(),
        weekly: Some(weekly(version)),
        exceptions: exceptions(version),
        valid_from: valid_from(version),
        version: version.number,
        version_count: schedule.version_count,
        archived_at: schedule.archived_at.map(vorrang_api::timestamp),
        etag: vorrang_service::etag(schedule.revision),
        created_at: time(schedule.created_at),
        updated_at: time(schedule.updated_at),
    }
}

/// A version.
pub fn schedule_version(version: &Version) -> pb::ScheduleVersion {
    pb::ScheduleVersion {
        number: version.number,
        time_zone: version.hours.zone().name().to_owned(),
        weekly: Some(weekly(version)),
        exceptions: exceptions(version),
        valid_from: valid_from(version),
        created_at: time(version.hours.at()),
    }
}

/// What happened to a schedule.
pub fn updated(fact: &ScheduleFact) -> pb::ScheduleUpdated {
    let versions = &fact.schedule.versions;
    let written = versions.len().saturating_sub(fact.change.new_versions);
    pb::ScheduleUpdated {
        schedule: Some(overview(&fact.schedule.overview(fact.at))),
        new_versions: versions[written..].iter().map(schedule_version).collect(),
        changed_fields: fact.change.fields.iter().map(|field| (*field).to_owned()).collect(),
    }
}

/// What became of an import.
pub fn imported(schedule: &Overview, years: &RangeInclusive<i32>, done: &Imported) -> pb::ImportHolidaysResponse {
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    pb::ImportHolidaysResponse {
        schedule: Some(overview(schedule)),
        first_year: *years.start(),
        last_year: *years.end(),
        events: count(done.events),
        cancelled: count(done.cancelled),
        added: count(done.added.len()),
        updated: count(done.updated.len()),
        unchanged: count(done.unchanged.len()),
        kept: count(done.kept.len()),
        past: count(done.past.len()),
        versions: done.versions.clone(),
    }
}

fn weekly(version: &Version) -> pb::WeeklyHours {
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = version.hours.week();
    pb::WeeklyHours {
        monday: texts(monday),
        tuesday: texts(tuesday),
        wednesday: texts(wednesday),
        thursday: texts(thursday),
        friday: texts(friday),
        saturday: texts(saturday),
        sunday: texts(sunday),
    }
}

fn exceptions(version: &Version) -> Vec<pb::ScheduleException> {
    let exception = |(date, hours): (&NaiveDate, &Vec<Span>)| {
        let Note { name, uid } = version.note(*date);
        pb::ScheduleException {
            date: date.to_string(),
            hours: texts(hours),
            name,
            uid,
        }
    };
    version.hours.exceptions().iter().map(exception).collect()
}

fn valid_from(version: &Version) -> String {
    version
        .hours
        .valid_from()
        .map(|date| date.to_string())
        .unwrap_or_default()
}

fn texts(hours: &[Span]) -> Vec<String> {
    hours.iter().map(ToString::to_string).collect()
}

fn time(at: DateTime<Utc>) -> Option<prost_types::Timestamp> {
    Some(vorrang_api::timestamp(at))
}
