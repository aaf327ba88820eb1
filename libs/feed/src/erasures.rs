//! For services that keep something of customers: follows ticketing's feed for one thing, that somebody was erased.
//!
//! The cursor moves with the effect, so that no erasure is left out, whenever the service was down. A log that is another one
//! after a restore is followed from its beginning again: erasing what is erased does nothing.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};
use vorrang_api::feed::v1::FollowRequest;
use vorrang_api::ticketing::v1::FollowResponse;
use vorrang_database::{Database, erased};
use vorrang_error::{Error, Kind};

use crate::{Follower, Incoming};

/// Before it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a cursor is kept that moved over nothing: after a start so much is read again.
const KEEP: Duration = Duration::from_secs(60);

/// Who was erased, and the cursor to be kept with the effect, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasures {
    /// Whose customers.
    pub tenant: String,
    /// Their names, `customers/{uuid}`, sorted; may be empty.
    pub customers: Vec<String>,
    /// Where to go on after them.
    pub cursor: String,
}

/// Hands erasures to `erase` until `shutdown`, in order, each at least once.
pub async fn follow_erasures<Open, Call, Erase>(
    database: Database,
    open: Open,
    erase: Erase,
    shutdown: CancellationToken,
) where
    Open: Fn(FollowRequest) -> Call + Clone + Send + 'static,
    Call: Future<Output = Result<tonic::Response<Streaming<FollowResponse>>, Status>> + Send + 'static,
    Erase: Fn(Erasures) -> BoxFuture<'static, Result<(), Error>>,
{
    loop {
        let error = tokio::select! {
            () = shutdown.cancelled() => return,
            error = follow(&database, open.clone(), &erase) => error,
        };
        tracing::warn!(error = error.chain(), "erasures are not carried out now; trying again");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

async fn follow<Open, Call, Erase>(database: &Database, open: Open, erase: &Erase) -> Error
where
    Open: Fn(FollowRequest) -> Call + Send + 'static,
    Call: Future<Output = Result<tonic::Response<Streaming<FollowResponse>>, Status>> + Send + 'static,
    Erase: Fn(Erasures) -> BoxFuture<'static, Result<(), Error>>,
{
    let cursors = match erased::cursors(database).await {
        Ok(cursors) => cursors,
        Err(error) => return error,
    };
    let mut follower = Follower::<FollowResponse>::all(open, cursors).types(["customer_erased"]);
    let mut kept: HashMap<String, Instant> = HashMap::new();
    loop {
        match follower.next().await {
            Ok(Incoming::Batch {
                tenant, events, cursor, ..
            }) => {
                // The subject of the event is who it is about.
                let mut customers: Vec<String> = events
                    .into_iter()
                    .filter_map(|event| Some(event.head?.subject))
                    .collect();
                // In the one order in which everybody locks them.
                customers.sort_unstable();
                let is_fresh = kept.get(&tenant).is_some_and(|at| at.elapsed() < KEEP);
                if customers.is_empty() && is_fresh {
                    continue;
                }
                kept.insert(tenant.clone(), Instant::now());
                let erasures = Erasures {
                    tenant,
                    customers,
                    cursor,
                };
                if let Err(error) = erase(erasures).await {
                    return error;
                }
            }
            Ok(Incoming::CaughtUp { .. }) => {}
            Err(error) => {
                // The log is not the one that the cursors belong to, or its oldest part is gone.
                if matches!(error.kind(), Kind::Precondition | Kind::OutOfRange | Kind::Invalid)
                    && let Err(error) = erased::forget_cursors(database).await
                {
                    return error;
                }
                return error;
            }
        }
    }
}
