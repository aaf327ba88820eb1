//! Hears from ticketing's feed what happens to the tickets of open conversations: one stream a process, however many
//! conversations, and only while there are any. It keeps no position. Whoever may have missed something is told to look into
//! the transcript, which has everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_service::Peers;
use vorrang_typing::{Side, Typing};

/// What conversations hear of.
const TYPES: [&str; 7] = [
    "message_created",
    "ticket_assigned",
    "ticket_queued",
    "ticket_queue_left",
    "ticket_state_changed",
    "ticket_merged",
    "ticket_unmerged",
];

/// What may wait for one stream; when it is full the stream looks into the transcript instead.
const WAITING_MAX: usize = 64;

/// Before the feed is asked for again.
const AGAIN: Duration = Duration::from_millis(200);

/// What happened to a ticket.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    /// Somebody wrote.
    Message(Box<ticketing::Message>),
    /// An agent has it; empty: nobody.
    Assigned(String),
    /// It is in another state.
    State(ticketing::ticket::State),
    /// The customer is not waiting in the queue any more.
    Left,
    /// The agent with this name types, or has stopped.
    Typing(String, bool),
    /// Its conversation goes on in another one.
    Merged,
    /// A ticket that was part of it has its own conversation again.
    Unmerged,
    /// Something may have been missed.
    Unsure,
}

/// Tenant and ticket.
type Key = (String, String);

/// Tells conversations what happens. Clones share it.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    peers: Peers,
    lines: Mutex<HashMap<Key, Vec<mpsc::Sender<Heard>>>>,
    wanted: Notify,
}

impl Hub {
    pub(crate) fn new(peers: Peers) -> Self {
        Self(Arc::new(Inner {
            peers,
            lines: Mutex::default(),
            wanted: Notify::new(),
        }))
    }

    /// Everything that happens to a ticket from now on. It ends when the listener is too slow: then listen again, and look into
    /// the transcript.
    pub(super) fn listen(&self, tenant: &str, ticket: &str) -> mpsc::Receiver<Heard> {
        let (line, heard) = mpsc::channel(WAITING_MAX);
        let mut lines = self.lines();
        let of_ticket = lines.entry((tenant.to_owned(), ticket.to_owned())).or_default();
        of_ticket.retain(|line| !line.is_closed());
        of_ticket.push(line);
        drop(lines);
        self.0.wanted.notify_one();
        heard
    }

    /// Follows the feed until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wanted() => {}
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                result = self.follow() => if let Err(status) = result {
                    tracing::debug!(code = ?status.code(), "conversations do not hear from ticketing; asking again");
                },
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Waits until somebody listens.
    async fn wanted(&self) {
        while !self.anybody() {
            self.0.wanted.notified().await;
        }
    }

    fn anybody(&self) -> bool {
        let mut lines = self.lines();
        lines.retain(|_, of_ticket| {
            of_ticket.retain(|line| !line.is_closed());
            !of_ticket.is_empty()
        });
        !lines.is_empty()
    }

    async fn follow(&self) -> Result<(), Status> {
        let mut client = FeedServiceClient::new(self.0.peers.ticketing(None));
        let request = FollowRequest {
            start: StartPoint::Now.into(),
            types: TYPES.map(str::to_owned).into(),
            ..FollowRequest::default()
        };
        let mut responses = client.follow(request).await?.into_inner();
        // Whatever happened before the feed was there again.
        self.tell_all();
        while let Some(response) = responses.message().await? {
            for event in response.events {
                self.pass_on(&response.tenant, event);
            }
            if !self.anybody() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn pass_on(&self, tenant: &str, event: ticketing::Event) {
        let name = |ticket: Option<ticketing::Ticket>| ticket.unwrap_or_default().name;
        match event.payload {
            Some(Payload::MessageCreated(one)) => {
                let message = one.message.unwrap_or_default();
                if message.visibility() == ticketing::message::Visibility::Public {
                    self.tell(tenant, name(one.ticket), Heard::Message(Box::new(message)));
                }
            }
            Some(Payload::TicketAssigned(one)) => {
                let ticket = one.ticket.unwrap_or_default();
                self.tell(tenant, ticket.name, Heard::Assigned(ticket.assignee));
            }
            Some(Payload::TicketQueued(one)) => self.tell(tenant, name(one.ticket), Heard::Assigned(String::new())),
            Some(Payload::TicketQueueLeft(one)) => self.tell(tenant, name(one.ticket), Heard::Left),
            Some(Payload::TicketStateChanged(one)) => {
                let ticket = one.ticket.unwrap_or_default();
                let state = ticket.state();
                self.tell(tenant, ticket.name, Heard::State(state));
            }
            Some(Payload::TicketMerged(one)) => self.tell(tenant, name(one.ticket), Heard::Merged),
            Some(Payload::TicketUnmerged(one)) => self.tell(tenant, name(one.target), Heard::Unmerged),
            _ => {}
        }
    }

    /// Passes on who types, until `shutdown`. One that does not come through is lost.
    pub(crate) async fn type_on(self, typing: Typing, shutdown: CancellationToken) {
        let mut notes = typing.listen();
        loop {
            let note = tokio::select! {
                () = shutdown.cancelled() => return,
                note = notes.recv() => note,
            };
            match note {
                Ok(note) if note.side == Side::Agent => {
                    let lines = self.lines();
                    for line in lines.get(&(note.tenant, note.ticket)).into_iter().flatten() {
                        let _ = line.try_send(Heard::Typing(note.agent.clone(), note.typing));
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn tell(&self, tenant: &str, ticket: String, heard: Heard) {
        let mut lines = self.lines();
        if let Some(of_ticket) = lines.get_mut(&(tenant.to_owned(), ticket)) {
            of_ticket.retain(|line| line.try_send(heard.clone()).is_ok());
        }
    }

    fn tell_all(&self) {
        for of_ticket in self.lines().values_mut() {
            of_ticket.retain(|line| line.try_send(Heard::Unsure).is_ok());
        }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Key, Vec<mpsc::Sender<Heard>>>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
