//! Answers that were given before there were surveys are there afterwards.

use sea_orm::ConnectionTrait as _;
use vorrang_clock::ManualClock;
use vorrang_database::Database;
use vorrang_service::Ids;
use vorrang_testkit::{TestDatabase, both_engines};

use super::super::Migrator;
use super::*;
use crate::names::TicketRef;
use crate::rpc::tests::links;
use crate::store::{AnswerFilter, Personal, Store};
use crate::survey::Kind;

/// The schema of before.
struct Before;

#[async_trait::async_trait]
impl MigratorTrait for Before {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let from_here = Surveys.name();
        Migrator::migrations()
            .into_iter()
            .take_while(|one| one.name() != from_here)
            .collect()
    }
}

/// More than one portion.
const MANY: i32 = 1_001;
const MARA: Uuid = Uuid::from_u128(1);
const BEN: Uuid = Uuid::from_u128(2);
const OFTEN: Uuid = Uuid::from_u128(3);
const ONCE: Uuid = Uuid::from_u128(4);

fn at(second: i64) -> i64 {
    (1_700_000_000 + second) * 1_000_000
}

fn ticket(tenant: &str, id: Uuid, customer: Uuid) -> InsertStatement {
    let columns: [(&'static str, Value); 22] = [
        ("tenant", tenant.into()),
        ("id", id.into()),
        ("number", 1_i64.into()),
        ("customer_id", customer.into()),
        ("channel", "EMAIL".into()),
        ("state", "OPEN".into()),
        ("priority", "NORMAL".into()),
        ("tier", "standard".into()),
        ("queue", "default".into()),
        ("tags", "[]".into()),
        ("intent", "".into()),
        ("language", "de".into()),
        ("queue_rank", 0.into()),
        ("generation", 0_i64.into()),
        ("automated", false.into()),
        ("message_count", 0.into()),
        ("opened_at", at(0).into()),
        ("solve_count", MANY.into()),
        ("created_at", at(0).into()),
        ("updated_at", at(0).into()),
        ("revision", 1_i64.into()),
        ("solved_at", at(0).into()),
    ];
    insert("tickets", [columns.to_vec()])
}

fn answers(tenant: &str, ticket: Uuid, many: i32) -> InsertStatement {
    let rows = (1..=many).map(|solve| {
        let agent: Option<&str> = (solve % 2 == 0).then_some("agents/anna");
        vec![
            ("tenant", Value::from(tenant)),
            ("ticket_id", ticket.into()),
            ("survey", "csat".into()),
            ("solve", solve.into()),
            ("score", (1 + solve % 5).into()),
            ("agent", agent.into()),
            ("answered_at", at(solve.into()).into()),
            ("recorded_at", at(i64::from(solve) + 7).into()),
        ]
    });
    insert("survey_answers", rows)
}

fn insert(table: &'static str, rows: impl IntoIterator<Item = Vec<(&'static str, Value)>>) -> InsertStatement {
    let mut insert = Query::insert();
    insert.into_table(table);
    for (index, row) in rows.into_iter().enumerate() {
        let (columns, values): (Vec<&str>, Vec<Value>) = row.into_iter().unzip();
        if index == 0 {
            insert.columns(columns);
        }
        insert.values_panic(values.into_iter().map(Expr::value));
    }
    insert
}

both_engines! {
    async fn answers_of_before_are_kept(db: TestDatabase) {
        let database = Database::connect(db.url()).await.expect("connects");
        database.migrate::<Before>().await.expect("the schema of before");
        for (tenant, tickets) in [("acme", vec![(OFTEN, MARA, MANY)]), ("globex", vec![(ONCE, BEN, 1)])] {
            let tx = database.begin().await.expect("begins");
            for (id, customer, many) in tickets {
                tx.conn().execute(&ticket(tenant, id, customer)).await.expect("a ticket");
                tx.conn().execute(&answers(tenant, id, many)).await.expect("its answers");
            }
            tx.commit().await.expect("commits");
        }
        database.migrate::<Migrator>().await.expect("migrates");
        database.migrate::<Migrator>().await.expect("and no second time");

        let clock = ManualClock::new(from_micros(at(10_000)));
        let personal = Personal::new(b"a data key");
        let store = Store::new(database, clock.shared(), Ids::default(), personal, links());
        let all = async |tenant: &str, filter: AnswerFilter| store.answers(tenant, &filter, None, 10_000).await.expect("a list");
        let kept = all("acme", AnswerFilter::default()).await;
        assert_eq!(kept.len(), MANY as usize, "each once");
        for (index, answer) in kept.iter().enumerate() {
            // Newest first, as if they had been recorded by the new build.
            let solve = MANY - index as i32;
            let agent = (solve % 2 == 0).then_some("agents/anna");
            assert_eq!((answer.kind, answer.solve, answer.score), (Kind::Csat, solve, 1 + solve % 5));
            assert_eq!((answer.ticket, answer.customer, answer.agent.as_deref()), (Some(OFTEN), MARA, agent));
            assert_eq!((answer.scale, answer.high_is_good, answer.late, answer.has_comment), ((1, 5), true, false, false));
            assert_eq!(answer.answered_at, from_micros(at(solve.into())));
            assert_eq!(answer.recorded_at, from_micros(at(i64::from(solve) + 7)));
            assert_eq!((answer.survey.as_deref(), answer.sending, answer.comment.as_str()), (None, None, ""));
        }
        let by_mara = AnswerFilter { customer: Some(MARA), ..AnswerFilter::default() };
        assert!(all("globex", by_mara).await.is_empty(), "tenants are apart");
        let about = AnswerFilter { ticket: Some(TicketRef::Id(ONCE)), kind: Some(Kind::Csat), ..AnswerFilter::default() };
        assert_eq!(all("globex", about).await.len(), 1);
    }
}
