use sea_orm_migration::prelude::*;

use super::{number, text};

/// With which body a signature came that covers none.
pub(super) struct Proofs;

impl MigrationName for Proofs {
    fn name(&self) -> &str {
        "ingestion_0010"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Proofs {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("proofs")
                    .col(text("tenant"))
                    .col(text("source"))
                    .col(ColumnDef::new("proof").blob().not_null())
                    .col(ColumnDef::new("body").blob().not_null())
                    .col(number("seen_at"))
                    .primary_key(Index::create().col("tenant").col("source").col("proof"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("proofs_seen")
                    .table("proofs")
                    .col("tenant")
                    .col("source")
                    .col("seen_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("proofs").to_owned()).await
    }
}
