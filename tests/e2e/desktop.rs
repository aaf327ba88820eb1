//! A simulated agent's desktop: takes every offer, keeps what it was given, and comes back when the stream is cut.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use vorrang_api::routing::v1::{
    AcceptOffer, Agent, ChannelCapacity, CreateAgentRequest, Hello, QueuedContact, WorkRequest, WorkResponse, WrapUp,
    work_request, work_response,
};
use vorrang_api::ticketing::v1::{Channel, Ticket};
use vorrang_client::Client;

/// What desktops were offered and given, in the order in which it came.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    offered: Vec<QueuedContact>,
    assigned: Vec<Ticket>,
}

impl Log {
    /// Every offer, also those that did not come to an assignment.
    pub fn offered(&self) -> Vec<QueuedContact> {
        self.0.lock().expect("no test panicked with it").offered.clone()
    }

    /// Every ticket that routing said is the agent's now.
    pub fn assigned(&self) -> Vec<Ticket> {
        self.0.lock().expect("no test panicked with it").assigned.clone()
    }

    fn note(&self, note: impl FnOnce(&mut Entries)) {
        note(&mut self.0.lock().expect("no test panicked with it"));
    }
}

/// An agent at work until the value is dropped.
pub struct Desktop(JoinHandle<()>);

impl Drop for Desktop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes the agent `id` known and lets them take one contact of each channel at a time, for as long as the value lives.
pub async fn open(client: &Client, id: &str, log: &Log) -> Desktop {
    let request = CreateAgentRequest {
        agent_id: id.to_owned(),
        agent: Some(Agent::default()),
        ..CreateAgentRequest::default()
    };
    client
        .agents()
        .create_agent(request)
        .await
        .expect("the agent is made known");
    let (client, id, log) = (client.clone(), id.to_owned(), log.clone());
    Desktop(tokio::spawn(async move {
        loop {
            // While Redis is down the stream is refused or ends: a desktop tries again, as a person's would.
            let _ = work(&client, &id, &log).await;
            tokio::time::interval(Duration::from_millis(50)).tick().await;
        }
    }))
}

/// All channels there are.
pub const CHANNELS: [Channel; 8] = [
    Channel::Email,
    Channel::Chat,
    Channel::Phone,
    Channel::Social,
    Channel::Sms,
    Channel::Messaging,
    Channel::Web,
    Channel::Api,
];

async fn work(client: &Client, id: &str, log: &Log) -> Result<(), tonic::Status> {
    let (say, requests) = mpsc::channel(64);
    let hello = Hello {
        agent: format!("agents/{id}"),
        capacities: CHANNELS
            .iter()
            .map(|channel| ChannelCapacity {
                channel: (*channel).into(),
                max_concurrent: 1,
            })
            .collect(),
        queues: Vec::new(),
    };
    let _ = say.send(request(work_request::Request::Hello(hello))).await;
    let mut responses = client.work().work(ReceiverStream::new(requests)).await?.into_inner();
    while let Some(response) = responses.next().await {
        if let Some(answer) = answer(response?, log) {
            let _ = say.send(answer).await;
        }
    }
    Ok(())
}

/// What a desktop says to what routing said.
fn answer(response: WorkResponse, log: &Log) -> Option<WorkRequest> {
    match response.response? {
        work_response::Response::Offer(offer) => {
            log.note(|log| log.offered.extend(offer.contact));
            Some(request(work_request::Request::Accept(AcceptOffer {
                offer: offer.offer,
            })))
        }
        work_response::Response::Assigned(assigned) => {
            let ticket = assigned.ticket.expect("an assignment says what was assigned");
            let wrap_up = WrapUp {
                ticket: ticket.name.clone(),
                ..WrapUp::default()
            };
            log.note(|log| log.assigned.push(ticket));
            Some(request(work_request::Request::WrapUp(wrap_up)))
        }
        _ => None,
    }
}

fn request(request: work_request::Request) -> WorkRequest {
    WorkRequest { request: Some(request) }
}
