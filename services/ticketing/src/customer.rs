//! The people who ask for help, and the ways in which they are known. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use crate::words::IdentityKind;

/// Most identities of a customer.
pub const IDENTITIES_MAX: usize = 20;
/// The tier of who has none.
pub const TIER_STANDARD: &str = "standard";
/// The tier that is served first.
pub const TIER_VIP: &str = "vip";

/// What finds a customer: unique per tenant by kind and value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityKey {
    /// What it is, as stored.
    pub kind: &'static str,
    /// The normalised value.
    pub value: String,
}

/// One way in which a customer reaches us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it is.
    pub kind: IdentityKind,
    /// The normalised value.
    pub value: String,
    /// Whether the source vouches for it.
    pub verified: bool,
}

impl Identity {
    /// Normalises `value` for its kind, so that one person written in two ways is found as one.
    pub fn parse(kind: IdentityKind, value: &str, verified: bool) -> Result<Self, &'static str> {
        let value = value.trim();
        if value.is_empty() || value.chars().count() > 320 {
            return Err("must have 1 to 320 characters");
        }
        if value.chars().any(char::is_control) {
            return Err("must not contain control characters");
        }
        let value = match kind {
            // Mail from the wild has addresses that no rule allows; refusing them would lose the mail.
            IdentityKind::Email => value.to_lowercase(),
            IdentityKind::Phone if is_e164(value) => value.to_owned(),
            IdentityKind::Phone => return Err("must be a phone number in E.164, for example +4930123456"),
            IdentityKind::Social => scoped(value).ok_or("must be network:handle, for example instagram:mara")?,
            IdentityKind::External => scoped(value).ok_or("must be system:id, for example zendesk:8447")?,
        };
        Ok(Self { kind, value, verified })
    }

    /// What finds it.
    pub fn key(&self) -> IdentityKey {
        IdentityKey {
            kind: self.kind.as_str(),
            value: self.value.clone(),
        }
    }
}

fn is_e164(value: &str) -> bool {
    value.strip_prefix('+').is_some_and(|digits| {
        (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

/// `scope:rest` with both parts there; the scope in lower case.
fn scoped(value: &str) -> Option<String> {
    let (scope, rest) = value.split_once(':')?;
    (!scope.is_empty() && !rest.is_empty()).then(|| format!("{}:{rest}", scope.to_lowercase()))
}

/// A customer as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: Uuid,
    /// The name to be shown; may be empty.
    pub display_name: String,
    /// How it is known; sorted as added.
    pub identities: Vec<Identity>,
    /// Service tier as [`tier`] gives it, never empty.
    pub tier: String,
    /// BCP 47; empty: unknown.
    pub language: String,
    /// ISO 3166-1 alpha-2; empty: unknown.
    pub country: String,
    /// Rises with every change; the etag.
    pub revision: i64,
    /// When it became known.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When everything personal about it was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

/// The fields of a customer that a client can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// See [`Customer`].
    pub display_name: String,
    /// Each once.
    pub identities: Vec<Identity>,
    /// As [`tier`] gives it; empty means [`TIER_STANDARD`].
    pub tier: String,
    /// See [`Customer`].
    pub language: String,
    /// See [`Customer`].
    pub country: String,
}

/// A field that `UpdateCustomer` can change, named as in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Identities,
    Tier,
    Language,
    Country,
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "display_name" => Self::DisplayName,
            "identities" => Self::Identities,
            "tier" => Self::Tier,
            "language" => Self::Language,
            "country" => Self::Country,
            _ => return None,
        })
    }
}

impl Customer {
    /// A new customer.
    pub fn new(id: Uuid, profile: Profile, now: DateTime<Utc>) -> Self {
        Self {
            id,
            display_name: profile.display_name,
            identities: profile.identities,
            tier: or_standard(profile.tier),
            language: profile.language,
            country: profile.country,
            revision: 1,
            created_at: now,
            updated_at: now,
            erased_at: None,
        }
    }

    /// Sets the named fields. True when something changed.
    pub fn update(&mut self, profile: Profile, fields: &[Field], now: DateTime<Utc>) -> bool {
        let before = self.clone();
        let Profile {
            display_name,
            identities,
            tier,
            language,
            country,
        } = profile;
        for field in fields {
            match field {
                Field::DisplayName => self.display_name.clone_from(&display_name),
                Field::Identities => self.identities.clone_from(&identities),
                Field::Tier => self.tier = or_standard(tier.clone()),
                Field::Language => self.language.clone_from(&language),
                Field::Country => self.country.clone_from(&country),
            }
        }
        self.touch_if_changed(&before, now)
    }

    /// Learns from a contact: a name when there was none, a tier when one is given, and what the source vouches for.
    /// `identities` are new ones that nobody has, and known ones of this customer. True when something changed.
    pub fn learn(&mut self, display_name: &str, tier: &str, identities: &[Identity], now: DateTime<Utc>) -> bool {
        let before = self.clone();
        if self.display_name.is_empty() {
            display_name.clone_into(&mut self.display_name);
        }
        if !tier.is_empty() {
            tier.clone_into(&mut self.tier);
        }
        for identity in identities {
            if let Some(mine) = self.identities.iter_mut().find(|mine| mine.key() == identity.key()) {
                mine.verified |= identity.verified;
            } else if self.identities.len() < IDENTITIES_MAX {
                self.identities.push(identity.clone());
            }
            // Beyond the bound a customer is found by what is known already; the contact itself is not lost.
        }
        self.touch_if_changed(&before, now)
    }

    /// Refuses to add anything personal to somebody who was erased.
    ///
    /// # Errors
    /// Precondition `ERASED`.
    pub fn check_not_erased(&self) -> Result<(), Error> {
        match self.erased_at {
            None => Ok(()),
            Some(_) => Err(Error::precondition(
                "ERASED",
                "the customer's data was erased: nothing personal can be added",
            )),
        }
    }

    fn touch_if_changed(&mut self, before: &Self, now: DateTime<Utc>) -> bool {
        let changed = *self != *before;
        if changed {
            self.revision += 1;
            self.updated_at = now;
        }
        changed
    }
}

/// A tier in the one form in which tiers are compared: routing knows `vip`, whoever writes `VIP ` means it.
pub fn tier(given: &str) -> String {
    given.trim().to_lowercase()
}

fn or_standard(tier: String) -> String {
    if tier.is_empty() {
        TIER_STANDARD.to_owned()
    } else {
        tier
    }
}

/// The error for an identity that somebody else has.
pub fn identity_taken(key: &IdentityKey, owner: Uuid) -> Error {
    Error::new(
        vorrang_error::Kind::AlreadyExists,
        "IDENTITY_TAKEN",
        format!("an identity of kind {} belongs to another customer", key.kind),
    )
    .with("kind", key.kind)
    .with("customer", crate::names::customer(owner))
}

#[cfg(test)]
mod tests;
