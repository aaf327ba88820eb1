//! All five services in one process, on a free port, with stores of their own.

use std::path::Path;

use sea_orm_migration::MigratorTrait;
use vorrang_client::Client;
use vorrang_clock::SharedClock;
use vorrang_database::Database;
use vorrang_identity::{NewKey, Scope, Scopes};
use vorrang_service::{Bind, Config, Running, Suite};
use vorrang_testkit::{DataFolder, RedisServer, TestDatabase, data_folder, postgres};

/// A running suite. What it needs ends with it.
pub struct Stack {
    running: Running,
    /// The Redis of this stack alone, to be emptied and killed; `None`: the suite's own child process.
    pub redis: Option<RedisServer>,
    _databases: Vec<TestDatabase>,
    _folder: Option<DataFolder>,
}

impl Stack {
    /// The embedded default: SQLite files and a private Redis that the suite itself starts.
    pub async fn embedded() -> Self {
        let folder = data_folder();
        Self::start(Config::local(folder.path()), None, Vec::new(), Some(folder)).await
    }

    /// The embedded default by another clock.
    pub async fn embedded_at(clock: SharedClock) -> Self {
        let folder = data_folder();
        Self::start_at(Config::local(folder.path()), clock, None, Vec::new(), Some(folder)).await
    }

    /// The embedded default in a folder that outlives it.
    pub async fn in_folder(folder: &Path) -> Self {
        Self::with(Config::local(folder)).await
    }

    /// As `config` says.
    pub async fn with(config: Config) -> Self {
        Self::start(config, None, Vec::new(), None).await
    }

    /// As in production: PostgreSQL, and a Redis that was there before.
    pub async fn production() -> Self {
        let folder = data_folder();
        let mut config = Config::local(folder.path());
        let mut databases = Vec::new();
        for url in [
            &mut config.identity.database_url,
            &mut config.ticketing.database_url,
            &mut config.ingestion.database_url,
            &mut config.routing.database_url,
            &mut config.knowledge.database_url,
        ] {
            let database = postgres().await;
            *url = database.url().to_owned();
            databases.push(database);
        }
        migrate::<vorrang_identity::Migrator>(&config.identity.database_url).await;
        migrate::<vorrang_ticketing::Migrator>(&config.ticketing.database_url).await;
        migrate::<vorrang_ingestion::Migrator>(&config.ingestion.database_url).await;
        migrate::<vorrang_routing::Migrator>(&config.routing.database_url).await;
        migrate::<vorrang_knowledge::Migrator>(&config.knowledge.database_url).await;
        let redis = RedisServer::start().await;
        config.redis.url = redis.url();
        Self::start(config, Some(redis), databases, Some(folder)).await
    }

    /// SQLite files, and a Redis that the test may empty and kill.
    pub async fn with_own_redis() -> Self {
        let folder = data_folder();
        let mut config = Config::local(folder.path());
        let redis = RedisServer::start().await;
        config.redis.url = redis.url();
        Self::start(config, Some(redis), Vec::new(), Some(folder)).await
    }

    async fn start(
        config: Config,
        redis: Option<RedisServer>,
        databases: Vec<TestDatabase>,
        folder: Option<DataFolder>,
    ) -> Self {
        Self::start_at(config, clock(), redis, databases, folder).await
    }

    async fn start_at(
        config: Config,
        clock: SharedClock,
        redis: Option<RedisServer>,
        databases: Vec<TestDatabase>,
        folder: Option<DataFolder>,
    ) -> Self {
        let running = Suite::start(config, clock, SERVICES.map(service).into())
            .await
            .expect("the suite starts");
        Self {
            running,
            redis,
            _databases: databases,
            _folder: folder,
        }
    }

    /// The suite itself.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// A new API key.
    pub async fn key(&self, tenant: &str, scopes: &[Scope]) -> String {
        let new = NewKey {
            tenant: tenant.to_owned(),
            label: "test".to_owned(),
            scopes: Scopes::of(scopes),
            expires_at: None,
        };
        self.running.context().keys.create(new).await.expect("a key is made").1
    }

    /// A client of `tenant` that may do everything.
    pub async fn client(&self, tenant: &str) -> Client {
        let key = self.key(tenant, &[Scope::Admin]).await;
        Client::connect(&self.running.url(), &key).await.expect("connects")
    }

    /// Stops in order, as SIGTERM does.
    pub async fn stop(self) {
        self.running.shutdown().await;
    }
}

/// The clock of the machine: journeys cross real stores, whose leases and delays are in real time.
fn clock() -> SharedClock {
    vorrang_clock::system()
}

/// The services, those that are called before those that call.
pub const SERVICES: [&str; 5] = ["ticketing", "ingestion", "routing", "knowledge", "analytics"];

/// One service, as `vorrang up` binds it.
pub fn service(name: &str) -> Bind {
    match name {
        "ticketing" => Bind::new("ticketing", vorrang_ticketing::bind),
        "ingestion" => Bind::new("ingestion", vorrang_ingestion::bind),
        "routing" => Bind::new("routing", vorrang_routing::bind),
        "knowledge" => Bind::new("knowledge", vorrang_knowledge::bind),
        "analytics" => Bind::new("analytics", vorrang_analytics::bind),
        other => panic!("there is no service {other}"),
    }
}

pub async fn migrate<M: MigratorTrait>(url: &str) {
    let database = Database::connect(url).await.expect("connects");
    database.migrate::<M>().await.expect("migrates");
}
