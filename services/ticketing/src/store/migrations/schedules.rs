//! Schedules and their versions.

use sea_orm_migration::prelude::*;

/// Opening hours.
pub struct Schedules;

impl MigrationName for Schedules {
    fn name(&self) -> &str {
        "ticketing_schedules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Schedules {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("schedules")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("display_name").text().not_null())
                    .col(ColumnDef::new("archived_at").big_integer())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("schedule_versions")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("schedule_id").uuid().not_null())
                    .col(ColumnDef::new("number").integer().not_null())
                    .col(ColumnDef::new("written_at").big_integer().not_null())
                    .col(ColumnDef::new("valid_from").text())
                    .col(ColumnDef::new("time_zone").text().not_null())
                    .col(ColumnDef::new("weekly").text().not_null())
                    .col(ColumnDef::new("exceptions").text().not_null())
                    .primary_key(Index::create().col("tenant").col("schedule_id").col("number"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["schedule_versions", "schedules"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
