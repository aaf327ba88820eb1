use sea_orm_migration::prelude::*;

use super::{number, text};

/// What is to be mailed, and how far ticketing's feed was read for it.
pub(super) struct Outgoing;

impl MigrationName for Outgoing {
    fn name(&self) -> &str {
        "ingestion_0005"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Outgoing {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("outgoing")
                    .col(text("tenant"))
                    .col(text("message"))
                    .col(text("ticket"))
                    .col(text("state"))
                    .col(ColumnDef::new("attempts").integer().not_null())
                    .col(number("written_at"))
                    .col(number("next_attempt_at"))
                    .col(text("reason"))
                    .primary_key(Index::create().col("tenant").col("message"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("outgoing_due")
                    .table("outgoing")
                    .col("tenant")
                    .col("state")
                    .col("next_attempt_at")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("outgoing_cursors")
                    .col(text("tenant").primary_key().to_owned())
                    .col(text("cursor"))
                    .col(ColumnDef::new("began_at").big_integer().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["outgoing", "outgoing_cursors"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
