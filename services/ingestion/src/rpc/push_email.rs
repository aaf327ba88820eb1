use std::sync::Arc;

use tonic::Request;
use vorrang_api::ingestion::v1::{PushEmailRequest, PushEmailResponse};
use vorrang_error::{Error, Violations};

use crate::app::{App, check_request_id, delivery_id, mail_arrival};
use crate::contact::check_queue;
use crate::convert;
use crate::events::{self, Came};
use crate::intake::{EMAIL, MAIL_TYPE, MAX_MAIL};
use crate::metrics;
use crate::outcome::{Outcome, PushResult};
use crate::presets::Part;
use crate::recorder::Push;
use crate::store::{NewRaw, request_id_reused};

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
    let arrival = match request_id.as_str() {
        "" => app.ids.next(now),
        id => mail_arrival(&tenant, id),
    };
    let mut came = Came {
        tenant: &tenant,
        arrival,
        queue: &queue,
        is_mail: true,
        preset: None,
        mails: &app.mails,
        raw: NewRaw::new(EMAIL, "", MAIL_TYPE, raw).into(),
    };
    // Ticketing has never heard of a mail in quarantine, so its request id is looked up here.
    if !request_id.is_empty()
        && let Some(first) = app.store.find_quarantine_item(&tenant, arrival).await?
    {
        if first.raw_sha256 != came.raw.sha256 || first.queue != queue {
            return Err(request_id_reused());
        }
        return Ok(PushEmailResponse {
            result: Some(convert::push_result(PushResult::quarantined(arrival))),
        });
    }
    let read = events::read(&came, now).await?;
    let result = match (read.contacts.into_iter().next(), read.problem) {
        (Some(Part { contact, .. }), None) => {
            // Found again by its Message-ID; nobody else has this value yet.
            if let Some(raw) = Arc::get_mut(&mut came.raw) {
                raw.external_id.clone_from(&contact.external_id);
            }
            let push = Push {
                request_id: delivery_id(&request_id),
                weight: contact.weight() + came.raw.content.len(),
                raw: came.raw,
                contact,
                trace_parent: vorrang_service::trace_parent(),
            };
            app.recorder.record(&tenant, push).await?
        }
        (_, problem) => {
            let (item, _) = events::quarantine(app, &came, problem, Vec::new(), &[], now).await?;
            metrics::pushed(Outcome::Quarantined);
            PushResult::quarantined(item)
        }
    };
    Ok(PushEmailResponse {
        result: Some(convert::push_result(result)),
    })
}
