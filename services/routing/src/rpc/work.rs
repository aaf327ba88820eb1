//! The agents' stream. A task of its own drives each: `hello.rs` reads who is there, `session.rs` is the loop, `requests.rs` follows
//! what the desktop says, `offers.rs` gives and takes offers, `accept.rs` lets ticketing decide, `outcomes.rs` tells
//! the agent, `held.rs` what they hold from before.

mod accept;
mod held;
mod hello;
mod offers;
mod outcomes;
mod requests;
mod session;

use futures::Stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use vorrang_api::routing::v1 as pb;
use vorrang_error::Error;

use crate::app::App;

/// Responses that may wait for a slow desktop; then its stream waits, and its offers expire.
const RESPONSES_MAX: usize = 64;

pub(crate) fn handle(
    app: &App,
    request: Request<Streaming<pb::WorkRequest>>,
) -> Result<impl Stream<Item = Result<pb::WorkResponse, Status>> + Send + 'static, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let (out, responses) = mpsc::channel(RESPONSES_MAX);
    // The answer starts before `hello` comes: some clients send nothing until they see it.
    app.streams
        .spawn(session::run(app.clone(), tenant, request.into_inner(), out));
    Ok(ReceiverStream::new(responses))
}
