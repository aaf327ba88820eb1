//! The gRPC face of the service: one file a service of the contract, one line an RPC.

mod attachment;
mod automations;
mod customer;
mod customer_record;
mod feed;
mod internal;
mod live;
mod macros;
mod organization;
mod privacy;
mod relation;
mod review;
mod schedule;
mod sla;
mod sla_policy;
mod sub_state;
mod survey;
mod ticket;
mod ticket_field;
mod webhook;

use tonic::{Response, Status};
use vorrang_error::Error;
use vorrang_service::status;

use crate::app::App;

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    result.map(Response::new).map_err(status)
}

/// Serves all of ticketing's contracts.
#[derive(Clone)]
pub struct Ticketing(pub App);
