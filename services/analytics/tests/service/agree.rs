//! Of every figure in every variant, over the wire: what it is made of adds up to the total, the buckets are opened by themselves, and
//! what is watched is what is asked.

use std::collections::BTreeMap;

use prost_types::Timestamp;
use vorrang_api::analytics::v1::insight_service_client::InsightServiceClient;
use vorrang_api::analytics::v1::{
    ExplainKpiRequest, ExplainKpiResponse, GetCustomerProfileRequest, GetJourneyRequest, Grade,
    GradeServiceLevelRequest, KpiItem, ListJourneyPathsRequest, WatchKpisRequest, touchpoint,
};

use super::*;
use crate::told::history;

fn time(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// Asks for two days as of ten days later, when every window is over.
fn question(kpi: &str, variant: &str) -> QueryKpisRequest {
    QueryKpisRequest {
        from: time(DAY),
        to: time(DAY + 2 * 86_400),
        as_of: time(DAY + 12 * 86_400),
        variant: variant.to_owned(),
        ..ask(&[kpi])
    }
}

fn opened(query: &QueryKpisRequest) -> ExplainKpiRequest {
    ExplainKpiRequest {
        kpi: query.kpis[0].clone(),
        variant: query.variant.clone(),
        from: query.from,
        to: query.to,
        as_of: query.as_of,
        page_size: 7,
        ..ExplainKpiRequest::default()
    }
}

/// All pages.
async fn explain(client: &mut Kpis, mut request: ExplainKpiRequest) -> (KpiRow, Vec<KpiItem>) {
    let mut items = Vec::new();
    loop {
        let page: ExplainKpiResponse = client
            .explain_kpi(request.clone())
            .await
            .expect("is opened")
            .into_inner();
        items.extend(page.items);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            assert_eq!(page.item_count, items.len() as i64);
            return (page.total.expect("a total"), items);
        }
    }
}

type Kpis = KpiServiceClient<vorrang_service::PeerChannel>;

/// What of `row` its items do not add up to.
fn missing(row: &KpiRow, items: &[KpiItem]) -> Option<String> {
    let sum = |part: fn(&KpiItem) -> f64| items.iter().map(part).sum::<f64>();
    let shares_of_time = ["channel_availability", "occupancy"].contains(&row.kpi.as_str());
    let numbers = [
        (
            "count",
            sum(|item| item.count as f64),
            Some(row.count as f64).filter(|_| !shares_of_time),
        ),
        ("open", sum(|item| item.open_count as f64), Some(row.open_count as f64)),
        ("sum", sum(|item| item.sum), row.sum),
        ("numerator", sum(|item| item.numerator), row.numerator),
        ("denominator", sum(|item| item.denominator), row.denominator),
    ];
    numbers.into_iter().find_map(|(name, found, told)| {
        let told = told?;
        let near = (found - told).abs() <= 1e-6 * told.abs().max(1.0);
        (!near).then(|| format!("{name} {told}, but the items say {found}"))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn total_series_and_what_they_are_made_of_agree_for_every_figure() {
    let owners = Owners::new().await;
    owners.ticketing("acme", history()).await;
    let stack = Stack::start(Some(&owners)).await;
    stack.latest("acme", ask(&["tickets_created"])).await;
    let mut client = Kpis::new(stack.running.peers().analytics(Some("acme")));
    let kpis = client
        .list_kpis(ListKpisRequest {})
        .await
        .expect("definitions")
        .into_inner()
        .kpis;
    let (mut failures, mut without, mut asked) = (Vec::new(), Vec::new(), 0);
    for kpi in &kpis {
        for variant in [String::new()].iter().chain(&kpi.variants) {
            asked += 1;
            let query = question(&kpi.id, variant);
            let id = format!("{}/{variant}", kpi.id);
            let total = stack
                .query("acme", query.clone())
                .await
                .expect("an answer")
                .rows
                .remove(0);
            let (told, items) = explain(&mut client, opened(&query)).await;
            if told
                != (KpiRow {
                    is_total: false,
                    ..total.clone()
                })
            {
                failures.push(format!("{id}: {told:?}, not {total:?}"));
            }
            failures.extend(missing(&total, &items).map(|why| format!("{id}: {why}")));
            if items.is_empty() {
                without.push(id.clone());
            }
            // Every bucket by itself.
            let by_day = QueryKpisRequest {
                grain: Grain::Day.into(),
                ..query.clone()
            };
            let rows = stack.query("acme", by_day).await.expect("an answer").rows;
            for row in rows
                .iter()
                .filter(|row| row.bucket_start_at.is_some() && row.key.is_empty())
            {
                let request = ExplainKpiRequest {
                    grain: Grain::Day.into(),
                    bucket_start_at: row.bucket_start_at,
                    ..opened(&query)
                };
                let (told, items) = explain(&mut client, request).await;
                if told != *row {
                    failures.push(format!("{id}: {told:?}, not {row:?}"));
                }
                failures.extend(missing(row, &items).map(|why| format!("{id} by day: {why}")));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(kpis.len(), 49);
    assert!(asked >= 65, "{asked}");
    // The history has something for nearly all of them, else this test says nothing.
    assert!(without.len() <= 4, "nothing to open: {without:?}");
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_watched_changes_when_something_happens() {
    let owners = Owners::new().await;
    owners
        .ticketing("acme", vec![created("a", DAY + 60, Channel::Email)])
        .await;
    let stack = Stack::start(Some(&owners)).await;
    let query = QueryKpisRequest {
        dimensions: vec!["channel".to_owned()],
        ..ask(&["tickets_created", "csat"])
    };
    stack.latest("acme", query.clone()).await;
    let mut client = Kpis::new(stack.running.peers().analytics(Some("acme")));
    let request = WatchKpisRequest { query: Some(query) };
    let mut messages = client.watch_kpis(request).await.expect("is watched").into_inner();
    let first = messages.message().await.expect("a message").expect("is open");
    let counts = |rows: &[KpiRow]| -> Vec<(String, bool, i64)> {
        rows.iter()
            .map(|row| {
                let channel = row.key.get("channel").cloned().unwrap_or_default();
                (format!("{} {channel}", row.kpi), row.is_total, row.count)
            })
            .collect()
    };
    assert_eq!(
        counts(&first.rows),
        [
            ("tickets_created ".to_owned(), true, 1),
            ("tickets_created email".to_owned(), false, 1),
            ("csat ".to_owned(), true, 0),
        ]
    );
    owners
        .ticketing("acme", vec![created("b", DAY + 61, Channel::Chat)])
        .await;
    let next = tokio::time::timeout(DEADLINE, messages.message())
        .await
        .expect("in time");
    let next = next.expect("a message").expect("is open");
    assert_eq!(
        counts(&next.rows),
        [
            ("tickets_created ".to_owned(), true, 2),
            ("tickets_created chat".to_owned(), false, 1),
        ],
        "only what changed"
    );
    assert!(next.gone.is_empty() && next.feeds.len() == 3);
    let wrong = client
        .watch_kpis(WatchKpisRequest { query: None })
        .await
        .expect_err("is refused");
    assert_eq!(wrong.code(), Code::InvalidArgument);
    drop(messages);
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grades_profile_and_journey_come_over_the_wire() {
    let owners = Owners::new().await;
    owners.ticketing("acme", history()).await;
    let stack = Stack::start(Some(&owners)).await;
    stack.latest("acme", ask(&["tickets_created"])).await;
    let peers = stack.running.peers();
    let mut client = Kpis::new(peers.analytics(Some("acme")));
    let request = GradeServiceLevelRequest {
        from: time(DAY),
        to: time(DAY + 2 * 86_400),
        as_of: time(DAY + 12 * 86_400),
        ..GradeServiceLevelRequest::default()
    };
    let graded = client.grade_service_level(request).await.expect("grades").into_inner();
    let desk = graded.desk.clone().expect("the desk");
    let channels: Vec<&str> = graded.channels.iter().map(|one| one.channel.as_str()).collect();
    assert_eq!(channels, ["chat", "email", "phone"]);
    let factors: BTreeMap<&str, Grade> = desk
        .factors
        .iter()
        .map(|one| (one.factor.as_str(), one.grade()))
        .collect();
    assert_eq!(factors.len(), 6, "{factors:?}");
    // What QueryKpis says of it is the same.
    let rows = stack
        .query("acme", question("service_level", ""))
        .await
        .expect("an answer")
        .rows;
    assert_eq!(
        (rows[0].value, rows[0].grade.as_str()),
        (desk.value, graded.grade().as_str_name().trim_start_matches("GRADE_"))
    );
    let response = &graded.channels[1].factors[0];
    assert_eq!(
        (response.factor.as_str(), response.band.as_str()),
        ("response", "in_source_band")
    );
    assert!(response.next_value.is_some_and(|next| next < response.value) || response.grade() == Grade::Stellar);

    let mut insights = InsightServiceClient::new(peers.analytics(Some("acme")));
    let profile = GetCustomerProfileRequest {
        customer: "customers/c0".to_owned(),
        as_of: time(DAY + 12 * 86_400),
        ..GetCustomerProfileRequest::default()
    };
    let profile = insights
        .get_customer_profile(profile)
        .await
        .expect("a profile")
        .into_inner();
    assert_eq!(
        (profile.ticket_count, profile.tier.as_str(), profile.segment_count),
        (3, "vip", 3)
    );
    assert_eq!(profile.agents[0].agent, "agents/ann");
    assert_eq!(profile.traits.len(), 7);
    let mut way = GetJourneyRequest {
        customer: "customers/c2".to_owned(),
        as_of: time(DAY + 12 * 86_400),
        page_size: 5,
        ..GetJourneyRequest::default()
    };
    let mut kinds = Vec::new();
    loop {
        let page = insights.get_journey(way.clone()).await.expect("a page").into_inner();
        assert!(page.touchpoints.len() <= 5);
        assert_eq!(
            page.effort.as_ref().map(|effort| effort.contact_count),
            Some(4),
            "over all pages"
        );
        kinds.extend(page.touchpoints.iter().map(|one| one.kind()));
        way.page_token = page.next_page_token;
        if way.page_token.is_empty() {
            break;
        }
    }
    for kind in [
        touchpoint::Kind::Won,
        touchpoint::Kind::SelfService,
        touchpoint::Kind::Reopened,
        touchpoint::Kind::SurveyAnswered,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    }
    let ways = ListJourneyPathsRequest {
        from: time(DAY),
        to: time(DAY + 2 * 86_400),
        as_of: time(DAY + 12 * 86_400),
        ..ListJourneyPathsRequest::default()
    };
    let ways = insights.list_journey_paths(ways).await.expect("ways").into_inner();
    let sum: i64 = ways.paths.iter().map(|path| path.episode_count).sum();
    assert!(sum > 0 && sum == ways.episode_count, "{ways:?}");
    let stranger = GetJourneyRequest {
        customer: "customers/nobody".to_owned(),
        ..GetJourneyRequest::default()
    };
    assert_eq!(
        insights.get_journey(stranger).await.expect_err("nobody").code(),
        Code::NotFound
    );
    stack.running.shutdown().await;
}
