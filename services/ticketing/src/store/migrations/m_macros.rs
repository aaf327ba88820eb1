//! Macros, and which one a message was written from.

use sea_orm_migration::prelude::*;

/// Two tables and a column.
pub struct Macros;

impl MigrationName for Macros {
    fn name(&self) -> &str {
        "ticketing_macros"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Macros {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("macros")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("display_name").text().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .col(ColumnDef::new("archived_at").big_integer())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("macro_versions")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("macro_id").uuid().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .col(ColumnDef::new("archived_at").big_integer())
                    .col(ColumnDef::new("at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("macro_id").col("revision"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("macros_by_name")
                    .table("macros")
                    .col("tenant")
                    .col("display_name")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("messages")
                    .add_column(ColumnDef::new("macro_id").uuid())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in UNDO {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

const UNDO: [&str; 3] = [
    "ALTER TABLE messages DROP COLUMN macro_id",
    "DROP TABLE macro_versions",
    "DROP TABLE macros",
];
