//! What ticketing says of a message that is to be mailed.

use chrono::{DateTime, Utc};
use lettre::Address;
use tonic::Request;
use uuid::Uuid;
use vorrang_api::feed::v1::actor::Kind as ActorKind;
use vorrang_api::from_timestamp;
use vorrang_api::ticketing::v1::attachment_service_client::AttachmentServiceClient;
use vorrang_api::ticketing::v1::customer_service_client::CustomerServiceClient;
use vorrang_api::ticketing::v1::ticket_service_client::TicketServiceClient;
use vorrang_api::ticketing::v1::{
    Customer, DownloadAttachmentRequest, GetCustomerRequest, GetTicketRequest, ListMessagesRequest, Message, Ticket,
    identity,
};
use vorrang_error::Error;
use vorrang_service::{Peers, peer_error};

use crate::store::Outgoing;

/// Longest conversation that is read for its mails, in pages.
const MAX_PAGES: usize = 40;
const PAGE: i32 = 500;

/// What a mail needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The ticket's id.
    pub ticket: Uuid,
    /// Its number.
    pub number: i64,
    /// Its subject.
    pub subject: String,
    /// The message's id.
    pub message: Uuid,
    /// What is said.
    pub text: String,
    /// The files that go with it.
    pub files: Vec<Named>,
    /// Whether a machine says it.
    pub automated: bool,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The customer's mails before it, oldest first: their Message-IDs.
    pub ancestors: Vec<String>,
    /// Where the customer is reached; none: not by e-mail.
    pub address: Option<Address>,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Where its bytes are, `customers/{uuid}/attachments/{sha256}`; empty: they were never uploaded.
    pub name: String,
    /// What the customer sees it as.
    pub file_name: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
}

/// Reads a file's bytes, of which there are `size`.
///
/// # Errors
/// As ticketing answers; NotFound when the file is gone.
pub async fn fetch(peers: &Peers, tenant: &str, file: &Named) -> Result<Vec<u8>, Error> {
    let failed = |status| peer_error("ticketing", status);
    let mut client = AttachmentServiceClient::new(peers.ticketing(Some(tenant)));
    let name = file.name.clone();
    let request = DownloadAttachmentRequest {
        name,
        ..DownloadAttachmentRequest::default()
    };
    let mut pieces = client.download_attachment(request).await.map_err(failed)?.into_inner();
    let mut content = Vec::new();
    while let Some(piece) = pieces.message().await.map_err(failed)? {
        content.extend_from_slice(&piece.data);
        if content.len() as u64 > file.size {
            return Err(Error::internal("a file is larger than ticketing said"));
        }
    }
    Ok(content)
}

/// Reads it; none when it is not there to be sent any more.
///
/// # Errors
/// As ticketing answers.
pub async fn read(peers: &Peers, tenant: &str, one: &Outgoing) -> Result<Option<Facts>, Error> {
    let about = conversation(peers, tenant, &one.ticket).await?;
    let Some(at) = about.said.iter().position(|message| message.name == one.message) else {
        return Ok(None);
    };
    let message = &about.said[at];
    if message.erased || (message.text.trim().is_empty() && message.attachments.is_empty()) {
        return Ok(None);
    }
    let files = message.attachments.iter().map(|file| Named {
        name: file.name.clone(),
        file_name: file.file_name.clone(),
        content_type: file.content_type.clone(),
        size: file.size_bytes.max(0).unsigned_abs(),
    });
    let occurred_at = message.occurred_at.as_ref().and_then(from_timestamp);
    let facts = about.facts(one, &about.said[..at]);
    Ok(facts.map(|facts| Facts {
        text: message.text.clone(),
        files: files.collect(),
        automated: is(message, ActorKind::Automation),
        at: occurred_at.unwrap_or(one.written_at),
        ..facts
    }))
}

/// Reads what a survey needs, which asks `text`; none when nobody is to be asked any more, or only machines wrote.
///
/// # Errors
/// As ticketing answers.
pub async fn read_survey(peers: &Peers, tenant: &str, one: &Outgoing, text: String) -> Result<Option<Facts>, Error> {
    let about = conversation(peers, tenant, &one.ticket).await?;
    let by_person = |message: &Message| is(message, ActorKind::Customer) && !message.automated;
    if !about.said.iter().any(by_person) {
        return Ok(None);
    }
    let facts = about.facts(one, &about.said);
    Ok(facts.map(|facts| Facts { text, ..facts }))
}

/// A ticket with what was said on it, and whose it is.
struct Conversation {
    ticket: Ticket,
    said: Vec<Message>,
    customer: Customer,
}

async fn conversation(peers: &Peers, tenant: &str, name: &str) -> Result<Conversation, Error> {
    let failed = |status| peer_error("ticketing", status);
    let mut tickets = TicketServiceClient::new(peers.ticketing(Some(tenant)));
    let get = GetTicketRequest { name: name.to_owned() };
    let ticket = tickets
        .get_ticket(Request::new(get))
        .await
        .map_err(failed)?
        .into_inner();
    let mut said = Vec::new();
    let mut page_token = String::new();
    for _ in 0..MAX_PAGES {
        let request = ListMessagesRequest {
            parent: name.to_owned(),
            page_size: PAGE,
            page_token,
            ..ListMessagesRequest::default()
        };
        let page = tickets
            .list_messages(Request::new(request))
            .await
            .map_err(failed)?
            .into_inner();
        said.extend(page.messages);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut customers = CustomerServiceClient::new(peers.ticketing(Some(tenant)));
    let name = ticket.customer.clone();
    let customer = customers.get_customer(Request::new(GetCustomerRequest { name })).await;
    let customer = customer.map_err(failed)?.into_inner();
    Ok(Conversation { ticket, said, customer })
}

impl Conversation {
    /// What any mail about it needs; what it says is not in it. None when it is erased.
    fn facts(&self, one: &Outgoing, before: &[Message]) -> Option<Facts> {
        if self.ticket.erased {
            return None;
        }
        let ancestors = before
            .iter()
            .filter(|before| is(before, ActorKind::Customer) && !before.external_id.is_empty());
        Some(Facts {
            ticket: id(&self.ticket.name)?,
            number: self.ticket.number,
            subject: self.ticket.subject.clone(),
            message: id(&one.message)?,
            text: String::new(),
            files: Vec::new(),
            automated: true,
            at: one.written_at,
            ancestors: ancestors.map(|before| before.external_id.clone()).collect(),
            address: address(&self.customer),
        })
    }
}

fn is(message: &Message, kind: ActorKind) -> bool {
    message.actor.as_ref().is_some_and(|actor| actor.kind() == kind)
}

/// The id at the end of a name.
fn id(name: &str) -> Option<Uuid> {
    name.rsplit('/').next().and_then(|id| Uuid::try_parse(id).ok())
}

/// The first address that is verified, else the first one.
fn address(customer: &Customer) -> Option<Address> {
    let mails = || {
        customer
            .identities
            .iter()
            .filter(|one| one.kind() == identity::Kind::Email)
    };
    let verified = mails().find(|one| one.verified);
    verified
        .or_else(|| mails().next())
        .and_then(|one| one.value.parse().ok())
}
