//! Reads a conversation from ticketing: what is told of it, and what was missed.

use vorrang_api::from_timestamp;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_error::Error;
use vorrang_service::{Peers, peer_error};

use crate::chat::Place;

/// Merges that are followed to where a conversation goes on.
const MERGES_MAX: usize = 20;

/// What ticketing has of a conversation.
pub(super) struct Transcript {
    /// The names of all its messages.
    pub names: Vec<String>,
    /// The public ones after the place, in order.
    pub rest: Vec<ticketing::Message>,
}

/// Reads the conversation; the place moves to where it goes on when its ticket was merged meanwhile.
///
/// # Errors
/// As ticketing says; NotFound when the ticket is gone.
pub(super) async fn after(peers: &Peers, tenant: &str, place: &mut Place) -> Result<Transcript, Error> {
    let mut client = TicketServiceClient::new(peers.ticketing(Some(tenant)));
    let failed = |status| peer_error("ticketing", status);
    for _ in 0..MERGES_MAX {
        let name = place.told_of.clone();
        let request = ticketing::GetTicketRequest { name };
        let ticket = client.get_ticket(request).await.map_err(failed)?.into_inner();
        if ticket.merged_into.is_empty() {
            break;
        }
        // A merged ticket does not change any more.
        let merged_at_us = micros(ticket.updated_at);
        place.move_to(&ticket.merged_into, merged_at_us);
    }
    let mut messages: Vec<ticketing::Message> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ticketing::ListMessagesRequest {
            parent: place.told_of.clone(),
            page_size: 500,
            page_token,
            ..ticketing::ListMessagesRequest::default()
        };
        let page = client.list_messages(request).await.map_err(failed)?.into_inner();
        messages.extend(page.messages);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let names = messages.iter().map(|message| message.name.clone()).collect();
    let first = place.next_in(
        messages
            .iter()
            .map(|message| (message.name.as_str(), micros(message.created_at))),
    );
    let mut rest = messages.split_off(first.min(messages.len()));
    rest.retain(|message| message.visibility() == ticketing::message::Visibility::Public);
    Ok(Transcript { names, rest })
}

/// A time in microseconds since 1970; none is the beginning.
pub(super) fn micros(at: Option<prost_types::Timestamp>) -> i64 {
    at.as_ref()
        .and_then(from_timestamp)
        .map_or(0, |at| at.timestamp_micros())
}
