use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use vorrang_error::Error;

use super::answer;
use crate::app::App;
use crate::events::{self, Came};
use crate::intake::{MAIL_TYPE, MAX_MAIL};
use crate::names;
use crate::presets::{Preset, Signed, verify};
use crate::store::{NewRaw, Source};

/// Largest payload that is not a mail.
const MAX_PAYLOAD: usize = 4 << 20;

/// A push of a source.
pub async fn handle(
    State(app): State<App>,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let source = match app.store.source_of_any_tenant(&id).await {
        Ok(Some(source)) if !source.disabled => source,
        Ok(_) => return answer::no_such_source(&id),
        Err(error) => return vorrang_service::http_error(error),
    };
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    match take_in(&app, &source, &method, path, &headers, body).await {
        Ok(Some(response)) => response,
        Ok(None) => answer::rejected(),
        Err(error) => vorrang_service::http_error(error),
    }
}

/// `None` when the signature is wrong: then nothing is kept but a counter.
async fn take_in(
    app: &App,
    source: &Source,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Option<Response>, Error> {
    let preset = app.presets.get(&source.preset)?;
    let secret = app.seal.open(&source.id, &source.sealed_secret)?;
    let signed = Signed {
        body: &body,
        method: method.as_str(),
        path,
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if verify(preset, &secret, signed, header, app.clock.now()).is_err() {
        app.rejected.count(&source.id);
        return Ok(None);
    }
    app.rate.check(&source.tenant)?;
    let content_type = header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let is_mail = preset.is_mail() || events::is_mail(content_type);
    check_size(preset, is_mail, body.len())?;
    let content_type = if is_mail { MAIL_TYPE } else { content_type };
    let came = Came {
        tenant: &source.tenant,
        arrival: app.ids.next(app.clock.now()),
        queue: &source.queue,
        is_mail,
        preset: Some(preset),
        raw: NewRaw::new(&names::source(&source.id), "", content_type, body).into(),
    };
    Ok(Some(answer::results(events::take_in(app, &came).await?)))
}

fn check_size(preset: &Preset, is_mail: bool, bytes: usize) -> Result<(), Error> {
    let (most, words) = if is_mail {
        (MAX_MAIL, "25 MiB")
    } else {
        (MAX_PAYLOAD, "4 MiB")
    };
    if bytes == 0 {
        return Err(Error::invalid_field(
            "body",
            format!("must hold what the preset {} reads", preset.id()),
        ));
    }
    if bytes > most {
        return Err(Error::invalid_field("body", format!("must have at most {words}")));
    }
    Ok(())
}
