use tonic::Request;
use vorrang_api::ingestion::v1::{self as api, UpdateSourceRequest};
use vorrang_error::{Error, Violations};

use crate::app::{App, call, check_request_id};
use crate::contact::check_queue;
use crate::presets;
use crate::rpc::create_source::{check_display_name, check_secret, new_secret};
use crate::store::SourceChange;
use crate::{convert, names};

pub async fn handle(app: &App, request: Request<UpdateSourceRequest>) -> Result<api::Source, Error> {
    let call = call("UpdateSource", &request, &request.get_ref().request_id, &app.clock)?;
    let UpdateSourceRequest {
        request_id,
        source,
        update_mask,
    } = request.into_inner();
    let mut violations = Violations::new();
    check_request_id(&request_id, &mut violations);
    let source = source.unwrap_or_else(|| {
        violations.add("source", "must be set");
        api::Source::default()
    });
    let id = violations.take("source.name", names::parse_source(&source.name));
    let paths = update_mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        violations.add("update_mask", "must name at least one field");
    }
    let mut change = SourceChange {
        etag: source.etag,
        ..SourceChange::default()
    };
    let mut secret = None;
    for path in paths {
        match path.as_str() {
            "display_name" => {
                check_display_name(&source.display_name, &mut violations);
                change.display_name = Some(source.display_name.clone());
            }
            "queue" => {
                check_queue("source.queue", &source.queue, &mut violations);
                change.queue = Some(source.queue.clone());
            }
            "disabled" => change.disabled = Some(source.disabled),
            "secret" => {
                check_secret(&source.secret, &mut violations);
                secret = Some(if source.secret.is_empty() {
                    new_secret()
                } else {
                    source.secret.clone()
                });
            }
            _ => violations.add("update_mask", "must hold only display_name, queue, disabled and secret"),
        }
    }
    violations.into_result()?;
    let id = id.ok_or_else(|| Error::internal("a violation was lost"))?;
    if let Some(secret) = &secret {
        // A preset that is not there any more is no reason to keep a secret that others know.
        let preset = app.store.source(&call.tenant, &id).await?.preset;
        if let Ok(preset) = app.presets.get(&preset) {
            presets::check_secret(preset, secret).map_err(|why| Error::invalid_field("source.secret", why))?;
        }
    }
    let with_secret = secret.is_some();
    change.sealed_secret = secret.map(|secret| app.seal.seal(&id, &secret));

    let stored = app.store.update_source(&call, &id, change).await?;
    let secret = if with_secret {
        app.seal.open(&stored.id, &stored.sealed_secret)?
    } else {
        Vec::new()
    };
    let rejected = app.rejected.of(&stored.id);
    Ok(convert::source(
        stored,
        String::from_utf8_lossy(&secret).into_owned(),
        rejected,
    ))
}
