use tonic::Request;
use uuid::Uuid;
use vorrang_api::ingestion::v1::Contact;
use vorrang_api::knowledge::v1 as pb;
use vorrang_api::knowledge::v1::escalate_session_request::Escalation;
use vorrang_error::{Error, Violations};

use crate::app::{App, By};
use crate::session::{FollowUp, State};
use crate::{convert, names, peers, session};

pub(crate) async fn handle(app: &App, request: Request<pb::EscalateSessionRequest>) -> Result<pb::Session, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call(
        "EscalateSession",
        &request,
        &message.request_id,
        By::Customer,
        &mut violations,
    )?;
    let id = violations
        .take("name", names::parse("sessions", &message.name))
        .unwrap_or_default();
    let ticket = match &message.escalation {
        Some(Escalation::Ticket(ticket)) => violations
            .take("ticket", names::parse("tickets", ticket))
            .map(|id| format!("tickets/{id}")),
        Some(Escalation::Contact(_)) => None,
        None => {
            violations.add("escalation", "must have either `ticket` or `contact`");
            None
        }
    };
    violations.into_result()?;

    let follow_up = match (ticket, &message.escalation) {
        (None, Some(Escalation::Contact(contact))) => push(app, &call.tenant, id, contact).await?,
        (ticket, _) => ticket.map(FollowUp::Ticket),
    };
    let answer = app
        .store
        .change_session(&call, id, None, |session| match follow_up {
            Some(follow_up) => session.escalate(follow_up, call.now),
            None => Ok(None),
        })
        .await?;
    convert::session_answer(answer)
}

/// Pushes the contact before our transaction, never inside it. The request id is made of the session, so that a call that
/// failed half-way and is repeated finds the same ticket; a session has one contact at most.
///
/// `None` when the session is escalated already: then nothing is pushed and the first ticket stays.
async fn push(app: &App, tenant: &str, id: Uuid, contact: &Contact) -> Result<Option<FollowUp>, Error> {
    let session = app.store.session(tenant, id).await?;
    session.check_escalation()?;
    if session.state == State::Escalated {
        return Ok(None);
    }
    let request_id = format!("knowledge/{}/escalation", session::name(id));
    peers::push_contact(&app.peers, tenant, request_id, contact)
        .await
        .map(Some)
}
