//! Imported histories: which lines were recorded, the numbers that tickets had elsewhere; and proactive contacts.

use sea_orm_migration::prelude::*;

/// `history_lines`, `history_erased`, `tickets.external_id`, `tickets.past`, `proactive_contacts`.
pub struct History;

impl MigrationName for History {
    fn name(&self) -> &str {
        "ticketing_history_1"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for History {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("history_lines")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("hash").blob().not_null())
                    // Whose line it was: told once more by the same import it is not a duplicate, but the answer that got lost.
                    .col(ColumnDef::new("import").text().not_null())
                    .col(ColumnDef::new("number").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("hash"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("history_erased")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("hash").text().not_null())
                    .primary_key(Index::create().col("tenant").col("hash"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("proactive_contacts")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("contact_id").text().not_null())
                    .col(ColumnDef::new("at").big_integer().not_null())
                    .col(ColumnDef::new("ticket_id").uuid())
                    .col(ColumnDef::new("agent").text().not_null())
                    .col(ColumnDef::new("source").text().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("sealed").blob())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        for statement in UP {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in DOWN {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        for table in ["history_lines", "history_erased", "proactive_contacts"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The same text on both engines.
const UP: [&str; 5] = [
    "ALTER TABLE tickets ADD COLUMN external_id text",
    // How far an imported ticket's past is told, as JSON.
    "ALTER TABLE tickets ADD COLUMN past text",
    "CREATE UNIQUE INDEX tickets_external_id ON tickets (tenant, external_id) WHERE external_id IS NOT NULL",
    "CREATE UNIQUE INDEX proactive_contacts_contact ON proactive_contacts (tenant, customer_id, contact_id)",
    "CREATE INDEX proactive_contacts_time ON proactive_contacts (tenant, customer_id, at, id)",
];

const DOWN: [&str; 3] = [
    "DROP INDEX tickets_external_id",
    "ALTER TABLE tickets DROP COLUMN past",
    "ALTER TABLE tickets DROP COLUMN external_id",
];
