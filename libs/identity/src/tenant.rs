//! Names of tenants.

use vorrang_error::Error;

/// Whose data a caller may touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tenant {
    /// One tenant, by name: every API key, and internal calls made on behalf of a tenant.
    One(String),
    /// Every tenant: only our own services, for feeds and rebuilds.
    All,
}

impl Tenant {
    /// The one tenant, if it is one.
    pub fn one(&self) -> Option<&str> {
        match self {
            Tenant::One(name) => Some(name),
            Tenant::All => None,
        }
    }
}

/// Checks that `name` can name a tenant: 1 to 63 of `a-z`, `0-9` and `-`, starting and ending with a letter or digit.
///
/// The set is small on purpose: the name becomes part of tokens, Redis hash tags and folder names, where dots, slashes
/// and braces would have a meaning.
pub fn check_tenant(name: &str) -> Result<(), Error> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits =
        (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-');
    if fits {
        Ok(())
    } else {
        Err(Error::invalid_field(
            "tenant",
            "must be 1 to 63 characters of a-z, 0-9 and -, starting and ending with a letter or digit",
        ))
    }
}
