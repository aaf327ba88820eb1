//! Live chat, the customer's side. A task of its own drives each stream: `start.rs` reads who is there, `session.rs` is the loop,
//! `transcript.rs` tells what others wrote, `hub.rs` hears of it from ticketing, `line.rs` is about waiting and leaving.

pub(crate) mod flood;
pub(crate) mod hub;
mod line;
mod session;
mod start;
mod transcript;

use futures::Stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use vorrang_api::ingestion::v1 as api;
use vorrang_error::Error;

use crate::app::App;

/// Responses that may wait for a slow customer's side; then its stream waits, and hears the rest later.
const RESPONSES_MAX: usize = 64;

pub(crate) fn handle(
    app: &App,
    request: Request<Streaming<api::ConverseRequest>>,
) -> Result<impl Stream<Item = Result<api::ConverseResponse, Status>> + Send + 'static, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let (out, responses) = mpsc::channel(RESPONSES_MAX);
    // The answer starts before `start` comes: some clients send nothing until they see it.
    tokio::spawn(session::run(app.clone(), tenant, request.into_inner(), out));
    Ok(ReceiverStream::new(responses))
}
