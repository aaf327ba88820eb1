//! The schema. A released migration is never changed; a new one is added.

mod departures;
mod grants;
mod imports;
mod mailboxes;
mod outgoing;
mod proofs;

use sea_orm_migration::prelude::*;

/// Ingestion's schema: what all services have, then its own.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(vorrang_database::event_log::Migration),
            Box::new(vorrang_database::idempotency::Migration),
            Box::new(First),
            Box::new(Recorded),
            Box::new(Due),
            Box::new(vorrang_database::erased::Migration),
            Box::new(Owners),
            Box::new(vorrang_database::fingerprints::Migration),
            Box::new(outgoing::Outgoing),
            Box::new(Thin),
            Box::new(proofs::Proofs),
            Box::new(mailboxes::Mailboxes),
            Box::new(imports::Imports),
            Box::new(departures::Departures),
            Box::new(grants::Grants),
        ]
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &str {
        "ingestion_0001"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        raw(manager).await?;
        inbox(manager).await?;
        quarantine(manager).await?;
        sources(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["sources", "quarantine", "inbox", "raw"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Which contacts of a quarantined payload were recorded, so that a retry leaves them alone.
struct Recorded;

impl MigrationName for Recorded {
    fn name(&self) -> &str {
        "ingestion_0002"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Recorded {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("quarantine")
            .add_column(text("recorded").default(""))
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("quarantine").drop_column("recorded").to_owned();
        manager.alter_table(table).await
    }
}

/// What of a tenant is due, in its order, without a look at the contacts themselves.
struct Due;

impl MigrationName for Due {
    fn name(&self) -> &str {
        "ingestion_0003"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Due {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("inbox_due")
                    .table("inbox")
                    .col("pending")
                    .col("tenant")
                    .col("seq")
                    .col("next_attempt_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("inbox_due").table("inbox").to_owned())
            .await
    }
}

struct Owners;

impl MigrationName for Owners {
    fn name(&self) -> &str {
        "ingestion_0004"
    }
}

/// Whose what came is: by what was delivered from the inbox, and released from quarantine, what is known of before.
#[async_trait::async_trait]
impl MigrationTrait for Owners {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("raw_customers")
                    .col(text("tenant"))
                    .col(text("customer"))
                    .col(ColumnDef::new("sha256").blob().not_null())
                    .primary_key(Index::create().col("tenant").col("customer").col("sha256"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("raw_customers_sha256")
                    .table("raw_customers")
                    .col("tenant")
                    .col("sha256")
                    .to_owned(),
            )
            .await?;
        let connection = manager.get_connection();
        for table in ["inbox", "quarantine"] {
            let known = format!(
                "INSERT INTO raw_customers (tenant, customer, sha256) SELECT DISTINCT tenant, customer, raw_sha256 FROM {table} \
                 WHERE customer <> '' ON CONFLICT DO NOTHING"
            );
            connection.execute_unprepared(&known).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("raw_customers").to_owned())
            .await
    }
}

/// What sources only named, until the whole of it is pushed.
struct Thin;

impl MigrationName for Thin {
    fn name(&self) -> &str {
        "ingestion_0006"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Thin {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("thin")
                    .col(text("tenant"))
                    .col(text("source"))
                    .col(text("external_id"))
                    .col(ColumnDef::new("item").uuid())
                    .col(number("named_at"))
                    .col(ColumnDef::new("completed_at").big_integer())
                    .col(text("ticket"))
                    .col(number("ticket_number"))
                    .col(text("message"))
                    .col(text("customer"))
                    .primary_key(Index::create().col("tenant").col("source").col("external_id"))
                    .to_owned(),
            )
            .await?;
        for (name, column) in [("thin_item", "item"), ("thin_customer", "customer")] {
            let index = Index::create()
                .name(name)
                .table("thin")
                .col("tenant")
                .col(column)
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("thin").to_owned()).await
    }
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

/// What came, as it came, by its SHA-256.
async fn raw(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("raw")
                .col(text("tenant"))
                .col(ColumnDef::new("sha256").blob().not_null())
                .col(text("source"))
                .col(text("external_id"))
                .col(text("content_type"))
                .col(ColumnDef::new("content").blob().not_null())
                .col(number("received_at"))
                .primary_key(Index::create().col("tenant").col("sha256"))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("raw_external_id")
                .table("raw")
                .col("tenant")
                .col("source")
                .col("external_id")
                .to_owned(),
        )
        .await
}

/// What ticketing does not have yet, in the order in which it came, and what became of it.
async fn inbox(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("inbox")
                .col(
                    ColumnDef::new("seq")
                        .big_integer()
                        .not_null()
                        .auto_increment()
                        .primary_key(),
                )
                .col(ColumnDef::new("id").uuid().not_null().unique_key())
                .col(text("tenant"))
                .col(text("request_id"))
                .col(ColumnDef::new("request_hash").blob().not_null())
                .col(text("conversation"))
                .col(text("contact"))
                .col(text("trace_parent"))
                .col(ColumnDef::new("raw_sha256").blob().not_null())
                .col(ColumnDef::new("pending").boolean().not_null())
                .col(ColumnDef::new("attempts").integer().not_null())
                .col(number("next_attempt_at"))
                .col(number("accepted_at"))
                .col(ColumnDef::new("delivered_at").big_integer())
                .col(text("outcome"))
                .col(text("ticket"))
                .col(number("ticket_number"))
                .col(text("message"))
                .col(text("customer"))
                .col(text("quarantine_item"))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("inbox_request_id")
                .table("inbox")
                .col("tenant")
                .col("request_id")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("inbox_pending")
                .table("inbox")
                .col("pending")
                .col("tenant")
                .col("conversation")
                .col("seq")
                .to_owned(),
        )
        .await
}

async fn quarantine(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("quarantine")
                .col(ColumnDef::new("id").uuid().not_null().primary_key())
                .col(text("tenant"))
                .col(text("source"))
                .col(text("state"))
                .col(text("reason"))
                .col(text("detail"))
                .col(text("content_type"))
                .col(text("queue"))
                .col(ColumnDef::new("raw_sha256").blob().not_null())
                .col(number("size_bytes"))
                .col(number("received_at"))
                .col(text("outcome"))
                .col(text("ticket"))
                .col(number("ticket_number"))
                .col(text("message"))
                .col(text("customer"))
                .col(text("receipt"))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("quarantine_raw")
                .table("quarantine")
                .col("tenant")
                .col("source")
                .col("raw_sha256")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("quarantine_list")
                .table("quarantine")
                .col("tenant")
                .col("state")
                .col("received_at")
                .col("id")
                .to_owned(),
        )
        .await
}

async fn sources(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("sources")
                .col(text("id").primary_key().to_owned())
                .col(text("tenant"))
                .col(text("display_name"))
                .col(text("preset"))
                .col(ColumnDef::new("secret").blob().not_null())
                .col(text("queue"))
                .col(ColumnDef::new("disabled").boolean().not_null())
                .col(number("revision"))
                .col(number("created_at"))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("sources_list")
                .table("sources")
                .col("tenant")
                .col("created_at")
                .col("id")
                .to_owned(),
        )
        .await
}
