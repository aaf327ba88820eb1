//! Migrations happen once, wholly or not at all, and a build knows what it can run on.

use futures::future::join_all;
use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use vorrang_database::{Database, event_log};
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Migrator, append, event, migrated};

/// The next release: one table more.
struct Newer;

#[async_trait::async_trait]
impl MigratorTrait for Newer {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = Migrator::migrations();
        all.push(Box::new(Notes { fails: false }));
        all
    }
}

/// A release whose migration fails half-way.
struct Broken;

#[async_trait::async_trait]
impl MigratorTrait for Broken {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = Migrator::migrations();
        all.push(Box::new(Notes { fails: true }));
        all
    }
}

struct Notes {
    fails: bool,
}

impl MigrationName for Notes {
    fn name(&self) -> &str {
        "notes_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Notes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        use sea_orm::ConnectionTrait;
        let connection = manager.get_connection();
        connection
            .execute_unprepared("CREATE TABLE notes (id BIGINT NOT NULL)")
            .await?;
        if self.fails {
            connection.execute_unprepared("INSERT INTO nowhere VALUES (1)").await?;
        }
        Ok(())
    }
}

both_engines! {
    async fn a_schema_is_older_then_fits_then_is_newer(db: TestDatabase) {
        let db = Database::connect(db.url()).await.expect("connects");
        let empty = db.check_schema::<Migrator>().await.expect_err("empty");
        assert_eq!((empty.kind(), empty.reason()), (Kind::Precondition, "SCHEMA_OLDER"));
        assert!(empty.message().contains("event_log_0001"), "{empty}");
        assert!(empty.message().contains("vorrang migrate"), "{empty}");
        db.migrate::<Migrator>().await.expect("migrates");
        db.check_schema::<Migrator>().await.expect("fits");
        let older = db.check_schema::<Newer>().await.expect_err("older than the next release wants");
        assert_eq!(older.reason(), "SCHEMA_OLDER");
        assert!(older.message().contains("notes_0001"), "{older}");
        db.migrate::<Newer>().await.expect("migrates on");
        db.check_schema::<Newer>().await.expect("fits");
        for error in [
            db.check_schema::<Migrator>().await.expect_err("newer"),
            db.migrate::<Migrator>().await.expect_err("an old build must not touch it"),
        ] {
            assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "SCHEMA_NEWER"));
            assert!(error.message().contains("notes_0001"), "{error}");
        }
    }

    async fn migrating_again_changes_nothing(db: TestDatabase) {
        let db = migrated(db.url()).await;
        append(&db, "acme", vec![event("a")]).await.expect("appends");
        let epoch = event_log::epoch(&db).await.expect("reads");
        db.migrate::<Migrator>().await.expect("nothing to do");
        assert_eq!(event_log::epoch(&db).await.expect("reads"), epoch);
        assert_eq!(event_log::heads(&db).await.expect("reads"), [("acme".to_owned(), 1)]);
    }

    /// As replicas do that start together.
    async fn eight_processes_may_migrate_at_once(db: TestDatabase) {
        let url = db.url();
        let all = join_all((0..8).map(|_| async {
            let db = Database::connect(url).await.expect("connects");
            db.migrate::<Newer>().await.expect("migrates or waits");
            db.check_schema::<Newer>().await.expect("fits");
            let epoch = event_log::epoch(&db).await.expect("reads");
            db.close().await.expect("closes");
            epoch
        }))
        .await;
        assert!(all.iter().all(|epoch| *epoch == all[0]), "one of them made the log, once");
    }

    async fn a_migration_that_fails_leaves_nothing(db: TestDatabase) {
        let db = Database::connect(db.url()).await.expect("connects");
        db.migrate::<Broken>().await.expect_err("fails half-way");
        let still_empty = db.check_schema::<Migrator>().await.expect_err("nothing of it stayed");
        assert!(still_empty.message().contains("event_log_0001"), "{still_empty}");
        db.migrate::<Newer>().await.expect("the repaired one runs");
    }
}
