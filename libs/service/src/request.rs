//! What a handler may ask about a request: who sent it, for which tenant, how long there is.

use tonic::Request;
use vorrang_error::Error;
use vorrang_identity::{Caller, Tenant};

/// Who is calling. Set by the identity layer for every method that is not public.
///
/// Fails with Internal when there is none, which means that the service is not behind our layers.
pub fn caller<T>(request: &Request<T>) -> Result<&Caller, Error> {
    request
        .extensions()
        .get::<Caller>()
        .ok_or_else(|| Error::internal("a request reached a handler without passing the identity layer"))
}

/// The one tenant of the caller.
///
/// Fails with InvalidArgument when the caller is a service that acts for all tenants: such calls must choose one.
pub fn tenant<T>(request: &Request<T>) -> Result<String, Error> {
    match &caller(request)?.tenant {
        Tenant::One(name) => Ok(name.clone()),
        Tenant::All => Err(Error::invalid_field(
            "authorization",
            "this method needs a credential of one tenant",
        )),
    }
}
