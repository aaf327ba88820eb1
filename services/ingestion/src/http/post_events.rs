use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use sha2::{Digest as _, Sha256};
use vorrang_error::Error;

use super::{answer, body};
use crate::app::App;
use crate::events::{self, Came};
use crate::intake::{MAIL_TYPE, MAX_MAIL};
use crate::names;
use crate::presets::{Preset, Signed, cloudevents, proof, verify};
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
    let content_type = headers.get(header::CONTENT_TYPE).cloned();
    let content_type = content_type.as_ref().and_then(|value| value.to_str().ok());
    let is_mail = preset.is_mail() || content_type.is_some_and(events::is_mail);
    let most = if is_mail || preset.holds_mails() {
        MAX_MAIL
    } else {
        MAX_PAYLOAD
    };
    let body = match body::read(body, most, &app.bodies, body::TIMEOUT).await {
        Ok(body) => body,
        Err(refused) => return answer::unread(refused, most),
    };
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
    let asked = Asked {
        method,
        origins: origins(&app, &uri, &headers),
        uri,
        headers,
    };
    match take_in(&app, &pushed, asked, body.bytes.clone()).await {
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

/// What a signature may be made over besides the body.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    origins: Vec<String>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The addresses under which the sender may know us: as configured, and as it or a proxy before us says.
fn origins(app: &App, uri: &Uri, headers: &HeaderMap) -> Vec<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let hosts = [
        header("x-forwarded-host"),
        header("host"),
        uri.authority().map(http::uri::Authority::as_str),
    ];
    let mut origins = vec![app.public_url.clone()];
    for host in hosts.into_iter().flatten() {
        for scheme in ["https", "http"] {
            let origin = format!("{scheme}://{host}");
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
    }
    origins
}

/// `None` when the signature is wrong: then nothing is kept but a counter.
async fn take_in(app: &App, pushed: &Pushed<'_>, asked: Asked, body: Bytes) -> Result<Option<Response>, Error> {
    let Pushed { source, preset, .. } = *pushed;
    let secret = app.seal.open(&source.id, &source.sealed_secret)?;
    let content_type = pushed.content_type;
    let (signature, asked) = check_signature(app, pushed, secret, asked, body.clone()).await?;
    let rightful = match signature {
        Signature::Right => true,
        Signature::Wrong => false,
        Signature::OfAnyBody(proof) => {
            let body = Sha256::digest(&body).into();
            app.store
                .is_first_body(&source.tenant, &source.id, &proof, &body, app.clock.now())
                .await?
        }
    };
    if !rightful {
        app.rejected.count(&source.id);
        return Ok(None);
    }
    app.rate.check(&source.tenant)?;
    let headers = asked.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let structured = events::structured(preset, headers, content_type, &body);
    let (content_type, body) = match structured {
        Some(event) => (cloudevents::STRUCTURED, Bytes::from(event)),
        None => (content_type, body),
    };
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
        raw: NewRaw::new(&names::source(&source.id), "", content_type, body).into(),
    };
    let results = events::take_in(app, &came).await?;
    Ok(Some(match preset.answer() {
        Some((content_type, text)) => answer::fixed(content_type, text),
        None => answer::results(results),
    }))
}

/// What the signature of a push proves.
enum Signature {
    Right,
    Wrong,
    /// Who sent it and not what: good for the first body that comes with it, and that again.
    OfAnyBody([u8; 32]),
}

/// Checks the signature; over a large body beside the threads that serve requests.
async fn check_signature(
    app: &App,
    pushed: &Pushed<'_>,
    secret: Vec<u8>,
    asked: Asked,
    body: Bytes,
) -> Result<(Signature, Asked), Error> {
    let now = app.clock.now();
    let large = body.len() >= events::LARGE;
    let (preset, content_type) = (pushed.preset.clone(), pushed.content_type.to_owned());
    let check = move || {
        let signed = Signed {
            body: &body,
            content_type: &content_type,
            method: asked.method.as_str(),
            path: asked.uri.path_and_query().map_or("", |path| path.as_str()),
            origins: &asked.origins,
        };
        let header = |name: &str| asked.header(name);
        let signature = match verify(&preset, &secret, signed, header, now) {
            Err(_) => Signature::Wrong,
            Ok(()) => proof(&preset, &secret, signed, header).map_or(Signature::Right, Signature::OfAnyBody),
        };
        (signature, asked)
    };
    if !large {
        return Ok(check());
    }
    let checking = tokio::task::spawn_blocking(check);
    checking
        .await
        .map_err(|why| Error::internal("checking a signature panicked").caused_by(why))
}
