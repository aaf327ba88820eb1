use tonic::Request;
use vorrang_api::ingestion::v1::{RetryQuarantineItemRequest, RetryQuarantineItemResponse};
use vorrang_error::Error;

use crate::app::App;
use crate::events::{self, Came};
use crate::intake::EMAIL;
use crate::outcome::PushResult;
use crate::store::{NewRaw, QuarantineState};
use crate::{convert, names};

pub async fn handle(
    app: &App,
    request: Request<RetryQuarantineItemRequest>,
) -> Result<RetryQuarantineItemResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_quarantine_item(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    let item = app.store.quarantine_item(&tenant, id).await?;
    if let (QuarantineState::Released, Some(result)) = (item.state, item.result.clone()) {
        // Released before: a second retry finds the same.
        return Ok(RetryQuarantineItemResponse {
            result: Some(convert::push_result(result)),
        });
    }
    let raw = app
        .store
        .raw(&tenant, &item.raw_sha256)
        .await?
        .ok_or_else(|| Error::internal("what a quarantine item came as is gone"))?;
    let preset = match item.source.strip_prefix("sources/") {
        Some(source) => Some(app.presets.get(&app.store.source(&tenant, source).await?.preset)?),
        None => None,
    };
    let came = Came {
        tenant: &tenant,
        // The same as when it came: what was recorded then is recognised now.
        arrival: id,
        queue: &item.queue,
        is_mail: item.source == EMAIL || events::is_mail(&item.content_type),
        preset,
        raw: NewRaw::new(&item.source, "", &item.content_type, raw.content.into()).into(),
    };
    let read = events::read(&came, app.clock.now()).await?;
    let results = events::record(app, &came, read.contacts).await;
    let result = match (read.problem, results.into_iter().next()) {
        (Some(problem), _) => {
            app.store
                .retried(&tenant, id, Err((problem.reason, &problem.detail)))
                .await?;
            PushResult::quarantined(id)
        }
        (None, Some(Ok(result))) => {
            app.store.retried(&tenant, id, Ok(&result)).await?;
            result
        }
        (None, Some(Err(error))) if error.kind() == vorrang_error::Kind::Invalid => {
            app.store
                .retried(&tenant, id, Err(("REFUSED_BY_TICKETING", error.message())))
                .await?;
            PushResult::quarantined(id)
        }
        (None, Some(Err(error))) => return Err(error),
        // Known not to be a contact.
        (None, None) => PushResult::quarantined(id),
    };
    Ok(RetryQuarantineItemResponse {
        result: Some(convert::push_result(result)),
    })
}
