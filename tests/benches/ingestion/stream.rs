//! B8: messages of 50 contacts over one stream, through the chassis with all its layers and without a store, against decoding the same bytes in
//! a loop. The client is a process of its own, so that only the server's processor time counts.

use std::pin::Pin;
use std::process::Command;

use bytes::{Buf as _, BufMut as _, Bytes};
use futures::{Stream, StreamExt as _, stream};
use http::uri::PathAndQuery;
use prost::Message as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Response, Status, Streaming};
use vorrang_api::ingestion::v1::ingestion_service_server::{IngestionService, IngestionServiceServer};
use vorrang_api::ingestion::v1::push_tickets_response::Answer;
use vorrang_api::ingestion::v1::{
    Contact, GetReceiptRequest, Outcome, PushEmailRequest, PushEmailResponse, PushResult, PushTicketRequest,
    PushTicketResponse, PushTicketsAnswer, PushTicketsItem, PushTicketsRequest, PushTicketsResponse, Receipt,
    push_tickets_answer,
};
use vorrang_api::ticketing::v1::{Channel, Identity, identity};
use vorrang_service::{Bind, Bound, Config, Context, Suite, configured};
use vorrang_testkit::data_folder;
use vorrang_testkit::report::{line, median, round};

use crate::cpu_seconds;

/// First argument of the process that pushes; the second one is where to.
pub const CLIENT: &str = "push-stream-client";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const RECORDS: usize = 50;
const MESSAGES: usize = 20_000;
const ROUNDS: usize = 3;

pub async fn run() {
    let folder = data_folder();
    let bind = Bind::new("ingestion", |context: Context| async move {
        Ok(Bound::new("ingestion").grpc(configured!(IngestionServiceServer::new(Drain), context)))
    });
    let running = Suite::start(config(&folder), vorrang_clock::system(), vec![bind])
        .await
        .expect("starts");
    let bytes = Bytes::from(message().encode_to_vec());
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = cpu_seconds();
        for _ in 0..MESSAGES {
            let message = PushTicketsRequest::decode(bytes.clone()).expect("is one");
            assert_eq!(std::hint::black_box(message).more.len(), RECORDS - 1);
        }
        limits.push((MESSAGES * RECORDS) as f64 / (cpu_seconds() - before));
        let before = cpu_seconds();
        let mut client = Command::new(std::env::current_exe().expect("this binary"));
        client.arg(CLIENT).arg(running.url());
        let ended = tokio::task::spawn_blocking(move || client.status())
            .await
            .expect("no panic");
        assert!(ended.expect("starts").success(), "the client was answered");
        ours.push((MESSAGES * RECORDS) as f64 / (cpu_seconds() - before));
    }
    let (ours, limit) = (median(ours), median(limits));
    line(
        "push-stream",
        serde_json::json!({
            "what": format!("PushTickets, messages of {RECORDS} contacts, each answered, all layers, no store"),
            "unit": "contacts per processor second", "ours": round(ours), "limit": round(limit),
            "limit_is": "prost decoding the same bytes in a loop", "ratio": round(ours / limit), "goal": 0.7,
            "bytes_per_message": bytes.len(),
        }),
    );
}

fn config(folder: &vorrang_testkit::DataFolder) -> Config {
    let mut config = Config::local(folder.path());
    config.secrets.internal_key = SECRET.to_owned();
    config.limits.tenant_requests_per_second = 0;
    config
}

/// Pushes over one stream and waits for all answers.
pub async fn client(server: &str) {
    let folder = data_folder();
    let mut config = config(&folder);
    server.clone_into(&mut config.peers.ingestion);
    let caller = Suite::start(config, vorrang_clock::system(), Vec::new())
        .await
        .expect("a caller");
    let mut client = tonic::client::Grpc::new(caller.peers().ingestion(Some("acme")));
    client.ready().await.expect("it is there");
    let bytes = Bytes::from(message().encode_to_vec());
    let messages = stream::iter(std::iter::repeat_n(bytes, MESSAGES));
    let path = PathAndQuery::from_static("/vorrang.ingestion.v1.IngestionService/PushTickets");
    let answers = client
        .streaming(Request::new(messages), path, Raw)
        .await
        .expect("begins");
    let counted = answers.into_inner().fold(0, |count, answer| async move {
        answer.expect("goes on");
        count + 1
    });
    assert_eq!(counted.await, MESSAGES, "one message answers one");
}

fn message() -> PushTicketsRequest {
    let item = |number: usize| PushTicketsItem {
        request_id: format!("push-{number}"),
        contact: Some(Contact {
            external_id: format!("case-{number}"),
            conversation_id: format!("conversation-{}", number / 5),
            channel: Channel::Email.into(),
            identities: vec![Identity {
                kind: identity::Kind::Email.into(),
                value: format!("customer-{number}@firma.example"),
                verified: true,
            }],
            display_name: format!("Customer {number}"),
            subject: format!("Order {number} has not arrived"),
            text: "Hello,\n\nmy order has been on its way for a week now. When will it arrive?\n\nThank you".to_owned(),
            ..Contact::default()
        }),
    };
    let mut items = (0..RECORDS).map(item);
    let first = items.next().expect("fifty");
    PushTicketsRequest {
        request_id: first.request_id,
        contact: first.contact,
        more: items.collect(),
    }
}

/// Reads every contact and says that it was taken.
struct Drain;

#[tonic::async_trait]
impl IngestionService for Drain {
    type PushTicketsStream = Pin<Box<dyn Stream<Item = Result<PushTicketsResponse, Status>> + Send>>;

    async fn push_tickets(
        &self,
        request: Request<Streaming<PushTicketsRequest>>,
    ) -> Result<Response<Self::PushTicketsStream>, Status> {
        let answers = request.into_inner().map(|message| {
            let message = message?;
            let more = message.more.into_iter().map(|item| PushTicketsAnswer {
                request_id: item.request_id,
                answer: Some(push_tickets_answer::Answer::Result(taken())),
            });
            Ok(PushTicketsResponse {
                request_id: message.request_id,
                answer: Some(Answer::Result(taken())),
                more: more.collect(),
                ..PushTicketsResponse::default()
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn push_ticket(&self, _: Request<PushTicketRequest>) -> Result<Response<PushTicketResponse>, Status> {
        Err(Status::unimplemented("streams only"))
    }

    async fn push_email(&self, _: Request<PushEmailRequest>) -> Result<Response<PushEmailResponse>, Status> {
        Err(Status::unimplemented("streams only"))
    }

    async fn get_receipt(&self, _: Request<GetReceiptRequest>) -> Result<Response<Receipt>, Status> {
        Err(Status::unimplemented("streams only"))
    }
}

fn taken() -> PushResult {
    PushResult {
        outcome: Outcome::Accepted.into(),
        ..PushResult::default()
    }
}

/// Sends bytes that are a message already, so that the client is never what is waited for.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = usize;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = usize;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        let length = buffer.remaining();
        buffer.advance(length);
        Ok(Some(length))
    }
}
