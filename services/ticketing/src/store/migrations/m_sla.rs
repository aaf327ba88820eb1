//! Policies, terms, and what promises are judged by.

use sea_orm_migration::prelude::*;

/// Three tables, and what tickets and tenants have of promises.
pub struct Sla;

impl MigrationName for Sla {
    fn name(&self) -> &str {
        "ticketing_sla"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sla {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sla_policies")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("policy_id").uuid().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("removed").boolean().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("policy_id").col("revision"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sla_terms")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("key").text().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .primary_key(Index::create().col("tenant").col("key"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_states")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("state").text().not_null())
                    .col(ColumnDef::new("at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("ticket_id").col("id"))
                    .to_owned(),
            )
            .await?;
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in UNDO {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// The same text on both engines.
const STATEMENTS: [&str; 4] = [
    "ALTER TABLE ticket_numbers ADD COLUMN sla_revision BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE tickets ADD COLUMN sla TEXT",
    "ALTER TABLE tickets ADD COLUMN next_sla_at BIGINT",
    // Of all tenants: one look finds what is due, however many tickets there are.
    "CREATE INDEX tickets_next_sla ON tickets (next_sla_at) WHERE next_sla_at IS NOT NULL",
];

const UNDO: [&str; 7] = [
    "DROP INDEX tickets_next_sla",
    "ALTER TABLE tickets DROP COLUMN next_sla_at",
    "ALTER TABLE tickets DROP COLUMN sla",
    "ALTER TABLE ticket_numbers DROP COLUMN sla_revision",
    "DROP TABLE ticket_states",
    "DROP TABLE sla_terms",
    "DROP TABLE sla_policies",
];
