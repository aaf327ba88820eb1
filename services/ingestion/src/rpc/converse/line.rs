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
use crate::departures::{self, PATIENCE};
use crate::hours::Desk;
use crate::store::Departure;

/// How often a customer who waits is told where they stand, if that has changed.
pub(super) const PULSE: Duration = Duration::from_secs(3);
/// How often it is noted that a customer who waits is there: well within the patience of those who were cut.
const STAY: Duration = Duration::from_secs(60);
/// Where somebody stands is not worth waiting for.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What is known of the customer and the queue.
#[derive(Default)]
pub(super) struct Line {
    /// The customer's last word: they go. Whether nothing is wanted any more.
    pub leaving: Option<bool>,
    /// Where they stood when they were last told.
    told: Option<api::QueueUpdate>,
    /// When it was last noted that they are there.
    stays: Option<Instant>,
    /// Whether that may be noted, by this stream or by one before it.
    pub noted: bool,
    /// They were told that nobody is there.
    closed: Option<Desk>,
    typed: Throttle,
}

impl Line {
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

    /// Tells where the customer stands, and notes that they are there.
    pub(super) async fn pulse(&mut self) -> Result<(), Gone> {
        if !self.waits() {
            self.line.told = None;
            self.taken().await;
            return Ok(());
        }
        if self.line.stays.is_none_or(|at| at.elapsed() >= STAY) {
            self.note_stay().await;
            self.line.stays = Some(Instant::now());
            self.line.noted = true;
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

    /// Notes that the customer is there now, and has left if nothing more is heard.
    async fn note_stay(&mut self) {
        let now = self.app.clock.now();
        let departure = Departure {
            tenant: self.tenant.clone(),
            ticket: self.place.ticket.clone(),
            left_at: now,
            due_at: now + PATIENCE,
            close: false,
        };
        if let Err(error) = self.app.store.note_departure(&departure, false).await {
            tracing::debug!(error = error.chain(), "that a customer waits was not noted");
        }
    }

    /// Nobody waits on this line any more.
    pub(super) async fn taken(&mut self) {
        self.line.stays = None;
        if !std::mem::take(&mut self.line.noted) {
            return;
        }
        if let Err(error) = self.app.store.forget_departure(&self.tenant, &self.place.ticket).await {
            // It will be told that they left, and nobody who has it lets it go by that.
            tracing::debug!(error = error.chain(), "that a customer was answered was not noted");
        }
    }

    /// The stream has ended. A customer who waits may come back.
    pub(super) async fn gone(&mut self) {
        if self.line.leaving.is_none() && self.waits() {
            self.note_stay().await;
        }
    }

    /// The customer goes, by their own word.
    pub(super) async fn leave(&mut self, close: bool) -> Result<(), Gone> {
        let ticket = self.place.ticket.clone();
        let mut closed = false;
        if !ticket.is_empty() {
            let now = self.app.clock.now();
            let departure = Departure {
                tenant: self.tenant.clone(),
                ticket: ticket.clone(),
                left_at: now,
                due_at: now,
                close,
            };
            // Noted first: what ticketing cannot hear now it is told later.
            if let Err(error) = self.app.store.note_departure(&departure, true).await {
                return self.fail(error).await;
            }
            match departures::tell(&self.app.store, &self.app.peers, &departure).await {
                Ok(told) => closed = told.unwrap_or_default(),
                Err(error) => {
                    tracing::debug!(error = error.chain(), "that a customer left is told later");
                    closed = close;
                }
            }
        }
        self.place.left = true;
        self.send(Event::Left(api::Left { ticket, closed })).await
    }

    /// They are not waiting any more, whoever found that.
    pub(super) async fn tell_left(&mut self, closed: bool) -> Result<(), Gone> {
        if self.place.left || self.line.leaving.is_some() {
            return Ok(());
        }
        self.place.left = true;
        let ticket = self.place.ticket.clone();
        self.send(Event::Left(api::Left { ticket, closed })).await
    }

    /// How the ticket is served, as it was found.
    pub(super) async fn tell_handling(&mut self, ticket: &ticketing::Ticket) -> Result<(), Gone> {
        match ticket.handling() {
            Handling::Asynchronous if self.line.closed.is_none() && ticket.queue_entered_at.is_some() => {
                self.tell_left(false).await
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
