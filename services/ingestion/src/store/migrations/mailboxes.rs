use sea_orm_migration::prelude::*;

use super::{number, text};

/// How far each mailbox was read, and by whom it is read now; and what a survey says that is to be mailed.
pub(super) struct Mailboxes;

impl MigrationName for Mailboxes {
    fn name(&self) -> &str {
        "ingestion_0007"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Mailboxes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("mailboxes")
                    .col(text("tenant"))
                    .col(text("address"))
                    .col(text("folder"))
                    .col(text("server"))
                    .col(number("uid_validity"))
                    .col(number("last_uid"))
                    .col(ColumnDef::new("since").big_integer())
                    .col(text("held_by"))
                    .col(number("held_until"))
                    .primary_key(Index::create().col("tenant").col("address").col("folder"))
                    .to_owned(),
            )
            .await?;
        let sealed = Table::alter()
            .table("outgoing")
            .add_column(ColumnDef::new("sealed").blob())
            .to_owned();
        manager.alter_table(sealed).await?;
        // What is old is removed over all tenants.
        for (name, table, column) in [
            ("outgoing_written", "outgoing", "written_at"),
            ("thin_completed", "thin", "completed_at"),
        ] {
            let index = Index::create().name(name).table(table).col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table) in [("thin_completed", "thin"), ("outgoing_written", "outgoing")] {
            let index = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(index).await?;
        }
        let sealed = Table::alter().table("outgoing").drop_column("sealed").to_owned();
        manager.alter_table(sealed).await?;
        manager.drop_table(Table::drop().table("mailboxes").to_owned()).await
    }
}
