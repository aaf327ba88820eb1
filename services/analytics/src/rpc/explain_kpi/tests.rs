use prost_types::Timestamp;

use super::*;

fn request() -> ExplainKpiRequest {
    let day = |days: i64| {
        Some(Timestamp {
            seconds: days * 86_400,
            nanos: 0,
        })
    };
    ExplainKpiRequest {
        kpi: "csat".to_owned(),
        from: day(0),
        to: day(10),
        ..ExplainKpiRequest::default()
    }
}

/// The fields that are wrong in `request`.
fn wrong(request: ExplainKpiRequest) -> Vec<String> {
    let error = match Explain::parse(request) {
        Ok(_) => return Vec::new(),
        Err(error) => error,
    };
    let mut fields: Vec<String> = error.violations().iter().map(|one| one.field.clone()).collect();
    fields.sort_unstable();
    fields
}

#[test]
fn mistakes_are_named_by_our_own_fields() {
    assert!(wrong(request()).is_empty());
    let filter = |dimension: &str| DimensionFilter {
        dimension: dimension.to_owned(),
        values: vec![String::new()],
    };
    let mistaken = ExplainKpiRequest {
        kpi: "csta".to_owned(),
        time_zone: "Mars".to_owned(),
        filters: vec![filter("agent"), filter("mood")],
        cell: [
            ("agent".to_owned(), "a".to_owned()),
            ("weather".to_owned(), "wet".to_owned()),
        ]
        .into(),
        page_size: -1,
        ..request()
    };
    assert_eq!(
        wrong(mistaken),
        ["cell[weather]", "filters[1].dimension", "kpi", "page_size", "time_zone"]
    );
}

#[test]
fn a_bucket_is_one_of_the_period() {
    let at = |seconds: i64| Some(Timestamp { seconds, nanos: 0 });
    let bucket = |seconds, grain: Grain| ExplainKpiRequest {
        bucket_start_at: at(seconds),
        grain: grain.into(),
        ..request()
    };
    let parsed = Explain::parse(bucket(2 * 86_400, Grain::Day)).expect("a day of the period");
    assert_eq!(
        (parsed.query.from, parsed.query.to),
        (2 * 86_400_000_000, 3 * 86_400_000_000)
    );
    assert_eq!(wrong(bucket(2 * 86_400 + 1, Grain::Day)), ["bucket_start_at"]);
    assert_eq!(wrong(bucket(20 * 86_400, Grain::Day)), ["bucket_start_at"]);
    assert_eq!(wrong(bucket(0, Grain::Unspecified)), ["grain"]);
    let no_bucket = ExplainKpiRequest {
        grain: Grain::Day.into(),
        ..request()
    };
    assert_eq!(wrong(no_bucket), ["bucket_start_at"]);
    // A month that the period cuts at both ends is the period.
    let parsed = Explain::parse(bucket(0, Grain::Month)).expect("the only month");
    assert_eq!(parsed.query.to, 10 * 86_400_000_000);
}
