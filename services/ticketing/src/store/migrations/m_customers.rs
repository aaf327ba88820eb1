//! Organisations, what is known about customers beyond their identities, and merging them.

use sea_orm_migration::prelude::*;

/// See the head of this file.
pub struct Customers;

impl MigrationName for Customers {
    fn name(&self) -> &str {
        "ticketing_customers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Customers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            // One at a time: SQLite adds no two columns in one statement.
            manager
                .alter_table(Table::alter().table(table).add_column(column).to_owned())
                .await?;
        }
        organizations(manager).await?;
        records(manager).await?;
        merges(manager).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            manager.drop_table(Table::drop().table(*table).to_owned()).await?;
        }
        for index in ["customers_organization", "customers_merged_into"] {
            manager
                .get_connection()
                .execute_unprepared(&format!("DROP INDEX {index}"))
                .await?;
        }
        for (table, column) in columns() {
            manager
                .alter_table(
                    Table::alter()
                        .table(table)
                        .drop_column(column.get_column_name())
                        .to_owned(),
                )
                .await?;
        }
        Ok(())
    }
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    let text = |name: &'static str, default: &str| {
        let mut column = ColumnDef::new(name);
        column.text().not_null().default(default);
        ("customers", column)
    };
    let maybe = |table: &'static str, mut column: ColumnDef| {
        column.null();
        (table, column)
    };
    vec![
        // `tier` is the customer's own: with an empty source it has none.
        text("tier_source", ""),
        maybe("customers", ColumnDef::new("tier_valid_until").big_integer().to_owned()),
        maybe("customers", ColumnDef::new("organization_id").uuid().to_owned()),
        text("organization_by", "NOBODY"),
        text("owner", ""),
        text("periods", "[]"),
        maybe("customers", ColumnDef::new("merged_into").uuid().to_owned()),
        maybe("tickets", ColumnDef::new("organization_id").uuid().to_owned()),
    ]
}

async fn organizations(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("organizations")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("id").uuid().not_null())
                .col(ColumnDef::new("display_name").text().not_null())
                .col(ColumnDef::new("tier").text().not_null())
                .col(ColumnDef::new("attributes").text().not_null())
                .col(ColumnDef::new("joined_by_domain").boolean().not_null())
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
                .table("organization_keys")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("kind").text().not_null())
                .col(ColumnDef::new("value").text().not_null())
                .col(ColumnDef::new("organization_id").uuid().not_null())
                .primary_key(Index::create().col("tenant").col("kind").col("value"))
                .to_owned(),
        )
        .await
}

async fn records(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("customer_orders")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("id").uuid().not_null())
                .col(ColumnDef::new("customer_id").uuid().not_null())
                .col(ColumnDef::new("order_id").text().not_null())
                .col(ColumnDef::new("amount").big_integer().not_null())
                .col(ColumnDef::new("currency").text().not_null())
                .col(ColumnDef::new("status").text().not_null())
                .col(ColumnDef::new("ordered_at").big_integer().not_null())
                .col(ColumnDef::new("changed_at").big_integer())
                .col(ColumnDef::new("source").text().not_null())
                .col(ColumnDef::new("created_at").big_integer().not_null())
                .col(ColumnDef::new("updated_at").big_integer().not_null())
                .col(ColumnDef::new("sealed").blob())
                .primary_key(Index::create().col("tenant").col("id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("customer_milestones")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("id").uuid().not_null())
                .col(ColumnDef::new("customer_id").uuid().not_null())
                .col(ColumnDef::new("name").text().not_null())
                .col(ColumnDef::new("at").big_integer().not_null())
                .col(ColumnDef::new("source").text().not_null())
                .col(ColumnDef::new("created_at").big_integer().not_null())
                .col(ColumnDef::new("sealed").blob())
                .primary_key(Index::create().col("tenant").col("id"))
                .to_owned(),
        )
        .await
}

async fn merges(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("customer_merges")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("id").uuid().not_null())
                .col(ColumnDef::new("source_id").uuid().not_null())
                .col(ColumnDef::new("target_id").uuid().not_null())
                .col(ColumnDef::new("actor_kind").text().not_null())
                .col(ColumnDef::new("actor_id").text().not_null())
                .col(ColumnDef::new("merged_at").big_integer().not_null())
                .col(ColumnDef::new("conflicts").text().not_null())
                .col(ColumnDef::new("filled").text().not_null())
                .col(ColumnDef::new("periods_before").text().not_null())
                .col(ColumnDef::new("moved").text().not_null())
                .col(ColumnDef::new("undone_at").big_integer())
                .primary_key(Index::create().col("tenant").col("id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("customer_merge_parts")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("merge_id").uuid().not_null())
                .col(ColumnDef::new("kind").text().not_null())
                .col(ColumnDef::new("part_id").uuid().not_null())
                .primary_key(Index::create().col("tenant").col("merge_id").col("kind").col("part_id"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("merge_suggestions")
                .col(ColumnDef::new("tenant").text().not_null())
                .col(ColumnDef::new("id").uuid().not_null())
                .col(ColumnDef::new("older_id").uuid().not_null())
                .col(ColumnDef::new("younger_id").uuid().not_null())
                .col(ColumnDef::new("evidence").integer().not_null())
                .col(ColumnDef::new("source").text().not_null())
                .col(ColumnDef::new("state").text().not_null())
                .col(ColumnDef::new("contacts").integer().not_null())
                .col(ColumnDef::new("first_seen_at").big_integer().not_null())
                .col(ColumnDef::new("last_seen_at").big_integer().not_null())
                .primary_key(Index::create().col("tenant").col("id"))
                .to_owned(),
        )
        .await
}

const TABLES: [&str; 7] = [
    "organizations",
    "organization_keys",
    "customer_orders",
    "customer_milestones",
    "customer_merges",
    "customer_merge_parts",
    "merge_suggestions",
];

/// Each for one query or one rule; the same text on both engines.
const INDEXES: [&str; 11] = [
    "CREATE INDEX customers_organization ON customers (tenant, organization_id, id) WHERE organization_id IS NOT NULL",
    "CREATE INDEX customers_merged_into ON customers (tenant, merged_into) WHERE merged_into IS NOT NULL",
    "CREATE INDEX organization_keys_organization ON organization_keys (tenant, organization_id)",
    // An order is one by its id, a milestone by its name and time.
    "CREATE UNIQUE INDEX customer_orders_order ON customer_orders (tenant, customer_id, order_id)",
    "CREATE INDEX customer_orders_time ON customer_orders (tenant, customer_id, ordered_at, id)",
    "CREATE UNIQUE INDEX customer_milestones_at ON customer_milestones (tenant, customer_id, at, name)",
    // A customer is merged once at a time.
    "CREATE UNIQUE INDEX customer_merges_source ON customer_merges (tenant, source_id) WHERE undone_at IS NULL",
    "CREATE INDEX customer_merges_sources ON customer_merges (tenant, source_id, id)",
    "CREATE INDEX customer_merges_target ON customer_merges (tenant, target_id, id)",
    "CREATE UNIQUE INDEX merge_suggestions_pair ON merge_suggestions (tenant, older_id, younger_id)",
    // What merges by itself is looked for in all tenants at once.
    "CREATE INDEX merge_suggestions_open ON merge_suggestions (state, evidence, tenant, id)",
];
