//! Simulated agents at the `Work` stream.
//!
//! They act one at a time: after each step everything that routing can offer is waited for. So the order in which offers
//! come is the order in which routing decided, and the check of that order cannot blame it on a race of ours.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use vorrang_api::from_timestamp;
use vorrang_api::routing::v1::{
    AcceptOffer, Agent, ChannelCapacity, CreateAgentRequest, GetQueueStatsRequest, GetQueueStatsResponse, Hello,
    PeekQueueRequest, QueuedContact, WorkRequest, WorkResponse, WrapUp, work_request, work_response,
};
use vorrang_api::ticketing::v1::Channel;
use vorrang_error::Error;

use super::desk::{Desk, refused};
use super::order::Served;

/// Long enough for a slow machine; nothing in a working suite waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What routing said, and to which agent.
type Event = (usize, Result<WorkResponse, tonic::Status>);

/// A contact that an agent has been given.
pub struct Assignment {
    /// Index of the agent.
    pub seat: usize,
    pub contact: QueuedContact,
    /// How long it had waited when it was offered.
    pub waited: Option<f64>,
}

struct Seat {
    name: String,
    capacities: HashMap<Channel, usize>,
    say: mpsc::Sender<WorkRequest>,
    /// Offered or assigned, and not finished.
    held: Vec<Channel>,
}

impl Seat {
    fn can_take(&self, channel: Channel) -> bool {
        let most = self.capacities.get(&channel).copied().unwrap_or(0);
        self.held.iter().filter(|held| **held == channel).count() < most
    }
}

/// The agents at their desks.
pub struct Office {
    desk: Desk,
    seats: Vec<Seat>,
    events: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
    /// Offered and accepted by us, not yet recorded by ticketing: offer → where it goes.
    accepting: HashMap<String, Assignment>,
    /// Ours to work on.
    desk_pile: Vec<Assignment>,
    /// Every contact at its first offer, in order.
    pub first_offers: Vec<Served>,
    /// When contacts that came late came: ticket → offers made before.
    pub late: HashMap<String, usize>,
}

impl Office {
    pub fn new(desk: Desk) -> Self {
        let (tell, events) = mpsc::channel(256);
        Self {
            desk,
            seats: Vec::new(),
            events,
            tell,
            accepting: HashMap::new(),
            desk_pile: Vec::new(),
            first_offers: Vec::new(),
            late: HashMap::new(),
        }
    }

    /// Makes the agent `id` known, and opens their `Work` stream for these channels.
    pub async fn hire(&mut self, id: &str, name: &str, capacities: &[(Channel, usize)]) -> Result<(), Error> {
        let agent = Agent {
            display_name: name.to_owned(),
            ..Agent::default()
        };
        let request = CreateAgentRequest {
            request_id: format!("hire-{id}"),
            agent_id: id.to_owned(),
            agent: Some(agent),
        };
        self.desk
            .client
            .agents()
            .create_agent(request)
            .await
            .map_err(refused("CreateAgent"))?;

        let (say, requests) = mpsc::channel(64);
        let hello = Hello {
            agent: format!("agents/{id}"),
            capacities: capacities
                .iter()
                .map(|(channel, most)| ChannelCapacity {
                    channel: (*channel).into(),
                    max_concurrent: i32::try_from(*most).unwrap_or(i32::MAX),
                })
                .collect(),
            queues: Vec::new(),
        };
        send(&say, work_request::Request::Hello(hello)).await?;
        let stream = self
            .desk
            .client
            .work()
            .work(ReceiverStream::new(requests))
            .await
            .map_err(refused("Work"))?;
        let seat = self.seats.len();
        let (tell, mut responses) = (self.tell.clone(), stream.into_inner());
        tokio::spawn(async move {
            while let Some(response) = responses.next().await {
                if tell.send((seat, response)).await.is_err() {
                    return;
                }
            }
        });
        self.seats.push(Seat {
            name: name.to_owned(),
            capacities: capacities.iter().copied().collect(),
            say,
            held: Vec::new(),
        });
        self.settle().await
    }

    /// Name and resource name of an agent's.
    pub fn agent(&self, seat: usize) -> &str {
        &self.seats[seat].name
    }

    /// How many contacts wait.
    pub async fn waiting(&self) -> Result<usize, Error> {
        Ok(waiting(&self.stats().await?))
    }

    /// Waits until `ticket`, pushed just now, has been offered or waits in its lane.
    pub async fn arrived(&mut self, ticket: &str) -> Result<(), Error> {
        while !self.was_offered(ticket) {
            let request = PeekQueueRequest {
                limit: 100,
                ..PeekQueueRequest::default()
            };
            let next = self
                .desk
                .client
                .queues()
                .peek_queue(request)
                .await
                .map_err(refused("PeekQueue"))?;
            if next
                .into_inner()
                .contacts
                .iter()
                .any(|contact| contact.ticket == ticket)
            {
                break;
            }
            // Somebody may be free for it: then it is offered at once and never seen waiting.
            match tokio::time::timeout(Duration::from_millis(10), self.events.recv()).await {
                Ok(event) => drop(self.take(event).await?),
                Err(_) => continue,
            }
        }
        self.settle().await
    }

    fn was_offered(&self, ticket: &str) -> bool {
        self.first_offers.iter().any(|served| served.ticket == ticket)
    }

    /// The next contact to work on; `None` when nothing waits and nobody holds anything.
    pub async fn next(&mut self) -> Result<Option<Assignment>, Error> {
        self.settle().await?;
        while self.desk_pile.is_empty() {
            let nothing_to_come = self.accepting.is_empty() && {
                let stats = self.stats().await?;
                waiting(&stats) == 0 && stats.offered_count == 0
            };
            if nothing_to_come && self.accepting.is_empty() {
                return Ok(None);
            }
            self.event().await?;
        }
        // In the order of the offers: who asked first is answered first, whichever assignment was recorded first.
        let place = |assignment: &Assignment| {
            self.first_offers
                .iter()
                .position(|served| served.ticket == assignment.contact.ticket)
        };
        let first = (0..self.desk_pile.len()).min_by_key(|index| place(&self.desk_pile[*index]));
        Ok(first.map(|index| self.desk_pile.remove(index)))
    }

    /// The agent is done with it.
    pub async fn finish(&mut self, assignment: &Assignment) -> Result<(), Error> {
        let ticket = assignment.contact.ticket.clone();
        let wrap_up = WrapUp {
            ticket: ticket.clone(),
            ..WrapUp::default()
        };
        send(&self.seats[assignment.seat].say, work_request::Request::WrapUp(wrap_up)).await?;
        while self.event().await?.as_deref() != Some(ticket.as_str()) {}
        let held = &mut self.seats[assignment.seat].held;
        if let Some(place) = held.iter().position(|channel| *channel == assignment.contact.channel()) {
            held.swap_remove(place);
        }
        self.settle().await
    }

    /// Waits until nothing waits that somebody could take.
    async fn settle(&mut self) -> Result<(), Error> {
        loop {
            let stats = self.stats().await?;
            let takeable = stats
                .lanes
                .iter()
                .any(|lane| lane.waiting_count > 0 && self.seats.iter().any(|seat| seat.can_take(lane.channel())));
            // Offers on their way count too: their contacts wait no longer, and we do not hold them yet.
            let under_way = !self.accepting.is_empty() || stats.offered_count > 0;
            if !takeable && !under_way {
                return Ok(());
            }
            self.event().await?;
        }
    }

    /// Takes the next thing that routing says. Gives the ticket when it was that one is finished.
    async fn event(&mut self) -> Result<Option<String>, Error> {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await.map_err(|_| {
            Error::unavailable(
                "ROUTING_SILENT",
                "contacts wait, agents are free, and routing offers nothing",
            )
        })?;
        self.take(event).await
    }

    async fn take(&mut self, event: Option<Event>) -> Result<Option<String>, Error> {
        let (seat, response) = event.ok_or_else(|| Error::internal("the agents' streams are gone"))?;
        use work_response::Response;
        match response.map_err(refused("Work"))?.response {
            Some(Response::Offer(offer)) => {
                let contact = offer.contact.unwrap_or_default();
                self.note_offer(&contact, seat);
                self.seats[seat].held.push(contact.channel());
                let waited = offer
                    .waited
                    .map(|waited| waited.seconds as f64 + f64::from(waited.nanos) / 1e9);
                self.accepting
                    .insert(offer.offer.clone(), Assignment { seat, contact, waited });
                let accept = AcceptOffer { offer: offer.offer };
                send(&self.seats[seat].say, work_request::Request::Accept(accept)).await?;
            }
            Some(Response::Assigned(assigned)) => {
                if let Some(assignment) = self.accepting.remove(&assigned.offer) {
                    self.desk_pile.push(assignment);
                }
            }
            Some(Response::Rescinded(rescinded)) => {
                if let Some(assignment) = self.accepting.remove(&rescinded.offer) {
                    let held = &mut self.seats[assignment.seat].held;
                    if let Some(place) = held.iter().position(|held| *held == assignment.contact.channel()) {
                        held.swap_remove(place);
                    }
                }
            }
            Some(Response::Finished(finished)) => return Ok(Some(finished.ticket)),
            Some(Response::Refused(refusal)) => {
                let message = format!("routing refused: {}: {}", refusal.reason, refusal.message);
                return Err(Error::unavailable("CALL_REFUSED", message));
            }
            Some(Response::Ready(_) | Response::PresenceSet(_) | Response::Typing(_)) | None => {}
        }
        Ok(None)
    }

    fn note_offer(&mut self, contact: &QueuedContact, seat: usize) {
        if self.was_offered(&contact.ticket) {
            return;
        }
        let known_after = self.late.get(&contact.ticket).copied().unwrap_or(0);
        let free = |channel: &Channel| self.seats[seat].can_take(*channel);
        let all = self.seats[seat].capacities.keys();
        self.first_offers.push(Served {
            ticket: contact.ticket.clone(),
            class_rank: contact.class_rank,
            due_at: contact.due_at.as_ref().and_then(from_timestamp),
            queue_entered_at: contact.queue_entered_at.as_ref().and_then(from_timestamp),
            channel: contact.channel,
            takeable: all
                .filter(|channel| free(channel))
                .map(|channel| i32::from(*channel))
                .collect(),
            known_after,
        });
    }

    async fn stats(&self) -> Result<GetQueueStatsResponse, Error> {
        let request = GetQueueStatsRequest::default();
        let response = self.desk.client.queues().get_queue_stats(request).await;
        Ok(response.map_err(refused("GetQueueStats"))?.into_inner())
    }
}

/// How many contacts wait in all lanes.
fn waiting(stats: &GetQueueStatsResponse) -> usize {
    let all: i64 = stats.lanes.iter().map(|lane| lane.waiting_count).sum();
    usize::try_from(all).unwrap_or(0)
}

async fn send(say: &mpsc::Sender<WorkRequest>, request: work_request::Request) -> Result<(), Error> {
    let request = WorkRequest { request: Some(request) };
    say.send(request)
        .await
        .map_err(|_| Error::unavailable("ROUTING_SILENT", "a Work stream has ended"))
}
