//! Inserting many rows: what is written is what was given, whatever is in it and however many there are.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryOrder};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait, prelude as schema};
use vorrang_database::{Database, insert_rows};
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

mod thing {
    use super::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "things")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub text: String,
        pub bytes: Vec<u8>,
        pub flag: bool,
        pub small: i32,
        pub share: f64,
        pub uuid: Uuid,
        pub maybe_text: Option<String>,
        pub maybe_bytes: Option<Vec<u8>>,
        pub maybe_number: Option<i64>,
        pub maybe_uuid: Option<Uuid>,
        pub maybe_flag: Option<bool>,
        pub maybe_share: Option<f64>,
        pub maybe_small: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Things)]
    }
}

struct Things;

impl schema::MigrationName for Things {
    fn name(&self) -> &str {
        "things_1"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Things {
    async fn up(&self, manager: &schema::SchemaManager) -> Result<(), DbErr> {
        let sea_orm::DbBackend::Postgres = manager.get_database_backend() else {
            return create(manager, "BLOB").await;
        };
        create(manager, "BYTEA").await
    }
}

async fn create(manager: &schema::SchemaManager<'_>, bytes: &str) -> Result<(), DbErr> {
    let table = format!(
        "CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, text TEXT NOT NULL, bytes {bytes} NOT NULL, flag BOOLEAN NOT NULL, \
         small INTEGER NOT NULL, share DOUBLE PRECISION NOT NULL, uuid UUID NOT NULL, maybe_text TEXT, maybe_bytes {bytes}, \
         maybe_number BIGINT, maybe_uuid UUID, maybe_flag BOOLEAN, maybe_share DOUBLE PRECISION, maybe_small INTEGER)"
    );
    manager.get_connection().execute_unprepared(&table).await.map(|_| ())
}

/// Texts that could be taken for something else in PostgreSQL's notation of arrays.
const ODD: [&str; 12] = [
    "",
    "NULL",
    "null",
    "{}",
    "{1,2}",
    "a,b",
    "\"quoted\"",
    "back\\slash\\",
    "line\nbreak\ttab",
    " spaces ",
    "🐦 Äpfel",
    "\\x00",
];

fn thing(id: i64) -> thing::Model {
    let place = usize::try_from(id).expect("small");
    let odd = ODD[place % ODD.len()];
    let some = id % 3 != 0;
    thing::Model {
        id,
        text: odd.to_owned(),
        bytes: odd.as_bytes().iter().rev().copied().chain([0, 255]).collect(),
        flag: id % 2 == 0,
        small: i32::MIN + i32::try_from(id).expect("small"),
        share: 0.1 + 1e-17 * id as f64,
        uuid: Uuid::from_u128(u128::MAX - id.unsigned_abs() as u128),
        maybe_text: some.then(|| odd.to_owned()),
        maybe_bytes: some.then(|| odd.as_bytes().to_vec()),
        maybe_number: some.then_some(i64::MIN + id),
        maybe_uuid: some.then(|| Uuid::from_u128(id.unsigned_abs().into())),
        maybe_flag: some.then_some(id % 2 == 0),
        maybe_share: some.then_some(1.0 / (id as f64 + 3.0)),
        maybe_small: some.then_some(i32::MAX),
    }
}

async fn insert(
    database: &Database,
    rows: Vec<thing::Model>,
    conflict: Option<OnConflict>,
) -> Result<(), vorrang_error::Error> {
    let tx = database.begin().await.expect("begins");
    insert_rows::<thing::Entity>(&tx, rows, conflict).await?;
    tx.commit().await
}

async fn all(database: &Database) -> Vec<thing::Model> {
    thing::Entity::find()
        .order_by_asc(thing::Column::Id)
        .all(database.reader())
        .await
        .expect("reads")
}

both_engines! {
    async fn rows_are_read_as_they_were_written(db: TestDatabase) {
        let database = Database::connect(db.url()).await.expect("connects");
        database.migrate::<Migrator>().await.expect("migrates");
        // Few, many, more than one statement takes; all bytes there and some missing.
        let mut expected = Vec::new();
        for count in [0, 1, 3, 4, 30, 11_000] {
            let from = i64::try_from(expected.len()).expect("small");
            let rows: Vec<thing::Model> = (from..from + count).map(thing).collect();
            expected.extend(rows.iter().cloned());
            insert(&database, rows, None).await.expect("writes");
        }
        let full: Vec<thing::Model> = (20_001..20_040).filter(|id| id % 3 != 0).map(thing).collect();
        expected.extend(full.iter().cloned());
        insert(&database, full, None).await.expect("writes");
        assert!(all(&database).await == expected);
    }

    async fn a_conflict_is_resolved_as_it_is_said_or_refused(db: TestDatabase) {
        let database = Database::connect(db.url()).await.expect("connects");
        database.migrate::<Migrator>().await.expect("migrates");
        for count in [2, 20] {
            let rows: Vec<thing::Model> = (1..=count).map(thing).collect();
            let changed = |row: &thing::Model| thing::Model { text: "changed".into(), small: 7, ..row.clone() };
            let others: Vec<thing::Model> = rows.iter().map(changed).collect();
            insert(&database, rows.clone(), Some(OnConflict::column(thing::Column::Id).do_nothing().to_owned())).await.expect("writes");
            insert(&database, others.clone(), None).await.expect_err("they are there");
            let error = insert(&database, others.clone(), None).await.expect_err("they are there");
            assert_eq!(error.kind(), Kind::Conflict);
            assert!(all(&database).await.iter().all(|row| row.text != "changed"), "nothing was half done");
            let text_only = OnConflict::column(thing::Column::Id).update_column(thing::Column::Text).to_owned();
            insert(&database, others, Some(text_only)).await.expect("changes");
            let expected: Vec<thing::Model> = rows.iter().map(|row| thing::Model { text: "changed".into(), ..row.clone() }).collect();
            assert_eq!(all(&database).await, expected);
            let tx = database.begin().await.expect("begins");
            thing::Entity::delete_many().exec(tx.conn()).await.expect("deletes");
            tx.commit().await.expect("commits");
        }
    }
}
