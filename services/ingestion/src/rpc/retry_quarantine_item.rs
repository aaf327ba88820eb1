use tonic::Request;
use vorrang_api::ingestion::v1::{RetryQuarantineItemRequest, RetryQuarantineItemResponse};
use vorrang_error::{Error, Kind};

use crate::app::App;
use crate::events::{self, Came};
use crate::intake::EMAIL;
use crate::outcome::PushResult;
use crate::store::{Named, NewRaw, QuarantineState, Retried};
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
        mails: &app.mails,
        raw: NewRaw::new(&item.source, "", &item.content_type, raw.content.into()).into(),
    };
    let read = events::read(&came, app.clock.now()).await?;
    // What was recorded before is left alone, also when it would be read differently now.
    let mut recorded = item.recorded;
    let mut parts = read.contacts;
    parts.retain(|part| !recorded.contains(&part.position));
    let mut problem = read.problem;
    let (mut result, mut failure) = (None, None);
    for (position, answer) in events::record(app, &came, parts).await {
        match answer {
            Ok(answer) => {
                recorded.push(position);
                result.get_or_insert(answer);
            }
            Err(error) if error.kind() == Kind::Invalid => {
                problem.get_or_insert_with(|| events::refused(&error));
            }
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    // What it names may have been pushed whole meanwhile; a corrected preset may find more names.
    let named = app
        .store
        .name_again(&tenant, &item.source, id, &read.names, app.clock.now())
        .await?;
    // What waits under another item releases that one.
    let awaits = named.contains(&Named::Waits(id));
    let mut named: Vec<PushResult> = named.into_iter().map(events::waiting_or_there).collect();
    if !awaits && result.is_none() {
        result = named.pop();
    }
    let (retried, result) = match (&problem, failure, &result) {
        (None, None, _) if awaits => (Retried::NeedsEnrichment, PushResult::needs_enrichment(id)),
        (Some(problem), _, _) => (
            Retried::NotYet(problem.reason, &problem.detail),
            PushResult::quarantined(id),
        ),
        // Could be neither recorded nor kept: to be tried again, and what was recorded now is recognised by its id then.
        (None, Some(failure), _) => return Err(failure),
        (None, None, Some(result)) => (Retried::Released(result), result.clone()),
        (None, None, None) => (Retried::NotAContact, PushResult::quarantined(id)),
    };
    app.store.retried(&tenant, id, retried, &recorded).await?;
    Ok(RetryQuarantineItemResponse {
        result: Some(convert::push_result(result)),
    })
}
