//! Outgoing webhooks, their deliveries, and how far these are made.

use sea_orm_migration::prelude::*;

/// The tables of webhooks.
pub struct Webhooks;

impl MigrationName for Webhooks {
    fn name(&self) -> &str {
        "ticketing_feed"
    }
}

fn text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    column
}

/// Times are unix microseconds.
fn number(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

fn maybe(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer();
    column
}

#[async_trait::async_trait]
impl MigrationTrait for Webhooks {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("webhooks")
                    .col(text("tenant"))
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(text("display_name"))
                    .col(text("url"))
                    .col(text("filter"))
                    .col(text("disabled"))
                    .col(ColumnDef::new("max_in_flight").integer().not_null())
                    .col(ColumnDef::new("secret").blob().not_null())
                    .col(ColumnDef::new("previous_secret").blob())
                    .col(maybe("previous_secret_expires_at"))
                    .col(number("start_seq"))
                    .col(ColumnDef::new("failures").integer().not_null())
                    .col(maybe("failing_since"))
                    .col(maybe("paused_until"))
                    .col(maybe("replay_after"))
                    .col(maybe("replay_until"))
                    .col(ColumnDef::new("replay_dead_only").boolean().not_null())
                    .col(maybe("next_due_at"))
                    .col(number("created_at"))
                    .col(number("updated_at"))
                    .col(maybe("deleted_at"))
                    .col(number("revision"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("webhook_deliveries")
                    .col(text("tenant"))
                    .col(ColumnDef::new("webhook_id").uuid().not_null())
                    .col(number("seq"))
                    .col(ColumnDef::new("event_id").uuid().not_null())
                    .col(text("event_type"))
                    .col(text("event_subject"))
                    .col(text("state"))
                    .col(ColumnDef::new("attempts").integer().not_null())
                    .col(maybe("next_attempt_at"))
                    .col(ColumnDef::new("claim").uuid())
                    .col(maybe("leased_until"))
                    .col(maybe("last_attempt_at"))
                    .col(ColumnDef::new("last_status").integer().not_null())
                    .col(text("last_error"))
                    .col(number("last_duration"))
                    .col(number("created_at"))
                    .col(maybe("completed_at"))
                    .col(maybe("purge_at"))
                    .primary_key(Index::create().col("tenant").col("webhook_id").col("seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("webhook_cursors")
                    .col(text("tenant"))
                    .col(number("seq"))
                    .primary_key(Index::create().col("tenant"))
                    .to_owned(),
            )
            .await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["webhook_cursors", "webhook_deliveries", "webhooks"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Each for one query; the same text on both engines. All but the states are partial: of what has ended, which is most, they
/// hold nothing.
const INDEXES: [&str; 6] = [
    "CREATE INDEX webhooks_due ON webhooks (next_due_at) WHERE next_due_at IS NOT NULL",
    "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant, webhook_id, next_attempt_at, seq) \
     WHERE next_attempt_at IS NOT NULL",
    "CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (tenant, webhook_id) WHERE leased_until IS NOT NULL",
    "CREATE INDEX webhook_deliveries_state ON webhook_deliveries (tenant, webhook_id, state, seq)",
    "CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (tenant, seq, webhook_id) WHERE state = 'DEAD'",
    "CREATE INDEX webhook_deliveries_purge ON webhook_deliveries (purge_at) WHERE purge_at IS NOT NULL",
];
