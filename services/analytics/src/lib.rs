//! Analytics: key figures from what happened in ticketing, routing and knowledge.
//!
//! It owns nothing: the facts are read from the owners' feeds and can be rebuilt at any time; [`store`] keeps a copy of them. The walk of a request:
//! [`grpc`] → `rpc/` → [`query`], which asks a figure of [`kpis`] to observe a [`view`]: the [`rows`] that the [`facts`]
//! amount to as they read at a [`moment`]. `follow` fills the [`projection`]; [`history`] reads imported lines.

pub mod buckets;
pub mod compare;
mod convert;
pub mod dimensions;
pub mod episodes;
pub mod facts;
mod follow;
mod grpc;
mod heads;
pub mod history;
mod http;
pub mod journey;
pub mod kpis;
pub mod moment;
pub mod paths;
mod peers;
pub mod profile;
pub mod projection;
pub mod query;
mod rollups;
pub mod rows;
mod rpc;
pub mod statistics;
pub mod store;
pub mod view;
pub mod visits;
pub mod wallboard;

use std::sync::Arc;

use vorrang_api::analytics::v1::insight_service_server::InsightServiceServer;
use vorrang_api::analytics::v1::kpi_service_server::KpiServiceServer;
use vorrang_clock::SharedClock;
use vorrang_error::Error;
use vorrang_service::{Bound, Context, configured};

use crate::heads::Heads;
use crate::projection::Projection;
use crate::store::Store;

/// What the handlers share.
struct Analytics {
    projection: Projection,
    heads: Heads,
    clock: SharedClock,
}

/// Binds the service: follows the three feeds from where the kept facts end, or from their beginning, and serves key figures as soon as they were read
/// once. Peers that are not there yet are waited for in the background.
pub async fn bind(context: Context) -> Result<Bound, Error> {
    let projection = Projection::new();
    let store = Store::new(context.data_folder("analytics")?);
    let (kept, into) = (store.clone(), projection.clone());
    tokio::task::spawn_blocking(move || kept.load(&into))
        .await
        .map_err(|why| Error::internal("reading the kept facts broke off").caused_by(why))??;
    let analytics = Arc::new(Analytics {
        projection: projection.clone(),
        heads: Heads::new(context.peers.clone()),
        clock: context.clock.clone(),
    });
    let follow = follow::run(
        projection.clone(),
        store.clone(),
        context.peers.clone(),
        context.shutdown.clone(),
    );
    let keep = store::run(store, projection, context.shutdown.clone());
    let wall = http::Wall {
        analytics: analytics.clone(),
        peers: context.peers.clone(),
        verifier: context.verifier.clone(),
        rate: context.rate.clone(),
    };
    let grpc = grpc::Grpc(analytics);
    Ok(Bound::new("analytics")
        .grpc(configured!(KpiServiceServer::new(grpc.clone()), context))
        .grpc(configured!(InsightServiceServer::new(grpc), context))
        .http(http::routes(wall))
        .task("follow the feeds", follow)
        .task("keep the facts", keep))
}
