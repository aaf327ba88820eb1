//! Pushing through every door, and keeping what each push was answered.

use std::collections::HashMap;

use tokio_stream::StreamExt as _;
use vorrang_api::ingestion::v1::{
    CreateSourceRequest, GetReceiptRequest, Outcome, PushEmailRequest, PushResult, PushTicketRequest,
    PushTicketsRequest, Source, push_tickets_response, receipt,
};
use vorrang_clock::SharedClock;
use vorrang_error::Error;

use super::desk::{Desk, refused};
use super::http::{Vendor, post};
use super::summary::Summary;

/// One push and its answer.
pub struct Pushed {
    /// Which door, as people call it.
    pub door: &'static str,
    pub outcome: Outcome,
    /// `tickets/…`; empty when it became none.
    pub ticket: String,
}

/// All pushes so far.
#[derive(Default)]
pub struct Pushes {
    /// Contacts handed over, answered or not.
    pub count: usize,
    pub answers: Vec<Pushed>,
}

impl Pushes {
    pub fn answered(&mut self, door: &'static str, outcome: Outcome, ticket: String) {
        self.answers.push(Pushed { door, outcome, ticket });
    }

    fn of(&self, outcome: Outcome) -> usize {
        self.answers.iter().filter(|pushed| pushed.outcome == outcome).count()
    }

    /// Tickets that came into being, each with the number of customers' messages it must have.
    pub fn tickets(&self) -> HashMap<&str, i32> {
        let mut tickets = HashMap::new();
        for pushed in &self.answers {
            if matches!(pushed.outcome, Outcome::Created | Outcome::Appended) {
                *tickets.entry(pushed.ticket.as_str()).or_insert(0) += 1;
            }
        }
        tickets
    }

    /// The first half of the summary: what was pushed and what became of it.
    pub fn summary(&self) -> Summary {
        Summary {
            pushed: self.count,
            created: self.of(Outcome::Created),
            appended: self.of(Outcome::Appended),
            duplicate: self.of(Outcome::Duplicate),
            quarantined: self.of(Outcome::Quarantined),
            ..Summary::default()
        }
    }
}

/// Pushes one contact by a call of its own.
pub async fn by_call(desk: &Desk, pushes: &mut Pushes, request: PushTicketRequest) -> Result<(), Error> {
    pushes.count += 1;
    let response = desk
        .client
        .ingestion()
        .push_ticket(request)
        .await
        .map_err(refused("PushTicket"))?;
    let (outcome, ticket) = settled(desk, response.into_inner().result).await?;
    pushes.answered("gRPC call", outcome, ticket);
    Ok(())
}

/// Pushes contacts over one stream.
pub async fn by_stream(desk: &Desk, pushes: &mut Pushes, items: Vec<PushTicketsRequest>) -> Result<(), Error> {
    pushes.count += items.len();
    let stream = desk.client.ingestion().push_tickets(tokio_stream::iter(items)).await;
    let mut answers = stream.map_err(refused("PushTickets"))?.into_inner();
    while let Some(answer) = answers.next().await {
        match answer.map_err(refused("PushTickets"))?.answer {
            Some(push_tickets_response::Answer::Result(result)) => {
                let (outcome, ticket) = settled(desk, Some(result)).await?;
                pushes.answered("gRPC stream", outcome, ticket);
            }
            Some(push_tickets_response::Answer::Error(status)) => {
                return Err(Error::unavailable(
                    "CALL_REFUSED",
                    format!("an item was refused: {}", status.message),
                ));
            }
            None => return Err(Error::internal("PushTickets answered an item with nothing")),
        }
    }
    Ok(())
}

/// Pushes one mail.
pub async fn by_mail(desk: &Desk, pushes: &mut Pushes, raw: Vec<u8>) -> Result<(), Error> {
    pushes.count += 1;
    let request = PushEmailRequest {
        raw: raw.into(),
        ..PushEmailRequest::default()
    };
    let response = desk
        .client
        .ingestion()
        .push_email(request)
        .await
        .map_err(refused("PushEmail"))?;
    let (outcome, ticket) = settled(desk, response.into_inner().result).await?;
    pushes.answered("mail", outcome, ticket);
    Ok(())
}

/// The HTTP door, with a source for each vendor, made when first needed.
pub struct Webhooks {
    clock: SharedClock,
    sources: HashMap<String, Source>,
}

impl Webhooks {
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            sources: HashMap::new(),
        }
    }

    /// Pushes one payload as the vendor of `preset` does it, signature included.
    pub async fn push(
        &mut self,
        desk: &Desk,
        pushes: &mut Pushes,
        (preset, vendor): (&str, Vendor),
        body: &[u8],
    ) -> Result<(), Error> {
        let source = self.source(desk, preset).await?;
        let mut headers = vendor.sign(&source.secret, body, self.clock.now().timestamp());
        headers.push(("content-type", "application/json".to_owned()));
        let (status, answer) = post(desk.address, &source.events_path, &headers, body).await?;
        if !(200..300).contains(&status) {
            let text = String::from_utf8_lossy(&answer).into_owned();
            return Err(Error::unavailable(
                "CALL_REFUSED",
                format!("HTTP {status} from {preset}: {text}"),
            ));
        }
        let answers = outcomes(&answer)
            .ok_or_else(|| Error::internal(format!("HTTP door of {preset}: no outcome in the answer")))?;
        pushes.count += answers.len();
        for result in answers {
            let (outcome, ticket) = settled(desk, Some(result)).await?;
            pushes.answered("HTTP", outcome, ticket);
        }
        Ok(())
    }

    async fn source(&mut self, desk: &Desk, preset: &str) -> Result<Source, Error> {
        if let Some(source) = self.sources.get(preset) {
            return Ok(source.clone());
        }
        let request = CreateSourceRequest {
            request_id: String::new(),
            source: Some(Source {
                display_name: format!("demo {preset}"),
                preset: preset.to_owned(),
                ..Source::default()
            }),
        };
        let response = desk
            .client
            .sources()
            .create_source(request)
            .await
            .map_err(refused("CreateSource"))?;
        let source = response.into_inner();
        self.sources.insert(preset.to_owned(), source.clone());
        Ok(source)
    }
}

/// Every result in the JSON of an answer, in order. `None`: there is none.
fn outcomes(answer: &[u8]) -> Option<Vec<PushResult>> {
    let answer: serde_json::Value = serde_json::from_slice(answer).ok()?;
    let results = answer.get("results")?.as_array()?;
    results
        .iter()
        .map(|result| {
            let text = |field: &str| {
                result
                    .get(field)
                    .and_then(|value| value.as_str())
                    .unwrap_or_default()
                    .to_owned()
            };
            let outcome = Outcome::from_str_name(&format!("OUTCOME_{}", text("outcome")))?;
            Some(PushResult {
                outcome: outcome.into(),
                ticket: text("ticket"),
                receipt: text("receipt"),
                ..PushResult::default()
            })
        })
        .collect()
}

/// What became of a push. A contact that was only accepted is followed until it is delivered.
async fn settled(desk: &Desk, result: Option<PushResult>) -> Result<(Outcome, String), Error> {
    let result = result.ok_or_else(|| Error::internal("a push was answered with nothing"))?;
    let mut outcome = result.outcome();
    let mut ticket = result.ticket;
    // Deliveries are retried within a second; a minute without one is a defect that must be seen.
    for _ in 0..600 {
        if outcome != Outcome::Accepted {
            return Ok((outcome, ticket));
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let request = GetReceiptRequest {
            name: result.receipt.clone(),
        };
        let receipt = desk
            .client
            .ingestion()
            .get_receipt(request)
            .await
            .map_err(refused("GetReceipt"))?
            .into_inner();
        if receipt.state() == receipt::State::Delivered {
            let delivered = receipt.result.unwrap_or_default();
            outcome = delivered.outcome();
            ticket = delivered.ticket;
        }
    }
    Err(Error::unavailable(
        "NOT_DELIVERED",
        format!("{} was accepted and never delivered", result.receipt),
    ))
}
