//! Deny by default: a call passes when its method names a scope and its credential has it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use vorrang_error::{Error, Kind};
use vorrang_identity::{Caller, Verifier};

use crate::layers::rate::Rate;
use crate::layers::revocation::until_refused;
use crate::layers::trace::Actor;
use crate::layers::traffic::Traffic;
use crate::methods::{Access, Methods};
use crate::refusal::refuse;
use crate::status::foreign::unknown_method;

#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) methods: Arc<Methods>,
    pub(crate) verifier: Verifier,
    pub(crate) rate: Rate,
}

pub(crate) async fn admit(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let caller = match check(&identity, request.headers()).await {
        Ok(caller) => caller,
        Err(error) => return refuse(true, error),
    };
    let path = request.uri().path();
    match identity.methods.get(path) {
        None => return unknown_method(path).into_http(),
        Some(method) => {
            if let Err(error) = open(method.access, &caller) {
                return refuse(true, error);
            }
        }
    }
    let actor = Actor::of(&caller);
    let stream = Traffic::of(&identity.methods, request.uri().path()).is_stream();
    let key = credential(request.headers())
        .ok()
        .filter(|_| stream && !caller.is_internal());
    let key = key.map(str::to_owned);
    request.extensions_mut().insert(caller);
    let mut response = match key {
        Some(key) => until_refused(identity.verifier, key, request, next).await,
        None => next.run(request).await,
    };
    response.extensions_mut().insert(actor);
    response
}

async fn check(identity: &Identity, headers: &HeaderMap) -> Result<Caller, Error> {
    let caller = identity.verifier.verify(credential(headers)?).await?;
    // A tenant pays for its calls before they are looked at any further; our own services are not limited.
    if let Some(tenant) = caller.tenant.one()
        && !caller.is_internal()
    {
        identity.rate.check(tenant)?;
    }
    Ok(caller)
}

/// Whether `caller` may call a method with this access.
fn open(access: Access, caller: &Caller) -> Result<(), Error> {
    match access {
        Access::Public => Ok(()),
        Access::Scoped(scope) if caller.may(scope) => Ok(()),
        Access::Scoped(scope) => {
            let message = format!("the credential lacks the scope {scope}");
            Err(Error::new(Kind::Denied, "SCOPE_MISSING", message).with("scope", scope.as_str()))
        }
        Access::Nobody => Err(Error::new(
            Kind::Denied,
            "METHOD_CLOSED",
            "no credential opens this method",
        )),
    }
}

/// The text after `Bearer `.
pub(crate) fn credential(headers: &HeaderMap) -> Result<&str, Error> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, credential) = value.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty() {
        return Ok(credential.trim());
    }
    Err(Error::new(
        Kind::Unauthenticated,
        "CREDENTIAL_MISSING",
        "send `authorization: Bearer <API key>`; `vorrang key create` makes one",
    ))
}
