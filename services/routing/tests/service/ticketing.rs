//! A stand-in for ticketing that keeps its promises (generations, request ids, a dense log) and breaks on demand.

mod tickets;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, EventHead, FollowRequest, GetConsumerRequest, GetHeadRequest,
    GetHeadResponse, ListConsumersRequest, ListConsumersResponse,
};
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::feed_service_server::{FeedService, FeedServiceServer};
use vorrang_api::ticketing::v1::internal_service_server::{InternalService, InternalServiceServer};
use vorrang_api::ticketing::v1::ticket::{Disposition, State as TicketState};
use vorrang_api::ticketing::v1::ticket_service_server::TicketServiceServer;
use vorrang_api::ticketing::v1::{
    AcceptTicketRequest, Channel, Event, FindHistoryRequest, FindHistoryResponse, FollowResponse,
    ListQueuedTicketsRequest, ListQueuedTicketsResponse, ListTenantsRequest, ListTenantsResponse, Priority,
    RecordContactsRequest, RecordContactsResponse, RecordHistoryRequest, RecordHistoryResponse, SlaTarget,
    SlaTargetAtRisk, Ticket, TicketAssigned, TicketCreated, TicketDispositionChanged, TicketMerged, TicketQueued,
    TicketStateChanged, TicketUnmerged, sla_target, ticket_assigned,
};
use vorrang_api::{from_timestamp, timestamp};
use vorrang_error::Error;
use vorrang_service::{Bind, Bound, Context, configured, status, tenant};

fn seconds(at: i64) -> prost_types::Timestamp {
    timestamp(chrono::DateTime::from_timestamp(at, 0).expect("valid"))
}

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Up,
    /// Everything but the feed is UNAVAILABLE; nothing is recorded.
    Down,
    /// Acceptances are recorded, and the answer is lost.
    LosesAnswers,
}

#[derive(Clone)]
pub struct FakeTicketing {
    state: Arc<Mutex<State>>,
    bell: watch::Sender<u64>,
}

struct State {
    mode: Mode,
    /// Tenants whose waiting tickets cannot be listed.
    unlistable: HashSet<String>,
    /// Changes when the log is "restored".
    epoch: u32,
    logs: BTreeMap<String, Vec<Event>>,
    tickets: HashMap<(String, String), Ticket>,
    answers: HashMap<String, Ticket>,
    /// What the next acceptances are refused with.
    refusals: VecDeque<Error>,
    /// Acceptances asked for, with the traceparent they came under.
    accepts: Vec<(AcceptTicketRequest, String)>,
}

impl FakeTicketing {
    pub fn new() -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                mode: Mode::Up,
                unlistable: HashSet::new(),
                epoch: 1,
                logs: BTreeMap::new(),
                tickets: HashMap::new(),
                answers: HashMap::new(),
                refusals: VecDeque::new(),
                accepts: Vec::new(),
            })),
            bell: watch::Sender::new(0),
        }
    }

    pub fn bind(&self) -> Bind {
        let service = self.clone();
        Bind::new("ticketing", move |context: Context| async move {
            Ok(Bound::new("ticketing")
                .grpc(configured!(InternalServiceServer::new(service.clone()), context))
                .grpc(configured!(TicketServiceServer::new(service.clone()), context))
                .grpc(configured!(FeedServiceServer::new(service), context)))
        })
    }

    pub fn set_mode(&self, mode: Mode) {
        self.state().mode = mode;
    }

    /// Refuses the next acceptances, one error for each; nothing is recorded then.
    pub fn refuse(&self, errors: impl IntoIterator<Item = Error>) {
        self.state().refusals.extend(errors);
    }

    /// Whether the tenant's waiting tickets can be listed.
    pub fn set_listable(&self, tenant: &str, listable: bool) {
        let mut state = self.state();
        if listable {
            state.unlistable.remove(tenant);
        } else {
            state.unlistable.insert(tenant.to_owned());
        }
    }

    /// As if the database had been restored: cursors of before are refused.
    pub fn renew_epoch(&self) {
        self.state().epoch += 1;
        self.ring();
    }

    pub fn ticket(&self, tenant: &str, id: &str) -> Ticket {
        self.state().tickets[&(tenant.to_owned(), id.to_owned())].clone()
    }

    pub fn accepts(&self) -> Vec<(AcceptTicketRequest, String)> {
        self.state().accepts.clone()
    }

    /// Opens a ticket that waits since `entered_at` (unix seconds); gives its id.
    pub fn open(&self, tenant: &str, channel: Channel, tier: &str, priority: Priority, entered_at: i64) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let mut state = self.state();
        let number = state.tickets.len() as i64 + 1;
        let entered = chrono::DateTime::from_timestamp(entered_at, 0).expect("valid");
        let ticket = Ticket {
            name: format!("tickets/{id}"),
            number,
            subject: format!("Contact {number}"),
            channel: channel.into(),
            state: TicketState::New.into(),
            priority: priority.into(),
            tier: tier.to_owned(),
            queue: "default".to_owned(),
            queue_entered_at: Some(timestamp(entered)),
            generation: 1,
            ..Ticket::default()
        };
        state.change(tenant, &id, ticket, |ticket| {
            Payload::TicketCreated(TicketCreated { ticket: Some(ticket) })
        });
        drop(state);
        self.ring();
        id
    }

    /// Gives the ticket to an agent by hand.
    pub fn assign(&self, tenant: &str, id: &str, agent: &str) {
        let change = |ticket: &mut Ticket| {
            ticket.assignee = format!("agents/{agent}");
            ticket.queue_entered_at = None;
            ticket.generation += 1;
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketAssigned(TicketAssigned {
                ticket: Some(ticket),
                source: ticket_assigned::Source::Manual.into(),
                ..TicketAssigned::default()
            })
        });
    }

    /// Back to its queue.
    pub fn requeue(&self, tenant: &str, id: &str, entered_at: i64) {
        let change = |ticket: &mut Ticket| {
            ticket.assignee.clear();
            ticket.queue_entered_at = Some(seconds(entered_at));
            ticket.generation += 1;
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketQueued(TicketQueued { ticket: Some(ticket) })
        });
    }

    pub fn solve(&self, tenant: &str, id: &str) {
        let previous_state = self.ticket(tenant, id).state;
        let change = |ticket: &mut Ticket| {
            ticket.state = TicketState::Solved.into();
            ticket.queue_entered_at = None;
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketStateChanged(TicketStateChanged {
                ticket: Some(ticket),
                previous_state,
            })
        });
    }

    /// Marks it, or makes it count again since `entered_at`.
    pub fn mark(&self, tenant: &str, id: &str, disposition: Disposition, entered_at: Option<i64>) {
        let change = |ticket: &mut Ticket| {
            ticket.disposition = disposition.into();
            ticket.queue_entered_at = entered_at.map(seconds);
            ticket.generation += i64::from(entered_at.is_some());
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketDispositionChanged(TicketDispositionChanged {
                ticket: Some(ticket),
                ..TicketDispositionChanged::default()
            })
        });
    }

    /// Its first response is due at `due_at`, and at risk.
    pub fn at_risk(&self, tenant: &str, id: &str, due_at: i64) {
        let target = SlaTarget {
            status: sla_target::Status::Running.into(),
            due_at: Some(seconds(due_at)),
            at_risk: true,
            ..SlaTarget::default()
        };
        let change = |ticket: &mut Ticket| ticket.sla_targets = vec![target];
        self.tell(tenant, id, change, |ticket| {
            Payload::SlaTargetAtRisk(SlaTargetAtRisk {
                ticket: Some(ticket),
                target: Some(target),
            })
        });
    }

    /// Makes it part of another ticket; whoever has it keeps it for an unmerge.
    pub fn merge(&self, tenant: &str, id: &str) {
        let change = |ticket: &mut Ticket| {
            ticket.merged_into = format!("tickets/{}", uuid::Uuid::nil());
            ticket.queue_entered_at = None;
            ticket.generation += 1;
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketMerged(TicketMerged {
                ticket: Some(ticket),
                target: None,
            })
        });
    }

    /// Undoes the merge of a ticket that had waited since then.
    pub fn unmerge(&self, tenant: &str, id: &str, entered_at: i64) {
        let change = |ticket: &mut Ticket| {
            ticket.merged_into.clear();
            ticket.queue_entered_at = Some(seconds(entered_at));
            ticket.generation += 1;
        };
        self.tell(tenant, id, change, |ticket| {
            Payload::TicketUnmerged(TicketUnmerged {
                ticket: Some(ticket),
                ..TicketUnmerged::default()
            })
        });
    }

    /// Changes a ticket and tells it.
    fn tell(&self, tenant: &str, id: &str, change: impl FnOnce(&mut Ticket), payload: impl FnOnce(Ticket) -> Payload) {
        let mut state = self.state();
        let mut ticket = state.tickets[&(tenant.to_owned(), id.to_owned())].clone();
        change(&mut ticket);
        state.change(tenant, id, ticket, payload);
        drop(state);
        self.ring();
    }

    fn ring(&self) {
        self.bell.send_modify(|rings| *rings += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn change(&mut self, tenant: &str, id: &str, ticket: Ticket, payload: impl FnOnce(Ticket) -> Payload) {
        self.tickets.insert((tenant.to_owned(), id.to_owned()), ticket.clone());
        let log = self.logs.entry(tenant.to_owned()).or_default();
        let seq = log.len() as i64 + 1;
        log.push(Event {
            cause: None,
            head: Some(EventHead {
                id: uuid::Uuid::new_v4().to_string(),
                seq,
                tenant: tenant.to_owned(),
                trace_parent: trace_of(id),
                ..EventHead::default()
            }),
            payload: Some(payload(ticket)),
        });
    }

    fn cursor(&self, seq: usize) -> String {
        format!("{}-{seq}", self.epoch)
    }
}

/// The traceparent under which the ticket was pushed: its id is the trace id.
pub fn trace_of(id: &str) -> String {
    format!("00-{}-00000000000000aa-01", id.replace('-', ""))
}

type Answer<T> = Result<Response<T>, Status>;

fn down() -> Status {
    status(Error::unavailable("DATABASE_UNREACHABLE", "switched off"))
}

#[tonic::async_trait]
impl InternalService for FakeTicketing {
    async fn record_history(&self, _: Request<RecordHistoryRequest>) -> Answer<RecordHistoryResponse> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn find_history(&self, _: Request<FindHistoryRequest>) -> Answer<FindHistoryResponse> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn record_contacts(&self, _: Request<RecordContactsRequest>) -> Answer<RecordContactsResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn accept_ticket(&self, request: Request<AcceptTicketRequest>) -> Answer<Ticket> {
        let tenant = tenant(&request).map_err(status)?;
        let trace = request
            .metadata()
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let request = request.into_inner();
        let mut state = self.state();
        state.accepts.push((request.clone(), trace));
        if state.mode == Mode::Down {
            return Err(down());
        }
        if let Some(error) = state.refusals.pop_front() {
            return Err(status(error));
        }
        if let Some(answer) = state.answers.get(&request.request_id) {
            if state.mode == Mode::LosesAnswers {
                return Err(down());
            }
            return Ok(Response::new(answer.clone()));
        }
        let id = request.name.trim_start_matches("tickets/").to_owned();
        let mut ticket = state.tickets[&(tenant.clone(), id.clone())].clone();
        if ticket.generation != request.generation {
            return Err(status(Error::conflict("GENERATION_CHANGED", "somebody was faster")));
        }
        let queue_entered_at = ticket.queue_entered_at.take();
        ticket.assignee.clone_from(&request.agent);
        ticket.generation += 1;
        state.change(&tenant, &id, ticket.clone(), |ticket| {
            Payload::TicketAssigned(TicketAssigned {
                ticket: Some(ticket),
                source: ticket_assigned::Source::Routing.into(),
                previous_assignee: String::new(),
                queue_entered_at,
                accepted_at: request.accepted_at,
            })
        });
        state.answers.insert(request.request_id, ticket.clone());
        let lost = state.mode == Mode::LosesAnswers;
        drop(state);
        self.ring();
        if lost { Err(down()) } else { Ok(Response::new(ticket)) }
    }

    async fn list_tenants(&self, _: Request<ListTenantsRequest>) -> Answer<ListTenantsResponse> {
        let state = self.state();
        Ok(Response::new(ListTenantsResponse {
            tenants: state.logs.keys().cloned().collect(),
        }))
    }

    async fn list_queued_tickets(
        &self,
        request: Request<ListQueuedTicketsRequest>,
    ) -> Answer<ListQueuedTicketsResponse> {
        // Small pages, so that a rebuild needs several.
        const PAGE: usize = 3;
        let tenant = tenant(&request).map_err(status)?;
        let state = self.state();
        if state.mode == Mode::Down || state.unlistable.contains(&tenant) {
            return Err(down());
        }
        let from: usize = request.get_ref().page_token.parse().unwrap_or(0);
        let mut waiting: Vec<&Ticket> = state
            .tickets
            .iter()
            .filter(|((owner, _), ticket)| *owner == tenant && ticket.queue_entered_at.is_some())
            .map(|(_, ticket)| ticket)
            .collect();
        waiting.sort_by_key(|ticket| {
            (
                ticket.tier != "vip",
                ticket.queue_entered_at.as_ref().and_then(from_timestamp),
                ticket.number,
            )
        });
        let seq = state.logs.get(&tenant).map_or(0, Vec::len);
        let more = waiting.len() > from + PAGE;
        Ok(Response::new(ListQueuedTicketsResponse {
            tickets: waiting.into_iter().skip(from).take(PAGE).cloned().collect(),
            next_page_token: if more { (from + PAGE).to_string() } else { String::new() },
            cursor: state.cursor(seq),
            seq: seq as i64,
        }))
    }
}

#[tonic::async_trait]
impl FeedService for FakeTicketing {
    type FollowStream = BoxStream<'static, Result<FollowResponse, Status>>;

    async fn follow(&self, request: Request<FollowRequest>) -> Answer<Self::FollowStream> {
        let mut done: HashMap<String, usize> = HashMap::new();
        let epoch = self.state().epoch;
        for one in &request.get_ref().tenant_cursors {
            let (made_in, seq) = one.cursor.split_once('-').expect("a cursor of ours");
            if made_in != epoch.to_string() {
                return Err(status(Error::precondition("EPOCH_CHANGED", "the log was restored")));
            }
            done.insert(one.tenant.clone(), seq.parse().expect("a number"));
        }
        let service = self.clone();
        let bell = self.bell.subscribe();
        let responses = stream::unfold((service, bell, done), move |(service, mut bell, mut done)| async move {
            loop {
                bell.borrow_and_update();
                if service.state().epoch != epoch {
                    let refused = status(Error::precondition("EPOCH_CHANGED", "the log was restored"));
                    return Some((Err(refused), (service, bell, done)));
                }
                let news = service.state().news(&mut done);
                if let Some(news) = news {
                    return Some((Ok(news), (service, bell, done)));
                }
                if bell.changed().await.is_err() {
                    return None;
                }
            }
        });
        Ok(Response::new(responses.boxed()))
    }

    async fn get_head(&self, _: Request<GetHeadRequest>) -> Answer<GetHeadResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn commit_cursor(&self, _: Request<CommitCursorRequest>) -> Answer<Consumer> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_consumer(&self, _: Request<GetConsumerRequest>) -> Answer<Consumer> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_consumers(&self, _: Request<ListConsumersRequest>) -> Answer<ListConsumersResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn delete_consumer(&self, _: Request<DeleteConsumerRequest>) -> Answer<()> {
        Err(Status::unimplemented("not here"))
    }
}

impl State {
    fn news(&self, done: &mut HashMap<String, usize>) -> Option<FollowResponse> {
        for (tenant, log) in &self.logs {
            let from = done.get(tenant).copied().unwrap_or(0);
            if log.len() > from {
                done.insert(tenant.clone(), log.len());
                return Some(FollowResponse {
                    events: log[from..].to_vec(),
                    tenant: tenant.clone(),
                    cursor: self.cursor(log.len()),
                    caught_up: true,
                    as_of: None,
                });
            }
        }
        None
    }
}
