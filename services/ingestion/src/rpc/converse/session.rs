//! One stream from start to end.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt as _};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use uuid::Uuid;
use vorrang_api::ingestion::v1 as api;
use vorrang_api::ingestion::v1::converse_request::Request;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::ingestion::v1::said::Answer;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_error::Error;
use vorrang_service::status;

use super::hub::Heard;
use super::start::{self, Start};
use super::transcript;
use crate::app::App;
use crate::chat::Place;
use crate::outcome::PushResult;
use crate::{convert, names};

/// What the customer says ahead of its answers.
const AHEAD: usize = 64;

/// How often a conversation whose beginning waits in the inbox looks whether it is a ticket now, and one that could not read its
/// transcript tries again.
const LOOK: Duration = Duration::from_secs(1);

/// What became of something said, with its ids at the customer's side and at ticketing.
type Answered = (String, String, Result<PushResult, Error>);

/// The customer's side is gone.
struct Gone;

struct Session {
    app: App,
    tenant: String,
    start: Start,
    place: Place,
    out: mpsc::Sender<Result<api::ConverseResponse, Status>>,
    answers: FuturesOrdered<BoxFuture<'static, Answered>>,
    /// External ids of what was said and is not answered.
    unanswered: HashSet<String>,
    /// Of those, the messages that came by the feed before their answer.
    passed: HashSet<String>,
    /// Receipts of what waits in the inbox, while the ticket is not known.
    receipts: VecDeque<Uuid>,
    /// What happens to the ticket.
    heard: Option<mpsc::Receiver<Heard>>,
    /// Messages that need not be told any more, of all tickets that were told of.
    known: HashSet<String>,
    /// The transcript could not be read.
    behind: bool,
}

/// Drives a stream to its end.
pub(super) async fn run(
    app: App,
    tenant: String,
    mut inbound: Streaming<api::ConverseRequest>,
    out: mpsc::Sender<Result<api::ConverseResponse, Status>>,
) {
    let started = start::receive(&mut inbound, app.clock.now()).await.and_then(|start| {
        let Some(start) = start else { return Ok(None) };
        let place = app.tokens.read(&tenant, &start.conversation, &start.resume_token)?;
        Ok(Some((start, place)))
    });
    let (start, place) = match started {
        Ok(Some(started)) => started,
        Ok(None) => return,
        Err(error) => {
            let _ = out.send(Err(status(error))).await;
            return;
        }
    };
    let mut session = Session {
        app,
        tenant,
        start,
        place,
        out,
        answers: FuturesOrdered::new(),
        unanswered: HashSet::new(),
        passed: HashSet::new(),
        receipts: VecDeque::new(),
        heard: None,
        known: HashSet::new(),
        behind: false,
    };
    // It ends when the customer's side is gone, in whatever state.
    let _ = session.converse(inbound).await;
}

impl Session {
    async fn converse(&mut self, mut inbound: Streaming<api::ConverseRequest>) -> Result<(), Gone> {
        let ticket = self.place.ticket.clone();
        self.send(Event::Started(api::Started { ticket })).await?;
        if !self.place.ticket.is_empty() {
            self.listen().await?;
        }
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let out = self.out.clone();
        let mut open = true;
        while open || !self.answers.is_empty() {
            let looks = self.behind || !self.receipts.is_empty();
            tokio::select! {
                message = inbound.message(), if open && self.answers.len() < AHEAD => match message {
                    Ok(Some(request)) => self.request(request).await?,
                    Ok(None) => open = false,
                    Err(broken) => {
                        // A request that cannot be read is the sender's mistake, and must be told; a cut line has nobody to tell.
                        let Some(error) = vorrang_service::unreadable(&broken) else { return Err(Gone) };
                        return self.fail(error).await;
                    }
                },
                Some(answered) = self.answers.next() => self.answered(answered).await?,
                heard = next(&mut self.heard) => match heard {
                    Some(heard) => self.hear(heard).await?,
                    // Too slow: what was missed is in the transcript.
                    None => self.listen().await?,
                },
                _ = look.tick(), if looks => self.look().await?,
                () = out.closed() => return Err(Gone),
            }
        }
        Ok(())
    }

    async fn request(&mut self, request: api::ConverseRequest) -> Result<(), Gone> {
        let Some(Request::Say(say)) = request.request else {
            return self
                .fail(Error::invalid_field("request", "after start it must be say"))
                .await;
        };
        let message_id = say.message_id.clone();
        let external_id = self.start.external_id(&message_id);
        let answer: BoxFuture<'static, Answered> = match self.start.push(say, self.app.clock.now()) {
            Ok(push) => {
                self.unanswered.insert(external_id.clone());
                let pending = self.app.recorder.submit(&self.tenant, push).await;
                Box::pin(async move { (message_id, external_id, pending.answer().await) })
            }
            Err(refused) => Box::pin(async move { (message_id, external_id, Err(refused)) }),
        };
        self.answers.push_back(answer);
        Ok(())
    }

    async fn answered(&mut self, (message_id, external_id, result): Answered) -> Result<(), Gone> {
        self.unanswered.remove(&external_id);
        let mut moved = false;
        if let Ok(result) = &result {
            if result.ticket.is_empty() {
                if self.place.ticket.is_empty() {
                    self.receipts.extend(names::parse_receipt(&result.receipt));
                }
            } else if !self.passed.remove(&result.message) {
                moved = self.place.said(&result.ticket, &result.message);
            }
        }
        let answer = match result {
            Ok(result) => Answer::Result(convert::push_result(result)),
            Err(error) => Answer::Error(convert::status(error)),
        };
        let said = api::Said {
            message_id,
            answer: Some(answer),
        };
        self.send(Event::Said(said)).await?;
        if moved {
            self.receipts.clear();
            self.listen().await?;
        }
        Ok(())
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), Gone> {
        match heard {
            Heard::Message(message) => self.tell(*message).await,
            Heard::Assigned(agent) => self.send(Event::AgentJoined(api::AgentJoined { agent })).await,
            Heard::State(state) => {
                let ticket = self.place.told_of.clone();
                let state = api::TicketState {
                    ticket,
                    state: state.into(),
                };
                self.send(Event::TicketState(state)).await
            }
            Heard::Merged { target, at_us } => {
                self.place.move_to(&target, at_us);
                self.listen().await
            }
            Heard::Unmerged(source) if source == self.place.ticket => {
                let since_us = self.place.since_us;
                self.place.move_to(&source, since_us);
                self.listen().await
            }
            Heard::Unmerged(_) => Ok(()),
            Heard::Unsure => self.catch_up().await,
        }
    }

    /// Looks for what could not be found before.
    async fn look(&mut self) -> Result<(), Gone> {
        if let Some(receipt) = self.receipts.front().copied() {
            match self.app.store.receipt(&self.tenant, receipt).await {
                Ok(receipt) => {
                    if let Some(result) = receipt.result {
                        self.receipts.pop_front();
                        if !result.ticket.is_empty() && self.place.said(&result.ticket, &result.message) {
                            self.receipts.clear();
                            return self.listen().await;
                        }
                    }
                }
                Err(error) => tracing::debug!(error = error.chain(), "a receipt was not read"),
            }
        }
        match self.behind {
            true => self.catch_up().await,
            false => Ok(()),
        }
    }

    /// Hears of the ticket from now on, and tells what came before.
    async fn listen(&mut self) -> Result<(), Gone> {
        // In this order: what happens in between is heard twice rather than not at all.
        self.heard = Some(self.app.hub.listen(&self.tenant, &self.place.told_of));
        self.catch_up().await
    }

    async fn catch_up(&mut self) -> Result<(), Gone> {
        let listened_to = self.place.told_of.clone();
        let missed = transcript::after(&self.app.peers, &self.tenant, &mut self.place).await;
        if self.place.told_of != listened_to {
            // Merged meanwhile; what is written there from now on is heard, what was written until now is read once more.
            return Box::pin(self.listen()).await;
        }
        self.behind = missed.is_err();
        match missed {
            Ok(transcript) => {
                for message in transcript.rest {
                    self.tell(message).await?;
                }
                // What was committed before may still come by the feed.
                self.known.extend(transcript.names);
                Ok(())
            }
            Err(error) => {
                tracing::debug!(error = error.chain(), "a transcript was not read; trying again");
                Ok(())
            }
        }
    }

    /// Tells a message of the transcript, if it is somebody else's and was not told before.
    async fn tell(&mut self, message: ticketing::Message) -> Result<(), Gone> {
        let stored_at_us = transcript::micros(message.created_at);
        // While something before it is missing it is not told either; it will be read with the rest.
        if self.behind || !self.known.insert(message.name.clone()) {
            return Ok(());
        }
        let theirs = self.place.pass(&message.name, stored_at_us);
        if self.unanswered.contains(&message.external_id) {
            self.passed.insert(message.name);
            return Ok(());
        }
        match theirs {
            true => self.send(Event::Message(message)).await,
            false => Ok(()),
        }
    }

    async fn send(&mut self, event: Event) -> Result<(), Gone> {
        let response = api::ConverseResponse {
            resume_token: self
                .app
                .tokens
                .write(&self.tenant, &self.start.conversation, &self.place),
            event: Some(event),
        };
        self.out.send(Ok(response)).await.map_err(|_| Gone)
    }

    async fn fail(&mut self, error: Error) -> Result<(), Gone> {
        let _ = self.out.send(Err(status(error))).await;
        Err(Gone)
    }
}

async fn next(heard: &mut Option<mpsc::Receiver<Heard>>) -> Option<Heard> {
    match heard {
        Some(heard) => heard.recv().await,
        None => std::future::pending().await,
    }
}
