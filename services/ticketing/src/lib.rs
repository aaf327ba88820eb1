//! Ticketing: customers, tickets, messages, and the log of everything that changed.
//!
//! The walk of a request: `grpc.rs` → `rpc/<name>.rs` reads the whole request and decides in one call of the [`store`],
//! whose transaction locks, runs a pure function of [`ticket`], [`customer`] or [`desk`], and commits rows, answer and
//! events together. Contacts come through [`intake`], which coalesces concurrent calls into one transaction.
// The compiler counts how deep futures nest: a call, the store, the ORM, the driver, and a test around them.
#![recursion_limit = "256"]

mod action;
mod app;
mod attributes;
mod automation;
mod contact;
mod conversation;
mod convert;
mod courier;
mod custom;
mod customer;
mod desk;
mod event;
mod file;
mod filter;
mod forget;
mod grpc;
mod http;
mod intake;
mod loops;
mod macros;
mod merge_vouched;
mod message;
mod names;
mod objects;
mod order;
mod organization;
mod past;
mod privacy;
mod proofs;
mod record;
mod retention;
mod review;
mod rpc;
mod schedule;
mod send_due;
mod sla;
mod state;
mod store;
mod sub_state;
mod suggestion;
mod survey;
mod ticket;
mod webhook;
mod words;

use std::sync::Arc;
use std::time::Duration;

use vorrang_api::raw::ticketing::feed_service_server::FeedServiceServer;
use vorrang_api::ticketing::v1::attachment_service_server::AttachmentServiceServer;
use vorrang_api::ticketing::v1::automation_service_server::AutomationServiceServer;
use vorrang_api::ticketing::v1::customer_record_service_server::CustomerRecordServiceServer;
use vorrang_api::ticketing::v1::customer_service_server::CustomerServiceServer;
use vorrang_api::ticketing::v1::internal_service_server::InternalServiceServer;
use vorrang_api::ticketing::v1::live_service_server::LiveServiceServer;
use vorrang_api::ticketing::v1::macro_service_server::MacroServiceServer;
use vorrang_api::ticketing::v1::organization_service_server::OrganizationServiceServer;
use vorrang_api::ticketing::v1::privacy_service_server::PrivacyServiceServer;
use vorrang_api::ticketing::v1::review_service_server::ReviewServiceServer;
use vorrang_api::ticketing::v1::schedule_service_server::ScheduleServiceServer;
use vorrang_api::ticketing::v1::sla_policy_service_server::SlaPolicyServiceServer;
use vorrang_api::ticketing::v1::sla_service_server::SlaServiceServer;
use vorrang_api::ticketing::v1::sub_state_service_server::SubStateServiceServer;
use vorrang_api::ticketing::v1::survey_service_server::SurveyServiceServer;
use vorrang_api::ticketing::v1::ticket_field_service_server::TicketFieldServiceServer;
use vorrang_api::ticketing::v1::ticket_relation_service_server::TicketRelationServiceServer;
use vorrang_api::ticketing::v1::ticket_service_server::TicketServiceServer;
use vorrang_api::ticketing::v1::webhook_service_server::WebhookServiceServer;
use vorrang_clock::SharedClock;
use vorrang_database::Database;
use vorrang_egress::{Egress, Policy, SystemResolver};
use vorrang_error::Error;
use vorrang_feed::{Feed, Owner, Retention};
use vorrang_service::{Bound, Config, Context, Ids, Secrets, configured};

pub use store::migrations::Migrator;

use crate::app::App;
use crate::convert::FeedFields;
use crate::courier::Courier;
use crate::grpc::Ticketing;
use crate::http::Pages;
use crate::intake::Intake;
use crate::objects::Objects;
use crate::store::{Personal, Store};
use crate::survey::Links;

/// How long an endpoint may take to answer, connecting included.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);

/// Opens the database and serves customers, tickets, surveys and reviews, the doors for ingestion and routing, and the feed;
/// customers' answers come by HTTP.
///
/// # Errors
/// When the database cannot be reached or has another schema.
pub async fn bind(context: Context) -> Result<Bound, Error> {
    let database = context.open_database::<Migrator>("ticketing").await?;
    let links = Links::new(&context.config.public_url(), &context.secrets.link_keys());
    let store = Store::new(
        database.clone(),
        context.clock.clone(),
        context.ids.clone(),
        Personal::new(context.secrets.data_key()),
        links.clone(),
    );
    let pages = Pages {
        store: store.clone(),
        links,
        clock: context.clock.clone(),
        rate: context.rate.clone(),
    };
    let due = store.clone();
    let feed = Feed::new(
        Owner::Ticketing,
        database.clone(),
        context.secrets.cursor_key(),
        context.clock.clone(),
    )
    .with_fields(Arc::new(FeedFields))
    .with_opener(Arc::new(store.clone()))
    .with_retention(Retention {
        days: context.config.feed.retention_days,
        hold_days: context.config.feed.consumer_hold_days,
    });
    let egress = Egress::new(
        Policy {
            allow: context.config.ticketing.webhook_allow_private(),
        },
        Arc::new(SystemResolver),
        &context.config.ticketing.webhook_ca_file,
        WEBHOOK_TIMEOUT,
    )?;
    let courier = Courier::new(store.clone(), feed.clone(), egress, context.clock.clone());
    let merging = store.clone();
    let sla = store.clone();
    let objects = open_objects(&context.config)?;
    // Whom a restore has brought back is gone again before anybody is served. A store that is down must not keep tickets from
    // being served, so that this is tried again by `vorrang migrate --restored`, which does insist.
    if let Err(error) = proofs::carry_out_again(&store, &objects).await {
        tracing::warn!(error = error.chain(), "erasures were not compared with their proofs");
    }
    let automations = store.clone();
    let ticketing = Ticketing(App {
        intake: Intake::new(store.clone()),
        store: store.clone(),
        feed: feed.clone(),
        objects: objects.clone(),
        attachment_max: context.config.ticketing.attachment_max_bytes,
        courier: courier.clone(),
    });
    let (clock, shutdown) = (context.clock.clone(), context.shutdown.clone());
    Ok(Bound::new("ticketing")
        .grpc(configured!(TicketServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(
            TicketRelationServiceServer::new(ticketing.clone()),
            context
        ))
        .grpc(configured!(SubStateServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(TicketFieldServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(CustomerServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(OrganizationServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(
            CustomerRecordServiceServer::new(ticketing.clone()),
            context
        ))
        .grpc(configured!(ScheduleServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(SlaPolicyServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(SlaServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(WebhookServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(MacroServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(AutomationServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(InternalServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(LiveServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(SurveyServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(ReviewServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(AttachmentServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(PrivacyServiceServer::new(ticketing.clone()), context))
        .grpc(configured!(FeedServiceServer::new(ticketing), context))
        .task("proofs", proofs::run(store.clone(), objects.clone(), shutdown.clone()))
        .task("retention", retention::run(store, objects, shutdown.clone()))
        .http(http::routes(pages))
        .task("feed", feed.run(shutdown.clone()))
        .task("webhooks", courier.run(shutdown.clone()))
        .task("merge customers", merge_vouched::run(merging, shutdown.clone()))
        .task("sla", loops::sla::run(sla, clock.clone(), shutdown.clone()))
        .task("surveys", send_due::run(due.clone(), clock.clone(), shutdown.clone()))
        .task("calls", loops::calls::run(due, clock.clone(), shutdown.clone()))
        .task(
            "automations",
            loops::automations::run(automations, clock.clone(), shutdown.clone()),
        )
        .task("forget answers", forget::run(database, clock, shutdown)))
}

/// After a restore of the database: carries out again the erasures that it does not know, from their proofs in the object
/// store. To be run before anybody is served; gives how many there were.
///
/// # Errors
/// When the database or the object store cannot be reached; then nobody must be served.
pub async fn restored(
    database: Database,
    config: &Config,
    secrets: &Secrets,
    clock: SharedClock,
) -> Result<usize, Error> {
    let personal = Personal::new(secrets.data_key());
    let links = Links::new(&config.public_url(), &secrets.link_keys());
    let store = Store::new(database, clock, Ids::default(), personal, links);
    proofs::carry_out_again(&store, &open_objects(config)?).await
}

fn open_objects(config: &Config) -> Result<Objects, Error> {
    let folder = config.data_dir.join("ticketing");
    Objects::open(&config.ticketing.attachments_url, &folder)
}
