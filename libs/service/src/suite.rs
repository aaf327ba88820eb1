//! Starts services in one process, on one port, and stops them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::try_join_all;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_identity::{Minter, Verifier};

use crate::admin;
use crate::bound::{Bind, Bound};
use crate::config::Config;
use crate::context::{Context, open_keys};
use crate::ids::Ids;
use crate::layers::rate::Rate;
use crate::methods::Methods;
use crate::peers::{Channels, Peers};
use crate::redis_child::PrivateRedis;
use crate::router::{Parts, router};
use crate::secrets::Secrets;
use crate::server::{self, Front, Stop};

/// Calls in work may take this long to end after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(10);
/// Everything has ended after this long, one way or the other.
const HARD: Duration = Duration::from_secs(15);
/// Streams may say a last word for this long.
const STREAM_GRACE: Duration = Duration::from_millis(300);
/// Pipes of our own services that may wait to be accepted.
const PIPES: usize = 16;

/// Services that run together.
pub struct Suite;

impl Suite {
    /// Opens what the services need, binds them and serves them. When it returns, calls are answered.
    ///
    /// Fails, with one sentence that says what to do, when a port is taken, the data folder cannot be written, a database
    /// cannot be reached or has another schema, or a service cannot bind. Nothing is left running then.
    pub async fn start(config: Config, clock: SharedClock, services: Vec<Bind>) -> Result<Running, Error> {
        vorrang_telemetry::init("vorrang", &config.log, &config.telemetry.otlp_endpoint)?;
        let listener = server::listen("listen", config.listen).await?;
        let addr = listener
            .local_addr()
            .map_err(|why| Error::internal("the listener has no address").caused_by(why))?;
        let admin = match config.admin_listen {
            Some(address) => Some(server::listen("admin_listen", address).await?),
            None => None,
        };
        let admin_addr = admin.as_ref().and_then(|listener| listener.local_addr().ok());

        config.create_data_dir()?;
        let secrets = Secrets::load(&config)?;
        let keys = open_keys(&config, &secrets, clock.clone()).await?;
        let verifier = Verifier::new(keys.clone(), secrets.internal_key(), clock.clone());
        let minter = Minter::new(secrets.internal_key(), clock.clone());
        let (pipes, local) = mpsc::channel(PIPES);
        let channels = Channels::new(&config.peers, pipes)?;
        let peers = |service| Peers::new(service, minter.clone(), channels.clone());
        let limits = config.limits.clone();
        let context = Context {
            redis: PrivateRedis::new(config.data_dir.join("redis")),
            rate: Rate::new(&limits),
            config: Arc::new(config),
            clock,
            ids: Ids::default(),
            shutdown: CancellationToken::new(),
            peers: peers("vorrang"),
            secrets,
            verifier,
            keys,
        };
        let stop = Stop::default();
        // When binding fails the private Redis must not be left behind; dropping the context ends it.
        let mut bound = try_join_all(services.into_iter().map(|service| {
            let context = Context {
                peers: peers(service.name),
                ..context.clone()
            };
            (service.bind)(context)
        }))
        .await?;

        let health = HealthReporter::new();
        let methods = Arc::new(Methods::new(vorrang_api::FILE_DESCRIPTOR_SET)?);
        let parts = Parts {
            methods,
            verifier: context.verifier.clone(),
            rate: context.rate.clone(),
            limits,
            drain: stop.drain.clone(),
            cut: stop.cut.clone(),
        };
        let router = router(&mut bound, &health, parts)?;
        let names: Vec<&'static str> = std::iter::once("")
            .chain(bound.iter().flat_map(|service| service.grpc_names.iter().copied()))
            .collect();
        set_health(&health, &names, ServingStatus::Serving).await;
        let front = Front::new(router);
        tokio::spawn(server::serve_pipes(local, front.clone(), stop.clone()));
        let served = tokio::spawn(server::serve(listener, front, stop.clone()));
        let admin = admin.map(|listener| tokio::spawn(admin::serve(listener, stop.drain.clone(), stop.hard.clone())));
        let failed = CancellationToken::new();
        let tasks = spawn_tasks(bound, &failed);
        tracing::info!(%addr, "serving");
        Ok(Running {
            addr,
            admin_addr,
            context,
            stop,
            health,
            names,
            served,
            admin,
            tasks,
            failed,
        })
    }
}

fn spawn_tasks(bound: Vec<Bound>, failed: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for service in bound {
        for (task, future) in service.tasks {
            let failed = failed.clone();
            let service = service.name;
            tasks.spawn(async move {
                if std::panic::AssertUnwindSafe(future).catch_unwind().await.is_err() {
                    tracing::error!(service, task, "a background task panicked; stopping");
                    failed.cancel();
                }
            });
        }
    }
    tasks
}

async fn set_health(health: &HealthReporter, names: &[&'static str], status: ServingStatus) {
    for name in names {
        health.set_service_status(name, status).await;
    }
}

/// Services that are being served. Dropping it stops them the hard way; [`Running::shutdown`] is the kind one.
pub struct Running {
    addr: SocketAddr,
    admin_addr: Option<SocketAddr>,
    context: Context,
    stop: Stop,
    health: HealthReporter,
    names: Vec<&'static str>,
    served: JoinHandle<()>,
    admin: Option<JoinHandle<()>>,
    tasks: JoinSet<()>,
    failed: CancellationToken,
}

impl Running {
    /// Where gRPC and HTTP are served, with the port that was taken.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://address:port` of [`Running::addr`].
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where metrics are served, if they are.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_addr
    }

    /// What the services got: for tests and for commands that make keys in a running suite.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Calls to the services of this suite as the service `vorrang`.
    pub fn peers(&self) -> &Peers {
        &self.context.peers
    }

    /// Ends when a background task has panicked; then the process should stop and be started again.
    pub async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Stops in order: health says NOT_SERVING, no new connections, streams end with UNAVAILABLE, calls in work finish
    /// within 10 seconds, then background tasks, then the private Redis; spans are flushed. Takes at most 15 seconds and
    /// little more than what is in work needs.
    pub async fn shutdown(mut self) {
        let hard = Instant::now() + HARD;
        set_health(&self.health, &self.names, ServingStatus::NotServing).await;
        self.stop.drain.cancel();
        let cut = self.stop.cut.clone();
        let grace = tokio::spawn(async move {
            tokio::time::sleep(STREAM_GRACE).await;
            cut.cancel();
        });
        if timeout_at(Instant::now() + DRAIN, &mut self.served).await.is_err() {
            tracing::warn!("calls were still in work after {DRAIN:?} and are cut off");
        }
        grace.abort();
        self.stop.cut.cancel();
        self.context.shutdown.cancel();
        let tasks = async { while self.tasks.join_next().await.is_some() {} };
        if timeout_at(hard, tasks).await.is_err() {
            tracing::warn!("background tasks were still running after {HARD:?} and are dropped");
            self.tasks.abort_all();
        }
        self.stop.hard.cancel();
        self.context.redis.stop().await;
        // Flushing blocks, which a runtime's thread must not; that it fails was logged by the exporter.
        let _ = tokio::task::spawn_blocking(vorrang_telemetry::flush).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.context.shutdown.cancel();
        self.stop.drain.cancel();
        self.stop.cut.cancel();
        self.stop.hard.cancel();
        self.served.abort();
        if let Some(admin) = &self.admin {
            admin.abort();
        }
    }
}
