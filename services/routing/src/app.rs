//! What handlers and loops may use.

use prost::Message;
use tokio_util::task::TaskTracker;
use tonic::Request;
use vorrang_clock::SharedClock;
use vorrang_database::idempotency::REQUEST_ID_MAX;
use vorrang_error::{Error, Violations};
use vorrang_feed::Feed;
use vorrang_queue::Queue;
use vorrang_service::{Ids, Peers};
use vorrang_typing::Typing;

use crate::desks::Desks;
use crate::policies::Policies;
use crate::rebuild::Rebuilds;
use crate::recorder::Recorder;
use crate::store::{Call, Store};

/// Everything a handler reaches. Clones share it.
#[derive(Clone)]
pub(crate) struct App {
    pub store: Store,
    pub queue: Queue,
    pub feed: Feed,
    pub peers: Peers,
    pub clock: SharedClock,
    pub ids: Ids,
    /// The policies in force.
    pub policies: Policies,
    /// Writes decisions into the log.
    pub recorder: Recorder,
    /// The streams of this process.
    pub desks: Desks,
    /// Which queues are being rebuilt by this process.
    pub rebuilds: Rebuilds,
    /// Who types.
    pub typing: Typing,
    /// The tasks of the agents' streams.
    pub streams: TaskTracker,
}

impl App {
    /// What an administrator's change is made under. Reads the caller, never the request's own words, for the tenant.
    pub(crate) fn call<M: Message>(
        &self,
        method: &str,
        request: &Request<M>,
        request_id: &str,
        violations: &mut Violations,
    ) -> Result<Call, Error> {
        let printable = request_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || request_id.len() > REQUEST_ID_MAX {
            violations.add("request_id", "must be at most 128 printable ASCII characters");
        }
        Ok(Call {
            tenant: vorrang_service::tenant(request)?,
            request_id: request_id.to_owned(),
            request_hash: vorrang_service::request_hash(method, request.get_ref()),
            actor: vorrang_service::caller(request)?.credential_id.clone(),
            trace_parent: vorrang_service::trace_parent(),
            now: self.clock.now(),
        })
    }
}
