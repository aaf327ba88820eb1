//! The table of fingerprints.

use sea_orm_migration::prelude::*;

/// Makes `secret_fingerprints`, in each service's migrator.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "fingerprints_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("secret_fingerprints")
                    .col(ColumnDef::new("name").text().not_null().primary_key())
                    .col(ColumnDef::new("fingerprint").text().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("secret_fingerprints").to_owned())
            .await
    }
}
