use tonic::Request;
use uuid::Uuid;
use vorrang_api::knowledge::v1 as pb;
use vorrang_api::knowledge::v1::escalate_session_request::Escalation;
use vorrang_error::{Error, Violations};

use crate::app::{App, By};
use crate::session::{FollowUp, State};
use crate::store::Refers;
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
    match &message.escalation {
        Some(Escalation::Ticket(ticket)) => {
            violations.take("ticket", names::check_ticket(ticket));
        }
        // Ingestion knows what is wrong with a contact.
        Some(Escalation::Contact(_)) => {}
        None => violations.add("escalation", "must have either `ticket` or `contact`"),
    }
    violations.into_result()?;

    let follow_up = match &message.escalation {
        Some(escalation) => follow_up(app, &call.tenant, id, escalation).await?,
        None => None,
    };
    let (follow_up, customer) = follow_up.unzip();
    let whose = customer.as_deref().map(Refers::Customer);
    let answer = app
        .store
        .change_session(&call, id, whose, |session| match follow_up {
            Some(follow_up) => session.escalate(follow_up, call.now),
            None => Ok(None),
        })
        .await?;
    convert::session_answer(answer)
}

/// Asks the others before our transaction, never inside it: ticketing whether the ticket exists, ingestion to take the
/// contact. The request id of a push is made of the session, so that a call that failed half-way and is repeated finds
/// the same ticket; a session has one contact at most.
///
/// With whose it is. `None` when the session is escalated already: then nobody is asked and the first ticket stays.
async fn follow_up(
    app: &App,
    tenant: &str,
    id: Uuid,
    escalation: &Escalation,
) -> Result<Option<(FollowUp, String)>, Error> {
    let session = app.store.session(tenant, id).await?;
    session.check_escalation()?;
    if session.state == State::Escalated {
        return Ok(None);
    }
    let follow_up = match escalation {
        Escalation::Ticket(ticket) => peers::ticket(&app.peers, tenant, ticket).await?,
        Escalation::Contact(contact) => {
            let request_id = format!("knowledge/{}/escalation", session::name(id));
            peers::push_contact(&app.peers, tenant, request_id, contact).await?
        }
    };
    Ok(Some(follow_up))
}
