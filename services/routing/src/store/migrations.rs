//! The schema of routing's database.

use sea_orm_migration::prelude::*;
use vorrang_database::{event_log, fingerprints, idempotency};

/// Brings a database to the schema this build knows.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(event_log::Migration),
            Box::new(event_log::ConsumersMigration),
            Box::new(idempotency::Migration),
            Box::new(Agents),
            Box::new(Policies),
            Box::new(Works),
            Box::new(WorkGenerations),
            Box::new(fingerprints::Migration),
        ]
    }
}

fn text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    column
}

/// Times are unix microseconds.
fn big_integer(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

struct Agents;

impl MigrationName for Agents {
    fn name(&self) -> &str {
        "m0001_agents"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Agents {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("agents")
                    .col(text("tenant"))
                    .col(text("id"))
                    .col(text("display_name"))
                    .col(text("team"))
                    .col(ColumnDef::new("disabled").boolean().not_null())
                    .col(text("presence"))
                    .col(text("session"))
                    .col(big_integer("seen_at"))
                    .col(big_integer("revision"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("agents").to_owned()).await
    }
}

struct Policies;

impl MigrationName for Policies {
    fn name(&self) -> &str {
        "m0002_policies"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Policies {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("policies")
                    .col(text("tenant"))
                    .col(big_integer("version"))
                    .col(text("document"))
                    .col(big_integer("created_at"))
                    .primary_key(Index::create().col("tenant").col("version"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("policies").to_owned()).await
    }
}

struct Works;

impl MigrationName for Works {
    fn name(&self) -> &str {
        "m0003_works"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Works {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("works")
                    .col(text("tenant"))
                    .col(text("ticket"))
                    .col(text("agent"))
                    .col(text("channel"))
                    .col(big_integer("accepted_at"))
                    .col(ColumnDef::new("ended_at").big_integer())
                    .col(ColumnDef::new("wrapped_up_at").big_integer())
                    .primary_key(Index::create().col("tenant").col("ticket"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                // For the rebuild, which needs what has not ended.
                Index::create()
                    .name("works_open")
                    .table("works")
                    .col("tenant")
                    .col("ended_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("works").to_owned()).await
    }
}

struct WorkGenerations;

impl MigrationName for WorkGenerations {
    fn name(&self) -> &str {
        "m0004_work_generations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WorkGenerations {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut generation = big_integer("generation");
        manager
            .alter_table(
                Table::alter()
                    .table("works")
                    .add_column(generation.default(0))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("works").drop_column("generation").to_owned())
            .await
    }
}
