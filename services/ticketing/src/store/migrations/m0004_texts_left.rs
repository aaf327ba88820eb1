//! Erased texts that still take room.

use sea_orm_migration::prelude::*;

/// The table of tickets whose messages are to be emptied.
pub struct TextsLeft;

impl MigrationName for TextsLeft {
    fn name(&self) -> &str {
        "ticketing_privacy_3"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for TextsLeft {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("texts_left")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .primary_key(Index::create().col("tenant").col("ticket_id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("texts_left").to_owned()).await
    }
}
