//! Personal data is stored sealed from here on.

use sea_orm_migration::prelude::*;

/// The keys, and a sealed column in place of each plain one.
pub struct Privacy;

impl MigrationName for Privacy {
    fn name(&self) -> &str {
        "ticketing_privacy"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Privacy {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No release has ever written plain text. Where a build from before did, it would stay readable for ever, and
        // nobody would be found by their address: say so instead.
        let connection = manager.get_connection();
        let plain = "SELECT id FROM customers LIMIT 1";
        let plain = connection.query_one_raw(sea_orm_migration::sea_orm::Statement::from_string(
            connection.get_database_backend(),
            plain,
        ));
        if plain.await?.is_some() {
            return Err(DbErr::Migration(
                "the database holds customers in plain text, from a build before the first release: begin with an empty one"
                    .to_owned(),
            ));
        }
        manager
            .create_table(
                Table::create()
                    .table("personal_keys")
                    .col(ColumnDef::new("tenant").text().not_null())
                    .col(ColumnDef::new("id").uuid().not_null())
                    .col(ColumnDef::new("customer_id").uuid().not_null())
                    .col(ColumnDef::new("wrapped").blob().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .primary_key(Index::create().col("tenant").col("id"))
                    .to_owned(),
            )
            .await?;
        for statement in [
            "CREATE INDEX personal_keys_customer ON personal_keys (tenant, customer_id)",
            // The columns held nothing: what they were for is in `sealed`.
            "ALTER TABLE customers DROP COLUMN display_name",
            "ALTER TABLE tickets DROP COLUMN subject",
            "ALTER TABLE messages DROP COLUMN text",
            "ALTER TABLE messages DROP COLUMN quoted_text",
            "ALTER TABLE messages DROP COLUMN attachments",
            "ALTER TABLE messages DROP COLUMN external_id",
            "ALTER TABLE tickets ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE",
            "ALTER TABLE customers ADD COLUMN erased_at BIGINT",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        for table in ["customers", "customer_identities", "tickets", "messages"] {
            manager
                .alter_table(
                    Table::alter()
                        .table(table)
                        .add_column(ColumnDef::new("sealed").blob())
                        .to_owned(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        // Whoever goes back would store plain text again, and could not read what is sealed.
        Err(DbErr::Migration(
            "sealed data does not go back to plain text".to_owned(),
        ))
    }
}
