//! Proofs of erasures say who was erased along with somebody.

use sea_orm_migration::prelude::*;

/// `erasures.merged`.
pub struct MergedWith;

impl MigrationName for MergedWith {
    fn name(&self) -> &str {
        "ticketing_privacy_4"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for MergedWith {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let merged = ColumnDef::new("merged").text().not_null().default("[]").to_owned();
        manager
            .alter_table(Table::alter().table("erasures").add_column(merged).to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("erasures").drop_column("merged").to_owned())
            .await
    }
}
