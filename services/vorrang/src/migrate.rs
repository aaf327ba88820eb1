//! `vorrang migrate`: every database to the schema of this version.

use std::process::ExitCode;

use sea_orm_migration::MigratorTrait;
use vorrang_database::Database;
use vorrang_error::Error;
use vorrang_service::Config;

use crate::Settings;

pub fn run(settings: &Settings) -> Result<ExitCode, Error> {
    let Some(config) = settings.load()? else {
        return Ok(ExitCode::SUCCESS);
    };
    crate::block_on(async move {
        config.create_data_dir()?;
        one::<vorrang_identity::Migrator>(&config, "identity").await?;
        one::<vorrang_ticketing::Migrator>(&config, "ticketing").await?;
        one::<vorrang_ingestion::Migrator>(&config, "ingestion").await?;
        one::<vorrang_routing::Migrator>(&config, "routing").await?;
        one::<vorrang_knowledge::Migrator>(&config, "knowledge").await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn one<M: MigratorTrait>(config: &Config, service: &str) -> Result<(), Error> {
    Database::connect(&config.database_url(service))
        .await?
        .migrate::<M>()
        .await?;
    println!("{service}: up to date");
    Ok(())
}
