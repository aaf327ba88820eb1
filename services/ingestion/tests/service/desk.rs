//! A stand-in for the part of ticketing that is asked what is to be mailed: its feed, its tickets and its customers.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::Stream;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as api;
use vorrang_api::ticketing::v1::attachment_service_server::AttachmentService;
use vorrang_api::ticketing::v1::feed_service_server::FeedService;

/// Clones share it.
#[derive(Clone, Default)]
pub struct FakeDesk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    ticket: api::Ticket,
    customer: api::Customer,
    messages: Vec<api::Message>,
    events: Vec<api::Event>,
    followers: Vec<mpsc::UnboundedSender<Result<api::FollowResponse, Status>>>,
    /// The life of the log.
    epoch: u32,
    /// Who has left.
    leaves: Vec<api::LeaveQueueRequest>,
}

impl FakeDesk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one ticket and the one customer there are.
    pub fn set(&self, ticket: api::Ticket, customer: api::Customer) {
        let mut state = self.state();
        state.ticket = ticket;
        state.customer = customer;
    }

    /// What was told of customers who left, without repeats.
    pub fn leaves(&self) -> Vec<api::LeaveQueueRequest> {
        self.state().leaves.clone()
    }

    /// How many follow the feed of the tenant.
    pub fn followers(&self) -> usize {
        self.state().followers.iter().filter(|one| !one.is_closed()).count()
    }

    /// The log is another one from now on: the cursors of the one before lead nowhere in it.
    pub fn restore(&self) {
        let mut state = self.state();
        state.epoch += 1;
        state.followers.clear();
    }

    /// Says something; who follows is told.
    pub fn say(&self, message: api::Message) {
        let mut state = self.state();
        state.messages.push(message.clone());
        let created = api::MessageCreated {
            ticket: Some(state.ticket.clone()),
            message: Some(message),
        };
        state.tell("message_created", api::event::Payload::MessageCreated(created));
    }

    /// Sends a survey about the ticket; who follows is told.
    pub fn ask(&self, sending: api::SurveySending) {
        let mut state = self.state();
        let sent = api::SurveySent {
            ticket: Some(state.ticket.clone()),
            sending: Some(sending),
        };
        state.tell("survey_sent", api::event::Payload::SurveySent(sent));
    }
}

impl State {
    fn tell(&mut self, kind: &str, payload: api::event::Payload) {
        let seq = i64::try_from(self.events.len()).expect("few") + 1;
        let head = feed::EventHead {
            id: seq.to_string(),
            seq,
            tenant: "acme".to_owned(),
            r#type: kind.to_owned(),
            subject: self.ticket.name.clone(),
            ..feed::EventHead::default()
        };
        self.events.push(api::Event {
            head: Some(head),
            payload: Some(payload),
            ..api::Event::default()
        });
        let told = self.after(seq - 1);
        self.followers.retain(|one| one.send(Ok(told.clone())).is_ok());
    }

    fn cursor(&self) -> String {
        format!("{}/{}", self.epoch, self.events.len())
    }

    fn after(&self, seq: i64) -> api::FollowResponse {
        let events = self
            .events
            .iter()
            .filter(|event| event.head.as_ref().is_some_and(|head| head.seq > seq));
        api::FollowResponse {
            tenant: "acme".to_owned(),
            events: events.cloned().collect(),
            cursor: self.cursor(),
            caught_up: true,
            as_of: Some(prost_types::Timestamp::default()),
        }
    }
}

#[tonic::async_trait]
impl AttachmentService for FakeDesk {
    type DownloadAttachmentStream = Pin<Box<dyn Stream<Item = Result<api::DownloadAttachmentResponse, Status>> + Send>>;

    async fn upload_attachment(
        &self,
        _: Request<Streaming<api::UploadAttachmentRequest>>,
    ) -> Result<Response<api::Attachment>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    /// Every file is its own name, in two pieces.
    async fn download_attachment(
        &self,
        request: Request<api::DownloadAttachmentRequest>,
    ) -> Result<Response<Self::DownloadAttachmentStream>, Status> {
        let name = request.into_inner().name;
        let (first, second) = name.split_at(name.len() / 2);
        let pieces = [first, second].map(|piece| {
            Ok(api::DownloadAttachmentResponse {
                data: piece.to_owned().into(),
                ..api::DownloadAttachmentResponse::default()
            })
        });
        Ok(Response::new(Box::pin(futures::stream::iter(pieces))))
    }
}

#[tonic::async_trait]
impl FeedService for FakeDesk {
    type FollowStream = Pin<Box<dyn Stream<Item = Result<api::FollowResponse, Status>> + Send>>;

    async fn follow(&self, request: Request<feed::FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        let request = request.into_inner();
        if request.types != ["message_created", "survey_sent"] {
            return Ok(Response::new(Box::pin(futures::stream::pending())));
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut state = self.state();
        let seq = match request.cursor.split_once('/') {
            None if request.start() == feed::StartPoint::Beginning => 0,
            Some((epoch, seq)) if epoch == state.epoch.to_string() => seq.parse().expect("a number"),
            _ => return Err(Status::failed_precondition("EPOCH_CHANGED")),
        };
        let _ = sender.send(Ok(state.after(seq)));
        state.followers.push(sender);
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(receiver))))
    }

    async fn get_head(&self, _: Request<feed::GetHeadRequest>) -> Result<Response<feed::GetHeadResponse>, Status> {
        Ok(Response::new(feed::GetHeadResponse {
            cursor: self.state().cursor(),
            ..feed::GetHeadResponse::default()
        }))
    }

    async fn commit_cursor(&self, _: Request<feed::CommitCursorRequest>) -> Result<Response<feed::Consumer>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn get_consumer(&self, _: Request<feed::GetConsumerRequest>) -> Result<Response<feed::Consumer>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn list_consumers(
        &self,
        _: Request<feed::ListConsumersRequest>,
    ) -> Result<Response<feed::ListConsumersResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn delete_consumer(&self, _: Request<feed::DeleteConsumerRequest>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented("not asked"))
    }
}

/// One answer to one request.
struct Answer<F>(F);

impl<Ask, Give, F> UnaryService<Ask> for Answer<F>
where
    F: Fn(Ask) -> Give,
{
    type Response = Give;
    type Future = std::future::Ready<Result<Response<Give>, Status>>;

    fn call(&mut self, request: Request<Ask>) -> Self::Future {
        std::future::ready(Ok(Response::new((self.0)(request.into_inner()))))
    }
}

async fn answer<Ask, Give>(request: http::Request<Body>, give: impl Fn(Ask) -> Give) -> http::Response<Body>
where
    Ask: prost::Message + Default + Send + 'static,
    Give: prost::Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::<Give, Ask>::default())
        .unary(Answer(give), request)
        .await
}

macro_rules! door {
    ($door:ident, $name:literal) => {
        /// Only the calls that are made are answered.
        #[derive(Clone)]
        pub struct $door(pub FakeDesk);

        impl NamedService for $door {
            const NAME: &'static str = $name;
        }

        impl Service<http::Request<Body>> for $door {
            type Response = http::Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<Body>) -> Self::Future {
                let desk = self.0.clone();
                Box::pin(async move { Ok(serve(desk, request).await) })
            }
        }
    };
}

door!(TicketDoor, "vorrang.ticketing.v1.TicketService");
door!(CustomerDoor, "vorrang.ticketing.v1.CustomerService");
door!(LiveDoor, "vorrang.ticketing.v1.LiveService");

async fn serve(desk: FakeDesk, request: http::Request<Body>) -> http::Response<Body> {
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    match method.as_str() {
        "GetTicket" => answer(request, |_: api::GetTicketRequest| desk.state().ticket.clone()).await,
        "GetCustomer" => answer(request, |_: api::GetCustomerRequest| desk.state().customer.clone()).await,
        "LeaveQueue" => {
            let leave = |request: api::LeaveQueueRequest| {
                let mut state = desk.state();
                let ticket = Some(state.ticket.clone());
                if !state.leaves.contains(&request) {
                    state.leaves.push(request);
                }
                api::LeaveQueueResponse { ticket, left: true }
            };
            answer(request, leave).await
        }
        "ListMessages" => {
            let list = |_: api::ListMessagesRequest| api::ListMessagesResponse {
                messages: desk.state().messages.clone(),
                next_page_token: String::new(),
            };
            answer(request, list).await
        }
        _ => Status::new(Code::Unimplemented, "not asked").into_http(),
    }
}
