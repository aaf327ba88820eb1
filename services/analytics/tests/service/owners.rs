//! Stand-ins for ticketing, routing and knowledge: real logs in SQLite, served by the real feed over the wire.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use sea_orm_migration::sea_orm::ConnectionTrait as _;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tonic::{Request, Response, Status};
use uuid::Uuid;
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, FollowRequest, GetConsumerRequest, GetHeadRequest,
    GetHeadResponse, ListConsumersRequest, ListConsumersResponse,
};
use vorrang_api::{knowledge, raw, ticketing};
use vorrang_database::event_log::{self, NewEvent};
use vorrang_database::{Database, from_micros};
use vorrang_feed::{Feed, Owner, Tenancy};
use vorrang_identity::Tenant;
use vorrang_service::{Bind, Bound, Context, caller, configured, status, tenant};
use vorrang_testkit::TestDatabase;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(event_log::Migration)]
    }
}

/// The three logs. They outlive the services that are started on them.
pub struct Owners {
    ticketing: Log,
    routing: Log,
    knowledge: Log,
}

struct Log {
    database: Database,
    _file: TestDatabase,
}

impl Log {
    async fn new() -> Self {
        let file = vorrang_testkit::sqlite();
        let database = Database::connect(file.url()).await.expect("connects");
        database.migrate::<Migrator>().await.expect("migrates");
        Self { database, _file: file }
    }
}

impl Owners {
    pub async fn new() -> Self {
        Self {
            ticketing: Log::new().await,
            routing: Log::new().await,
            knowledge: Log::new().await,
        }
    }

    /// Appends ticketing's events for `tenant`, each with the second at which it happened.
    pub async fn ticketing(&self, tenant: &str, events: Vec<(i64, ticketing::v1::event::Payload)>) {
        let payloads = events.into_iter().map(|(second, payload)| {
            let event = ticketing::v1::Event {
                cause: None,
                head: None,
                payload: Some(payload),
            };
            (second, prost::Message::encode_to_vec(&event))
        });
        append(&self.ticketing.database, tenant, payloads.collect()).await;
    }

    /// Appends knowledge's events for `tenant`.
    pub async fn knowledge(&self, tenant: &str, events: Vec<(i64, knowledge::v1::event::Payload)>) {
        let payloads = events.into_iter().map(|(second, payload)| {
            let event = knowledge::v1::Event {
                head: None,
                payload: Some(payload),
            };
            (second, prost::Message::encode_to_vec(&event))
        });
        append(&self.knowledge.database, tenant, payloads.collect()).await;
    }

    /// Ticketing's log begins after everything that was told: nobody can read it from the beginning any more.
    pub async fn forget_what_ticketing_told(&self) {
        let tx = self.ticketing.database.begin().await.expect("a transaction");
        tx.conn()
            .execute_unprepared("DELETE FROM events")
            .await
            .expect("deletes");
        tx.commit().await.expect("commits");
    }

    /// Puts an empty ticketing in place of the one there was, as a restore from a backup does.
    pub async fn restore_empty_ticketing(&self) {
        let tx = self.ticketing.database.begin().await.expect("a transaction");
        for statement in ["DELETE FROM events", "DELETE FROM event_heads"] {
            tx.conn().execute_unprepared(statement).await.expect("deletes");
        }
        tx.commit().await.expect("commits");
        event_log::renew_epoch(&self.ticketing.database)
            .await
            .expect("a new epoch");
    }

    /// Serves the three feeds.
    pub fn bind(&self) -> Bind {
        let databases = [
            (Owner::Ticketing, &self.ticketing),
            (Owner::Routing, &self.routing),
            (Owner::Knowledge, &self.knowledge),
        ]
        .map(|(owner, log)| (owner, log.database.clone()));
        Bind::new("owners", move |context: Context| async move {
            let [ticketing, routing, knowledge] = databases.map(|(owner, database)| {
                Feed::new(owner, database, context.secrets.cursor_key(), context.clock.clone())
            });
            let shutdown = || context.shutdown.clone();
            Ok(Bound::new("owners")
                .task("ticketing", ticketing.run(shutdown()))
                .task("routing", routing.run(shutdown()))
                .task("knowledge", knowledge.run(shutdown()))
                .grpc(configured!(
                    raw::ticketing::feed_service_server::FeedServiceServer::new(Served(ticketing)),
                    context
                ))
                .grpc(configured!(
                    raw::routing::feed_service_server::FeedServiceServer::new(Served(routing)),
                    context
                ))
                .grpc(configured!(
                    raw::knowledge::feed_service_server::FeedServiceServer::new(Served(knowledge)),
                    context
                )))
        })
    }
}

async fn append(database: &Database, tenant: &str, payloads: Vec<(i64, Vec<u8>)>) {
    let events = payloads.into_iter().map(|(second, payload)| NewEvent {
        id: Uuid::new_v4(),
        kind: "whatever".to_owned(),
        subject: "tickets/t".to_owned(),
        occurred_at: from_micros(second * 1_000_000),
        actor_kind: "AUTOMATION".to_owned(),
        actor_id: "test".to_owned(),
        trace_parent: String::new(),
        payload,
    });
    let mut tx = database.begin().await.expect("a transaction");
    event_log::append(&mut tx, tenant, from_micros(0), events.collect())
        .await
        .expect("appends");
    tx.commit().await.expect("commits");
}

struct Served(Feed);

macro_rules! feed_service {
    ($owner:ident) => {
        #[tonic::async_trait]
        impl raw::$owner::feed_service_server::FeedService for Served {
            type FollowStream = BoxStream<'static, Result<raw::FollowResponse, Status>>;

            async fn follow(&self, request: Request<FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
                let tenancy = match &caller(&request).map_err(status)?.tenant {
                    Tenant::One(tenant) => Tenancy::One(tenant.clone()),
                    Tenant::All => Tenancy::All,
                };
                let responses = self
                    .0
                    .follow_encoded(tenancy, request.into_inner())
                    .await
                    .map_err(status)?;
                Ok(Response::new(
                    responses.map(|response| response.map_err(status)).boxed(),
                ))
            }

            async fn get_head(&self, request: Request<GetHeadRequest>) -> Result<Response<GetHeadResponse>, Status> {
                let tenant = tenant(&request).map_err(status)?;
                self.0.get_head(&tenant).await.map(Response::new).map_err(status)
            }

            async fn commit_cursor(&self, _: Request<CommitCursorRequest>) -> Result<Response<Consumer>, Status> {
                Err(Status::unimplemented("analytics keeps its own cursors"))
            }

            async fn get_consumer(&self, _: Request<GetConsumerRequest>) -> Result<Response<Consumer>, Status> {
                Err(Status::unimplemented("analytics keeps its own cursors"))
            }

            async fn list_consumers(
                &self,
                _: Request<ListConsumersRequest>,
            ) -> Result<Response<ListConsumersResponse>, Status> {
                Err(Status::unimplemented("analytics keeps its own cursors"))
            }

            async fn delete_consumer(&self, _: Request<DeleteConsumerRequest>) -> Result<Response<()>, Status> {
                Err(Status::unimplemented("analytics keeps its own cursors"))
            }
        }
    };
}

feed_service!(ticketing);
feed_service!(routing);
feed_service!(knowledge);
