//! The schema of knowledge's database.

use sea_orm_migration::prelude::*;
use vorrang_database::{erased, event_log, fingerprints, idempotency};

/// Brings a database to the schema this build knows.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(event_log::Migration),
            Box::new(event_log::ConsumersMigration),
            Box::new(idempotency::Migration),
            Box::new(Articles),
            Box::new(Sessions),
            Box::new(erased::Migration),
            Box::new(SessionsOfCustomers),
            Box::new(fingerprints::Migration),
        ]
    }
}

fn text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    column
}

fn integer(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().not_null();
    column
}

/// Times are unix microseconds.
fn big_integer(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

struct Articles;

impl MigrationName for Articles {
    fn name(&self) -> &str {
        "m0001_articles"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Articles {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("articles")
                    .col(text("tenant"))
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(text("locale"))
                    .col(text("title"))
                    .col(text("body"))
                    .col(text("tags"))
                    .col(text("category"))
                    .col(text("state"))
                    .col(integer("version"))
                    .col(big_integer("revision"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .col(ColumnDef::new("published_at").big_integer())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("articles_newest")
                    .table("articles")
                    .col("tenant")
                    .col("created_at")
                    .col("id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("articles").to_owned()).await
    }
}

struct Sessions;

impl MigrationName for Sessions {
    fn name(&self) -> &str {
        "m0002_sessions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sessions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    .col(text("tenant"))
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(text("state"))
                    .col(text("customer"))
                    .col(text("place"))
                    .col(text("locale"))
                    .col(text("ticket"))
                    .col(text("receipt"))
                    .col(text("quarantine_item"))
                    .col(integer("search_count"))
                    .col(integer("view_count"))
                    .col(big_integer("started_at"))
                    .col(ColumnDef::new("ended_at").big_integer())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        // For the loop that links sessions to tickets that were not there yet: nearly always empty.
        manager
            .get_connection()
            .execute_unprepared("CREATE INDEX sessions_awaiting_ticket ON sessions (id) WHERE receipt <> ''")
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sessions").to_owned()).await
    }
}

/// What is read when a customer is erased.
struct SessionsOfCustomers;

impl MigrationName for SessionsOfCustomers {
    fn name(&self) -> &str {
        "m0003_sessions_of_customers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SessionsOfCustomers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for index in [
            "CREATE INDEX sessions_customer ON sessions (tenant, customer) WHERE customer <> ''",
            "CREATE INDEX events_subject ON events (tenant, subject)",
        ] {
            connection.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for index in ["DROP INDEX events_subject", "DROP INDEX sessions_customer"] {
            connection.execute_unprepared(index).await?;
        }
        Ok(())
    }
}
