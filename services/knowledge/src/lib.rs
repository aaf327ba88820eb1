//! Knowledge: articles, the search over them, and how customers helped themselves with them.
//!
//! The walk of a request: `grpc.rs` → `rpc/<name>.rs` reads the whole request and decides in one call of the [`store`],
//! whose transaction runs a pure function of [`article`] or [`session`] and commits row, answer and event together.
//! [`search`] follows the log and keeps one full-text index per tenant, which can be thrown away at any time.

mod app;
mod article;
mod convert;
mod event;
#[cfg(test)]
mod fixtures;
mod follow;
mod grpc;
mod locale;
mod loops;
mod names;
mod peers;
mod rpc;
mod search;
mod session;
mod store;

use vorrang_api::knowledge::v1::article_service_server::ArticleServiceServer;
use vorrang_api::knowledge::v1::session_service_server::SessionServiceServer;
use vorrang_api::raw::knowledge::feed_service_server::FeedServiceServer;
use vorrang_error::Error;
use vorrang_feed::{Feed, Owner, Retention};
use vorrang_service::{Bound, Context, configured};

pub use store::Migrator;

use crate::app::App;
use crate::grpc::Knowledge;
use crate::search::Search;
use crate::store::Store;

/// Opens the database and serves articles, sessions and the feed. The search indexes are opened, or built, in the
/// background and when they are first asked for.
pub async fn bind(context: Context) -> Result<Bound, Error> {
    let database = context.open_database::<Migrator>("knowledge").await?;
    let folder = context.data_folder("knowledge")?.join("index");
    let store = Store::new(database.clone(), context.ids.clone());
    let search = Search::new(store.clone(), folder);
    let feed = Feed::new(
        Owner::Knowledge,
        database.clone(),
        context.secrets.cursor_key(),
        context.clock.clone(),
    )
    .with_retention(Retention {
        days: context.config.feed.retention_days,
        hold_days: context.config.feed.consumer_hold_days,
    });
    let (clock, shutdown) = (context.clock.clone(), context.shutdown.clone());
    let knowledge = Knowledge(App {
        store: store.clone(),
        search: search.clone(),
        feed: feed.clone(),
        peers: context.peers.clone(),
        clock: clock.clone(),
        ids: context.ids.clone(),
    });
    Ok(Bound::new("knowledge")
        .grpc(configured!(ArticleServiceServer::new(knowledge.clone()), context))
        .grpc(configured!(SessionServiceServer::new(knowledge.clone()), context))
        .grpc(configured!(FeedServiceServer::new(knowledge), context))
        .task("feed", feed.run(shutdown.clone()))
        .task("search index", search.run(shutdown.clone()))
        .task(
            "erasures",
            follow::run(store.clone(), context.peers.clone(), clock.clone(), shutdown.clone()),
        )
        .task(
            "link tickets",
            loops::link_tickets::run(store, context.peers.clone(), clock.clone(), shutdown.clone()),
        )
        .task("forget answers", loops::forget_answers::run(database, clock, shutdown)))
}
