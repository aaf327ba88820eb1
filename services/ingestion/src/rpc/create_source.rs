use tonic::Request;
use uuid::Uuid;
use vorrang_api::ingestion::v1::{self as api, CreateSourceRequest};
use vorrang_error::{Error, Violations};

use crate::app::{App, call, check_request_id};
use crate::contact::check_queue;
use crate::convert;
use crate::presets;
use crate::store::Source;

pub async fn handle(app: &App, request: Request<CreateSourceRequest>) -> Result<api::Source, Error> {
    let call = call("CreateSource", &request, &request.get_ref().request_id, &app.clock)?;
    let CreateSourceRequest { request_id, source } = request.into_inner();
    let mut violations = Violations::new();
    check_request_id(&request_id, &mut violations);
    let Some(source) = source else {
        violations.add("source", "must be set");
        return Err(violations
            .into_result()
            .err()
            .unwrap_or_else(|| Error::internal("a violation was lost")));
    };
    check_display_name(&source.display_name, &mut violations);
    check_queue("source.queue", &source.queue, &mut violations);
    check_secret(&source.secret, &mut violations);
    if source.preset.is_empty() {
        violations.add("source.preset", "must be set");
    }
    violations.into_result()?;
    let preset = app.presets.get(&source.preset)?;

    // 122 random bits: the id stands in the address of the webhook and must not be guessed.
    let id = Uuid::new_v4().simple().to_string();
    let secret = if source.secret.is_empty() {
        new_secret()
    } else {
        source.secret
    };
    presets::check_secret(preset, &secret).map_err(|why| Error::invalid_field("source.secret", why))?;
    let made = Source {
        sealed_secret: app.seal.seal(&id, &secret),
        id,
        tenant: call.tenant.clone(),
        display_name: source.display_name,
        preset: source.preset,
        queue: source.queue,
        disabled: source.disabled,
        revision: 1,
        created_at: call.now,
    };
    let stored = app.store.create_source(&call, made).await?;
    // Of the stored one: a repeat must get the secret of the first time, and whatever became of it since.
    let secret = app.seal.open(&stored.id, &stored.sealed_secret)?;
    let rejected = app.rejected.of(&stored.id);
    Ok(convert::source(
        stored,
        String::from_utf8_lossy(&secret).into_owned(),
        rejected,
    ))
}

/// 256 random bits as text that every vendor's form takes.
pub(super) fn new_secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

pub(super) fn check_display_name(name: &str, violations: &mut Violations) {
    if name.chars().count() > 100 {
        violations.add("source.display_name", "must have at most 100 characters");
    }
    if name.contains('\0') {
        violations.add("source.display_name", "must not hold NUL characters");
    }
}

/// Empty is for us to make one.
pub(super) fn check_secret(secret: &str, violations: &mut Violations) {
    if !secret.is_empty() && !(8..=256).contains(&secret.chars().count()) {
        violations.add("source.secret", "must have 8 to 256 characters, or be empty");
    }
}
