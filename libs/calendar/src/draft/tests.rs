use super::*;

fn draft() -> Draft {
    serde_json::from_str(
        r#"{"at": "2026-01-05T08:00:00+01:00", "time_zone": "Europe/Berlin",
            "weekly": {"mon": ["13:00-17:00", "09:00-12:00"], "fri": ["22:00-02:00"]},
            "exceptions": {"2026-12-24": ["09:00-12:00"], "2026-12-25": []}, "valid_from": "2026-01-01"}"#,
    )
    .expect("a draft")
}

fn paths(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.path.as_str()).collect()
}

#[test]
fn a_version_and_its_json_are_the_same() {
    let version = draft().check(Overlaps::Refused).expect("a version");
    let json = serde_json::to_string(&version).expect("JSON");
    assert_eq!(
        json,
        r#"{"at":"2026-01-05T07:00:00Z","time_zone":"Europe/Berlin","weekly":{"fri":["22:00-02:00"],"mon":["09:00-12:00","13:00-17:00"]},"exceptions":{"2026-12-24":["09:00-12:00"],"2026-12-25":[]},"valid_from":"2026-01-01"}"#
    );
    let again: Version = serde_json::from_str(&json).expect("a version");
    assert_eq!(again, version);
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut draft = draft();
    draft.time_zone = "Europe/Atlantis".into();
    draft.weekly.insert("monday".into(), vec![]);
    draft
        .weekly
        .insert("tue".into(), vec!["9-17".into(), "09:00-25:00".into()]);
    draft
        .weekly
        .insert("wed".into(), vec!["09:00-12:00".into(), "11:59-13:00".into()]);
    draft.exceptions.insert("2026-02-30".into(), vec!["8-9".into()]);
    draft.exceptions.insert("0026-02-03".into(), vec![]);
    draft.exceptions.insert("2026-2-3".into(), vec![]);
    draft.valid_from = Some("tomorrow".into());
    let problems = draft.check(Overlaps::Refused).expect_err("problems");
    assert_eq!(
        paths(&problems),
        [
            "time_zone",
            "weekly.monday",
            "weekly.tue[0]",
            "weekly.tue[1]",
            "weekly.wed[1]",
            "exceptions.0026-02-03",
            "exceptions.2026-02-30[0]",
            "exceptions.2026-02-30",
            "exceptions.2026-2-3",
            "valid_from"
        ]
    );
    assert_eq!(problems[4].to_string(), "weekly.wed[1]: overlaps 09:00-12:00");
}

#[test]
fn overlaps_are_a_mistake_in_a_form_and_a_fact_in_a_history() {
    for (hours, overlap) in [
        (vec!["09:00-12:00", "12:00-13:00"], false),
        (vec!["09:00-12:00", "09:00-12:00"], true),
        (vec!["22:00-06:00", "23:00-24:00"], true),
        (vec!["22:00-06:00", "05:00-07:00"], false),
        (vec!["00:00-24:00", "23:59-00:01"], true),
    ] {
        let mut draft = draft();
        draft.weekly = BTreeMap::from([("sun".to_owned(), hours.iter().map(|&text| text.to_owned()).collect())]);
        assert_eq!(draft.check(Overlaps::Refused).is_err(), overlap, "{hours:?}");
        assert!(draft.check(Overlaps::Joined).is_ok());
    }
}

#[test]
fn there_are_limits() {
    let mut draft = draft();
    draft
        .weekly
        .insert("sat".into(), vec!["09:00-10:00".into(); SPANS_PER_DAY_MAX + 1]);
    draft.exceptions = (0..=EXCEPTIONS_MAX as u64)
        .map(|day| ((FIRST_DATE + chrono::Days::new(day)).to_string(), vec![]))
        .collect();
    let problems = draft.check(Overlaps::Joined).expect_err("problems");
    assert_eq!(paths(&problems), ["weekly.sat", "exceptions"]);
}

#[test]
fn an_unknown_field_is_an_error() {
    let text = r#"{"at": "2026-01-05T08:00:00Z", "time_zone": "UTC", "weekly": {}, "hollidays": {}}"#;
    let error = serde_json::from_str::<Version>(text).expect_err("an error").to_string();
    assert!(error.contains("hollidays"), "{error}");
    let text = r#"{"at": "2026-01-05T08:00:00Z", "time_zone": "Mars", "weekly": {}}"#;
    let error = serde_json::from_str::<Version>(text).expect_err("an error").to_string();
    assert!(error.contains("time_zone: no such IANA time zone"), "{error}");
}
