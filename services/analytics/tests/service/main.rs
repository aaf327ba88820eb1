//! The whole service over the wire, with logs of its own for the three owners.

mod agree;
mod kept;
mod owners;
mod told;
mod wallboard;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use vorrang_analytics::bind;
use vorrang_api::analytics::v1::kpi_service_client::KpiServiceClient;
use vorrang_api::analytics::v1::{
    DimensionFilter, Grain, KpiRow, ListKpisRequest, QueryKpisRequest, QueryKpisResponse,
};
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::{Channel, Ticket, TicketCreated, TicketStateChanged, ticket::State};
use vorrang_api::{from_timestamp, knowledge};
use vorrang_service::{Bind, Config, Running, Suite};
use vorrang_testkit::{DEADLINE, DataFolder, data_folder, wait_for, wait_until};

use crate::owners::Owners;

/// Midnight of 2 March 2026 UTC, in seconds.
const DAY: i64 = 1_772_409_600;

/// Analytics in a process of its own with the owners' feeds beside it.
struct Stack {
    running: Running,
    folder: DataFolder,
}

impl Stack {
    async fn start(owners: Option<&Owners>) -> Self {
        Self::start_in(data_folder(), owners).await
    }

    /// With what an earlier process kept.
    async fn start_in(folder: DataFolder, owners: Option<&Owners>) -> Self {
        let services = owners
            .map(Owners::bind)
            .into_iter()
            .chain([Bind::new("analytics", bind)]);
        let running = Suite::start(
            Config::local(folder.path()),
            vorrang_clock::system(),
            services.collect(),
        )
        .await
        .expect("starts");
        Self { running, folder }
    }

    async fn query(&self, tenant: &str, request: QueryKpisRequest) -> Result<QueryKpisResponse, Status> {
        let mut client = KpiServiceClient::new(self.running.peers().analytics(Some(tenant)));
        client.query_kpis(request).await.map(tonic::Response::into_inner)
    }

    /// What was committed before this call, waited for.
    async fn latest(&self, tenant: &str, request: QueryKpisRequest) -> QueryKpisResponse {
        wait_for(DEADLINE, "figures with the latest events", || async {
            let request = QueryKpisRequest {
                wait_for_latest: true,
                ..request.clone()
            };
            match self.query(tenant, request).await {
                Ok(response) => Some(response),
                Err(status) if status.code() == Code::Unavailable => None,
                Err(status) => panic!("{status:?}"),
            }
        })
        .await
    }
}

fn ask(kpis: &[&str]) -> QueryKpisRequest {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    QueryKpisRequest {
        kpis: kpis.iter().map(|id| (*id).to_owned()).collect(),
        from: at(DAY),
        to: at(DAY + 86_400),
        ..QueryKpisRequest::default()
    }
}

fn ticket(name: &str, second: i64, channel: Channel, state: State) -> Ticket {
    Ticket {
        name: format!("tickets/{name}"),
        channel: channel.into(),
        tier: "standard".to_owned(),
        state: state.into(),
        opened_at: Some(prost_types::Timestamp {
            seconds: second,
            nanos: 0,
        }),
        ..Ticket::default()
    }
}

fn created(name: &str, second: i64, channel: Channel) -> (i64, Payload) {
    let ticket = Some(ticket(name, second, channel, State::New));
    (second, Payload::TicketCreated(TicketCreated { ticket }))
}

fn solved(name: &str, second: i64) -> (i64, Payload) {
    let ticket = Some(ticket(name, second, Channel::Unspecified, State::Solved));
    (
        second,
        Payload::TicketStateChanged(TicketStateChanged {
            ticket,
            ..Default::default()
        }),
    )
}

fn session_solved(name: &str, second: i64) -> (i64, knowledge::v1::event::Payload) {
    let session = Some(knowledge::v1::Session {
        name: format!("sessions/{name}"),
        ..Default::default()
    });
    (
        second,
        knowledge::v1::event::Payload::SessionSolved(knowledge::v1::SessionSolved { session }),
    )
}

fn values(rows: &[KpiRow]) -> Vec<(&str, Option<f64>)> {
    rows.iter().map(|row| (row.kpi.as_str(), row.value)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_come_from_all_three_feeds_and_from_one_tenant_only() {
    let owners = Owners::new().await;
    owners
        .ticketing(
            "acme",
            vec![
                created("a", DAY + 60, Channel::Email),
                created("b", DAY + 90, Channel::Chat),
            ],
        )
        .await;
    owners
        .ticketing("brot", vec![created("a", DAY + 60, Channel::Phone)])
        .await;
    let stack = Stack::start(Some(&owners)).await;
    // Committed while analytics is already following.
    owners.ticketing("acme", vec![solved("a", DAY + 660)]).await;
    owners.knowledge("acme", vec![session_solved("s", DAY + 700)]).await;

    let figures = ask(&[
        "tickets_created",
        "tickets_solved",
        "full_resolution_time",
        "self_service_rate",
        "csat",
    ]);
    let response = stack.latest("acme", figures.clone()).await;
    assert_eq!(
        values(&response.rows),
        [
            ("tickets_created", Some(2.0)),
            ("tickets_solved", Some(1.0)),
            ("full_resolution_time", Some(600.0)),
            ("self_service_rate", Some(100.0)),
            ("csat", None),
        ]
    );
    assert_eq!((response.rows[2].count, response.rows[2].open_count), (1, 1));
    assert!(response.rows.iter().all(|row| !row.is_total && row.key.is_empty()));
    let feeds: Vec<(&str, i64)> = response
        .feeds
        .iter()
        .map(|feed| (feed.owner.as_str(), feed.seq))
        .collect();
    assert_eq!(feeds, [("ticketing", 3), ("routing", 0), ("knowledge", 1)]);
    assert!(
        response.feeds.iter().all(|feed| feed.caught_up_at.is_some()),
        "{:?}",
        response.feeds
    );
    assert!(response.as_of.as_ref().and_then(from_timestamp).is_some());

    let other = stack.latest("brot", figures.clone()).await;
    assert_eq!(other.rows[0].value, Some(1.0));
    let stranger = stack.latest("nobody", figures).await;
    assert_eq!(
        values(&stranger.rows)[..2],
        [("tickets_created", Some(0.0)), ("tickets_solved", Some(0.0))]
    );
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn split_answers_have_their_total_first() {
    let owners = Owners::new().await;
    let tickets = vec![
        created("a", DAY + 60, Channel::Email),
        created("b", DAY + 3_700, Channel::Chat),
        created("c", DAY + 3_800, Channel::Chat),
    ];
    owners.ticketing("acme", tickets).await;
    let stack = Stack::start(Some(&owners)).await;
    let request = QueryKpisRequest {
        time_zone: "Europe/Berlin".to_owned(),
        grain: Grain::Hour.into(),
        dimensions: vec!["channel".to_owned(), "agent".to_owned()],
        ..ask(&["tickets_created"])
    };
    let response = stack.latest("acme", request.clone()).await;
    let rows: Vec<_> = response
        .rows
        .iter()
        .map(|row| {
            let bucket = row.bucket_start_at.as_ref().map(|at| at.seconds - DAY);
            (
                row.is_total,
                bucket,
                row.key.get("channel").map(String::as_str),
                row.count,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (true, None, None, 3),
            (false, Some(0), Some("email"), 1),
            (false, Some(3_600), Some("chat"), 2)
        ]
    );
    assert_eq!(
        response.rows[1].key.get("agent").map(String::as_str),
        Some(""),
        "nobody opened it"
    );
    let filters = vec![DimensionFilter {
        dimension: "channel".to_owned(),
        values: vec!["email".to_owned()],
    }];
    let response = stack.latest("acme", QueryKpisRequest { filters, ..request }).await;
    assert_eq!(response.rows[0].count, 1);
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_moment_of_asking_leaves_out_what_came_later() {
    let owners = Owners::new().await;
    owners
        .ticketing(
            "acme",
            vec![created("a", DAY + 60, Channel::Email), solved("a", DAY + 600)],
        )
        .await;
    let stack = Stack::start(Some(&owners)).await;
    let as_of = Some(prost_types::Timestamp {
        seconds: DAY + 599,
        nanos: 0,
    });
    let before = QueryKpisRequest {
        as_of,
        ..ask(&["full_resolution_time"])
    };
    let response = stack.latest("acme", before).await;
    assert_eq!((response.rows[0].value, response.rows[0].open_count), (None, 1));
    assert_eq!(response.as_of, as_of);
    let response = stack.latest("acme", ask(&["full_resolution_time"])).await;
    assert_eq!((response.rows[0].value, response.rows[0].open_count), (Some(540.0), 0));
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_refused_until_the_feeds_were_read() {
    // Nobody serves the feeds.
    let stack = Stack::start(None).await;
    let status = stack
        .query("acme", ask(&["tickets_created"]))
        .await
        .expect_err("no facts yet");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(vorrang_service::reason(&status).as_deref(), Some("FACTS_LOADING"));
    assert!(
        status
            .get_details_retry_info()
            .is_some_and(|info| info.retry_delay.is_some())
    );
    // Definitions need no facts.
    let mut client = KpiServiceClient::new(stack.running.peers().analytics(Some("acme")));
    let kpis = client
        .list_kpis(ListKpisRequest {})
        .await
        .expect("definitions")
        .into_inner()
        .kpis;
    let csat = kpis.iter().find(|kpi| kpi.id == "csat").expect("listed");
    assert_eq!(kpis.len(), 49);
    assert!(
        csat.formula.contains("4–5") && csat.variants.contains(&"mean".to_owned()),
        "{csat:?}"
    );
    assert!(
        ["channel", "tier", "agent"]
            .iter()
            .all(|name| csat.dimensions.contains(&(*name).to_owned()))
    );
    // Mistakes come first: waiting would not cure them.
    let status = stack.query("acme", ask(&["mood"])).await.expect_err("no such figure");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status
            .get_error_details()
            .bad_request()
            .expect("violations")
            .field_violations[0]
            .field,
        "kpis[0]"
    );
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_log_is_read_again_from_its_beginning() {
    let owners = Owners::new().await;
    owners
        .ticketing(
            "acme",
            vec![
                created("a", DAY + 60, Channel::Email),
                created("b", DAY + 61, Channel::Email),
            ],
        )
        .await;
    let stack = Stack::start(Some(&owners)).await;
    let before = stack.latest("acme", ask(&["tickets_created"])).await;
    assert_eq!(before.rows[0].value, Some(2.0));
    owners.restore_empty_ticketing().await;
    owners
        .ticketing("acme", vec![created("c", DAY + 62, Channel::Chat)])
        .await;
    wait_until(DEADLINE, "only the ticket of the restored log", || async {
        match stack.query("acme", ask(&["tickets_created"])).await {
            Ok(response) => response.rows[0].value == Some(1.0) && response.feeds[0].seq == 1,
            Err(_) => false,
        }
    })
    .await;
    stack.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_gives_the_same_figures() {
    let owners = Owners::new().await;
    for number in 0..50_i64 {
        let name = number.to_string();
        let mut events = vec![created(&name, DAY + number * 60, Channel::Email)];
        if number % 3 == 0 {
            events.push(solved(&name, DAY + number * 90));
        }
        owners.ticketing("acme", events).await;
    }
    let request = QueryKpisRequest {
        grain: Grain::Hour.into(),
        dimensions: vec!["channel".to_owned(), "tier".to_owned(), "agent".to_owned()],
        as_of: Some(prost_types::Timestamp {
            seconds: DAY + 86_400,
            nanos: 0,
        }),
        ..ask(&[
            "tickets_created",
            "tickets_solved",
            "full_resolution_time",
            "self_service_rate",
        ])
    };
    let mut answers = Vec::new();
    for _ in 0..2 {
        let stack = Stack::start(Some(&owners)).await;
        answers.push(stack.latest("acme", request.clone()).await.rows);
        stack.running.shutdown().await;
    }
    assert!(answers[0].len() > 4);
    assert_eq!(answers[0], answers[1]);
}
