use sea_orm_migration::prelude::*;

use super::{number, text};

/// Histories that are uploaded, their lines until they are applied, and what is wrong with them.
pub(super) struct Imports;

impl MigrationName for Imports {
    fn name(&self) -> &str {
        "ingestion_0008"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Imports {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flag = |name: &'static str| ColumnDef::new(name).boolean().not_null().to_owned();
        let maybe = |name: &'static str| ColumnDef::new(name).big_integer().to_owned();
        manager
            .create_table(
                Table::create()
                    .table("imports")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(text("tenant"))
                    // Null: not repeatable.
                    .col(ColumnDef::new("request_id").text())
                    .col(text("source"))
                    .col(flag("strict"))
                    .col(text("display_name"))
                    .col(text("state"))
                    .col(number("read_lines"))
                    .col(ColumnDef::new("chain").blob().not_null())
                    .col(number("line_count"))
                    .col(number("recorded_count"))
                    .col(number("duplicate_count"))
                    .col(number("bad_count"))
                    .col(flag("checked"))
                    .col(number("created_at"))
                    .col(maybe("received_at"))
                    .col(maybe("ended_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("import_lines")
                    .col(ColumnDef::new("import_id").uuid().not_null())
                    .col(number("at"))
                    .col(ColumnDef::new("rank").integer().not_null())
                    .col(number("number"))
                    .col(ColumnDef::new("hash").blob().not_null())
                    .col(number("size"))
                    .col(ColumnDef::new("sealed").blob().not_null())
                    // In the order in which they count: the next batch is the first of what is left.
                    .primary_key(Index::create().col("import_id").col("at").col("rank").col("number"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("import_errors")
                    .col(ColumnDef::new("import_id").uuid().not_null())
                    .col(number("line"))
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(text("reason"))
                    .col(text("field"))
                    .col(text("text"))
                    .primary_key(Index::create().col("import_id").col("line").col("position"))
                    .to_owned(),
            )
            .await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["imports", "import_lines", "import_errors"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The same text on both engines.
const INDEXES: [&str; 3] = [
    "CREATE UNIQUE INDEX imports_request_id ON imports (tenant, request_id) WHERE request_id IS NOT NULL",
    "CREATE INDEX imports_list ON imports (tenant, created_at, id)",
    "CREATE INDEX imports_running ON imports (state, created_at, id)",
];
