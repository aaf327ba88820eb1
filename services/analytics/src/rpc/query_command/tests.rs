use super::*;

fn request() -> QueryKpisRequest {
    QueryKpisRequest {
        kpis: vec!["csat".to_owned()],
        from: Some(Timestamp { seconds: 0, nanos: 0 }),
        to: Some(Timestamp {
            seconds: 86_400,
            nanos: 0,
        }),
        ..QueryKpisRequest::default()
    }
}

/// The fields that are wrong in `request`.
fn wrong(request: QueryKpisRequest) -> Vec<String> {
    match Command::parse(request) {
        Ok(_) => Vec::new(),
        Err(error) => error
            .violations()
            .iter()
            .map(|violation| violation.field.clone())
            .collect(),
    }
}

#[test]
fn the_least_that_can_be_asked() {
    let command = Command::parse(request()).expect("a good request");
    assert_eq!(command.zone, Tz::UTC);
    assert_eq!((command.from, command.to), (0, 86_400_000_000));
    assert_eq!(
        (command.grain, command.as_of, command.wait_for_latest),
        (None, None, false)
    );
    assert!(command.by.is_empty() && command.filters.is_empty());
}

#[test]
fn everything_that_can_be_asked() {
    let command = Command::parse(QueryKpisRequest {
        kpis: vec!["csat".to_owned(), "tickets_solved".to_owned()],
        time_zone: "Europe/Berlin".to_owned(),
        grain: ApiGrain::Week.into(),
        dimensions: vec!["agent".to_owned(), "tier".to_owned()],
        filters: vec![DimensionFilter {
            dimension: "channel".to_owned(),
            values: vec!["chat".to_owned(), String::new()],
        }],
        as_of: Some(Timestamp {
            seconds: 90_000,
            nanos: 0,
        }),
        wait_for_latest: true,
        ..request()
    })
    .expect("a good request");
    assert_eq!(command.kpis.len(), 2);
    assert_eq!(command.grain, Some(Grain::Week));
    assert_eq!(command.by, [Dimension::Agent, Dimension::Tier]);
    assert_eq!(command.filters[0].values, [Some("chat".to_owned()), None]);
    assert_eq!(command.as_of, Some(90_000_000_000));
    assert!(command.wait_for_latest);
}

#[test]
fn all_mistakes_are_named_at_once() {
    let request = QueryKpisRequest {
        kpis: vec!["csat".to_owned(), "mood".to_owned(), "csat".to_owned()],
        from: None,
        to: Some(Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        time_zone: "Berlin".to_owned(),
        grain: 77,
        dimensions: vec!["agent".to_owned(), "agent".to_owned(), "weather".to_owned()],
        filters: vec![DimensionFilter {
            dimension: "weather".to_owned(),
            values: Vec::new(),
        }],
        as_of: Some(Timestamp { seconds: 0, nanos: -1 }),
        ..QueryKpisRequest::default()
    };
    assert_eq!(
        wrong(request),
        [
            "kpis[1]",
            "kpis[2]",
            "from",
            "to",
            "time_zone",
            "grain",
            "dimensions[1]",
            "dimensions[2]",
            "filters[0].values",
            "filters[0].dimension",
            "as_of"
        ]
    );
}

#[test]
fn bounds_hold() {
    assert_eq!(
        wrong(QueryKpisRequest {
            kpis: Vec::new(),
            ..request()
        }),
        ["kpis"]
    );
    assert_eq!(
        wrong(QueryKpisRequest {
            kpis: vec!["csat".to_owned(); 21],
            ..request()
        }),
        ["kpis"]
    );
    assert_eq!(
        wrong(QueryKpisRequest {
            to: request().from,
            ..request()
        }),
        ["to"]
    );
    let at = |text: &str| {
        let at: DateTime<Utc> = text.parse().expect("a test time");
        Some(vorrang_api::timestamp(at))
    };
    let ten_years = QueryKpisRequest {
        from: at("2016-03-01T00:00:00Z"),
        to: at("2026-03-01T00:00:00Z"),
        ..request()
    };
    assert!(wrong(ten_years.clone()).is_empty());
    assert_eq!(
        wrong(QueryKpisRequest {
            to: at("2026-03-01T00:00:00.000001Z"),
            ..ten_years
        }),
        ["to"]
    );
    let dimensions = ["agent", "tier", "queue", "channel"].map(str::to_owned).to_vec();
    assert_eq!(
        wrong(QueryKpisRequest {
            dimensions,
            ..request()
        }),
        ["dimensions"]
    );
}

#[test]
fn a_variant_must_be_one_of_every_figure_asked_for() {
    let ask = |kpis: &[&str], variant: &str| QueryKpisRequest {
        kpis: kpis.iter().map(|id| (*id).to_owned()).collect(),
        variant: variant.to_owned(),
        ..request()
    };
    assert!(wrong(ask(&["csat"], "mean")).is_empty());
    assert_eq!(wrong(ask(&["csat", "tickets_solved"], "mean")), ["variant"]);
}

/// What is said about the fields that are wrong.
fn said(request: QueryKpisRequest) -> Vec<String> {
    match Command::parse(request) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let violations = error.violations().iter();
            violations.map(|violation| violation.description.clone()).collect()
        }
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_one() {
    let figure = said(QueryKpisRequest {
        kpis: vec!["first_respons_time".to_owned()],
        ..request()
    });
    assert!(figure[0].contains("did you mean `first_response_time`?"), "{figure:?}");
    let variant = said(QueryKpisRequest {
        variant: "respons_rate".to_owned(),
        ..request()
    });
    assert!(variant[0].contains("did you mean `response_rate`?"), "{variant:?}");
    let dimension = said(QueryKpisRequest {
        dimensions: vec!["chanel".to_owned()],
        ..request()
    });
    assert!(dimension[0].contains("did you mean `channel`?"), "{dimension:?}");
}

#[test]
fn what_compares_days_takes_whole_ones() {
    let days = |from: i64, time_zone: &str, grain: ApiGrain| QueryKpisRequest {
        kpis: vec!["volume_change".to_owned()],
        from: Some(Timestamp {
            seconds: from,
            nanos: 0,
        }),
        time_zone: time_zone.to_owned(),
        grain: grain.into(),
        ..request()
    };
    assert!(wrong(days(0, "UTC", ApiGrain::Day)).is_empty());
    assert_eq!(wrong(days(3_600, "UTC", ApiGrain::Day)), ["from"]);
    // Midnight in London was an hour earlier than UTC says, all that winter.
    assert_eq!(wrong(days(0, "Europe/London", ApiGrain::Week)), ["from", "to"]);
    assert_eq!(wrong(days(0, "UTC", ApiGrain::Hour)), ["grain"]);
}
