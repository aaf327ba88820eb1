use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{App, By};
use crate::convert;
use crate::session::Session;

pub(crate) async fn handle(app: &App, request: Request<pb::StartSessionRequest>) -> Result<pb::Session, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call(
        "StartSession",
        &request,
        &message.request_id,
        By::Customer,
        &mut violations,
    )?;
    let opening = convert::opening(message.session.as_ref(), &mut violations);
    violations.into_result()?;

    let (session, event) = Session::start(app.ids.next(call.now), opening, call.now);
    let answer = app.store.create_session(&call, session, event).await?;
    convert::session_answer(answer)
}
