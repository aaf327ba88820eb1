//! Business minutes of real incidents, as another tool computed them (Monday to Friday 8 to 18 in Berlin, Bavarian holidays).
//!
//! The incidents lie beside the repository: `VORRANG_SAMPLES` names their folder, and where it is not set there is nothing to compare with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use vorrang_calendar::{Calendar, Draft, Overlaps, Schedule};

/// The fields of a file's lines, without its head. None of these files has quotes.
fn rows(file: &PathBuf) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(file).expect("a sample");
    let fields = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(fields).collect()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse::<DateTime<chrono::FixedOffset>>().expect("a time").to_utc()
}

#[test]
fn business_minutes_of_real_incidents_are_those_of_another_tool() {
    let Ok(samples) = std::env::var("VORRANG_SAMPLES") else {
        println!("left out: VORRANG_SAMPLES names no folder");
        return;
    };
    let folder = PathBuf::from(samples).join("itsm-servicenow-sample");
    let holidays: BTreeMap<String, Vec<String>> = rows(&folder.join("reference_holidays_BY.csv"))
        .into_iter()
        .map(|row| (row[0].clone(), Vec::new()))
        .collect();
    let weekdays = ["mon", "tue", "wed", "thu", "fri"];
    let draft = Draft {
        at: time("2015-01-01T00:00:00+01:00"),
        time_zone: "Europe/Berlin".to_owned(),
        weekly: weekdays
            .map(|day| (day.to_owned(), vec!["08:00-18:00".to_owned()]))
            .into(),
        exceptions: holidays,
        valid_from: None,
    };
    let version = draft.check(Overlaps::Refused).expect("nothing is wrong with it");
    let calendar = Calendar::new(&Schedule::new(vec![version]).expect("one version"));

    let incidents = rows(&folder.join("reference_business_minutes.csv"));
    assert_eq!(incidents.len(), 276);
    let mut differing = Vec::new();
    for row in &incidents {
        let (from, to) = (time(&row[1]), time(&row[2]));
        let minutes = calendar.business(from, to).num_minutes();
        assert_eq!((to - from).num_minutes().to_string(), row[4], "{}: elapsed", row[0]);
        if minutes.to_string() != row[3] {
            differing.push(format!("{}: {minutes}, not {}", row[0], row[3]));
        }
        // The way back: the last business second is used up at or before the end.
        let due = calendar
            .due(from, calendar.business(from, to))
            .expect("open every week");
        assert!(due <= to && calendar.business(from, due) == calendar.business(from, to));
    }
    assert!(differing.is_empty(), "{differing:#?}");
}
