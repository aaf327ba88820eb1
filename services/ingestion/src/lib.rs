//! Ingestion: the door for contacts. See README.md.

mod app;
mod chat;
mod collector;
pub mod contact;
mod convert;
mod delivery;
mod departures;
mod events;
mod follow;
mod forget;
mod grpc;
mod hours;
mod http;
mod import;
mod importer;
mod intake;
pub mod language;
pub mod mail;
mod mailboxes;
pub mod mails;
mod metrics;
mod names;
mod oauth;
mod outage;
mod outbox;
mod outcome;
pub mod outgoing;
mod pace;
pub mod presets;
mod reading;
mod recorder;
mod rpc;
mod seal;
mod store;
pub mod tokens;
pub mod trial;

use vorrang_api::ingestion::v1::call_service_server::CallServiceServer;
use vorrang_api::ingestion::v1::chat_service_server::ChatServiceServer;
use vorrang_api::ingestion::v1::import_service_server::ImportServiceServer;
use vorrang_api::ingestion::v1::ingestion_service_server::IngestionServiceServer;
use vorrang_api::ingestion::v1::quarantine_service_server::QuarantineServiceServer;
use vorrang_api::ingestion::v1::source_service_server::SourceServiceServer;
use vorrang_error::Error;
use vorrang_service::{Bound, Context, configured};
use vorrang_typing::Typing;

use app::App;
use delivery::Courier;
use departures::Departures;
use grpc::Grpc;
use importer::Importer;
use mailboxes::Mailboxes;
use outbox::Outbox;
use presets::{Folder, Presets};
use recorder::Recorder;
use rpc::record_contacts::Ticketing;
use rpc::record_history::History;
use seal::Seal;
use store::Store;
use tokens::Tokens;

pub use store::Migrator;

/// What a request may hold besides the mail.
const MAIL_ENVELOPE: usize = 64 << 10;

/// Opens the database, reads the presets and mailboxes, and gives what is to be served: six gRPC services, the webhooks'
/// routes, and the tasks that empty inbox and outbox and apply imports. Ticketing may start later.
///
/// # Errors
/// As [`Context::open_database`]; Precondition `PRESET_INVALID` and `MAILBOXES_INVALID` naming the file.
pub async fn bind(context: Context) -> Result<Bound, Error> {
    let database = context.open_database::<Migrator>("ingestion").await?;
    let (folder, named) = context.config.ingestion_presets();
    let presets = Presets::load(Some(Folder { path: &folder, named }))?;
    let mailboxes = Mailboxes::load(&context.config.ingestion_data())?;
    let store = Store::new(database.clone(), context.ids.clone());
    let ticketing = Ticketing::new(context.peers.clone());
    let recorder = Recorder::new(store.clone(), ticketing.clone(), context.clock.clone());
    let courier = Courier::new(store.clone(), ticketing, context.clock.clone());
    let erasures = follow::run(
        database.clone(),
        store.clone(),
        context.peers.clone(),
        context.clock.clone(),
        context.shutdown.clone(),
    );
    let incoming = mailboxes.incoming().to_vec();
    // The one Redis of the installation; while it is away nobody hears who types, and nothing else.
    let typing = match context.redis_url().await {
        Ok(url) => Typing::connect(&url)?,
        Err(error) => {
            tracing::warn!(error = error.chain(), "there is no Redis: nobody is told who types");
            Typing::nowhere()
        }
    };
    let addresses = mailboxes.addresses();
    let leaving = Departures::new(store.clone(), context.peers.clone(), context.clock.clone());
    let sends = mailboxes.tenants().next().is_some();
    let outbox = Outbox::new(
        store.clone(),
        mailboxes,
        Tokens::new(&context.secrets.link_keys()),
        Seal::new(context.secrets.internal_key()),
        context.peers.clone(),
        context.clock.clone(),
    );
    let forgetful = store.clone();
    let importer = Importer::new(
        store.clone(),
        History::new(context.peers.clone()),
        Seal::new(context.secrets.internal_key()),
        context.clock.clone(),
    );
    let app = App::new(&context, store, presets, recorder, typing.clone(), addresses);
    let grpc = Grpc(app.clone());
    // A mail is larger than other messages may be.
    let largest = context
        .config
        .limits
        .max_message_bytes
        .max(intake::MAX_MAIL + MAIL_ENVELOPE);
    let pushes = configured!(IngestionServiceServer::new(grpc.clone()), context).max_decoding_message_size(largest);
    let bound = Bound::new("ingestion")
        .grpc(pushes)
        .grpc(configured!(ChatServiceServer::new(grpc.clone()), context))
        .grpc(configured!(CallServiceServer::new(grpc.clone()), context))
        .grpc(configured!(SourceServiceServer::new(grpc.clone()), context))
        .grpc(configured!(QuarantineServiceServer::new(grpc.clone()), context))
        .grpc(configured!(ImportServiceServer::new(grpc), context))
        .task("conversations", app.hub.clone().run(context.shutdown.clone()))
        .http(http::routes(app.clone()))
        .task("typing", typing.clone().run(context.shutdown.clone()))
        .task(
            "typing agents",
            app.hub.clone().type_on(typing, context.shutdown.clone()),
        )
        .task("departures", leaving.run(context.shutdown.clone()))
        .task("inbox", courier.run(context.shutdown.clone()))
        .task("imports", importer.run(context.shutdown.clone()))
        .task("erasures", erasures)
        .task(
            "forget",
            forget::run(database, forgetful, context.clock.clone(), context.shutdown.clone()),
        );
    let bound = match incoming.is_empty() {
        true => bound,
        false => bound.task("mailboxes", collector::run(app, incoming, context.shutdown.clone())),
    };
    Ok(match sends {
        true => bound.task("outbox", outbox.run(context.shutdown.clone())),
        false => bound,
    })
}
