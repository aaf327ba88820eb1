use vorrang_api::analytics::v1::QueryKpisRequest;

use super::*;

fn row(agent: &str, value: f64) -> KpiRow {
    KpiRow {
        kpi: "csat".to_owned(),
        key: [("agent".to_owned(), agent.to_owned())].into(),
        value: Some(value),
        ..KpiRow::default()
    }
}

#[test]
fn only_what_differs_is_sent_and_what_vanished_is_told() {
    let mut known = BTreeMap::new();
    let all = vec![row("a", 1.0), row("b", 2.0)];
    assert_eq!(changes(&mut known, all.clone()), (all.clone(), Vec::new()));
    assert_eq!(changes(&mut known, all), (Vec::new(), Vec::new()));
    let (changed, gone) = changes(&mut known, vec![row("a", 1.5), row("c", 3.0)]);
    assert_eq!(changed, [row("a", 1.5), row("c", 3.0)]);
    let bare = KpiRow {
        value: None,
        ..row("b", 2.0)
    };
    assert_eq!(gone, [bare]);
    assert_eq!(
        changes(&mut known, vec![row("a", 1.5), row("c", 3.0)]),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let query = QueryKpisRequest {
        kpis: vec!["mood".to_owned()],
        as_of: Some(prost_types::Timestamp::default()),
        page_size: 5,
        ..QueryKpisRequest::default()
    };
    let error = parse(WatchKpisRequest { query: Some(query) })
        .err()
        .expect("is refused");
    let mut fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "query.as_of",
            "query.from",
            "query.kpis[0]",
            "query.page_size",
            "query.to"
        ]
    );
    let error = parse(WatchKpisRequest { query: None }).err().expect("is refused");
    assert_eq!(error.violations()[0].field, "query");
}
