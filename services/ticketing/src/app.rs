//! What handlers may use.

use prost::Message;
use tonic::Request;
use vorrang_database::idempotency::REQUEST_ID_MAX;
use vorrang_error::{Error, Violations};
use vorrang_feed::Feed;

use crate::intake::Intake;
use crate::store::{Call, Store};
use crate::words::{Actor, ActorKind};

/// Everything a handler reaches. Clones share it.
#[derive(Clone)]
pub struct App {
    /// Where tickets live.
    pub store: Store,
    /// Where contacts come in.
    pub intake: Intake,
    /// Where the log goes out.
    pub feed: Feed,
}

/// The call that a request is: tenant and actor from the credential, never from the request's own words.
pub fn call<M: Message>(
    method: &str,
    request: &Request<M>,
    request_id: &str,
    violations: &mut Violations,
) -> Result<Call, Error> {
    if request_id.len() > REQUEST_ID_MAX || !request_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        violations.add(
            "request_id",
            format!("must be at most {REQUEST_ID_MAX} printable ASCII characters"),
        );
    }
    Ok(Call {
        tenant: vorrang_service::tenant(request)?,
        request_id: request_id.to_owned(),
        request_hash: vorrang_service::request_hash(method, request.get_ref()),
        actor: Actor {
            kind: ActorKind::Automation,
            id: vorrang_service::caller(request)?.credential_id.clone(),
        },
        trace_parent: vorrang_service::trace_parent(),
    })
}

/// The actor that an agent's name makes.
pub fn agent(name: String) -> Actor {
    Actor {
        kind: ActorKind::Agent,
        id: name,
    }
}
