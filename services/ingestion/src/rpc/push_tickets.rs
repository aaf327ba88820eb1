use std::pin::Pin;

use futures::stream::{self, Stream, StreamExt as _};
use tonic::{Request, Status, Streaming};
use vorrang_api::ingestion::v1::push_tickets_response::Answer;
use vorrang_api::ingestion::v1::{
    Contact, PushTicketsAnswer, PushTicketsItem, PushTicketsRequest, PushTicketsResponse, push_tickets_answer,
};
use vorrang_error::Error;

use crate::app::App;
use crate::convert;
use crate::recorder::Pending;
use crate::rpc::push_ticket;

/// How many answers of a stream are waited for at once: enough to fill a batch, little enough to bound memory.
const AHEAD: usize = 500;
/// Most answers of one message, so that it stays far below the 4 MiB that a client accepts.
const TOGETHER: usize = 100;

pub type Answers = Pin<Box<dyn Stream<Item = Result<PushTicketsResponse, Status>> + Send>>;

pub async fn handle(app: &App, request: Request<Streaming<PushTicketsRequest>>) -> Result<Answers, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let items = Items {
        messages: request.into_inner(),
        read: Vec::new().into_iter(),
        index: 0,
    };
    let app = app.clone();
    // Items are handed in when they are read, in order; their answers are waited for later. `buffered` keeps the order of the
    // answers and stops reading at `AHEAD`; the recorder stops it earlier when the items are large.
    let answers = stream::unfold((items, app, tenant), |(mut items, app, tenant)| async move {
        let handed_in = match items.next().await? {
            Ok((index, items)) => {
                let mut pending = Vec::with_capacity(items.len());
                for PushTicketsItem { request_id, contact } in items {
                    let handed_in = hand_in(&app, &tenant, &request_id, contact).await;
                    pending.push((request_id, handed_in));
                }
                Ok((index, pending))
            }
            // What comes behind an item that cannot be read cannot be read either: the stream ends, and what was handed
            // in before is recorded all the same.
            Err((index, broken)) => Err(match vorrang_service::unreadable(&broken) {
                Some(error) => vorrang_service::status(error.with("index", index.to_string())),
                None => broken,
            }),
        };
        Some((answers(handed_in), (items, app, tenant)))
    })
    .buffered(AHEAD);
    Ok(Box::pin(answers.flat_map(stream::iter)))
}

async fn hand_in(app: &App, tenant: &str, request_id: &str, contact: Option<Contact>) -> Result<Pending, Error> {
    push_ticket::owns_source(app, tenant, contact.as_ref()).await?;
    let push = push_ticket::parse(request_id, contact, app.clock.now())?;
    Ok(app.recorder.submit(tenant, push).await)
}

/// The items of a stream, however many came in a message.
struct Items {
    messages: Streaming<PushTicketsRequest>,
    /// What is left of the last message.
    read: std::vec::IntoIter<PushTicketsItem>,
    /// Position of the next item in the stream.
    index: i64,
}

impl Items {
    /// The next items of one message, at most [`TOGETHER`], and the position of the first.
    async fn next(&mut self) -> Option<Result<(i64, Vec<PushTicketsItem>), (i64, Status)>> {
        let mut items = Vec::new();
        if self.read.len() == 0 {
            match self.messages.next().await? {
                Ok(message) => {
                    self.read = message.more.into_iter();
                    items.push(PushTicketsItem {
                        request_id: message.request_id,
                        contact: message.contact,
                    });
                }
                Err(broken) => return Some(Err((self.index, broken))),
            }
        }
        items.extend(self.read.by_ref().take(TOGETHER - items.len()));
        let first = self.index;
        self.index += i64::try_from(items.len()).unwrap_or(i64::MAX);
        Some(Ok((first, items)))
    }
}

type HandedIn = (i64, Vec<(String, Result<Pending, Error>)>);

/// The answers, in as few messages as fit: an error may be long, so it is the last of its message.
async fn answers(handed_in: Result<HandedIn, Status>) -> Vec<Result<PushTicketsResponse, Status>> {
    let (first, items) = match handed_in {
        Ok(handed_in) => handed_in,
        Err(status) => return vec![Err(status)],
    };
    let mut messages: Vec<PushTicketsResponse> = Vec::new();
    let mut apart = true;
    for (index, (request_id, pending)) in (first..).zip(items) {
        let result = match pending {
            Ok(pending) => pending.answer().await,
            Err(refused) => Err(refused),
        };
        let refused = result.is_err();
        match messages.last_mut().filter(|_| !apart) {
            Some(message) => message.more.push(PushTicketsAnswer {
                request_id,
                answer: Some(match result {
                    Ok(result) => push_tickets_answer::Answer::Result(convert::push_result(result)),
                    Err(error) => push_tickets_answer::Answer::Error(convert::status(error)),
                }),
            }),
            None => messages.push(PushTicketsResponse {
                index,
                request_id,
                answer: Some(match result {
                    Ok(result) => Answer::Result(convert::push_result(result)),
                    Err(error) => Answer::Error(convert::status(error)),
                }),
                more: Vec::new(),
            }),
        }
        apart = refused;
    }
    messages.into_iter().map(Ok).collect()
}
