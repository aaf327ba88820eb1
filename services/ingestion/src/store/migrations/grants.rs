use sea_orm_migration::prelude::*;

use super::{number, text};

/// Refresh tokens of mailboxes that came after the configured ones, sealed.
pub(super) struct Grants;

impl MigrationName for Grants {
    fn name(&self) -> &str {
        "ingestion_0011"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Grants {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("grants")
            .col(text("tenant"))
            .col(text("address"))
            .col(ColumnDef::new("of").blob().not_null())
            .col(ColumnDef::new("sealed").blob().not_null())
            .col(number("updated_at"))
            .primary_key(Index::create().col("tenant").col("address"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("grants").to_owned()).await
    }
}
