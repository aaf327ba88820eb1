use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use vorrang_error::Error;

use super::{answer, body};
use crate::app::App;
use crate::events::{self, Came};
use crate::intake::{MAIL_TYPE, MAX_MAIL};
use crate::names;
use crate::presets::{Preset, Signed, verify};
use crate::store::{NewRaw, Source};

/// Largest payload that is not a mail.
const MAX_PAYLOAD: usize = 4 << 20;

/// A push of a source. Who it is for and how large it is is looked at before the body is read, since anybody can ask.
pub async fn handle(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let source = match app.open_source(path.as_deref().map_or("", String::as_str)).await {
        Ok(source) => source,
        Err(error) => return vorrang_service::http_error(error),
    };
    let preset = match app.presets.get(&source.preset) {
        Ok(preset) => preset,
        Err(error) => return vorrang_service::http_error(error),
    };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_mail = preset.is_mail() || content_type.is_some_and(events::is_mail);
    let most = if is_mail { MAX_MAIL } else { MAX_PAYLOAD };
    let body = match body::read(body, most, &app.bodies, body::TIMEOUT).await {
        Ok(body) => body,
        Err(refused) => return answer::unread(refused, most),
    };
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let pushed = Pushed {
        source: &source,
        preset,
        content_type: if is_mail {
            MAIL_TYPE
        } else {
            content_type.unwrap_or_default()
        },
        is_mail,
    };
    match take_in(&app, &pushed, &method, path, &headers, body.bytes.clone()).await {
        Ok(Some(response)) => response,
        Ok(None) => answer::rejected(),
        Err(error) => vorrang_service::http_error(error),
    }
}

/// What is known of a push before its body.
struct Pushed<'a> {
    source: &'a Source,
    preset: &'a Preset,
    content_type: &'a str,
    is_mail: bool,
}

/// `None` when the signature is wrong: then nothing is kept but a counter.
async fn take_in(
    app: &App,
    pushed: &Pushed<'_>,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Option<Response>, Error> {
    let Pushed { source, preset, .. } = *pushed;
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
    if body.is_empty() {
        let why = format!("must hold what the preset {} reads", preset.id());
        return Err(Error::invalid_field("body", why));
    }
    let came = Came {
        tenant: &source.tenant,
        arrival: app.ids.next(app.clock.now()),
        queue: &source.queue,
        is_mail: pushed.is_mail,
        preset: Some(preset),
        mails: &app.mails,
        raw: NewRaw::new(&names::source(&source.id), "", pushed.content_type, body).into(),
    };
    Ok(Some(answer::results(events::take_in(app, &came).await?)))
}
