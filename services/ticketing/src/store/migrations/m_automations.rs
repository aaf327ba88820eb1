//! Automations, how far the log was followed, what is due, and what was done.

use sea_orm_migration::prelude::*;

/// Five tables.
pub struct Automations;

impl MigrationName for Automations {
    fn name(&self) -> &str {
        "ticketing_automations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Automations {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("automations")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .col(ColumnDef::new("enabled_at").big_integer())
                    .col(ColumnDef::new("enabled_after").big_integer().not_null())
                    .col(ColumnDef::new("archived_at").big_integer())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("applied_count").big_integer().not_null())
                    .col(ColumnDef::new("last_applied_at").big_integer())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("automation_versions")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("automation_id").uuid().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .col(ColumnDef::new("at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("automation_id").col("revision"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("automation_cursors")
                    .col(ColumnDef::new("tenant").text().not_null().primary_key())
                    .col(ColumnDef::new("seq").big_integer().not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("automation_due")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("automation_id").uuid().not_null())
                    .col(ColumnDef::new("anchor").text().not_null())
                    .col(ColumnDef::new("cause").text().not_null())
                    .col(ColumnDef::new("fired").boolean().not_null())
                    .col(ColumnDef::new("due_at").big_integer())
                    .primary_key(Index::create().col("tenant").col("ticket_id").col("automation_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("automation_runs")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("automation_id").uuid().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("at").big_integer().not_null())
                    .col(ColumnDef::new("outcome").text().not_null())
                    .col(ColumnDef::new("replies").integer().not_null())
                    .col(ColumnDef::new("body").text().not_null())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "automation_runs",
            "automation_due",
            "automation_cursors",
            "automation_versions",
            "automations",
        ] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The same text on both engines.
const STATEMENTS: [&str; 4] = [
    // Of all tenants: one look finds what is due, however much there is that is not.
    "CREATE INDEX automation_due_at ON automation_due (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX automation_runs_ticket ON automation_runs (tenant, ticket_id, id)",
    "CREATE INDEX automation_runs_automation ON automation_runs (tenant, automation_id, id)",
    "CREATE INDEX automation_runs_customer ON automation_runs (tenant, customer_id, at) WHERE replies > 0",
];
