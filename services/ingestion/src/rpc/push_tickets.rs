use std::collections::VecDeque;
use std::pin::Pin;

use futures::stream::{self, Stream, StreamExt as _};
use tonic::{Request, Status, Streaming};
use vorrang_api::ingestion::v1::push_tickets_response::Answer;
use vorrang_api::ingestion::v1::{Contact, PushTicketsItem, PushTicketsRequest, PushTicketsResponse};
use vorrang_error::Error;

use crate::app::App;
use crate::convert;
use crate::recorder::Pending;
use crate::rpc::push_ticket;

/// How many items of a stream are read ahead of their answers: enough to fill a batch, little enough to bound memory.
const AHEAD: usize = 500;

pub type Answers = Pin<Box<dyn Stream<Item = Result<PushTicketsResponse, Status>> + Send>>;

pub async fn handle(app: &App, request: Request<Streaming<PushTicketsRequest>>) -> Result<Answers, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let app = app.clone();
    let messages = request.into_inner();
    let items = Items {
        messages,
        read: VecDeque::new(),
    };
    // An item is handed in when it is read, in order; its answer is waited for later. `buffered` keeps the order of the
    // answers and stops reading at `AHEAD`; the recorder stops it earlier when the items are large.
    let answers = stream::unfold(
        (items, app, tenant, 0_i64),
        |(mut items, app, tenant, index)| async move {
            let handed_in = match items.next().await? {
                Ok((request_id, contact)) => {
                    let parsed = match push_ticket::owns_source(&app, &tenant, contact.as_ref()).await {
                        Ok(()) => push_ticket::parse(&request_id, contact, app.clock.now()),
                        Err(refused) => Err(refused),
                    };
                    let pending = match parsed {
                        Ok(push) => Ok(app.recorder.submit(&tenant, push).await),
                        Err(refused) => Err(refused),
                    };
                    Ok((index, request_id, pending))
                }
                // What comes behind an item that cannot be read cannot be read either: the stream ends, and what was handed
                // in before is recorded all the same.
                Err(broken) => Err(match vorrang_service::unreadable(&broken) {
                    Some(error) => vorrang_service::status(error.with("index", index.to_string())),
                    None => broken,
                }),
            };
            Some((answer(handed_in), (items, app, tenant, index + 1)))
        },
    )
    .buffered(AHEAD);
    Ok(Box::pin(answers))
}

/// The items of a stream, however many came in a message.
struct Items {
    messages: Streaming<PushTicketsRequest>,
    read: VecDeque<PushTicketsItem>,
}

impl Items {
    async fn next(&mut self) -> Option<Result<(String, Option<Contact>), Status>> {
        if let Some(PushTicketsItem { request_id, contact }) = self.read.pop_front() {
            return Some(Ok((request_id, contact)));
        }
        let message = self.messages.next().await?;
        Some(message.map(|message| {
            self.read = message.more.into();
            (message.request_id, message.contact)
        }))
    }
}

async fn answer(
    handed_in: Result<(i64, String, Result<Pending, Error>), Status>,
) -> Result<PushTicketsResponse, Status> {
    let (index, request_id, pending) = handed_in?;
    let result = match pending {
        Ok(pending) => pending.answer().await,
        Err(refused) => Err(refused),
    };
    let answer = match result {
        Ok(result) => Answer::Result(convert::push_result(result)),
        Err(error) => Answer::Error(convert::status(error)),
    };
    Ok(PushTicketsResponse {
        index,
        request_id,
        answer: Some(answer),
    })
}
