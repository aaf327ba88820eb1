use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{App, By};
use crate::store::Refers;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::RecordViewRequest>) -> Result<pb::Session, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call(
        "RecordView",
        &request,
        &message.request_id,
        By::Customer,
        &mut violations,
    )?;
    let id = violations
        .take("name", names::parse("sessions", &message.name))
        .unwrap_or_default();
    let article = violations
        .take("article", names::parse("articles", &message.article))
        .unwrap_or_default();
    violations.into_result()?;

    let answer = app
        .store
        .change_session(&call, id, Some(Refers::Article(article)), |session| {
            Ok(Some(session.view(article)))
        })
        .await?;
    convert::session_answer(answer)
}
