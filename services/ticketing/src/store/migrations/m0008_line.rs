//! Up to when what is known of a live contact's customer counts.

use sea_orm_migration::prelude::*;

/// `tickets.line_at`.
pub struct Line;

impl MigrationName for Line {
    fn name(&self) -> &str {
        "m0008_line"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Line {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new("line_at").big_integer().to_owned();
        manager
            .alter_table(Table::alter().table("tickets").add_column(column).to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("tickets").drop_column("line_at").to_owned())
            .await
    }
}
