//! What the chassis hands to a service.

use std::path::PathBuf;
use std::sync::Arc;

use sea_orm_migration::MigratorTrait;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_database::Database;
use vorrang_error::Error;
use vorrang_identity::{Keys, Verifier};

use crate::config::Config;
use crate::ids::Ids;
use crate::layers::rate::Rate;
use crate::peers::Peers;
use crate::redis_child::PrivateRedis;
use crate::secrets::Secrets;

/// Everything a service needs from outside. Clones share it.
#[derive(Clone)]
pub struct Context {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// The time; nothing else may be asked for it.
    pub clock: SharedClock,
    /// Cancelled when no request is in work any more: background tasks then finish what they hold and end.
    pub shutdown: CancellationToken,
    /// Makes ids.
    pub ids: Ids,
    /// The other services.
    pub peers: Peers,
    /// Signing keys.
    pub secrets: Secrets,
    /// Checks credentials, for HTTP routes that take an API key.
    pub verifier: Verifier,
    /// The table of API keys.
    pub keys: Keys,
    /// How many calls a tenant may still make, for HTTP routes that know their tenant.
    pub rate: Rate,
    pub(crate) redis: Arc<PrivateRedis>,
}

impl Context {
    /// Opens the database of `service` with `M`'s schema: the embedded one is migrated, any other only checked.
    ///
    /// Fails with Unavailable when it cannot be reached, and with Precondition when its schema is older or newer than ours, or when it
    /// was written with other secrets (`SECRETS_DIFFER`).
    pub async fn open_database<M: MigratorTrait>(&self, service: &str) -> Result<Database, Error> {
        let database = open_database::<M>(&self.config, service).await?;
        checked(&self.secrets, database, service).await
    }

    /// The Redis of the installation: as configured, else a private `redis-server` child in the data folder, started on
    /// the first call and restarted at the same address whenever it dies.
    ///
    /// Fails with Unavailable when `redis-server` is missing or does not start.
    pub async fn redis_url(&self) -> Result<String, Error> {
        match self.config.redis.url.as_str() {
            "" => self.redis.url().await,
            url => Ok(url.to_owned()),
        }
    }

    /// The folder of `service` in the data folder, made when missing.
    ///
    /// Fails with Unavailable, naming the folder.
    pub fn data_folder(&self, service: &str) -> Result<PathBuf, Error> {
        let folder = self.config.data_dir.join(service);
        crate::files::private_folder(&folder)?;
        Ok(folder)
    }
}

/// As [`Context::open_database`], for commands that have no suite.
pub async fn open_database<M: MigratorTrait>(config: &Config, service: &str) -> Result<Database, Error> {
    config.create_data_dir()?;
    let opened = async {
        let database = Database::connect(&config.database_url(service)).await?;
        if config.is_embedded(service) {
            database.migrate::<M>().await?;
        } else {
            database.check_schema::<M>().await?;
        }
        Ok(database)
    };
    opened
        .await
        .map_err(|why: Error| why.about(format!("the database of {service}")))
}

async fn checked(secrets: &Secrets, database: Database, service: &str) -> Result<Database, Error> {
    let same = secrets.check(&database, service).await;
    same.map_err(|why| why.about(format!("the database of {service}")))?;
    Ok(database)
}

/// The table of API keys, for commands that have no suite.
///
/// Fails as [`open_database`] does.
pub async fn open_keys(config: &Config, secrets: &Secrets, clock: SharedClock) -> Result<Keys, Error> {
    let database = open_database::<vorrang_identity::Migrator>(config, "identity").await?;
    let database = checked(secrets, database, "identity").await?;
    Ok(Keys::new(database, secrets.key_pepper(), clock))
}
