use std::sync::Arc;

use tonic::Request;
use vorrang_api::ingestion::v1::{PushEmailRequest, PushEmailResponse};
use vorrang_error::{Error, Violations};

use crate::app::{App, check_request_id, delivery_id};
use crate::contact::check_queue;
use crate::convert;
use crate::intake::{EMAIL, MAIL_TYPE, MAX_MAIL, read_mail};
use crate::outcome::PushResult;
use crate::recorder::Push;
use crate::store::{NewQuarantineItem, NewRaw, QuarantineState};

pub async fn handle(app: &App, request: Request<PushEmailRequest>) -> Result<PushEmailResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let PushEmailRequest { request_id, raw, queue } = request.into_inner();
    let mut violations = Violations::new();
    check_request_id(&request_id, &mut violations);
    check_queue("queue", &queue, &mut violations);
    if raw.is_empty() {
        violations.add("raw", "must not be empty");
    }
    if raw.len() > MAX_MAIL {
        violations.add("raw", "must have at most 25 MiB");
    }
    violations.into_result()?;

    let now = app.clock.now();
    let result = match read_mail(EMAIL, &raw, &queue, now) {
        Ok(contact) => {
            let push = Push {
                request_id: delivery_id(&request_id),
                raw: Arc::new(NewRaw::new(EMAIL, &contact.external_id, MAIL_TYPE, raw)),
                contact,
                trace_parent: vorrang_service::trace_parent(),
            };
            app.recorder.record(&tenant, push).await?
        }
        Err(problem) => {
            let item = NewQuarantineItem {
                id: app.ids.next(now),
                state: QuarantineState::Waiting,
                reason: problem.reason,
                detail: problem.detail,
                queue,
            };
            let came = NewRaw::new(EMAIL, "", MAIL_TYPE, raw);
            PushResult::quarantined(app.store.quarantine(&tenant, item, &came, now).await?)
        }
    };
    Ok(PushEmailResponse {
        result: Some(convert::push_result(result)),
    })
}
