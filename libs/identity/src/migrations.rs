//! The tables of identity.

use sea_orm_migration::prelude::*;

/// Brings the identity database to the schema this build knows.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(ApiKeys), Box::new(vorrang_database::fingerprints::Migration)]
    }
}

struct ApiKeys;

impl MigrationName for ApiKeys {
    fn name(&self) -> &str {
        "m0001_api_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ApiKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("api_keys")
                    .col(ColumnDef::new("id").string().not_null().primary_key())
                    .col(ColumnDef::new("tenant").string().not_null())
                    .col(ColumnDef::new("label").string().not_null())
                    .col(ColumnDef::new("scopes").string().not_null())
                    .col(ColumnDef::new("secret_hash").binary().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("expires_at").big_integer())
                    .col(ColumnDef::new("revoked_at").big_integer())
                    .col(ColumnDef::new("last_used_at").big_integer())
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("api_keys_tenant")
                    .table("api_keys")
                    .col("tenant")
                    .col("id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("api_keys").to_owned()).await
    }
}
