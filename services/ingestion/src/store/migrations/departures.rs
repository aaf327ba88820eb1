use sea_orm_migration::prelude::*;

use super::{number, text};

/// Customers who wait in a chat, and who has left when nobody says that they are still there.
pub(super) struct Departures;

impl MigrationName for Departures {
    fn name(&self) -> &str {
        "ingestion_m0009_departures"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Departures {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("departures")
                    .col(text("tenant"))
                    .col(text("ticket"))
                    .col(number("left_at"))
                    .col(number("due_at"))
                    .col(number("retry_at"))
                    .col(ColumnDef::new("close").boolean().not_null())
                    .col(ColumnDef::new("by_word").boolean().not_null())
                    .primary_key(Index::create().col("tenant").col("ticket"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("departures_due")
                    .table("departures")
                    .col("due_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("departures").to_owned()).await
    }
}
