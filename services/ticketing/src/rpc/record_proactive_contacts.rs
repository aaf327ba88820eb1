//! Records proactive contacts that a CRM or a shop tells.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::record::ITEMS_MAX;

/// See the contract. What is wrong with an item is found before any is recorded, and is that item's alone.
pub async fn handle(
    app: &App,
    request: Request<pb::RecordProactiveContactsRequest>,
) -> Result<pb::RecordProactiveContactsResponse, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "RecordProactiveContacts",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let source = input::source("source", &request.source, &mut violations);
    if request.items.len() > ITEMS_MAX {
        violations.add("items", format!("at most {ITEMS_MAX} items"));
    }
    violations.into_result()?;
    let now = app.store.now();
    let items = request
        .items
        .into_iter()
        .map(|item| input::proactive_contact(item, &source, now));
    app.store
        .record_proactive_contacts(&call, items.collect(), |results| pb::RecordProactiveContactsResponse {
            results: results.into_iter().map(convert::record_result).collect(),
        })
        .await
}
