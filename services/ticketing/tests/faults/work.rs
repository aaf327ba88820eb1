//! The three calls that are broken at each of their steps, and what each leaves behind when it is whole.

use tonic::{Code, Status};
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_database::{Database, event_log};

use crate::desk::{Desk, TENANT};

/// A call that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Create,
    Assign,
    Close,
}

impl Work {
    pub const ALL: [Self; 3] = [Self::Create, Self::Assign, Self::Close];
}

/// One call and everything that must be there when it took effect.
#[derive(Clone)]
pub struct Job {
    work: Work,
    request_id: String,
    customer: String,
    /// The ticket that is assigned or closed.
    ticket: String,
    /// Tickets and events that were there before.
    tickets: usize,
    events: usize,
}

impl Job {
    /// What is needed for it is made over `desk`.
    pub async fn new(work: Work, desk: &Desk, database: &Database) -> Self {
        let customer = desk.customer().await;
        let mut job = Self {
            work,
            request_id: uuid::Uuid::new_v4().to_string(),
            ticket: String::new(),
            customer,
            tickets: 0,
            events: 0,
        };
        if work != Work::Create {
            job.ticket = create(desk, "", &job.customer).await.expect("a ticket").name;
        }
        job.tickets = desk.all_tickets().await.len();
        job.events = log(database).await.len();
        job
    }

    /// Makes the call; the same request each time.
    pub async fn call(&self, desk: &Desk) -> Result<pb::Ticket, Status> {
        match self.work {
            Work::Create => create(desk, &self.request_id, &self.customer).await,
            Work::Assign => {
                let request = pb::AssignTicketRequest {
                    request_id: self.request_id.clone(),
                    name: self.ticket.clone(),
                    agent: "agents/anna".to_owned(),
                    ..pb::AssignTicketRequest::default()
                };
                Ok(desk.tickets().assign_ticket(request).await?.into_inner())
            }
            Work::Close => {
                let request = pb::ChangeTicketStateRequest {
                    request_id: self.request_id.clone(),
                    name: self.ticket.clone(),
                    state: State::Closed.into(),
                    agent: "agents/anna".to_owned(),
                    ..pb::ChangeTicketStateRequest::default()
                };
                Ok(desk.tickets().change_ticket_state(request).await?.into_inner())
            }
        }
    }

    /// The ticket with the call's effect, or none when there is no trace of it. Half of it is a panic.
    pub async fn effect(&self, desk: &Desk, database: &Database) -> Option<pb::Ticket> {
        let names = desk.all_tickets().await;
        let mut kinds = log(database).await.split_off(self.events);
        let ticket = match self.work {
            // The newest comes first.
            Work::Create => names.first().filter(|_| names.len() > self.tickets).cloned(),
            Work::Assign | Work::Close => Some(self.ticket.clone()),
        };
        let ticket = match ticket {
            Some(name) => {
                let request = pb::GetTicketRequest { name };
                Some(desk.tickets().get_ticket(request).await.expect("is there").into_inner())
            }
            None => None,
        };
        let (done, kind) = match self.work {
            Work::Create => (ticket.is_some(), "ticket_created"),
            Work::Assign => (holds(&ticket, |one| one.assignee == "agents/anna"), "ticket_assigned"),
            Work::Close => (
                holds(&ticket, |one| one.state() == State::Closed),
                "ticket_state_changed",
            ),
        };
        kinds.retain(|one| one == kind);
        assert_eq!(
            kinds.len(),
            usize::from(done),
            "{:?}: the change and its event go together, once",
            self.work
        );
        let more = usize::from(done && self.work == Work::Create);
        assert_eq!(names.len(), self.tickets + more, "{:?}", self.work);
        ticket.filter(|_| done)
    }
}

fn holds(ticket: &Option<pb::Ticket>, test: impl Fn(&pb::Ticket) -> bool) -> bool {
    ticket.as_ref().is_some_and(test)
}

pub async fn create(desk: &Desk, request_id: &str, customer: &str) -> Result<pb::Ticket, Status> {
    let request = pb::CreateTicketRequest {
        request_id: request_id.to_owned(),
        ticket: Some(pb::Ticket {
            customer: customer.to_owned(),
            subject: "Help".to_owned(),
            ..pb::Ticket::default()
        }),
        ..pb::CreateTicketRequest::default()
    };
    Ok(desk.tickets().create_ticket(request).await?.into_inner())
}

/// The kinds of the tenant's events, in order; checks that there is no hole.
pub async fn log(database: &Database) -> Vec<String> {
    let mut kinds = Vec::new();
    loop {
        let after = i64::try_from(kinds.len()).expect("a short log");
        let events = event_log::read(database, TENANT, after, 500).await.expect("reads");
        if events.is_empty() {
            return kinds;
        }
        for event in events {
            assert_eq!(
                event.seq,
                i64::try_from(kinds.len()).expect("a short log") + 1,
                "the log is dense"
            );
            kinds.push(event.kind);
        }
    }
}

/// Whether a failure leaves open what happened, so that the caller repeats the call.
pub fn may_be_repeated(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Aborted | Code::Cancelled
    )
}
