//! Merging, splitting, linking: columns with defaults, so that the release before goes on writing.

use sea_orm_migration::prelude::*;

/// What tickets know of each other.
pub struct Merge;

impl MigrationName for Merge {
    fn name(&self) -> &str {
        "ticketing_merge"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Merge {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            (
                "tickets",
                ColumnDef::new("last_position")
                    .integer()
                    .not_null()
                    .default(0)
                    .to_owned(),
            ),
            (
                "tickets",
                ColumnDef::new("links").text().not_null().default("[]").to_owned(),
            ),
            ("tickets", ColumnDef::new("merged_into").uuid().to_owned()),
            ("tickets", ColumnDef::new("kept_wait").big_integer().to_owned()),
            ("tickets", ColumnDef::new("split_from").uuid().to_owned()),
            ("thread_keys", ColumnDef::new("message_id").uuid().to_owned()),
            ("thread_keys", ColumnDef::new("home").uuid().to_owned()),
        ];
        // One by one: SQLite adds no two at once.
        for (table, column) in columns {
            manager
                .alter_table(Table::alter().table(table).add_column(column).to_owned())
                .await?;
        }
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["tickets_merged", "thread_keys_message", "thread_keys_home"] {
            manager.drop_index(Index::drop().name(index).to_owned()).await?;
        }
        for (table, column) in [
            ("tickets", "last_position"),
            ("tickets", "links"),
            ("tickets", "merged_into"),
            ("tickets", "kept_wait"),
            ("tickets", "split_from"),
            ("thread_keys", "message_id"),
            ("thread_keys", "home"),
        ] {
            manager
                .alter_table(Table::alter().table(table).drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}

/// The same text on both engines. The indexes hold only the few rows that were ever merged, but for the one by which a split finds the
/// keys of a message.
const STATEMENTS: [&str; 4] = [
    "UPDATE tickets SET last_position = message_count",
    "CREATE INDEX tickets_merged ON tickets (tenant, merged_into) WHERE merged_into IS NOT NULL",
    "CREATE INDEX thread_keys_message ON thread_keys (tenant, message_id) WHERE message_id IS NOT NULL",
    "CREATE INDEX thread_keys_home ON thread_keys (tenant, home) WHERE home IS NOT NULL",
];
