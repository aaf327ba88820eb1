//! Sub-states, the tenants' own fields, followers, spam and deletion, and what lists of tickets are found and ordered by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Tables, columns and indexes for them.
pub struct Tickets;

impl MigrationName for Tickets {
    fn name(&self) -> &str {
        "ticketing_tickets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tickets {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sub_states")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").text().not_null())
                    .col(ColumnDef::new("state").text().not_null())
                    .col(ColumnDef::new("display_name").text().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("archived").boolean().not_null())
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
                    .table("ticket_fields")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").text().not_null())
                    .col(ColumnDef::new("field_type").text().not_null())
                    .col(ColumnDef::new("display_name").text().not_null())
                    .col(ColumnDef::new("description").text().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("required_on_solve").boolean().not_null())
                    .col(ColumnDef::new("archived").boolean().not_null())
                    .col(ColumnDef::new("max_length").integer())
                    .col(ColumnDef::new("min").double())
                    .col(ColumnDef::new("max").double())
                    .col(ColumnDef::new("choices").text().not_null())
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
                    .table("ticket_values")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("field").text().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("word").text())
                    .col(ColumnDef::new("whole").big_integer())
                    .col(ColumnDef::new("real").double())
                    .primary_key(
                        Index::create()
                            .col("tenant")
                            .col("ticket_id")
                            .col("field")
                            .col("position"),
                    )
                    .to_owned(),
            )
            .await?;
        let connection = manager.get_connection();
        for statement in COLUMNS.iter().chain(&INDEXES) {
            connection.execute_unprepared(statement).await?;
        }
        let tags = match manager.get_database_backend() {
            DbBackend::Postgres => TAGS_POSTGRES,
            _ => TAGS_SQLITE,
        };
        connection.execute_unprepared(tags).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["ticket_values", "ticket_fields", "sub_states"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        let connection = manager.get_connection();
        for statement in INDEXES_GONE.iter().chain(&COLUMNS_GONE) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

const COLUMNS: [&str; 4] = [
    "ALTER TABLE tickets ADD COLUMN sub_state text",
    "ALTER TABLE tickets ADD COLUMN disposition text NOT NULL DEFAULT 'NORMAL'",
    "ALTER TABLE tickets ADD COLUMN followers text NOT NULL DEFAULT '[]'",
    "ALTER TABLE tickets ADD COLUMN custom_fields text NOT NULL DEFAULT '{}'",
];

const COLUMNS_GONE: [&str; 4] = [
    "ALTER TABLE tickets DROP COLUMN sub_state",
    "ALTER TABLE tickets DROP COLUMN disposition",
    "ALTER TABLE tickets DROP COLUMN followers",
    "ALTER TABLE tickets DROP COLUMN custom_fields",
];

/// The same text on both engines. The first four are walked by lists in that order; the others find few among many.
const INDEXES: [&str; 10] = [
    "CREATE INDEX tickets_opened ON tickets (tenant, opened_at, number)",
    "CREATE INDEX tickets_updated ON tickets (tenant, updated_at, number)",
    "CREATE INDEX tickets_due ON tickets (tenant, due_at, number) WHERE due_at IS NOT NULL",
    "CREATE INDEX tickets_solved ON tickets (tenant, solved_at, number) WHERE solved_at IS NOT NULL",
    "CREATE INDEX tickets_sub_state ON tickets (tenant, sub_state, number) WHERE sub_state IS NOT NULL",
    "CREATE INDEX tickets_organization ON tickets (tenant, organization_id, number) WHERE organization_id IS NOT NULL",
    "CREATE INDEX tickets_set_aside ON tickets (tenant, disposition, number) WHERE disposition <> 'NORMAL'",
    "CREATE INDEX ticket_values_word ON ticket_values (tenant, field, word, ticket_id) WHERE word IS NOT NULL",
    "CREATE INDEX ticket_values_whole ON ticket_values (tenant, field, whole, ticket_id) WHERE whole IS NOT NULL",
    "CREATE INDEX ticket_values_real ON ticket_values (tenant, field, real, ticket_id) WHERE real IS NOT NULL",
];

const INDEXES_GONE: [&str; 7] = [
    "DROP INDEX tickets_opened",
    "DROP INDEX tickets_updated",
    "DROP INDEX tickets_due",
    "DROP INDEX tickets_solved",
    "DROP INDEX tickets_sub_state",
    "DROP INDEX tickets_organization",
    "DROP INDEX tickets_set_aside",
];

/// Tags of tickets that are there already.
const TAGS_POSTGRES: &str = "INSERT INTO ticket_values (tenant, ticket_id, field, position, word) \
     SELECT t.tenant, t.id, 'tags', v.position - 1, v.word FROM tickets t, \
     jsonb_array_elements_text(t.tags::jsonb) WITH ORDINALITY AS v(word, position)";
/// The same on the other engine.
const TAGS_SQLITE: &str = "INSERT INTO ticket_values (tenant, ticket_id, field, position, word) \
     SELECT t.tenant, t.id, 'tags', v.key, v.value FROM tickets t, json_each(t.tags) v";
