//! Streams everything that ticketing knows about a customer.

mod archive;
mod belongings;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use prost::Message as _;
use tokio::sync::mpsc;
use tonic::{Request, Status};
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use self::archive::Archive;
use super::download_attachment::Reading;
use super::fit::PAGE_BYTES;
use crate::app::App;
use crate::convert::{self, input, privacy};
use crate::names::{self, TicketRef};
use crate::ticket::Ticket;

/// Rows read at once.
const ROWS: u64 = 200;
/// Resources whose events are looked for at once.
const SUBJECTS: usize = 2_000;
/// Pieces that may wait for a slow client.
const AHEAD: usize = 4;

/// What the stream carries.
pub type Responses = BoxStream<'static, Result<pb::ExportCustomerResponse, Status>>;

/// See the contract. The archive is made while it is sent: however much there is, memory stays at a few pieces. It ends with
/// an error or with the manifest, so that a part is never taken for the whole.
pub async fn handle(app: &App, request: Request<pb::ExportCustomerRequest>) -> Result<Responses, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = input::customer_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let customer = app.store.customer(&tenant, id).await?;
    customer.check_not_erased()?;
    customer.check_own()?;
    let (out, pieces) = mpsc::channel(AHEAD);
    let app = app.clone();
    tokio::spawn(async move {
        let archive = Archive::new(out.clone());
        if let Err(error) = export(&app, &tenant, id, archive).await {
            // A client that went away does not hear it.
            let _ = out.send(Err(vorrang_service::status(error))).await;
        }
    });
    Ok(stream::unfold(pieces, |mut pieces| async move { Some((pieces.recv().await?, pieces)) }).boxed())
}

async fn export(app: &App, tenant: &str, id: Uuid, mut archive: Archive) -> Result<(), Error> {
    let store = &app.store;
    // Who was merged into the customer is part of them.
    let family = store.family(tenant, id).await?;
    let ids: Vec<Uuid> = family.iter().map(|customer| customer.id).collect();
    archive.begin("customers.jsonl").await?;
    for customer in &family {
        archive
            .line("Customer", &convert::customer(customer, store.now()))
            .await?;
    }
    if let Some(hold) = store.hold(tenant, id).await? {
        archive.begin("legal_hold.jsonl").await?;
        archive.line("LegalHold", &privacy::legal_hold(&hold)).await?;
    }
    archive.begin("tickets.jsonl").await?;
    let mut tickets: Vec<Ticket> = Vec::new();
    loop {
        let after = tickets.last().map_or(0, |ticket| ticket.number);
        let page = store.tickets_after(tenant, id, after, ROWS).await?;
        if page.is_empty() {
            break;
        }
        for ticket in page {
            archive.line("Ticket", &convert::ticket(&ticket)).await?;
            tickets.push(ticket);
        }
    }
    archive.begin("messages.jsonl").await?;
    for ticket in &tickets {
        messages(app, tenant, ticket, &mut archive).await?;
    }
    belongings::of_tickets(app, tenant, &tickets, &mut archive).await?;
    belongings::of_customers(app, tenant, &ids, &mut archive).await?;
    archive.begin("events.jsonl").await?;
    let subjects: Vec<String> = ids
        .iter()
        .map(|id| names::customer(*id))
        .chain(tickets.iter().map(|ticket| names::ticket(ticket.id)))
        .collect();
    for subjects in subjects.chunks(SUBJECTS) {
        events(app, tenant, subjects, &mut archive).await?;
    }
    for file in store.files_of(tenant, &ids).await? {
        archive.begin(format!("attachments/{}", file.sha256)).await?;
        let mut reading = Reading::whole(app.clone(), tenant.to_owned(), file);
        while !reading.is_done() {
            let (piece, rest) = reading.step().await?;
            archive.add(&piece.data).await?;
            reading = rest;
        }
    }
    let now = store.now();
    archive.finish(&names::customer(id), now, &store.lookup(tenant)).await
}

async fn messages(app: &App, tenant: &str, ticket: &Ticket, archive: &mut Archive) -> Result<(), Error> {
    let bytes = i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX);
    let mut after = 0;
    loop {
        let which = TicketRef::Id(ticket.id);
        let (page, more) = app.store.messages(tenant, which, after, ROWS, bytes).await?;
        for message in &page {
            archive.line("Message", &convert::message(message)).await?;
            after = message.position;
        }
        if !more || page.is_empty() {
            return Ok(());
        }
    }
}

async fn events(app: &App, tenant: &str, subjects: &[String], archive: &mut Archive) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let page = app.store.events_about(tenant, subjects, after, ROWS).await?;
        if page.is_empty() {
            return Ok(());
        }
        for stored in page {
            let mut event = pb::Event::decode(stored.payload.as_slice())
                .map_err(|cause| Error::internal("an event cannot be decoded").caused_by(cause))?;
            event.head = Some(vorrang_feed::head(&stored));
            archive.line("Event", &event).await?;
            after = stored.seq;
        }
    }
}
