//! Streams the log.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Status};
use vorrang_api::feed::v1::FollowRequest;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;
use vorrang_feed::{Batch, Response, Tenancy};
use vorrang_identity::Tenant;

use crate::app::App;
use crate::store::Store;

/// What the stream carries.
pub type Responses = BoxStream<'static, Result<pb::FollowResponse, Status>>;

/// See the contract.
pub async fn handle(app: &App, request: Request<FollowRequest>) -> Result<Responses, Error> {
    let tenancy = match &vorrang_service::caller(&request)?.tenant {
        Tenant::One(tenant) => Tenancy::One(tenant.clone()),
        Tenant::All => Tenancy::All,
    };
    let batches = app.feed.follow(tenancy, request.into_inner()).await?;
    let store = app.store.clone();
    Ok(batches
        .then(move |batch| {
            let store = store.clone();
            async move {
                match batch {
                    Ok(batch) => open(&store, batch).await,
                    Err(error) => Err(error),
                }
                .map_err(vorrang_service::status)
            }
        })
        .boxed())
}

/// The batch with what is personal in its events, unless that was erased.
async fn open(store: &Store, mut batch: Batch) -> Result<pb::FollowResponse, Error> {
    store.open_events(&batch.tenant, &mut batch.events).await?;
    Response::pack(batch)
}
