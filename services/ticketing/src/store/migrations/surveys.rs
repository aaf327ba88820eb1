//! Surveys, their sendings and answers.
//!
//! `answers` takes the place of `survey_answers`, whose key is a ticket's solve: an answer can now be about no ticket. What
//! is in the old table is copied; nothing writes there any more.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Statement;
use uuid::{NoContext, Timestamp, Uuid};
use vorrang_database::from_micros;

/// Surveys, sendings, answers, caps.
pub struct Surveys;

impl MigrationName for Surveys {
    fn name(&self) -> &str {
        "ticketing_surveys"
    }
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn integer(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}

fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().to_owned()
}

fn uuid(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Surveys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("surveys")
                    .col(text("tenant"))
                    .col(text("id"))
                    .col(text("kind"))
                    .col(text("display_name"))
                    .col(text("texts"))
                    .col(flag("ask_comment"))
                    .col(text("rule"))
                    .col(integer("position"))
                    .col(time("valid_for"))
                    .col(time("late_for"))
                    .col(text("repeats"))
                    .col(flag("active"))
                    .col(time("revision"))
                    .col(time("created_at"))
                    .col(time("updated_at"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("survey_sendings")
                    .col(text("tenant"))
                    .col(uuid("id"))
                    .col(text("survey"))
                    .col(text("kind"))
                    .col(uuid("customer_id"))
                    .col(ColumnDef::new("ticket_id").uuid())
                    .col(integer("solve"))
                    .col(ColumnDef::new("agent").text())
                    .col(text("language"))
                    .col(text("state"))
                    .col(ColumnDef::new("cancelled").text())
                    .col(time("due_at"))
                    .col(ColumnDef::new("sent_at").big_integer())
                    .col(ColumnDef::new("expires_at").big_integer())
                    .col(ColumnDef::new("closes_at").big_integer())
                    .col(ColumnDef::new("answered_at").big_integer())
                    .col(time("created_at"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("survey_caps")
                    .col(text("tenant"))
                    .col(uuid("customer_id"))
                    .col(text("kind"))
                    .col(time("last_at"))
                    .primary_key(Index::create().col("tenant").col("customer_id").col("kind"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("answers")
                    .col(text("tenant"))
                    .col(uuid("id"))
                    .col(text("kind"))
                    .col(integer("lowest"))
                    .col(integer("highest"))
                    .col(flag("high_is_good"))
                    .col(ColumnDef::new("survey").text())
                    .col(uuid("customer_id"))
                    .col(ColumnDef::new("ticket_id").uuid())
                    .col(integer("solve"))
                    .col(ColumnDef::new("agent").text())
                    .col(integer("score"))
                    .col(ColumnDef::new("sealed").blob())
                    .col(flag("has_comment"))
                    .col(ColumnDef::new("sending_id").uuid())
                    .col(flag("late"))
                    .col(time("answered_at"))
                    .col(time("recorded_at"))
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        copy(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["answers", "survey_caps", "survey_sendings", "surveys"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Each for one query; the same text on both engines.
const INDEXES: [&str; 8] = [
    // Once per solve: whoever decides to send is refused here when somebody was faster.
    "CREATE UNIQUE INDEX survey_sendings_solve ON survey_sendings (tenant, ticket_id, kind, solve) \
     WHERE ticket_id IS NOT NULL",
    "CREATE INDEX survey_sendings_due ON survey_sendings (due_at, id) WHERE state = 'PLANNED'",
    "CREATE INDEX survey_sendings_customer ON survey_sendings (tenant, customer_id, id)",
    "CREATE INDEX survey_sendings_survey ON survey_sendings (tenant, survey, id)",
    "CREATE UNIQUE INDEX answers_solve ON answers (tenant, ticket_id, kind, solve) WHERE ticket_id IS NOT NULL",
    "CREATE UNIQUE INDEX answers_sending ON answers (tenant, sending_id) WHERE sending_id IS NOT NULL",
    "CREATE INDEX answers_customer ON answers (tenant, customer_id, id)",
    "CREATE INDEX answers_kind ON answers (tenant, kind, id)",
];

/// The answers of before, all of them about satisfaction. In portions, so that none of any size is held in memory.
async fn copy(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const PORTION: &str = "SELECT s.tenant, s.ticket_id, t.customer_id, s.solve, s.score, s.agent, s.answered_at, s.recorded_at \
         FROM survey_answers s JOIN tickets t ON t.tenant = s.tenant AND t.id = s.ticket_id \
         WHERE NOT EXISTS (SELECT 1 FROM answers a WHERE a.tenant = s.tenant AND a.ticket_id = s.ticket_id AND a.solve = s.solve) \
         LIMIT 1000";
    let connection = manager.get_connection();
    loop {
        let rows = connection
            .query_all_raw(Statement::from_string(manager.get_database_backend(), PORTION))
            .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut insert = Query::insert();
        insert.into_table("answers").columns([
            "tenant",
            "id",
            "kind",
            "lowest",
            "highest",
            "high_is_good",
            "customer_id",
            "ticket_id",
            "solve",
            "agent",
            "score",
            "has_comment",
            "late",
            "answered_at",
            "recorded_at",
        ]);
        for row in rows {
            let recorded_at: i64 = row.try_get("", "recorded_at")?;
            let at = from_micros(recorded_at);
            let seconds = std::cmp::max(at.timestamp(), 0).cast_unsigned();
            let id = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, at.timestamp_subsec_nanos()));
            insert.values_panic([
                row.try_get::<String>("", "tenant")?.into(),
                id.into(),
                "csat".into(),
                1.into(),
                5.into(),
                true.into(),
                row.try_get::<Uuid>("", "customer_id")?.into(),
                row.try_get::<Uuid>("", "ticket_id")?.into(),
                row.try_get::<i32>("", "solve")?.into(),
                row.try_get::<Option<String>>("", "agent")?.into(),
                row.try_get::<i32>("", "score")?.into(),
                false.into(),
                false.into(),
                row.try_get::<i64>("", "answered_at")?.into(),
                recorded_at.into(),
            ]);
        }
        connection.execute(&insert).await?;
    }
}

#[cfg(test)]
mod tests;
