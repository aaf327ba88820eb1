//! The customer and the queue: where they stand in it, whether somebody is there at all, when they leave, and who types.

use std::time::Duration;

use tokio::time::Instant;
use tonic::Request;
use vorrang_api::ingestion::v1 as api;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::routing::v1::queue_service_client::QueueServiceClient;
use vorrang_api::routing::v1::{GetWaitRequest, GetWaitResponse};
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::ticketing::v1::ticket::{Handling, State};
use vorrang_api::timestamp;
use vorrang_typing::{Note, Side, Throttle};

use super::session::{Gone, Session};
use crate::chat::idle::{Idle, Word};
use crate::departures::{self, PATIENCE, Told};
use crate::hours::Desk;
use crate::store::Departure;

/// How often a customer who waits is told where they stand, if that has changed.
pub(super) const PULSE: Duration = Duration::from_secs(3);
/// How often it is noted that a customer who waits is there: well within the patience of those who were cut.
const STAY: Duration = Duration::from_secs(60);
/// Where somebody stands is not worth waiting for.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What is known of the customer and the queue.
pub(super) struct Line {
    /// The customer's last word: they go. Whether nothing is wanted any more.
    pub leaving: Option<bool>,
    /// Where they stood when they were last told.
    told: Option<api::QueueUpdate>,
    /// Whether their word was noted.
    departed: bool,
    /// When it was last noted that they are there.
    stays: Option<Instant>,
    /// Whether that may be noted, by this stream or by one before it.
    noted: bool,
    /// Whether they said something in this stream, or one before it, that may be a ticket.
    said: bool,
    /// Whether they give signs of life.
    pub idle: Idle,
    /// They were told that nobody is there.
    closed: Option<Desk>,
    typed: Throttle,
}

impl Line {
    /// `goes_on`: of a conversation in which something was said before.
    pub fn new(idle: Idle, goes_on: bool) -> Self {
        Self {
            leaving: None,
            told: None,
            departed: false,
            stays: None,
            noted: goes_on,
            said: goes_on,
            idle,
            closed: None,
            typed: Throttle::default(),
        }
    }

    /// Whether it is long ago that it was noted that they are there.
    fn is_stale(&self) -> bool {
        self.stays.is_none_or(|at| at.elapsed() >= STAY)
    }

    /// Whether the customer was told that nobody is there.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}

/// Where a customer stands, as they are told; none: there is nothing to tell. Expected waits are told to ten seconds: more is not known.
fn update(wait: &GetWaitResponse) -> Option<api::QueueUpdate> {
    let position = wait.position?;
    let expected_wait = wait.expected_wait.map(|wait| prost_types::Duration {
        seconds: (wait.seconds + i64::from(wait.nanos > 0)).div_euclid(10) * 10
            + if wait.seconds % 10 > 0 { 10 } else { 0 },
        nanos: 0,
    });
    Some(api::QueueUpdate {
        position,
        expected_wait,
    })
}

impl Session {
    /// Whether the customer waits for an agent on the line.
    fn waits(&self) -> bool {
        let open = [State::New, State::Open].map(|state| state.as_str_name());
        let place = &self.place;
        !place.ticket.is_empty() && place.agent.is_empty() && !place.left && open.contains(&place.state.as_str())
    }

    /// Whether what they said is no ticket yet, as far as is known; then they may wait.
    fn may_wait(&self) -> bool {
        self.line.said && self.place.ticket.is_empty() && !self.place.left && !self.line.is_closed()
    }

    /// Tells where the customer stands, and notes that they are there.
    pub(super) async fn pulse(&mut self) -> Result<(), Gone> {
        if !self.waits() && !self.may_wait() {
            self.line.told = None;
            self.line.idle.look(false, self.app.clock.now());
            self.taken().await;
            return Ok(());
        }
        if self.look_at_hours().await? {
            // The desk has closed over it: they were told, and are answered later.
            return self.close_over().await;
        }
        if self.be_idle().await? {
            return Ok(());
        }
        if self.line.is_stale() {
            self.note_there().await;
        }
        if !self.waits() {
            return Ok(());
        }
        let mut request = Request::new(GetWaitRequest {
            ticket: self.place.told_of.clone(),
        });
        request.set_timeout(WAIT_MAX);
        let mut queue = QueueServiceClient::new(self.app.peers.routing(Some(&self.tenant)));
        // A queue that is away, or being rebuilt, has no news.
        let Ok(wait) = queue.get_wait(request).await else {
            return Ok(());
        };
        match update(wait.get_ref()) {
            Some(update) if self.line.told.as_ref() != Some(&update) => {
                self.line.told = Some(update);
                self.send(Event::QueueUpdate(update)).await
            }
            _ => Ok(()),
        }
    }

    /// The customer says something, and will wait if nobody has them.
    pub(super) async fn note_said(&mut self) {
        self.line.said = true;
        if self.place.agent.is_empty() && self.line.is_stale() {
            self.note_there().await;
        }
    }

    /// Notes that the customer is there now, and has left if nothing more is heard.
    async fn note_there(&mut self) {
        self.note(self.departure(false)).await;
        self.line.stays = Some(Instant::now());
        self.line.noted = true;
    }

    /// Asks somebody who gives no sign of life whether they are there, and lets them go if they do not answer. True: they have left.
    async fn be_idle(&mut self) -> Result<bool, Gone> {
        let since = match self.line.idle.look(true, self.app.clock.now()) {
            Word::Nothing => return Ok(false),
            Word::Leaves(at) => {
                let leaves_at = Some(timestamp(at));
                self.send(Event::IdleWarning(api::IdleWarning { leaves_at })).await?;
                return Ok(false);
            }
            Word::Left(since) => since,
        };
        let departure = Departure {
            left_at: since,
            ..self.departure(true)
        };
        if let Err(error) = self.app.store.note_departure(&departure).await {
            // What is not noted is not told either: they are asked once more.
            tracing::debug!(error = error.chain(), "that a customer is idle was not noted");
            return Ok(false);
        }
        self.line.noted = false;
        self.line.stays = None;
        match departures::tell(&self.app.store, &self.app.peers, &departure).await {
            // An agent was faster, or what they said is no ticket.
            Ok(Told::Stays) => return Ok(false),
            Ok(Told::Closed | Told::Left | Told::Later) => {}
            Err(error) => tracing::debug!(error = error.chain(), "that a customer was idle is told later"),
        }
        self.line.told = None;
        self.tell_gone(true).await?;
        Ok(true)
    }

    /// Leaving as of now: by the customer's word, or unless they are heard of.
    fn departure(&self, by_word: bool) -> Departure {
        let now = self.app.clock.now();
        Departure {
            tenant: self.tenant.clone(),
            conversation: self.start.key(),
            left_at: now,
            due_at: if by_word { now } else { now + PATIENCE },
            close: by_word && self.line.leaving == Some(true),
            by_word,
        }
    }

    async fn note(&mut self, departure: Departure) {
        if let Err(error) = self.app.store.note_departure(&departure).await {
            tracing::debug!(
                error = error.chain(),
                "that a customer waits, or has left, was not noted"
            );
        }
    }

    /// The desk has closed while the customer waited.
    async fn close_over(&mut self) -> Result<(), Gone> {
        let departure = self.departure(true);
        self.note(departure.clone()).await;
        self.place.left = true;
        self.line.told = None;
        // What cannot be told now the loop tells.
        if let Err(error) = departures::tell(&self.app.store, &self.app.peers, &departure).await {
            tracing::debug!(error = error.chain(), "that a desk has closed is told later");
        }
        Ok(())
    }

    /// Nobody waits on this line any more.
    pub(super) async fn taken(&mut self) {
        self.line.stays = None;
        if !std::mem::take(&mut self.line.noted) {
            return;
        }
        if let Err(error) = self.app.store.forget_departure(&self.tenant, &self.start.key()).await {
            // It will be told that they left, and nobody who has it lets it go by that.
            tracing::debug!(error = error.chain(), "that a customer was answered was not noted");
        }
    }

    /// The stream has ended, in whatever way. What was said is recorded all the same; a customer who waits may come back, and one who said that they go
    /// has gone, although nobody hears of it.
    pub(super) async fn gone(&mut self) {
        if self.line.departed {
            return;
        }
        let said = self.drain().await;
        let by_word = self.line.leaving.is_some();
        let was_heard = said && self.place.agent.is_empty() && !self.place.left;
        if by_word || was_heard || self.may_wait() || self.waits() {
            self.note(self.departure(by_word)).await;
        }
    }

    /// The customer goes, by their own word.
    pub(super) async fn leave(&mut self, close: bool) -> Result<(), Gone> {
        let departure = self.departure(true);
        // Noted first: what ticketing cannot hear now it is told later.
        if let Err(error) = self.app.store.note_departure(&departure).await {
            return self.fail(error).await;
        }
        self.line.departed = true;
        let closed = match departures::tell(&self.app.store, &self.app.peers, &departure).await {
            Ok(told) => told == Told::Closed || close && told == Told::Later,
            Err(error) => {
                tracing::debug!(error = error.chain(), "that a customer left is told later");
                close
            }
        };
        self.place.left = true;
        let (ticket, idle) = (self.place.ticket.clone(), false);
        self.send(Event::Left(api::Left { ticket, closed, idle })).await
    }

    /// They are not waiting any more, whoever found that.
    pub(super) async fn tell_left(&mut self) -> Result<(), Gone> {
        match self.place.left || self.line.leaving.is_some() {
            true => Ok(()),
            false => self.tell_gone(false).await,
        }
    }

    async fn tell_gone(&mut self, idle: bool) -> Result<(), Gone> {
        self.place.left = true;
        let (ticket, closed) = (self.place.ticket.clone(), false);
        self.send(Event::Left(api::Left { ticket, closed, idle })).await
    }

    /// How the ticket is served, as it was found.
    pub(super) async fn tell_handling(&mut self, ticket: &ticketing::Ticket) -> Result<(), Gone> {
        match ticket.handling() {
            Handling::Asynchronous if self.line.closed.is_none() && ticket.queue_entered_at.is_some() => {
                self.tell_left().await
            }
            Handling::Asynchronous => Ok(()),
            _ => {
                self.place.left = false;
                Ok(())
            }
        }
    }

    /// Whether nobody is there who could answer now; the customer is told so first. A conversation that an agent has goes on.
    pub(super) async fn look_at_hours(&mut self) -> Result<bool, Gone> {
        if !self.place.agent.is_empty() {
            return Ok(false);
        }
        let desk = self.app.hours.at(&self.tenant, self.app.clock.now()).await;
        let Desk::Closed(opens_at) = desk else {
            self.line.closed = None;
            return Ok(false);
        };
        if self.line.closed != Some(desk) {
            self.line.closed = Some(desk);
            let address = self.app.addresses.get(&self.tenant).cloned().unwrap_or_default();
            let channel = match address.is_empty() {
                true => ticketing::Channel::Unspecified,
                false => ticketing::Channel::Email,
            };
            self.send(Event::DeskClosed(api::DeskClosed {
                opens_at: opens_at.map(timestamp),
                offered_channel: channel.into(),
                offered_address: address,
            }))
            .await?;
        }
        Ok(true)
    }

    /// The customer types: told to the agent who has the ticket.
    pub(super) fn types(&mut self, typing: bool) {
        let agent = &self.place.agent;
        if !agent.is_empty() && self.line.typed.passes(typing, Instant::now()) {
            self.app.typing.tell(&Note {
                tenant: self.tenant.clone(),
                ticket: self.place.told_of.clone(),
                agent: agent.clone(),
                side: Side::Customer,
                typing,
            });
        }
    }

    /// An agent types; only the one who has the ticket is told of.
    pub(super) async fn tell_typing(&mut self, agent: &str, typing: bool) -> Result<(), Gone> {
        match self.place.agent == agent {
            true => self.send(Event::Typing(api::Typing { typing })).await,
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(position: Option<i64>, seconds: Option<i64>) -> GetWaitResponse {
        GetWaitResponse {
            position,
            expected_wait: seconds.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
            ..GetWaitResponse::default()
        }
    }

    #[test]
    fn a_wait_is_told_to_ten_seconds() {
        let seconds = |seconds| {
            let update = update(&wait(Some(2), Some(seconds))).expect("it waits");
            update.expected_wait.map(|wait| wait.seconds)
        };
        assert_eq!(
            [seconds(0), seconds(1), seconds(10), seconds(11), seconds(95)].map(Option::unwrap_or_default),
            [0, 10, 10, 20, 100]
        );
        assert_eq!(
            update(&wait(Some(0), None)).map(|update| (update.position, update.expected_wait)),
            Some((0, None))
        );
        assert_eq!(update(&wait(None, Some(5))), None, "it does not wait");
    }
}
