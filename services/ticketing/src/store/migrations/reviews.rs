//! Rubrics and reviews.

use sea_orm_migration::prelude::*;

/// Rubrics with all their versions, and reviews.
pub struct Reviews;

impl MigrationName for Reviews {
    fn name(&self) -> &str {
        "ticketing_reviews"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Reviews {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("rubrics")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").text().not_null())
                    .col(ColumnDef::new("version").integer().not_null())
                    .col(ColumnDef::new("newest").boolean().not_null())
                    .col(ColumnDef::new("display_name").text().not_null())
                    .col(ColumnDef::new("items").text().not_null())
                    .col(ColumnDef::new("active").boolean().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("id").col("version"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("reviews")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("ticket_id").uuid().not_null())
                    .col(ColumnDef::new("agent").text().not_null())
                    .col(ColumnDef::new("reviewer").text().not_null())
                    .col(ColumnDef::new("rubric").text().not_null())
                    .col(ColumnDef::new("version").integer().not_null())
                    .col(ColumnDef::new("items").text().not_null())
                    .col(ColumnDef::new("sealed").blob())
                    .col(ColumnDef::new("reviewed_at").big_integer().not_null())
                    .col(ColumnDef::new("revision").big_integer().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("updated_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["reviews", "rubrics"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Each for one query or one promise; the same text on both engines.
const INDEXES: [&str; 4] = [
    // One version of a rubric is the newest.
    "CREATE UNIQUE INDEX rubrics_newest ON rubrics (tenant, id) WHERE newest",
    // A reviewer reviews the same work once by a rubric.
    "CREATE UNIQUE INDEX reviews_once ON reviews (tenant, ticket_id, agent, reviewer, rubric)",
    "CREATE INDEX reviews_agent ON reviews (tenant, agent, id)",
    "CREATE INDEX reviews_reviewer ON reviews (tenant, reviewer, id)",
];
