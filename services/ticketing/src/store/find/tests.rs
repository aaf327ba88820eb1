//! What is found is what the filter says in memory, in the order asked for, on every page; and what a page costs is bounded.

mod samples;

use std::cmp::Ordering;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ConnectionTrait, QueryTrait, Statement, TransactionTrait};
use uuid::Uuid;
use vorrang_clock::ManualClock;
use vorrang_database::Database;
use vorrang_service::Ids;
use vorrang_testkit::{TestDatabase, TestEngine, both_engines};

use super::super::migrations::Migrator;
use super::super::personal::{Owner, Personal};
use super::super::{values, write};
use super::*;
use crate::filter::schema;
use crate::rpc::tests::links;
use samples::{at, definitions, filter, ticket};

const TENANT: &str = "acme";
struct Samples(TestRunner);

impl Samples {
    /// The same on every run.
    fn new() -> Self {
        let config = Config::default();
        let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
        Self(TestRunner::new_with_rng(config, rng))
    }

    fn draw<T: std::fmt::Debug>(&mut self, strategy: &impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.0).expect("a sample").current()
    }
}

/// A store with `count` tickets of ours, and one of somebody else's that fits everything.
async fn filled(db: &TestDatabase, samples: &mut Samples, count: u32) -> (Store, Vec<Ticket>) {
    let database = Database::connect(db.url()).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    let clock = ManualClock::new(at(100));
    let store = Store::new(database, clock.shared(), Ids::default(), Personal::new(b"key"), links());
    let tickets: Vec<Ticket> = (1..=count)
        .map(|number| {
            let drawn = samples.draw(&ticket());
            Ticket {
                id: Uuid::from_u128(number.into()),
                number: number.into(),
                // Unique, as numbers are.
                external_id: drawn.external_id.as_ref().map(|_| format!("old:{number}")),
                ..drawn
            }
        })
        .collect();
    save(&store, TENANT, &tickets).await;
    save(&store, "other", &tickets[..1]).await;
    (store, tickets)
}

async fn save(store: &Store, tenant: &str, tickets: &[Ticket]) {
    let tx = store.db.begin().await.expect("begins");
    let owners = tickets.iter().map(|ticket| Owner {
        id: ticket.id,
        customer: ticket.customer,
    });
    store.personal.create(&tx, tenant, owners, at(0)).await.expect("keys");
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id).collect();
    let keyring = store.personal.keyring(tx.conn(), tenant, &ids).await.expect("keys");
    write::tickets(&tx, &keyring, tenant, tickets).await.expect("writes");
    values::insert(&tx, tenant, tickets).await.expect("writes");
    tx.commit().await.expect("commits");
}

/// All pages, one behind the other.
async fn pages(store: &Store, filter: &Filter, order: &Order, limits: Limits, size: u64) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut after: Option<Position> = None;
    loop {
        let search = Search {
            filter,
            merged_into: None,
            order,
            after: after.as_ref(),
            limit: size + 1,
        };
        let Found { mut tickets, next } = store.find_within(TENANT, search, limits).await.expect("finds");
        let more = tickets.len() as u64 > size;
        tickets.truncate(usize::try_from(size).expect("small"));
        numbers.extend(tickets.iter().map(|ticket| ticket.number));
        after = match tickets.last() {
            Some(last) if more => Some(order.position(last)),
            _ => next,
        };
        if after.is_none() {
            return numbers;
        }
    }
}

/// The order as the contract says it, as directly as it can be written.
fn naive(order: &Order, left: &Ticket, right: &Ticket) -> Ordering {
    let turned = |down: bool, order: Ordering| if down { order.reverse() } else { order };
    let (one, other) = (order.position(left), order.position(right));
    for ((_, down), (one, other)) in order.keys.iter().zip(one.keys.iter().zip(&other.keys)) {
        let decided = match (one, other) {
            (Some(one), Some(other)) => turned(*down, one.cmp(other)),
            (None, None) => Ordering::Equal,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        if decided.is_ne() {
            return decided;
        }
    }
    turned(order.number_down, left.number.cmp(&right.number))
}

both_engines! {
    /// Hundreds of random filters over random tickets: SQL and memory agree about every one.
    async fn sql_and_memory_agree(db: TestDatabase) {
        let mut samples = Samples::new();
        let (store, tickets) = filled(&db, &mut samples, 60).await;
        let schema = schema(&definitions());
        let order = Order::parse("number").expect("reads");
        let mut telling = 0;
        for _ in 0..400 {
            let text = samples.draw(&filter());
            let Ok(filter) = Filter::parse(&text, &schema) else {
                panic!("{text}: {}", Filter::parse(&text, &schema).expect_err("refused"))
            };
            let expected: Vec<i64> =
                tickets.iter().filter(|ticket| filter.matches(*ticket)).map(|ticket| ticket.number).collect();
            assert_eq!(pages(&store, &filter, &order, LIMITS, 500).await, expected, "{text}");
            telling += usize::from(!expected.is_empty() && expected.len() < tickets.len());
        }
        assert!(telling > 200, "most filters leave some and not all, these did {telling} times");
    }

    /// Whatever the order, the filter and the size of a page, and whether it sorts or walks: every ticket once, in its place.
    async fn pages_follow_one_another_in_every_order(db: TestDatabase) {
        let mut samples = Samples::new();
        let (store, tickets) = filled(&db, &mut samples, 40).await;
        let schema = schema(&definitions());
        let walking = Limits { at_once: 3, sorted: 3, window: 7, walked: 14 };
        let mixed = Limits { at_once: 3, sorted: 20, ..walking };
        let sorting = Limits { at_once: 3, sorted: 1_000, ..walking };
        let walked = [
            "", "number", "opened_at", "opened_at desc", "updated_at", "due_at", "due_at desc", "solved_at", "solved_at desc",
        ];
        let sorted = [
            "priority desc, due_at", "state, priority desc, number", "queue_entered_at desc, opened_at", "solve_count",
            "due_at desc, solved_at", "created_at, number desc", "priority",
        ];
        let everything = "number >= 1".to_owned();
        for (orders, limits) in
            [(&walked[..], &[LIMITS, walking, mixed][..]), (&sorted[..], &[LIMITS, sorting][..])]
        {
            for text in orders {
                let order = Order::parse(text).expect("reads");
                for round in 0..3 {
                    let words = if round == 0 { everything.clone() } else { samples.draw(&filter()) };
                    let filter = Filter::parse(&words, &schema).expect("reads");
                    let mut expected: Vec<&Ticket> = tickets.iter().filter(|ticket| filter.matches(*ticket)).collect();
                    expected.sort_by(|left, right| naive(&order, left, right));
                    let expected: Vec<i64> = expected.iter().map(|ticket| ticket.number).collect();
                    for limits in limits {
                        for size in [3, 100] {
                            let found = pages(&store, &filter, &order, *limits, size).await;
                            assert_eq!(found, expected, "{text} / {words} / {limits:?} / {size}");
                        }
                    }
                }
            }
        }
    }

    /// A walk that finds nothing ends where its bound is, and says where to go on.
    async fn a_page_looks_at_a_bounded_number_of_tickets(db: TestDatabase) {
        let mut samples = Samples::new();
        let (store, _) = filled(&db, &mut samples, 40).await;
        let schema = schema(&definitions());
        let limits = Limits { at_once: 3, sorted: 3, window: 7, walked: 14 };
        let filter = Filter::parse("message_count > 1000", &schema).expect("reads");
        let newest = Order::parse("").expect("reads");
        let search = Search { filter: &filter, merged_into: None, order: &newest, after: None, limit: 10 };
        let found = store.find_within(TENANT, search, limits).await.expect("finds nothing");
        let next = Position { keys: Vec::new(), number: 40 - 14 + 1 };
        assert_eq!((found.tickets.len(), found.next), (0, Some(next)));
        let costly = Order::parse("priority, due_at").expect("reads");
        let search = Search { order: &costly, ..search };
        let error = store.find_within(TENANT, search, limits).await.expect_err("too much to sort");
        assert_eq!(error.reason(), "ORDER_TOO_COSTLY");
        let filter = Filter::parse("number < 4", &schema).expect("reads");
        let search = Search { filter: &filter, ..search };
        assert_eq!(store.find_within(TENANT, search, limits).await.expect("little").tickets.len(), 3);
    }

    /// Walks go along the index that lies in their order, and what is counted is counted in an index.
    async fn indexes_are_used(db: TestDatabase) {
        let mut samples = Samples::new();
        let (store, _) = filled(&db, &mut samples, 2).await;
        let schema = schema(&definitions());
        let nothing = Filter::default();
        for (text, index) in [
            ("", "tickets_number"),
            ("number", "tickets_number"),
            ("opened_at desc", "tickets_opened"),
            ("updated_at", "tickets_updated"),
            ("due_at", "tickets_due"),
            ("solved_at desc", "tickets_solved"),
        ] {
            let order = Order::parse(text).expect("reads");
            let lead = order.walkable().expect("walks");
            let position = Position { keys: lead.map(|_| Some(5)).into_iter().collect(), number: 5 };
            let search = Search { filter: &nothing, merged_into: None, order: &order, after: Some(&position), limit: 5 };
            let walk = Walk::new(lead, search);
            let plan = plan(&store, walk.end(TENANT, Segment::Present, 5).into_query()).await;
            assert!(plan.contains(index) && !plan.contains("Sort") && !plan.contains("TEMP B-TREE"), "{text}: {plan}");
        }
        for (text, index) in [
            ("number = 5", "tickets_number"),
            ("customer = customers/00000000-0000-0000-0000-000000000001", "tickets_customer"),
            ("assignee = agents/anna", "tickets_assignee"),
            ("tags:a", "ticket_values_word"),
            ("external_id = \"old:5\"", "tickets_external_id"),
            ("custom_fields.number = 5", "ticket_values_real"),
            ("custom_fields.date = 2026-03-01", "ticket_values_whole"),
            ("sub_state = subStates/parts", "tickets_sub_state"),
            ("disposition = SPAM", "tickets_set_aside"),
            ("organization = organizations/00000000-0000-0000-0000-000000000001", "tickets_organization"),
            ("opened_at > 2026-01-01T00:00:00Z opened_at < 2026-02-01T00:00:00Z", "tickets_opened"),
            ("due_at < 2026-01-01T00:00:00Z", "tickets_due"),
            ("state = (NEW OR OPEN)", "tickets_state"),
            ("state = CLOSED", "tickets_state"),
            ("queue = default", "tickets_queue"),
        ] {
            let filter = Filter::parse(text, &schema).expect("reads");
            let seeds = seed::seeds(filter.expr().expect("something"), store.db.engine());
            let [seed] = seeds.as_slice() else { panic!("{text}: {seeds:?}") };
            let plan = plan(&store, seed.probe(TENANT, 5)).await;
            // Of a table this small PostgreSQL takes any index that has the columns.
            let fits = if db.engine() == TestEngine::Sqlite { plan.contains(index) } else { !plan.contains("Seq Scan") };
            assert!(fits, "{text}: {plan}");
        }
    }
}

/// How the engine would do it, if it thought the table large.
async fn plan(store: &Store, query: sea_orm::sea_query::SelectStatement) -> String {
    let tx = store.db.reader().begin().await.expect("begins");
    let backend = tx.get_database_backend();
    let statement = backend.build(&query);
    let explain = match backend {
        sea_orm::DbBackend::Postgres => {
            for off in ["enable_seqscan", "enable_bitmapscan"] {
                tx.execute_unprepared(&format!("SET LOCAL {off} = off"))
                    .await
                    .expect("is set");
            }
            "EXPLAIN "
        }
        _ => "EXPLAIN QUERY PLAN ",
    };
    let statement = Statement {
        sql: format!("{explain}{}", statement.sql),
        ..statement
    };
    let rows = tx.query_all_raw(statement).await.expect("explains");
    let column = if backend == sea_orm::DbBackend::Postgres {
        "QUERY PLAN"
    } else {
        "detail"
    };
    let lines: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("", column).expect("a line"))
        .collect();
    tx.rollback().await.expect("ends");
    lines.join("\n")
}
