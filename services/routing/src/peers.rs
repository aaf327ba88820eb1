//! Calls to ticketing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use vorrang_api::feed::v1::GetHeadRequest;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_api::ticketing::v1::internal_service_client::InternalServiceClient;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_api::timestamp;
use vorrang_error::{Error, Kind};
use vorrang_service::{Peers, peer_error};

use crate::contact::Ticket;
use crate::{convert, names};

/// No single call to ticketing may keep an agent waiting longer; most take milliseconds.
const CALL_MAX: Duration = Duration::from_secs(5);
/// A page of waiting tickets may take longer, but a rebuild must not hang.
const PAGE_MAX: Duration = Duration::from_secs(30);
/// Tickets of a page of the waiting ones.
const PAGE: i32 = 1_000;

/// A page of waiting tickets.
pub(crate) struct QueuedPage {
    pub tickets: Vec<Ticket>,
    /// Empty: this was the last.
    pub next: String,
    /// Feed cursor read before the first page, the same on every page.
    pub cursor: String,
    /// Its position.
    pub seq: i64,
}

/// Asks ticketing to give the ticket to the agent, if it still has the offered generation. Repeating it with the same offer is safe.
///
/// Fails with Conflict `GENERATION_CHANGED` (as `peer_reason`) when somebody was faster, Precondition when nobody may work on it any
/// more, NotFound when it is gone, Unavailable or Timeout when the outcome is unknown.
pub(crate) async fn accept_ticket(
    peers: &Peers,
    tenant: &str,
    offer: &str,
    ticket: &str,
    agent: &str,
    generation: i64,
    accepted_at: DateTime<Utc>,
) -> Result<pb::Ticket, Error> {
    let mut request = tonic::Request::new(pb::AcceptTicketRequest {
        request_id: offer.to_owned(),
        name: names::ticket_name(ticket),
        agent: names::agent_name(agent),
        generation,
        accepted_at: Some(timestamp(accepted_at)),
    });
    request.set_timeout(CALL_MAX);
    InternalServiceClient::new(peers.ticketing(Some(tenant)))
        .accept_ticket(request)
        .await
        .map(tonic::Response::into_inner)
        .map_err(|status| peer_error("ticketing", status))
}

/// A ticket as it is now.
pub(crate) async fn ticket(peers: &Peers, tenant: &str, ticket: &str) -> Result<pb::Ticket, Error> {
    let mut request = tonic::Request::new(pb::GetTicketRequest {
        name: names::ticket_name(ticket),
    });
    request.set_timeout(CALL_MAX);
    TicketServiceClient::new(peers.ticketing(Some(tenant)))
        .get_ticket(request)
        .await
        .map(tonic::Response::into_inner)
        .map_err(|status| peer_error("ticketing", status))
}

/// As [`ticket()`], as routing sees it; `None` when it is gone.
pub(crate) async fn known_ticket(peers: &Peers, tenant: &str, id: &str) -> Result<Option<Ticket>, Error> {
    match ticket(peers, tenant, id).await {
        Ok(found) => Ok(convert::queued(&found)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A page of the tickets that wait; `token` is empty for the first.
pub(crate) async fn queued_tickets(peers: &Peers, tenant: &str, token: &str) -> Result<QueuedPage, Error> {
    let mut request = tonic::Request::new(pb::ListQueuedTicketsRequest {
        page_size: PAGE,
        page_token: token.to_owned(),
    });
    request.set_timeout(PAGE_MAX);
    let page = InternalServiceClient::new(peers.ticketing(Some(tenant)))
        .list_queued_tickets(request)
        .await
        .map_err(|status| peer_error("ticketing", status))?
        .into_inner();
    Ok(QueuedPage {
        tickets: page.tickets.iter().filter_map(convert::queued).collect(),
        next: page.next_page_token,
        cursor: page.cursor,
        seq: page.seq,
    })
}

/// The cursor of the tenant's feed as it stands.
pub(crate) async fn head(peers: &Peers, tenant: &str) -> Result<String, Error> {
    let mut request = tonic::Request::new(GetHeadRequest {});
    request.set_timeout(CALL_MAX);
    FeedServiceClient::new(peers.ticketing(Some(tenant)))
        .get_head(request)
        .await
        .map(|answer| answer.into_inner().cursor)
        .map_err(|status| peer_error("ticketing", status))
}

/// All tenants that ticketing knows.
pub(crate) async fn tenants(peers: &Peers) -> Result<Vec<String>, Error> {
    let answer = InternalServiceClient::new(peers.ticketing(None))
        .list_tenants(pb::ListTenantsRequest {})
        .await
        .map_err(|status| peer_error("ticketing", status))?;
    Ok(answer.into_inner().tenants)
}
