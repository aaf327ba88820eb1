//! Lists a ticket's messages, oldest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use vorrang_service::Page;

use super::fit::PAGE_BYTES;
use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListMessagesRequest>) -> Result<pb::ListMessagesResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let which = input::ticket_ref("parent", &request.parent, &mut violations);
    let arguments = ["messages", request.parent.as_str()];
    let mut page = Page::<i32>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let bytes = i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX);
    let read = app
        .store
        .messages(&tenant, which, page.after.unwrap_or(0), page.size, bytes)
        .await?;
    let (mut messages, more) = read;
    let next_page_token = match messages.last().cloned() {
        Some(last) if more => {
            // The store has cut the page already; the row that was cut off stands for all that follow.
            page.size = messages.len() as u64;
            messages.push(last);
            page.cut(&mut messages, |message| message.position)
        }
        _ => String::new(),
    };
    let messages = messages.iter().map(convert::message).collect();
    Ok(pb::ListMessagesResponse {
        messages,
        next_page_token,
    })
}
