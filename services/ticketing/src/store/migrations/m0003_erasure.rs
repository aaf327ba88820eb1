//! Erasures with their proof, legal holds, retention, and attachments.

use sea_orm_migration::prelude::*;

/// The tables of privacy and attachments.
pub struct Erasure;

impl MigrationName for Erasure {
    fn name(&self) -> &str {
        "ticketing_privacy_2"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Erasure {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("erasures")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("position").big_integer().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("erased_at").big_integer().not_null())
                    .col(ColumnDef::new("actor_kind").text().not_null())
                    .col(ColumnDef::new("actor_id").text().not_null())
                    .col(ColumnDef::new("ground").text().not_null())
                    .col(ColumnDef::new("reference").text().not_null())
                    .col(ColumnDef::new("keys").integer().not_null())
                    .col(ColumnDef::new("tickets").integer().not_null())
                    .col(ColumnDef::new("messages").integer().not_null())
                    .col(ColumnDef::new("attachments").integer().not_null())
                    .col(ColumnDef::new("previous").text().not_null())
                    .col(ColumnDef::new("kept").boolean().not_null())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("legal_holds")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("reference").text().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("customer_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("retention_policies")
                    .col(ColumnDef::new("tenant").text().not_null().primary_key())
                    .col(ColumnDef::new("rules").text().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("attachments")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("hash").text().not_null())
                    .col(ColumnDef::new("object").uuid().not_null())
                    .col(ColumnDef::new("size_bytes").big_integer().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("sealed").blob().not_null())
                    .primary_key(Index::create().col("tenant").col("customer_id").col("hash"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("attachment_refs")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("message_id").uuid().not_null())
                    .col(ColumnDef::new("hash").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .primary_key(Index::create().col("tenant").col("message_id").col("hash"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("doomed_objects")
                    .col(ColumnDef::new("object").uuid().not_null().primary_key())
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("not_before").big_integer().not_null())
                    .to_owned(),
            )
            .await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("DROP INDEX tickets_retained")
            .await?;
        for table in TABLES.iter().rev() {
            manager.drop_table(Table::drop().table(*table).to_owned()).await?;
        }
        Ok(())
    }
}

const TABLES: [&str; 6] = [
    "erasures",
    "legal_holds",
    "retention_policies",
    "attachments",
    "attachment_refs",
    "doomed_objects",
];

/// Each for one query; the same text on both engines.
const INDEXES: [&str; 7] = [
    "CREATE UNIQUE INDEX erasures_position ON erasures (tenant, position)",
    "CREATE INDEX erasures_not_kept ON erasures (tenant, position) WHERE kept = FALSE",
    // What retention may treat: the longest closed first, and nothing that is erased already.
    "CREATE INDEX tickets_retained ON tickets (tenant, updated_at) WHERE state = 'CLOSED' AND erased = FALSE",
    "CREATE INDEX attachments_created ON attachments (created_at)",
    "CREATE INDEX attachment_refs_attachment ON attachment_refs (tenant, customer_id, hash)",
    "CREATE INDEX attachment_refs_ticket ON attachment_refs (tenant, ticket_id)",
    "CREATE INDEX doomed_objects_due ON doomed_objects (not_before)",
];
