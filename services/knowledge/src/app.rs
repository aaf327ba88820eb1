//! What handlers may use.

use prost::Message;
use tonic::Request;
use vorrang_clock::SharedClock;
use vorrang_database::idempotency::REQUEST_ID_MAX;
use vorrang_error::{Error, Violations};
use vorrang_feed::Feed;
use vorrang_service::{Ids, Peers};

use crate::search::Search;
use crate::store::{Actor, Call, Store};

/// Everything a handler reaches. Clones share it.
#[derive(Clone)]
pub(crate) struct App {
    pub store: Store,
    pub search: Search,
    pub feed: Feed,
    pub peers: Peers,
    pub clock: SharedClock,
    pub ids: Ids,
}

/// Who is meant to have caused the change that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The customer whose session it is; the credential is only the messenger's.
    Customer,
    /// The holder of the credential.
    Credential,
}

impl App {
    /// What `method`'s change is made under. Reads the caller, never the request's own words, for the tenant.
    pub(crate) fn call<M: Message>(
        &self,
        method: &str,
        request: &Request<M>,
        request_id: &str,
        by: By,
        violations: &mut Violations,
    ) -> Result<Call, Error> {
        let printable = request_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable || request_id.len() > REQUEST_ID_MAX {
            violations.add("request_id", "must be at most 128 printable ASCII characters");
        }
        let actor = match by {
            By::Customer => Actor::Customer,
            By::Credential => Actor::Automation(vorrang_service::caller(request)?.credential_id.clone()),
        };
        Ok(Call {
            tenant: vorrang_service::tenant(request)?,
            request_id: request_id.to_owned(),
            request_hash: vorrang_service::request_hash(method, request.get_ref()),
            actor,
            trace_parent: vorrang_service::trace_parent(),
            now: self.clock.now(),
        })
    }
}
