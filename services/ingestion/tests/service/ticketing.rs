//! A stand-in for ticketing that keeps its promises (request ids, duplicates, conversations) and breaks on demand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prost::Message as _;
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use vorrang_api::ticketing::v1::attachment_service_server::AttachmentServiceServer;
use vorrang_api::ticketing::v1::contact_result::Outcome;
use vorrang_api::ticketing::v1::feed_service_server::FeedServiceServer;
use vorrang_api::ticketing::v1::internal_service_server::{InternalService, InternalServiceServer};
use vorrang_api::ticketing::v1::{
    AcceptTicketRequest, ContactResult, FindHistoryRequest, FindHistoryResponse, InboundContact,
    ListQueuedTicketsRequest, ListQueuedTicketsResponse, ListTenantsRequest, ListTenantsResponse,
    RecordContactsRequest, RecordContactsResponse, RecordHistoryRequest, RecordHistoryResponse, Ticket,
};
use vorrang_error::{Error, Kind};
use vorrang_service::{Bind, Bound, Context, configured};

use crate::desk::{CustomerDoor, FakeDesk, LiveDoor, TicketDoor};
use crate::past::Past;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Up,
    /// Nothing is recorded.
    Down,
    /// Calls are answered when this is over.
    Hangs,
    /// Everything is recorded, and the answer is lost.
    LosesAnswers,
    /// Everything is recorded, and calls are answered when this is over.
    NeverAnswers,
    /// Contacts whose text is `refuse` are refused for good.
    Refuses,
}

#[derive(Clone)]
pub struct FakeTicketing(Arc<Mutex<State>>, watch::Sender<Mode>, FakeDesk);

struct State {
    mode: Mode,
    calls: usize,
    contacts: Vec<(String, InboundContact)>,
    answers: HashMap<(String, String), (InboundContact, ContactResult)>,
    keys: HashMap<(String, String, String, Vec<u8>), ContactResult>,
    threads: HashMap<(String, String), String>,
    tickets: usize,
    past: Past,
}

impl FakeTicketing {
    pub fn new() -> Self {
        let state = State {
            mode: Mode::Up,
            calls: 0,
            contacts: Vec::new(),
            answers: HashMap::new(),
            keys: HashMap::new(),
            threads: HashMap::new(),
            tickets: 0,
            past: Past::default(),
        };
        Self(
            Arc::new(Mutex::new(state)),
            watch::Sender::new(Mode::Up),
            FakeDesk::default(),
        )
    }

    pub fn bind(&self) -> Bind {
        let service = self.clone();
        Bind::new("ticketing", move |context: Context| async move {
            let desk = service.desk();
            Ok(Bound::new("ticketing")
                .grpc(configured!(InternalServiceServer::new(service), context))
                .grpc(FeedServiceServer::new(desk.clone()))
                .grpc(AttachmentServiceServer::new(desk.clone()))
                .grpc(TicketDoor(desk.clone()))
                .grpc(LiveDoor(desk.clone()))
                .grpc(CustomerDoor(desk)))
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it says of tickets, besides taking contacts.
    pub fn desk(&self) -> FakeDesk {
        self.2.clone()
    }

    pub fn set(&self, mode: Mode) {
        self.state().mode = mode;
        self.1.send_replace(mode);
    }

    /// How many tickets there are.
    pub fn tickets(&self) -> usize {
        self.state().tickets
    }

    /// The texts of the lines that were recorded, in their order.
    pub fn lines(&self) -> Vec<String> {
        self.state().past.lines.clone()
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// The texts that were recorded, in their order, without repeats.
    pub fn texts(&self) -> Vec<String> {
        self.contacts()
            .into_iter()
            .map(|contact| contact.message.unwrap_or_default().text)
            .collect()
    }

    /// The contacts that were recorded, in their order, without repeats.
    pub fn contacts(&self) -> Vec<InboundContact> {
        self.state()
            .contacts
            .iter()
            .map(|(_, contact)| contact.clone())
            .collect()
    }
}

fn refused(reason: &'static str, message: &str) -> ContactResult {
    let status = vorrang_service::status(Error::new(Kind::Invalid, reason, message));
    ContactResult {
        error: Some(tonic_types::Status::decode(status.details()).expect("details")),
        ..ContactResult::default()
    }
}

impl State {
    fn record(&mut self, tenant: &str, contact: InboundContact) -> ContactResult {
        if self.mode == Mode::Refuses && contact.message.as_ref().is_some_and(|message| message.text == "refuse") {
            return refused("TEXT_REFUSED", "text: is refused");
        }
        let body = InboundContact {
            trace_parent: String::new(),
            ..contact.clone()
        };
        let answer_key = (tenant.to_owned(), contact.request_id.clone());
        if let Some((first, answer)) = self.answers.get(&answer_key) {
            return if *first == body {
                answer.clone()
            } else {
                refused("REQUEST_ID_REUSED", "request_id: was used before")
            };
        }
        let key = (
            tenant.to_owned(),
            contact.source.clone(),
            contact.external_id.clone(),
            contact.content_hash.to_vec(),
        );
        let result = match self.keys.get(&key) {
            Some(first) if !contact.external_id.is_empty() => ContactResult {
                outcome: Outcome::Duplicate.into(),
                ..first.clone()
            },
            _ => {
                let known = contact
                    .reference_keys
                    .iter()
                    .find_map(|key| self.threads.get(&(tenant.to_owned(), key.clone())).cloned());
                let outcome = if known.is_some() {
                    Outcome::Appended
                } else {
                    Outcome::Created
                };
                let ticket = known.unwrap_or_else(|| {
                    self.tickets += 1;
                    format!("tickets/{}", self.tickets)
                });
                for key in &contact.thread_keys {
                    self.threads.insert((tenant.to_owned(), key.clone()), ticket.clone());
                }
                self.contacts.push((tenant.to_owned(), contact.clone()));
                let result = ContactResult {
                    outcome: outcome.into(),
                    message: format!("{ticket}/messages/{}", self.contacts.len()),
                    ticket,
                    number: 1,
                    customer: "customers/1".to_owned(),
                    error: None,
                };
                self.keys.insert(key, result.clone());
                result
            }
        };
        self.answers.insert(answer_key, (body, result.clone()));
        result
    }
}

#[tonic::async_trait]
impl InternalService for FakeTicketing {
    async fn record_contacts(
        &self,
        request: Request<RecordContactsRequest>,
    ) -> Result<Response<RecordContactsResponse>, Status> {
        let tenant = vorrang_service::tenant(&request).map_err(vorrang_service::status)?;
        // The sender is `self`: it is not dropped meanwhile.
        let _ = self.1.subscribe().wait_for(|mode| *mode != Mode::Hangs).await;
        let (mode, results) = {
            let mut state = self.state();
            state.calls += 1;
            if state.mode == Mode::Down {
                return Err(Status::unavailable("down"));
            }
            let contacts = request.into_inner().contacts.into_iter();
            let results: Vec<_> = contacts.map(|contact| state.record(&tenant, contact)).collect();
            (state.mode, results)
        };
        let _ = self.1.subscribe().wait_for(|mode| *mode != Mode::NeverAnswers).await;
        if mode == Mode::LosesAnswers {
            return Err(Status::unavailable("the answer is lost"));
        }
        Ok(Response::new(RecordContactsResponse { results }))
    }

    async fn record_history(
        &self,
        request: Request<RecordHistoryRequest>,
    ) -> Result<Response<RecordHistoryResponse>, Status> {
        let tenant = vorrang_service::tenant(&request).map_err(vorrang_service::status)?;
        let _ = self.1.subscribe().wait_for(|mode| *mode != Mode::Hangs).await;
        let mut state = self.state();
        state.calls += 1;
        if state.mode == Mode::Down {
            return Err(Status::unavailable("down"));
        }
        let results = state.past.record(&tenant, request.into_inner());
        if state.mode == Mode::LosesAnswers {
            return Err(Status::unavailable("the answer is lost"));
        }
        Ok(Response::new(RecordHistoryResponse { results }))
    }

    async fn find_history(
        &self,
        request: Request<FindHistoryRequest>,
    ) -> Result<Response<FindHistoryResponse>, Status> {
        let tenant = vorrang_service::tenant(&request).map_err(vorrang_service::status)?;
        let state = self.state();
        if state.mode == Mode::Down {
            return Err(Status::unavailable("down"));
        }
        Ok(Response::new(state.past.find(&tenant, request.into_inner())))
    }

    async fn accept_ticket(&self, _: Request<AcceptTicketRequest>) -> Result<Response<Ticket>, Status> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn list_queued_tickets(
        &self,
        _: Request<ListQueuedTicketsRequest>,
    ) -> Result<Response<ListQueuedTicketsResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn list_tenants(&self, _: Request<ListTenantsRequest>) -> Result<Response<ListTenantsResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }
}
