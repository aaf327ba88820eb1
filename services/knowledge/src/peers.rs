//! Calls to ingestion and ticketing.

use tonic::Code;
use vorrang_api::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use vorrang_api::ingestion::v1::{Contact, GetReceiptRequest, PushTicketRequest, receipt};
use vorrang_api::ticketing::v1::GetTicketRequest;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_error::Error;
use vorrang_service::{Peers, peer_error};

use crate::convert;
use crate::session::FollowUp;

/// Pushes a contact and tells where it is then, and whose it is. What ingestion finds wrong has the same path in our requests: both call
/// the field `contact`.
///
/// Fails with Invalid, also when another contact was pushed under this request id before, and when ingestion is away.
pub(crate) async fn push_contact(
    peers: &Peers,
    tenant: &str,
    request_id: String,
    contact: &Contact,
) -> Result<(FollowUp, String), Error> {
    let request = PushTicketRequest {
        request_id,
        contact: Some(contact.clone()),
    };
    let answer = IngestionServiceClient::new(peers.ingestion(Some(tenant)))
        .push_ticket(request)
        .await
        .map_err(|status| refused(peer_error("ingestion", status)))?;
    convert::follow_up(answer.into_inner().result.unwrap_or_default())
}

/// Where an accepted contact went, and whose it is; `None` while it waits for ticketing.
///
/// Fails when ingestion is away.
pub(crate) async fn delivered(peers: &Peers, tenant: &str, receipt: &str) -> Result<Option<(FollowUp, String)>, Error> {
    let answer = IngestionServiceClient::new(peers.ingestion(Some(tenant)))
        .get_receipt(GetReceiptRequest {
            name: receipt.to_owned(),
        })
        .await
        .map_err(|status| peer_error("ingestion", status))?
        .into_inner();
    match answer.state() {
        receipt::State::Delivered => convert::follow_up(answer.result.unwrap_or_default()).map(Some),
        receipt::State::Pending | receipt::State::Unspecified => Ok(None),
    }
}

/// The name, by id, of a ticket that the tenant has, given by id or number, and its customer.
///
/// Fails with NotFound when there is none, and when ticketing is away.
pub(crate) async fn ticket(peers: &Peers, tenant: &str, name: &str) -> Result<(FollowUp, String), Error> {
    let answer = TicketServiceClient::new(peers.ticketing(Some(tenant)))
        .get_ticket(GetTicketRequest { name: name.to_owned() })
        .await;
    match answer {
        Ok(ticket) => {
            let ticket = ticket.into_inner();
            Ok((FollowUp::Ticket(ticket.name), ticket.customer))
        }
        Err(status) if status.code() == Code::NotFound => Err(Error::not_found("vorrang.ticketing.v1.Ticket", name)),
        Err(status) => Err(peer_error("ticketing", status)),
    }
}

fn refused(error: Error) -> Error {
    if error
        .metadata()
        .iter()
        .any(|(key, value)| *key == "peer_reason" && value == "REQUEST_ID_REUSED")
    {
        // The first attempt carried another contact: its ticket exists, only the session does not know it yet.
        return Error::invalid_field(
            "contact",
            "differs from the contact that this session was escalated with before; repeat that one",
        )
        .caused_by(error);
    }
    error
}
