//! The tables of erased customers.

use sea_orm_migration::prelude::*;

/// Makes `erased_customers` and `erasure_cursors`.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "erased_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("erased_customers")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("customer").text().not_null())
                    .col(ColumnDef::new("erased_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("customer"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("erasure_cursors")
                    .col(ColumnDef::new("tenant").text().not_null().primary_key())
                    .col(ColumnDef::new("cursor").text().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("erasure_cursors").to_owned())
            .await?;
        manager
            .drop_table(Table::drop().table("erased_customers").to_owned())
            .await
    }
}
