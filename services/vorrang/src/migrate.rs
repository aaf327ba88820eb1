//! `vorrang migrate`: every database to the schema of this version, and after a restore every log to a new life.

use std::process::ExitCode;

use clap::Args;
use sea_orm_migration::MigratorTrait;
use vorrang_database::{Database, event_log};
use vorrang_error::Error;
use vorrang_service::{Config, Secrets};

use crate::Settings;

/// `vorrang migrate` and its options.
#[derive(Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    settings: Settings,
    /// The databases were restored from a backup or taken over from a replica that was behind: tells all followers of the feeds
    /// to start again, since positions they know are given out anew, and erases again whom the backup brought back. Run it
    /// before the services start.
    #[arg(long)]
    restored: bool,
    /// The secrets were changed on purpose: the services start with those in force now. Cursors, links and the secrets of sources that
    /// were made with the old ones are void. The data key cannot be changed.
    #[arg(long)]
    new_secrets: bool,
}

pub fn run(args: &MigrateArgs) -> Result<ExitCode, Error> {
    let Some(config) = args.settings.load()? else {
        return Ok(ExitCode::SUCCESS);
    };
    let (restored, new_secrets) = (args.restored, args.new_secrets);
    crate::block_on(async move {
        config.create_data_dir()?;
        let others = [
            one::<vorrang_identity::Migrator>(&config, "identity").await?,
            one::<vorrang_ingestion::Migrator>(&config, "ingestion").await?,
        ];
        let logs = [
            (
                "ticketing",
                one::<vorrang_ticketing::Migrator>(&config, "ticketing").await?,
            ),
            ("routing", one::<vorrang_routing::Migrator>(&config, "routing").await?),
            (
                "knowledge",
                one::<vorrang_knowledge::Migrator>(&config, "knowledge").await?,
            ),
        ];
        let all = logs.iter().map(|(_, database)| database).chain(&others);
        for database in all.filter(|_| new_secrets) {
            vorrang_service::accept_new_secrets(database).await?;
        }
        if restored {
            // Before anybody is served: whom the older copy still holds has a proof of their erasure outside of it. With another
            // data key it could not be read what is to be erased.
            let [(service, ticketing), ..] = &logs;
            let secrets = Secrets::load(&config)?;
            secrets.check(ticketing, service).await?;
            let again =
                vorrang_ticketing::restored(ticketing.clone(), &config, &secrets, vorrang_clock::system()).await?;
            println!("ticketing: {again} erasures were carried out again");
        }
        for (service, database) in logs.iter().filter(|_| restored) {
            event_log::renew_epoch(database).await?;
            println!("{service}: followers of its feed will start again");
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn one<M: MigratorTrait>(config: &Config, service: &str) -> Result<Database, Error> {
    let database = Database::connect(&config.database_url(service)).await?;
    database.migrate::<M>().await?;
    println!("{service}: up to date");
    Ok(database)
}
