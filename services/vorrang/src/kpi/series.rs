//! The courses of figures over time, read out of the rows of an answer.

use std::collections::{BTreeMap, HashMap};

use vorrang_analytics::buckets::{Axis, Grain as Length};
use vorrang_api::analytics::v1::{Grain, KpiRow};

use super::arguments::Question;

/// Buckets shown at most: the newest.
const BUCKETS_MAX: usize = 60;

/// A figure and a key.
pub type Course = (String, BTreeMap<String, String>);

/// The values of every figure and key, a place for each bucket of the period, whether or not anything happened in it. Of long
/// periods the newest buckets.
pub fn of(rows: &[KpiRow], question: &Question) -> HashMap<Course, Vec<Option<f64>>> {
    let starts = starts(question);
    let shown = starts
        .get(starts.len().saturating_sub(BUCKETS_MAX)..)
        .unwrap_or_default();
    let mut courses: HashMap<Course, Vec<Option<f64>>> = HashMap::new();
    for row in rows {
        let start = row.bucket_start_at.as_ref().and_then(vorrang_api::from_timestamp);
        let Some(start) = start else { continue };
        let course = courses
            .entry((row.kpi.clone(), row.key.clone()))
            .or_insert_with(|| vec![None; shown.len()]);
        let place = shown.binary_search(&start.timestamp_micros()).ok();
        if let Some(value) = place.and_then(|place| course.get_mut(place)) {
            *value = row.value;
        }
    }
    courses
}

/// The first instants of all buckets of the period.
fn starts(question: &Question) -> Vec<i64> {
    let length = match question.request.grain() {
        Grain::Unspecified => return Vec::new(),
        Grain::Hour => Length::Hour,
        Grain::Day => Length::Day,
        Grain::Week => Length::Week,
        Grain::Month => Length::Month,
        Grain::Quarter => Length::Quarter,
        Grain::Year => Length::Year,
    };
    let mut axis = Axis::new(question.zone, length);
    let (mut at, to) = (question.from.timestamp_micros(), question.to.timestamp_micros());
    let mut starts = Vec::new();
    while at < to {
        starts.push(at);
        let start = axis.start_of(at);
        match axis.bucket(start).map(|bucket| bucket.end).filter(|end| *end > at) {
            Some(end) => at = end,
            None => break,
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;
    use vorrang_api::analytics::v1::QueryKpisRequest;

    use super::*;

    #[test]
    fn every_bucket_has_its_place() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).expect("a time").to_utc();
        let question = Question {
            request: QueryKpisRequest {
                grain: Grain::Day.into(),
                ..QueryKpisRequest::default()
            },
            zone: Tz::Europe__Berlin,
            // Noon of the day before the change of the clocks: the first bucket is cut.
            from: at("2026-03-28T12:00:00+01:00"),
            to: at("2026-03-31T00:00:00+02:00"),
        };
        let row = |start: &str, value| KpiRow {
            kpi: "csat".to_owned(),
            bucket_start_at: Some(vorrang_api::timestamp(at(start))),
            value: Some(value),
            ..KpiRow::default()
        };
        let rows = [
            KpiRow {
                kpi: "csat".to_owned(),
                value: Some(9.0),
                ..KpiRow::default()
            },
            row("2026-03-28T12:00:00+01:00", 1.0),
            row("2026-03-30T00:00:00+02:00", 3.0),
        ];
        let courses = of(&rows, &question);
        assert_eq!(
            courses[&("csat".to_owned(), BTreeMap::new())],
            [Some(1.0), None, Some(3.0)]
        );
    }
}
