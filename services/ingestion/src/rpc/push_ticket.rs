use std::sync::Arc;

use chrono::{DateTime, Utc};
use prost::Message as _;
use tonic::Request;
use vorrang_api::ingestion::v1::{Contact, PushTicketRequest, PushTicketResponse};
use vorrang_error::{Error, Violations};

use crate::app::{App, check_request_id, delivery_id};
use crate::contact::check;
use crate::convert;
use crate::intake::{CONTACT_TYPE, GRPC};
use crate::names;
use crate::recorder::Push;
use crate::store::NewRaw;

pub async fn handle(app: &App, request: Request<PushTicketRequest>) -> Result<PushTicketResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let PushTicketRequest { request_id, contact } = request.into_inner();
    owns_source(app, &tenant, contact.as_ref()).await?;
    let push = parse(&request_id, contact, app.clock.now())?;
    let result = app.recorder.record(&tenant, push).await?;
    Ok(PushTicketResponse {
        result: Some(convert::push_result(result)),
    })
}

/// Whether the source in whose name a contact is pushed is the tenant's own; one that cannot be a name is told later, with all else.
///
/// # Errors
/// NotFound.
pub(super) async fn owns_source(app: &App, tenant: &str, contact: Option<&Contact>) -> Result<(), Error> {
    let named = contact.map_or("", |contact| contact.source.as_str());
    match names::parse_source(named) {
        Ok(source) => app.store.source(tenant, &source).await.map(|_| ()),
        Err(_) => Ok(()),
    }
}

/// Reads one pushed contact, with every violation.
pub(super) fn parse(request_id: &str, contact: Option<Contact>, now: DateTime<Utc>) -> Result<Push, Error> {
    let mut violations = Violations::new();
    check_request_id(request_id, &mut violations);
    let came = contact.as_ref().map(Contact::encode_to_vec).unwrap_or_default();
    let missing = contact.is_none();
    if contact
        .as_ref()
        .is_some_and(|contact| contact.conversation_id.chars().count() > crate::contact::MAX_EXTERNAL_ID)
    {
        violations.add("contact.conversation_id", "must have at most 250 characters");
    }
    let contact = convert::read_contact(contact, &mut violations);
    if !missing {
        check(&contact, now, "contact.", &mut violations);
    }
    violations.into_result()?;
    Ok(Push {
        weight: contact.weight() + came.len(),
        request_id: delivery_id(request_id),
        raw: Arc::new(NewRaw::new(GRPC, &contact.external_id, CONTACT_TYPE, came.into())),
        contact,
        trace_parent: vorrang_service::trace_parent(),
    })
}
