//! The tables of the first release.

use sea_orm_migration::prelude::*;

/// All tables of the first release.
pub struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &str {
        "ticketing_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("customers")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("display_name").text().not_null())
                    .col(ColumnDef::new("tier").text().not_null())
                    .col(ColumnDef::new("language").text().not_null())
                    .col(ColumnDef::new("country").text().not_null())
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
                    .table("customer_identities")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("kind").text().not_null())
                    .col(ColumnDef::new("value").text().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("verified").boolean().not_null())
                    .primary_key(Index::create().col("tenant").col("kind").col("value"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_numbers")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("last").big_integer().not_null())
                    .primary_key(Index::create().col("tenant"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("tickets")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("number").big_integer().not_null())
                    .col(ColumnDef::new("subject").text().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("channel").text().not_null())
                    .col(ColumnDef::new("state").text().not_null())
                    .col(ColumnDef::new("priority").text().not_null())
                    .col(ColumnDef::new("tier").text().not_null())
                    .col(ColumnDef::new("queue").text().not_null())
                    .col(ColumnDef::new("assignee").text())
                    .col(ColumnDef::new("tags").text().not_null())
                    .col(ColumnDef::new("intent").text().not_null())
                    .col(ColumnDef::new("language").text().not_null())
                    .col(ColumnDef::new("due_at").big_integer())
                    .col(ColumnDef::new("queue_entered_at").big_integer())
                    .col(ColumnDef::new("queue_rank").integer().not_null())
                    .col(ColumnDef::new("generation").big_integer().not_null())
                    .col(ColumnDef::new("follow_up_of").uuid())
                    .col(ColumnDef::new("automated").boolean().not_null())
                    .col(ColumnDef::new("message_count").integer().not_null())
                    .col(ColumnDef::new("last_message").uuid())
                    .col(ColumnDef::new("opened_at").big_integer().not_null())
                    .col(ColumnDef::new("contacted_at").big_integer())
                    .col(ColumnDef::new("first_replied_at").big_integer())
                    .col(ColumnDef::new("solved_at").big_integer())
                    .col(ColumnDef::new("solve_count").integer().not_null())
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
                    .table("messages")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("actor_kind").text().not_null())
                    .col(ColumnDef::new("actor_id").text().not_null())
                    .col(ColumnDef::new("visibility").text().not_null())
                    .col(ColumnDef::new("text").text().not_null())
                    .col(ColumnDef::new("quoted_text").text().not_null())
                    .col(ColumnDef::new("channel").text().not_null())
                    .col(ColumnDef::new("attachments").text().not_null())
                    .col(ColumnDef::new("occurred_at").big_integer().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("external_id").text().not_null())
                    .col(ColumnDef::new("automated").boolean().not_null())
                    .col(ColumnDef::new("size_bytes").integer().not_null())
                    .primary_key(Index::create().col("tenant").col("ticket_id").col("position"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("contact_keys")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("source").text().not_null())
                    .col(ColumnDef::new("external_id").text().not_null())
                    .col(ColumnDef::new("content_hash").blob().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("number").big_integer().not_null())
                    .col(ColumnDef::new("message_id").uuid().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .primary_key(
                        Index::create()
                            .col("tenant")
                            .col("source")
                            .col("external_id")
                            .col("content_hash"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("thread_keys")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("key").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .primary_key(Index::create().col("tenant").col("key"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("ticket_solves")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("solve").integer().not_null())
                    .col(ColumnDef::new("agent").text())
                    .col(ColumnDef::new("solved_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("ticket_id").col("solve"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("survey_answers")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("survey").text().not_null())
                    .col(ColumnDef::new("solve").integer().not_null())
                    .col(ColumnDef::new("score").integer().not_null())
                    .col(ColumnDef::new("agent").text())
                    .col(ColumnDef::new("answered_at").big_integer().not_null())
                    .col(ColumnDef::new("recorded_at").big_integer().not_null())
                    .primary_key(
                        Index::create()
                            .col("tenant")
                            .col("ticket_id")
                            .col("survey")
                            .col("solve"),
                    )
                    .to_owned(),
            )
            .await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            manager.drop_table(Table::drop().table(*table).to_owned()).await?;
        }
        Ok(())
    }
}

const TABLES: [&str; 9] = [
    "customers",
    "customer_identities",
    "ticket_numbers",
    "tickets",
    "messages",
    "contact_keys",
    "thread_keys",
    "ticket_solves",
    "survey_answers",
];

/// Each for one query; the same text on both engines.
const INDEXES: [&str; 8] = [
    "CREATE UNIQUE INDEX tickets_number ON tickets (tenant, number)",
    "CREATE INDEX tickets_state ON tickets (tenant, state, number)",
    "CREATE INDEX tickets_customer ON tickets (tenant, customer_id, number)",
    "CREATE INDEX tickets_assignee ON tickets (tenant, assignee, number) WHERE assignee IS NOT NULL",
    "CREATE INDEX tickets_queue ON tickets (tenant, queue, number)",
    // Routing's rebuild reads only what waits, however many tickets there are.
    "CREATE INDEX tickets_waiting ON tickets (tenant, queue_rank, queue_entered_at, number) \
     WHERE queue_entered_at IS NOT NULL",
    "CREATE UNIQUE INDEX messages_id ON messages (tenant, id)",
    "CREATE INDEX customer_identities_customer ON customer_identities (tenant, customer_id)",
];
