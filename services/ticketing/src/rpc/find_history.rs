//! What is known of a source's past already.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::input;
use crate::past::LINES_MAX;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::FindHistoryRequest>) -> Result<pb::FindHistoryResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    input::history_source("source", &request.source, &mut violations);
    if request.hashes.len() > LINES_MAX {
        violations.add("hashes", format!("at most {LINES_MAX} hashes"));
    }
    if request.tickets.len() > 2 * LINES_MAX {
        violations.add("tickets", format!("at most {} ids", 2 * LINES_MAX));
    }
    let hashes: Vec<[u8; 32]> = request
        .hashes
        .iter()
        .filter_map(|hash| <[u8; 32]>::try_from(&hash[..]).ok())
        .collect();
    if hashes.len() != request.hashes.len() {
        violations.add("hashes", "each must have 32 bytes");
    }
    violations.into_result()?;
    let (recorded, known) = app
        .store
        .find_history(&tenant, &request.source, &hashes, &request.tickets)
        .await?;
    let tickets = known.into_iter().map(|one| pb::find_history_response::KnownTicket {
        ticket: one.ticket,
        opened_at: Some(vorrang_api::timestamp(one.opened_at)),
        merged_into: one.merged_into.unwrap_or_default(),
    });
    Ok(pb::FindHistoryResponse {
        recorded,
        tickets: tickets.collect(),
    })
}
