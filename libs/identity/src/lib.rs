//! Who is calling, for which tenant, and what they may do.
//!
//! Two credentials exist. An **API key** (`vk_<id>_<secret>`) belongs to one tenant and is made for machines of
//! customers; only a keyed hash of its secret is stored. An **internal token** (`vi1.…`) is made by one of our services
//! for a call to another one; it lives minutes and is never stored. [`Verifier::verify`] reads both and answers with a
//! [`Caller`], the only source of a tenant in the whole suite: no request message carries one.
//!
//! Guarantees: a revoked or expired key is refused at the latest [`CACHE`] after the change; secrets are compared in
//! constant time; a key of one tenant can never produce another tenant's [`Caller`]; no secret is logged or stored.

mod keys;
mod migrations;
mod scopes;
mod secret;
mod tenant;
mod token;
mod verifier;

pub use keys::{Key, Keys, NewKey};
pub use migrations::Migrator;
pub use scopes::{Scope, Scopes};
pub use tenant::{Tenant, check_tenant};
pub use token::Minter;
pub use verifier::{CACHE, Verifier};

/// Who is calling: made from a verified credential and from nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant whose data the caller may touch.
    pub tenant: Tenant,
    /// The id of the API key, or the name of our service; safe to log.
    pub credential_id: String,
    /// What the caller may do.
    pub scopes: Scopes,
    /// Who acted, as written into events: `keys/<id>` or `services/<name>`.
    pub subject: String,
}

impl Caller {
    /// Whether the caller may call a method that asks for `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }

    /// Whether this is one of our own services rather than a customer's machine.
    pub fn is_internal(&self) -> bool {
        self.scopes.contains(Scope::Internal)
    }
}
