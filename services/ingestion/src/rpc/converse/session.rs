//! One stream from start to end.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesOrdered, StreamExt as _};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use vorrang_api::feed::v1 as feed;
use vorrang_api::ingestion::v1 as api;
use vorrang_api::ingestion::v1::converse_request::Request;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::ingestion::v1::said::Answer;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_error::{Error, Kind};
use vorrang_service::status;

use super::hub::Heard;
use super::line::{Line, PULSE};
use super::start::{self, Start};
use super::transcript::{self, Transcripts};
use crate::app::App;
use crate::chat::Place;
use crate::chat::idle::Idle;
use crate::outcome::{Outcome, PushResult};
use crate::{convert, names};

/// What the customer says ahead of its answers.
const AHEAD: usize = 64;

/// How often a conversation whose beginning waits in the inbox looks whether it is a ticket now, and one that could not read its
/// transcript tries again.
const LOOK: Duration = Duration::from_secs(1);

/// What became of something said, with its ids at the customer's side and at ticketing.
type Answered = (String, String, Result<PushResult, Error>);

/// The customer's side is gone.
pub(super) struct Gone;

pub(super) struct Session {
    pub(super) app: App,
    pub(super) tenant: String,
    pub(super) start: Start,
    pub(super) place: Place,
    out: mpsc::Sender<Result<api::ConverseResponse, Status>>,
    answers: FuturesOrdered<BoxFuture<'static, Answered>>,
    /// External ids of what was said, while it is not known which message it is: not answered, waiting in the inbox, or answered with an
    /// error that says nothing.
    unnamed: HashSet<String>,
    transcripts: Transcripts,
    /// What happens to the ticket.
    heard: Option<mpsc::Receiver<Heard>>,
    /// Messages that need not be told any more, of all tickets that were told of.
    known: HashSet<String>,
    /// The transcript could not be read.
    behind: bool,
    /// The customer and the queue.
    pub(super) line: Line,
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
    let now = app.clock.now();
    let goes_on = !place.ticket.is_empty() || !place.receipts.is_empty();
    let line = Line::new(Idle::new(start.idle_after, now), goes_on);
    let mut session = Session {
        transcripts: Transcripts::new(&app.peers, &tenant),
        app,
        tenant,
        start,
        place,
        out,
        answers: FuturesOrdered::new(),
        unnamed: HashSet::new(),
        heard: None,
        known: HashSet::new(),
        behind: false,
        line,
    };
    // It ends when the customer's side is gone, in whatever state.
    let _ = session.converse(inbound).await;
    session.gone().await;
}

impl Session {
    async fn converse(&mut self, mut inbound: Streaming<api::ConverseRequest>) -> Result<(), Gone> {
        let ticket = self.place.ticket.clone();
        self.send(Event::Started(api::Started { ticket })).await?;
        self.look_at_hours().await?;
        if !self.place.ticket.is_empty() {
            self.listen().await?;
        }
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let out = self.out.clone();
        let mut open = true;
        while open || !self.answers.is_empty() {
            let looks = self.behind || !self.place.receipts.is_empty();
            tokio::select! {
                message = inbound.message(), if open && self.answers.len() < AHEAD => match message {
                    Ok(Some(request)) => open = self.request(request).await?,
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
                _ = pulse.tick() => self.pulse().await?,
                () = out.closed() => return Err(Gone),
            }
        }
        match self.line.leaving {
            Some(close) => self.leave(close).await,
            None => Ok(()),
        }
    }

    /// Follows a request; false: it was the last one.
    async fn request(&mut self, request: api::ConverseRequest) -> Result<bool, Gone> {
        if !matches!(request.request, Some(Request::Start(_)) | None) {
            self.line.idle.alive(self.app.clock.now());
        }
        match request.request {
            Some(Request::Say(say)) => self.say(say).await.map(|()| true),
            Some(Request::Typing(typing)) => {
                self.types(typing.typing);
                Ok(true)
            }
            Some(Request::Here(api::StillHere {})) => Ok(true),
            Some(Request::Leave(leave)) => {
                self.line.leaving = Some(leave.close);
                Ok(false)
            }
            Some(Request::Start(_)) | None => self
                .fail(Error::invalid_field(
                    "request",
                    "after start it must be say, typing, here or leave",
                ))
                .await
                .map(|()| false),
        }
    }

    async fn say(&mut self, say: api::Say) -> Result<(), Gone> {
        let message_id = say.message_id.clone();
        let external_id = self.start.external_id(&message_id);
        let now = self.app.clock.now();
        let later = self.look_at_hours().await?;
        let conversation = &self.start.conversation;
        let taken = self.app.flood.take(&self.tenant, conversation, &message_id, now);
        let answer: BoxFuture<'static, Answered> = match taken.and_then(|()| self.start.push(say, later, now)) {
            Ok(push) => {
                if !later {
                    // Before anybody can know of it: if we die now, somebody else knows that they waited.
                    self.note_said().await;
                }
                self.unnamed.insert(external_id.clone());
                let pending = self.app.recorder.submit(&self.tenant, push).await;
                Box::pin(async move { (message_id, external_id, pending.answer().await) })
            }
            Err(refused) => Box::pin(async move { (message_id, external_id, Err(refused)) }),
        };
        self.answers.push_back(answer);
        Ok(())
    }

    async fn answered(&mut self, (message_id, external_id, result): Answered) -> Result<(), Gone> {
        let mut moved = false;
        match &result {
            Ok(result) if result.ticket.is_empty() => {
                if self.place.ticket.is_empty() && !result.receipt.is_empty() {
                    self.place.receipts.push_back(result.receipt.clone());
                }
            }
            Ok(result) => {
                self.unnamed.remove(&external_id);
                if result.outcome != Outcome::Duplicate {
                    // Who writes waits on the line, unless nobody is there.
                    self.place.left = self.line.is_closed();
                    self.line.idle.waits(self.app.clock.now());
                }
                moved = self.recorded(result).await?;
            }
            Err(error) if error.kind() == Kind::Invalid => drop(self.unnamed.remove(&external_id)),
            // It may be recorded all the same.
            Err(_) => {}
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
        match moved {
            true => self.listen().await,
            false => Ok(()),
        }
    }

    /// The customer's message has a ticket. True: another one than before, to which is to be listened.
    async fn recorded(&mut self, result: &PushResult) -> Result<bool, Gone> {
        // It came by the feed before its answer, or was answered before.
        let is_passed = self.known.contains(&result.message);
        if !self.place.ticket.is_empty() && !self.place.is_of(&result.ticket) {
            if result.outcome == Outcome::Duplicate {
                // Said once more after the conversation had gone on elsewhere.
                return Ok(false);
            }
            // What is left to be told of the ticket before, and whether it was merged into this one.
            self.catch_up().await?;
        }
        if is_passed && self.place.is_of(&result.ticket) {
            return Ok(false);
        }
        if !self.place.said(&result.ticket, &result.message) {
            return Ok(false);
        }
        if result.outcome == Outcome::Created {
            // Nobody needs to be told that.
            State::New.as_str_name().clone_into(&mut self.place.state);
        }
        match self.transcripts.home(&result.ticket, &result.customer).await {
            Ok(Some(home)) => self.place.ticket = home,
            Ok(None) => {}
            Err(error) => tracing::debug!(error = error.chain(), "whose a ticket is was not read"),
        }
        Ok(true)
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), Gone> {
        match heard {
            Heard::Message(message) => {
                let actor = message.actor.as_ref().map(feed::Actor::kind);
                if actor == Some(feed::actor::Kind::Customer) && !message.automated {
                    // By another window, or by this one: they are there.
                    self.line.idle.alive(self.app.clock.now());
                }
                self.tell(*message).await
            }
            Heard::Assigned(agent) => self.tell_agent(agent).await,
            Heard::State(state) => self.tell_state(state).await,
            Heard::Left => self.tell_left().await,
            Heard::Typing(agent, typing) => self.tell_typing(&agent, typing).await,
            // What was written until then, and what is written there since.
            Heard::Merged | Heard::Unmerged | Heard::Unsure => self.catch_up().await,
        }
    }

    async fn tell_agent(&mut self, agent: String) -> Result<(), Gone> {
        if self.place.agent == agent {
            return Ok(());
        }
        self.place.agent.clone_from(&agent);
        if !agent.is_empty() {
            self.taken().await;
        }
        self.send(Event::AgentJoined(api::AgentJoined { agent })).await
    }

    async fn tell_state(&mut self, state: State) -> Result<(), Gone> {
        if self.place.state == state.as_str_name() {
            return Ok(());
        }
        state.as_str_name().clone_into(&mut self.place.state);
        let ticket = self.place.told_of.clone();
        let state = state.into();
        self.send(Event::TicketState(api::TicketState { ticket, state })).await
    }

    /// Looks for what could not be found before.
    async fn look(&mut self) -> Result<(), Gone> {
        let receipt = self.place.receipts.front().map(|name| names::parse_receipt(name));
        if let Some(Ok(receipt)) = receipt {
            match self
                .app
                .store
                .receipt(&self.tenant, receipt)
                .await
                .map(|found| found.result)
            {
                Ok(Some(result)) => {
                    self.place.receipts.pop_front();
                    if !result.ticket.is_empty() && self.recorded(&result).await? {
                        return self.listen().await;
                    }
                }
                Ok(None) => {}
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

    /// Tells what was missed, wherever the conversation went.
    async fn catch_up(&mut self) -> Result<(), Gone> {
        match self.try_catch_up().await? {
            Ok(()) => self.behind = false,
            Err(error) if error.kind() == Kind::NotFound => {
                // Nobody will write there any more.
                self.behind = false;
                self.heard = None;
            }
            Err(error) => {
                tracing::debug!(error = error.chain(), "a transcript was not read; trying again");
                self.behind = true;
            }
        }
        Ok(())
    }

    async fn try_catch_up(&mut self) -> Result<Result<(), Error>, Gone> {
        loop {
            // In this order: what was read was written while the conversation was where it is then found to be.
            let transcript = match self.transcripts.after(&self.place).await {
                Ok(transcript) => transcript,
                Err(error) => return Ok(Err(error)),
            };
            let end = match self.transcripts.end(&self.place.ticket).await {
                Ok(end) => end,
                Err(error) => return Ok(Err(error)),
            };
            let last_at_us = self.place.since_us.max(transcript.last_at_us);
            let is_here = end.ticket.name == self.place.told_of;
            // Merged meanwhile, what was written before is told first. After an unmerge the ticket is not the customer's to see.
            if is_here || end.by.contains(&self.place.told_of) {
                self.behind = false;
                self.place.since_us = last_at_us;
                for message in transcript.rest {
                    self.tell(message).await?;
                }
                // What was committed before may still come by the feed.
                self.known.extend(transcript.names);
            }
            if is_here {
                self.tell_agent(end.ticket.assignee.clone()).await?;
                self.tell_state(end.ticket.state()).await?;
                self.tell_handling(&end.ticket).await?;
                return Ok(Ok(()));
            }
            let since_us = match end.by.is_empty() {
                true => last_at_us,
                false => end.since_us,
            };
            self.place.move_to(&end.ticket.name, since_us);
            self.heard = Some(self.app.hub.listen(&self.tenant, &self.place.told_of));
        }
    }

    /// Tells a message of the transcript, if it is somebody else's and was not told before.
    async fn tell(&mut self, message: ticketing::Message) -> Result<(), Gone> {
        let stored_at_us = transcript::micros(message.created_at);
        // While something before it is missing it is not told either; it will be read with the rest.
        if self.behind || !self.known.insert(message.name.clone()) {
            return Ok(());
        }
        // A feed that is late brings what a resumed conversation has behind it.
        if stored_at_us < self.place.since_us {
            return Ok(());
        }
        let theirs = self.place.pass(&message.name, stored_at_us);
        match theirs && !self.unnamed.contains(&message.external_id) {
            true => self.send(Event::Message(message)).await,
            false => Ok(()),
        }
    }

    /// Waits for what is on its way to be recorded, although nobody is told any more. True: there was something.
    pub(super) async fn drain(&mut self) -> bool {
        let mut any = false;
        while let Some((_, _, result)) = self.answers.next().await {
            any = true;
            let Ok(result) = result else { continue };
            let is_ticket = !result.ticket.is_empty();
            if is_ticket && result.outcome != Outcome::Duplicate {
                self.place.said(&result.ticket, &result.message);
                self.place.left = self.line.is_closed();
            } else if !is_ticket && self.place.ticket.is_empty() && !result.receipt.is_empty() {
                self.place.receipts.push_back(result.receipt);
            }
        }
        any
    }

    pub(super) async fn send(&mut self, event: Event) -> Result<(), Gone> {
        let response = api::ConverseResponse {
            resume_token: self
                .app
                .tokens
                .write(&self.tenant, &self.start.conversation, &self.place),
            event: Some(event),
        };
        self.out.send(Ok(response)).await.map_err(|_| Gone)
    }

    pub(super) async fn fail(&mut self, error: Error) -> Result<(), Gone> {
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
