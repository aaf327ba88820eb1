//! What is found is what the filter says in memory, in the order asked for, on every page; and what a page costs is bounded.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ConnectionTrait, QueryTrait, Statement, TransactionTrait};
use uuid::Uuid;
use vorrang_clock::ManualClock;
use vorrang_database::Database;
use vorrang_filter::Pattern;
use vorrang_service::Ids;
use vorrang_testkit::{TestDatabase, TestEngine, both_engines};

use super::super::migrations::Migrator;
use super::super::personal::{Owner, Personal};
use super::super::{values, write};
use super::*;
use crate::custom::{Choice, CustomFields, CustomValue, Definition, Definitions, FieldType, Number, Profile};
use crate::filter::schema;
use crate::state::State;
use crate::ticket::{Fields, Opening};
use crate::words::{Channel, Disposition, Priority};

const TENANT: &str = "acme";
/// Words that differ in case, hold what patterns are made of, or are not ASCII.
const WORDS: [&str; 12] = [
    "a", "A", "ab", "b", "a%b", "a_b", "axb", "a*b", "[a]b", "a?b", "ü", "\\",
];

fn at(second: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn definitions() -> Definitions {
    let define = |id: &str, field_type: FieldType| {
        let choices = ["small", "large"].map(|value| Choice {
            value: value.to_owned(),
            display_name: value.to_owned(),
            archived: false,
        });
        let chosen = matches!(field_type, FieldType::Choice | FieldType::Choices);
        let profile = Profile {
            choices: if chosen { choices.to_vec() } else { Vec::new() },
            ..Profile::default()
        };
        Definition::new(id.to_owned(), field_type, profile, at(0)).expect("makes sense")
    };
    let types = FieldType::ALL.iter();
    types.map(|one| define(&one.as_str().to_lowercase(), *one)).collect()
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec(word(), 0..3).prop_map(|words| words.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
}

fn second() -> impl Strategy<Value = chrono::DateTime<chrono::Utc>> {
    (0..4_i64).prop_map(at)
}

fn own() -> impl Strategy<Value = CustomFields> {
    let maybe = |value: BoxedStrategy<CustomValue>| prop::option::of(value);
    let choices = prop::sample::subsequence(vec!["small".to_owned(), "large".to_owned()], 1..=2);
    (
        maybe(word().prop_map(CustomValue::Text).boxed()),
        maybe(word().prop_map(CustomValue::Code).boxed()),
        maybe(
            prop_oneof![Just(0.5), Just(-3.0), Just(2.0)]
                .prop_map(|number| CustomValue::Number(Number::new(number).expect("finite")))
                .boxed(),
        ),
        maybe(any::<bool>().prop_map(CustomValue::Flag).boxed()),
        maybe(
            (1..4_u32)
                .prop_map(|day| CustomValue::Date(chrono::NaiveDate::from_ymd_opt(2026, 3, day).expect("a day")))
                .boxed(),
        ),
        maybe(second().prop_map(CustomValue::Time).boxed()),
        maybe(
            prop::sample::select(vec!["small", "large"])
                .prop_map(|one| CustomValue::Choice(one.into()))
                .boxed(),
        ),
        maybe(choices.prop_map(CustomValue::Choices).boxed()),
    )
        .prop_map(|(text, code, number, flag, date, time, choice, choices)| {
            [text, code, number, flag, date, time, choice, choices]
                .into_iter()
                .flatten()
                .map(|value| (value.field_type().as_str().to_lowercase(), value))
                .collect()
        })
}

/// A ticket with anything in it, in combinations that need not make sense.
fn ticket() -> impl Strategy<Value = Ticket> {
    let state = prop::sample::select(State::ALL.to_vec());
    let disposition = prop_oneof![3 => Just(Disposition::Normal), 1 => Just(Disposition::Spam)];
    let sub_state = prop::option::of(prop::sample::select(vec!["parts", "bank"]));
    let agent = || prop::option::of(prop::sample::select(vec!["agents/anna", "agents/ben"]));
    (
        (
            state,
            disposition,
            sub_state,
            prop::sample::select(Priority::ALL.to_vec()),
        ),
        (
            prop::sample::select(Channel::ALL.to_vec()),
            word(),
            agent(),
            0..3_u128,
            prop::option::of(0..2_u128),
        ),
        (words(), agent(), own(), prop::option::of(word()), any::<bool>()),
        (
            second(),
            second(),
            prop::option::of(second()),
            prop::option::of(second()),
            prop::option::of(second()),
        ),
        (0..3_i32, 0..3_i32),
    )
        .prop_map(|(standing, who, what, times, counts)| {
            let fields = Fields {
                subject: "secret".to_owned(),
                priority: standing.3,
                queue: if counts.0 == 0 {
                    "default".to_owned()
                } else {
                    "billing".to_owned()
                },
                tags: what.0,
                intent: what.3.unwrap_or_default(),
                language: if what.4 { "de".to_owned() } else { String::new() },
                due_at: times.2,
                followers: what.1.into_iter().map(str::to_owned).collect(),
                custom_fields: what.2,
            };
            let opening = Opening {
                id: Uuid::nil(),
                number: 0,
                customer: Uuid::from_u128(who.3),
                tier: who.1,
                organization: who.4.map(Uuid::from_u128),
                split_from: None,
                channel: who.0,
                follow_up_of: who.4.map(Uuid::from_u128),
                automated: what.4,
                opened_at: None,
                fields,
            };
            let mut ticket = Ticket::open(opening, times.0);
            ticket.state = standing.0;
            ticket.disposition = standing.1;
            ticket.sub_state = standing.2.map(str::to_owned);
            ticket.assignee = who.2.map(str::to_owned);
            ticket.updated_at = times.1;
            ticket.solved_at = times.3;
            ticket.queue_entered_at = times.4;
            ticket.merged_into = who.4.filter(|one| *one == 1).map(Uuid::from_u128);
            ticket.message_count = counts.0;
            ticket.solve_count = counts.1;
            ticket
        })
}

fn condition() -> impl Strategy<Value = String> {
    let pattern = || vec(word(), 1..3).prop_map(|pieces| Pattern::of_pieces(pieces).to_string());
    let equality = || prop::sample::select(vec!["=", "!=", ":"]);
    let order = || prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let times = vec![
        "opened_at",
        "created_at",
        "updated_at",
        "due_at",
        "first_replied_at",
        "solved_at",
        "queue_entered_at",
        "custom_fields.time",
    ];
    let present = vec![
        "sub_state",
        "assignee",
        "organization",
        "tags",
        "followers",
        "intent",
        "language",
        "due_at",
        "solved_at",
        "custom_fields.text",
        "custom_fields.code",
        "custom_fields.number",
        "custom_fields.choices",
        "customer",
    ];
    let join = |(field, operator, value): (&str, &str, String)| format!("{field} {operator} {value}");
    prop_oneof![
        prop::sample::select(present).prop_map(|field| format!("{field}:*")),
        (
            prop::sample::select(vec!["tier", "intent", "custom_fields.code"]),
            equality(),
            pattern()
        )
            .prop_map(join),
        (prop::sample::select(vec!["tags"]), Just(":"), pattern()).prop_map(join),
        pattern(),
        prop::sample::select(vec![
            "queue = default",
            "queue != billing",
            "queue:b*",
            "language = \"\"",
            "language != de",
            "automated = true",
            "automated != true",
            "followers:agents/anna",
            "followers:*ben",
            "assignee = agents/anna",
            "assignee != agents/anna",
            "assignee = \"\"",
            "sub_state = subStates/parts",
            "sub_state != subStates/bank",
            "channel = (EMAIL OR CHAT)",
            "channel != PHONE",
            "state = NEW",
            "state != CLOSED",
            "state = (OPEN OR PENDING)",
            "disposition = NORMAL",
            "disposition != NORMAL",
            "priority >= HIGH",
            "priority < URGENT",
            "priority != LOW",
            "custom_fields.choice = small",
            "custom_fields.choice != large",
            "custom_fields.choices:large",
            "custom_fields.bool = true",
            "custom_fields.bool != true",
            "custom_fields.text:*",
            "number >= 9",
            "number = 5",
            "customer = customers/00000000-0000-0000-0000-000000000001",
            "customer != customers/x",
            "customer = customers/x",
            "organization = organizations/00000000-0000-0000-0000-000000000001",
            "organization != organizations/00000000-0000-0000-0000-000000000001",
            "follow_up_of = tickets/00000000-0000-0000-0000-000000000001",
            "follow_up_of != tickets/1",
            "merged_into:*",
            "NOT merged_into:*",
            "split_from:*",
        ])
        .prop_map(str::to_owned),
        (prop::sample::select(times), order(), second()).prop_map(|(field, operator, time)| {
            format!(
                "{field} {operator} {}",
                time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            )
        }),
        (
            prop::sample::select(vec!["message_count", "solve_count", "custom_fields.number"]),
            order(),
            (-3..3_i32).prop_map(|number| number.to_string())
        )
            .prop_map(join),
        (
            Just("custom_fields.date"),
            order(),
            (1..4).prop_map(|day| format!("2026-03-0{day}"))
        )
            .prop_map(join),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    condition().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|part| format!("NOT ({part})")),
        ]
    })
}

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
    let store = Store::new(database, clock.shared(), Ids::default(), Personal::new(b"key"));
    let tickets: Vec<Ticket> = (1..=count)
        .map(|number| Ticket {
            id: Uuid::from_u128(number.into()),
            number: number.into(),
            ..samples.draw(&ticket())
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
