//! Between rows of schedules and the domain.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vorrang_calendar::{Draft, Overlaps};
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;

use crate::schedule::{Note, Overview, Schedule, Version};
use crate::store::entity::{schedule, schedule_version};

/// An exception as it is stored.
#[derive(Serialize, Deserialize)]
struct Exception {
    date: String,
    hours: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    uid: String,
}

/// A schedule as a row, without its versions.
pub fn schedule_row(tenant: &str, schedule: &Schedule) -> schedule::Model {
    schedule::Model {
        tenant: tenant.to_owned(),
        id: schedule.id,
        display_name: schedule.display_name.clone(),
        archived_at: schedule.archived_at.map(micros),
        revision: schedule.revision,
        created_at: micros(schedule.created_at),
        updated_at: micros(schedule.updated_at),
    }
}

/// A row as a schedule.
pub fn read_schedule(row: schedule::Model, versions: Vec<Version>) -> Result<Schedule, Error> {
    if versions.is_empty() {
        return Err(Error::internal(format!("schedule {} has no version", row.id)));
    }
    Ok(Schedule {
        id: row.id,
        display_name: row.display_name,
        versions,
        archived_at: row.archived_at.map(from_micros),
        revision: row.revision,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
    })
}

/// A version as a row.
pub fn version_row(tenant: &str, schedule: Uuid, version: &Version) -> schedule_version::Model {
    let draft = version.hours.draft();
    let exceptions: Vec<Exception> = version
        .hours
        .exceptions()
        .iter()
        .map(|(date, hours)| {
            let Note { name, uid } = version.note(*date);
            Exception {
                date: date.to_string(),
                hours: hours.iter().map(ToString::to_string).collect(),
                name,
                uid,
            }
        })
        .collect();
    schedule_version::Model {
        tenant: tenant.to_owned(),
        schedule_id: schedule,
        number: version.number,
        written_at: micros(version.hours.at()),
        valid_from: draft.valid_from,
        time_zone: draft.time_zone,
        weekly: json(&draft.weekly),
        exceptions: json(&exceptions),
    }
}

/// A row as a version.
pub fn read_version(row: schedule_version::Model) -> Result<Version, Error> {
    let exceptions: Vec<Exception> = read_json(&row.exceptions)?;
    let mut notes = BTreeMap::new();
    let mut hours = BTreeMap::new();
    for exception in exceptions {
        let note = Note {
            name: exception.name,
            uid: exception.uid,
        };
        if let Some(date) = exception.date.parse().ok().filter(|_| note != Note::default()) {
            notes.insert(date, note);
        }
        hours.insert(exception.date, exception.hours);
    }
    let draft = Draft {
        at: from_micros(row.written_at),
        time_zone: row.time_zone,
        weekly: read_json(&row.weekly)?,
        exceptions: hours,
        valid_from: row.valid_from,
    };
    let hours = draft.check(Overlaps::Joined).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::internal(format!("a stored schedule is wrong: {}", problems.join("; ")))
    })?;
    Ok(Version {
        number: row.number,
        hours,
        notes,
    })
}

/// Schedules with the version that counts at `now`, in the order of `rows`. Of the other versions only the dates are read.
pub async fn overviews<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    rows: Vec<schedule::Model>,
    now: DateTime<Utc>,
) -> Result<Vec<Overview>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    type Dates = (Uuid, i32, i64, Option<String>, String);
    let dates: Vec<Dates> = schedule_version::Entity::find()
        .filter(schedule_version::Column::Tenant.eq(tenant))
        .filter(schedule_version::Column::ScheduleId.is_in(rows.iter().map(|row| row.id)))
        .select_only()
        .columns([
            schedule_version::Column::ScheduleId,
            schedule_version::Column::Number,
            schedule_version::Column::WrittenAt,
            schedule_version::Column::ValidFrom,
            schedule_version::Column::TimeZone,
        ])
        .order_by_asc(schedule_version::Column::Number)
        .into_tuple()
        .all(conn)
        .await
        .map_err(error)?;
    let mut closed: HashMap<Uuid, Vec<Version>> = HashMap::new();
    for (id, number, written_at, valid_from, time_zone) in dates {
        let version = read_version(schedule_version::Model {
            tenant: String::new(),
            schedule_id: id,
            number,
            written_at,
            valid_from,
            time_zone,
            weekly: "{}".to_owned(),
            exceptions: "[]".to_owned(),
        })?;
        closed.entry(id).or_default().push(version);
    }
    let overviews = rows
        .into_iter()
        .map(|row| {
            let versions = closed.remove(&row.id).unwrap_or_default();
            Ok(read_schedule(row, versions)?.overview(now))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    with_hours(conn, tenant, overviews).await
}

/// Reads the hours of the versions that are shown.
async fn with_hours<C: ConnectionTrait>(
    conn: &C,
    tenant: &str,
    mut overviews: Vec<Overview>,
) -> Result<Vec<Overview>, Error> {
    let shown = overviews.iter().fold(Condition::any(), |shown, overview| {
        let one = Condition::all()
            .add(schedule_version::Column::ScheduleId.eq(overview.id))
            .add(schedule_version::Column::Number.eq(overview.version.number));
        shown.add(one)
    });
    let rows = schedule_version::Entity::find()
        .filter(schedule_version::Column::Tenant.eq(tenant))
        .filter(shown)
        .all(conn)
        .await
        .map_err(error)?;
    let mut read = HashMap::with_capacity(rows.len());
    for row in rows {
        read.insert(row.schedule_id, read_version(row)?);
    }
    for overview in &mut overviews {
        let version = read.remove(&overview.id);
        overview.version = version.ok_or_else(|| Error::internal("a version of a schedule vanished"))?;
    }
    Ok(overviews)
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain lists are always JSON")
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|cause| Error::internal("stored hours cannot be read").caused_by(cause))
}
