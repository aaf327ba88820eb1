//! Reads a conversation from ticketing: where it goes on, and what of it was missed.

use vorrang_api::from_timestamp;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_error::{Error, Kind};
use vorrang_service::{PeerChannel, Peers, peer_error};

use crate::chat::Place;

/// Merges that are followed to where a conversation goes on.
const MERGES_MAX: usize = 20;

/// What ticketing has of a ticket's conversation.
pub(super) struct Transcript {
    /// The names of its messages: of all, or of those after the place.
    pub names: Vec<String>,
    /// When the last message of the place was stored, in microseconds; 0: it is not there.
    pub last_at_us: i64,
    /// The public ones after the place, in order.
    pub rest: Vec<ticketing::Message>,
}

/// Where a ticket's conversation goes on.
pub(super) struct End {
    /// The ticket itself, or the one at the end of its merges.
    pub ticket: ticketing::Ticket,
    /// The tickets on the way there, from the first one on.
    pub by: Vec<String>,
    /// When the last of them was merged, in microseconds.
    pub since_us: i64,
}

/// Ticketing as conversations read it.
#[derive(Clone)]
pub(super) struct Transcripts(TicketServiceClient<PeerChannel>);

impl Transcripts {
    pub(super) fn new(peers: &Peers, tenant: &str) -> Self {
        Self(TicketServiceClient::new(peers.ticketing(Some(tenant))))
    }

    /// Where the conversation of `ticket` goes on.
    ///
    /// # Errors
    /// As ticketing says; NotFound when the ticket is gone.
    pub(super) async fn end(&mut self, ticket: &str) -> Result<End, Error> {
        let mut end = End {
            ticket: self.ticket(ticket).await?,
            by: Vec::new(),
            since_us: 0,
        };
        while !end.ticket.merged_into.is_empty() && end.by.len() < MERGES_MAX {
            // A merged ticket does not change any more.
            end.since_us = end.since_us.max(micros(end.ticket.updated_at));
            let next = self.ticket(&end.ticket.merged_into).await?;
            end.by.push(std::mem::replace(&mut end.ticket, next).name);
        }
        Ok(end)
    }

    /// The customer's own ticket, when they wrote to one of somebody else's into which it is merged.
    ///
    /// # Errors
    /// As ticketing says.
    pub(super) async fn home(&mut self, ticket: &str, customer: &str) -> Result<Option<String>, Error> {
        if customer.is_empty() || self.ticket(ticket).await?.customer == customer {
            return Ok(None);
        }
        let request = ticketing::ListTicketsRequest {
            customer: customer.to_owned(),
            merged_into: ticket.to_owned(),
            show_merged: true,
            page_size: 1,
            ..ticketing::ListTicketsRequest::default()
        };
        let found = self.0.list_tickets(request).await.map_err(failed)?.into_inner();
        Ok(found.tickets.into_iter().next().map(|ticket| ticket.name))
    }

    /// What comes after `place` in the ticket that is told of. When its last message is there nothing from before it is read.
    ///
    /// # Errors
    /// As ticketing says; NotFound when the ticket is gone.
    pub(super) async fn after(&mut self, place: &Place) -> Result<Transcript, Error> {
        if !place.last.is_empty() && place.last.starts_with(&format!("{}/", place.told_of)) && place.since_us > 0 {
            match self.read(place, &place.last).await {
                // The message was moved away, or the ticket is gone: the whole of it says which.
                Err(error) if error.kind() == Kind::NotFound => {}
                read => return read,
            }
        }
        self.read(place, "").await
    }

    /// What comes after `place`, read from `from` on; empty: from the beginning.
    async fn read(&mut self, place: &Place, from: &str) -> Result<Transcript, Error> {
        let mut read = Transcript {
            names: Vec::new(),
            last_at_us: if from.is_empty() { 0 } else { place.since_us },
            rest: Vec::new(),
        };
        let mut page_token = String::new();
        let mut found = !from.is_empty();
        loop {
            let request = ticketing::ListMessagesRequest {
                parent: place.told_of.clone(),
                page_size: 500,
                page_token,
                after: from.to_owned(),
                ..ticketing::ListMessagesRequest::default()
            };
            let page = self.0.list_messages(request).await.map_err(failed)?.into_inner();
            read.names
                .extend(page.messages.iter().map(|message| message.name.clone()));
            read.rest.extend(page.messages);
            // What lies before the place is not kept while the rest is read.
            if !found {
                let all = read.rest.iter();
                let all = all.map(|message| (message.name.as_str(), micros(message.created_at)));
                let first = place.next_in(all);
                let last = read.rest.iter().find(|message| message.name == place.last);
                found = last.is_some();
                read.last_at_us = last.map_or(0, |message| micros(message.created_at));
                read.rest.drain(..first);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        read.rest
            .retain(|message| message.visibility() == ticketing::message::Visibility::Public);
        Ok(read)
    }

    async fn ticket(&mut self, name: &str) -> Result<ticketing::Ticket, Error> {
        let request = ticketing::GetTicketRequest { name: name.to_owned() };
        Ok(self.0.get_ticket(request).await.map_err(failed)?.into_inner())
    }
}

fn failed(status: tonic::Status) -> Error {
    peer_error("ticketing", status)
}

/// A time in microseconds since 1970; none is the beginning.
pub(super) fn micros(at: Option<prost_types::Timestamp>) -> i64 {
    at.as_ref()
        .and_then(from_timestamp)
        .map_or(0, |at| at.timestamp_micros())
}
