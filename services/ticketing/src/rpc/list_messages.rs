//! Lists a ticket's messages, oldest first.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::PAGE_BYTES;
use crate::app::App;
use crate::convert::{self, input};
use crate::message::Message;
use crate::names;
use crate::store::ConversationPosition;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListMessagesRequest>) -> Result<pb::ListMessagesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let which = input::ticket_ref("parent", &request.parent, &mut violations);
    let bytes = i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX);
    if request.include_merged {
        if !request.after.is_empty() {
            violations.add("after", "must be empty with include_merged");
        }
        let page = page::<ConversationPosition>("conversation", &request, &mut violations);
        violations.into_result()?;
        let read = app.store.conversation(&tenant, which, page.after, page.size, bytes);
        Ok(answer(page, read.await?, ConversationPosition::after))
    } else {
        let page = page::<i32>("messages", &request, &mut violations);
        let after = match request.after.as_str() {
            "" => None,
            name => violations.take("after", names::parse_message(name)).map(|(_, id)| id),
        };
        violations.into_result()?;
        let first = match (page.after, after) {
            (Some(position), _) => position,
            (None, Some(message)) => app.store.message_position(&tenant, which, message).await?,
            (None, None) => 0,
        };
        let read = app.store.messages(&tenant, which, first, page.size, bytes);
        Ok(answer(page, read.await?, |message| message.position))
    }
}

/// Each order of messages has tokens of its own.
fn page<P: Serialize + DeserializeOwned>(
    list: &str,
    request: &pb::ListMessagesRequest,
    violations: &mut Violations,
) -> Page<P> {
    let arguments = [list, request.parent.as_str(), request.after.as_str()];
    Page::parse(request.page_size, &request.page_token, &arguments, violations)
}

fn answer<P: Serialize + DeserializeOwned>(
    mut page: Page<P>,
    (mut messages, more): (Vec<Message>, bool),
    position: impl FnOnce(&Message) -> P,
) -> pb::ListMessagesResponse {
    let next_page_token = match messages.last().cloned() {
        Some(last) if more => {
            // The store has cut the page already; the row that was cut off stands for all that follow.
            page.size = messages.len() as u64;
            messages.push(last);
            page.cut(&mut messages, position)
        }
        _ => String::new(),
    };
    pb::ListMessagesResponse {
        messages: messages.iter().map(convert::message).collect(),
        next_page_token,
    }
}
