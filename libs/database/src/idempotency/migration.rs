//! The table of answered calls.

use sea_orm_migration::prelude::*;

/// Makes `requests`. Second in each service's migrator.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "idempotency_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("requests")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("request_id").text().not_null())
                    .col(ColumnDef::new("request_hash").blob().not_null())
                    .col(ColumnDef::new("response").blob().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("request_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("requests_created_at")
                    .table("requests")
                    .col("created_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("requests").to_owned()).await
    }
}
