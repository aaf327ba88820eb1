//! The tables of the log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};
use uuid::Uuid;

/// Makes `events`, `event_heads` and `event_epoch`. First in each service's migrator.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "event_log_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("events")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("kind").text().not_null())
                    .col(ColumnDef::new("subject").text().not_null())
                    .col(ColumnDef::new("occurred_at").big_integer().not_null())
                    .col(ColumnDef::new("recorded_at").big_integer().not_null())
                    .col(ColumnDef::new("actor_kind").text().not_null())
                    .col(ColumnDef::new("actor_id").text().not_null())
                    .col(ColumnDef::new("trace_parent").text().not_null())
                    .col(ColumnDef::new("payload").blob().not_null())
                    .primary_key(Index::create().col("tenant").col("seq"))
                    .to_owned(),
            )
            .await?;
        // `floor` is the last position that retention has removed; 0: the log is whole.
        manager
            .create_table(
                Table::create()
                    .table("event_heads")
                    .col(ColumnDef::new("tenant").text().not_null().primary_key())
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(ColumnDef::new("floor").big_integer().not_null())
                    .to_owned(),
            )
            .await?;
        // One row: which life of the log this is. `life` only keeps the row single.
        manager
            .create_table(
                Table::create()
                    .table("event_epoch")
                    .col(ColumnDef::new("life").integer().not_null().primary_key())
                    .col(ColumnDef::new("epoch").uuid().not_null())
                    .to_owned(),
            )
            .await?;
        let connection = manager.get_connection();
        let backend = connection.get_database_backend();
        if backend == DbBackend::Postgres {
            // A counter row is rewritten with each commit: room on its page keeps the rewrite out of the index.
            connection
                .execute_unprepared("ALTER TABLE event_heads SET (fillfactor = 20)")
                .await?;
        }
        connection
            .execute_raw(Statement::from_sql_and_values(
                backend,
                "INSERT INTO event_epoch (life, epoch) VALUES (1, $1)",
                [Uuid::new_v4().into()],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["event_epoch", "event_heads", "events"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Makes `event_consumers`: see [`super::Consumer`].
pub struct ConsumersMigration;

impl MigrationName for ConsumersMigration {
    fn name(&self) -> &str {
        "event_log_0002_consumers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ConsumersMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("event_consumers")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("name").text().not_null())
                    .col(ColumnDef::new("epoch").uuid().not_null())
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("committed_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("name"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("event_consumers").to_owned())
            .await
    }
}
