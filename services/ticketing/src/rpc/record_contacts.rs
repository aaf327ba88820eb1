//! Ingestion's door: records contacts, many in one transaction.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;

use crate::app::App;
use crate::contact::CONTACTS_MAX;
use crate::convert::{self, input};

/// See the contract. What is wrong with an item is found before any is recorded, and is that item's alone.
pub async fn handle(
    app: &App,
    request: Request<pb::RecordContactsRequest>,
) -> Result<pb::RecordContactsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let given = request.into_inner().contacts;
    if given.len() > CONTACTS_MAX {
        return Err(Error::invalid_field(
            "contacts",
            format!("at most {CONTACTS_MAX} contacts"),
        ));
    }
    let trace_parent = vorrang_service::trace_parent();
    let mut good = Vec::with_capacity(given.len());
    let mut results: Vec<Option<Error>> = Vec::with_capacity(given.len());
    for item in given {
        results.push(match input::contact(item) {
            Ok(mut contact) => {
                if contact.trace_parent.is_empty() {
                    contact.trace_parent.clone_from(&trace_parent);
                }
                good.push(contact);
                None
            }
            Err(error) => Some(error),
        });
    }
    let mut recorded = app.intake.record(&tenant, good).await?.into_iter();
    let results = results
        .into_iter()
        .map(|error| match error {
            Some(error) => Err(error),
            None => recorded
                .next()
                .unwrap_or_else(|| Err(Error::internal("a contact has no result"))),
        })
        .map(convert::contact_result)
        .collect();
    Ok(pb::RecordContactsResponse { results })
}
