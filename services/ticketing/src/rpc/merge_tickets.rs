//! Makes tickets part of another one.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::store::Merging;

/// Most sources of one call.
const SOURCES_MAX: usize = 100;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::MergeTicketsRequest>) -> Result<pb::MergeTicketsResponse, Error> {
    let mut violations = Violations::new();
    let mut call = app::call("MergeTickets", &request, &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let target = input::ticket_ref("target", &request.target, &mut violations);
    if request.sources.is_empty() || request.sources.len() > SOURCES_MAX {
        violations.add("sources", format!("must be 1 to {SOURCES_MAX} tickets"));
    }
    let sources = request.sources.iter().take(SOURCES_MAX).enumerate();
    let sources = sources
        .map(|(index, name)| input::ticket_ref(&format!("sources[{index}]"), name, &mut violations))
        .collect();
    if let Some(agent) = input::agent("agent", &request.agent, &mut violations) {
        call.actor = app::agent(agent);
    }
    violations.into_result()?;
    let merging = Merging {
        target,
        sources,
        across_customers: request.across_customers,
        etag: request.etag,
    };
    app.store
        .merge_tickets(&call, merging, |target, sources| pb::MergeTicketsResponse {
            target: Some(convert::ticket(target)),
            sources: sources.iter().map(|source| convert::ticket_in_brief(source)).collect(),
        })
        .await
}
