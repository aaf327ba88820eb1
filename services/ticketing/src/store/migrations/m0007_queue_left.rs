//! How a contact of a live channel is served, and what is known of its phone call.

use sea_orm_migration::prelude::*;

/// `tickets.handling` and `tickets.call`.
pub struct QueueLeft;

impl MigrationName for QueueLeft {
    fn name(&self) -> &str {
        "m0007_queue_left"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for QueueLeft {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let handling = ColumnDef::new("handling")
            .text()
            .not_null()
            .default("BY_CHANNEL")
            .to_owned();
        let call = ColumnDef::new("call").text().to_owned();
        // SQLite adds one column at a time.
        for column in [handling, call] {
            manager
                .alter_table(Table::alter().table("tickets").add_column(column).to_owned())
                .await?;
        }
        // None but those of calls that are on: both engines know partial indexes.
        let index = "CREATE INDEX tickets_of_calls ON tickets (updated_at) WHERE handling = 'EXTERNAL'";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("tickets_of_calls").table("tickets").to_owned())
            .await?;
        for column in ["handling", "call"] {
            manager
                .alter_table(Table::alter().table("tickets").drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}
