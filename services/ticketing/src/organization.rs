//! The companies whose people ask for help. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use crate::attributes::{self, Attributes, Named};

/// Most mail domains.
pub const DOMAINS_MAX: usize = 50;
/// Most ids in other systems.
pub const EXTERNAL_IDS_MAX: usize = 20;
/// Most customers that leave with a removed organisation: each with an event, all in one transaction.
pub const LEAVING_MAX: usize = 2_000;

/// Domains at which everybody can have a mailbox: who has one there has nothing in common with the others.
const SHARED_DOMAINS: [&str; 31] = [
    "aol.com",
    "arcor.de",
    "bluewin.ch",
    "email.de",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "hotmail.de",
    "icloud.com",
    "live.com",
    "live.de",
    "mac.com",
    "mail.de",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "outlook.com",
    "outlook.de",
    "posteo.de",
    "proton.me",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "yahoo.de",
];

/// An organisation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: Uuid,
    /// What a client sets.
    pub profile: Profile,
    /// Rises with every change; the etag.
    pub revision: i64,
    /// When it became known.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The fields of an organisation that a client can set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name to be shown.
    pub display_name: String,
    /// Mail domains, sorted, each once.
    pub domains: Vec<String>,
    /// Ids in other systems, sorted, each once.
    pub external_ids: Vec<String>,
    /// The tier of its customers without one of their own; may be empty.
    pub tier: String,
    /// What the tenant keeps about it.
    pub attributes: Attributes,
    /// Whether customers join by a verified mail domain.
    pub joined_by_domain: bool,
}

/// A field that `UpdateOrganization` can change, named as in the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Domains,
    ExternalIds,
    Tier,
    JoinedByDomain,
    Attributes(Named),
}

impl Field {
    /// Reads a path of the update mask.
    pub fn parse(path: &str) -> Option<Self> {
        Some(match path {
            "display_name" => Self::DisplayName,
            "domains" => Self::Domains,
            "external_ids" => Self::ExternalIds,
            "tier" => Self::Tier,
            "joined_by_domain" => Self::JoinedByDomain,
            path => Self::Attributes(Named::parse(path)?),
        })
    }
}

impl Organization {
    /// A new organisation.
    ///
    /// # Errors
    /// Invalid, when it would be joined by a domain that everybody has.
    pub fn new(id: Uuid, profile: Profile, now: DateTime<Utc>) -> Result<Self, Error> {
        check(&profile)?;
        Ok(Self {
            id,
            profile,
            revision: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Sets the named fields. True when something changed.
    ///
    /// # Errors
    /// Invalid, when what results does not fit together.
    pub fn update(&mut self, given: &Profile, fields: &[Field], now: DateTime<Utc>) -> Result<bool, Error> {
        let mut after = self.profile.clone();
        for field in fields {
            match field {
                Field::DisplayName => after.display_name.clone_from(&given.display_name),
                Field::Domains => after.domains.clone_from(&given.domains),
                Field::ExternalIds => after.external_ids.clone_from(&given.external_ids),
                Field::Tier => after.tier.clone_from(&given.tier),
                Field::JoinedByDomain => after.joined_by_domain = given.joined_by_domain,
                Field::Attributes(named) => attributes::update(&mut after.attributes, &given.attributes, named),
            }
        }
        check(&after)?;
        let changed = after != self.profile;
        if changed {
            self.profile = after;
            self.revision += 1;
            self.updated_at = now;
        }
        Ok(changed)
    }
}

fn check(profile: &Profile) -> Result<(), Error> {
    if profile.joined_by_domain
        && let Some(shared) = profile
            .domains
            .iter()
            .find(|domain| SHARED_DOMAINS.contains(&domain.as_str()))
    {
        return Err(Error::invalid_field(
            "organization.domains",
            format!("{shared} belongs to a provider of mailboxes: nobody joins an organisation by it"),
        ));
    }
    attributes::check_size(&profile.attributes).map_err(|why| Error::invalid_field("organization.attributes", why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
    }

    fn profile(domains: &[&str], joined_by_domain: bool) -> Profile {
        Profile {
            display_name: "Bücher GmbH".to_owned(),
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            joined_by_domain,
            ..Profile::default()
        }
    }

    #[test]
    fn nobody_joins_by_a_domain_that_everybody_has() {
        assert!(Organization::new(Uuid::nil(), profile(&["gmail.com"], false), at(0)).is_ok());
        let error = Organization::new(Uuid::nil(), profile(&["a.example", "gmx.de"], true), at(0)).expect_err("shared");
        assert_eq!(error.violations()[0].field, "organization.domains");
        let mut one = Organization::new(Uuid::nil(), profile(&["web.de"], false), at(0)).expect("valid");
        assert!(
            one.update(&profile(&[], true), &[Field::JoinedByDomain], at(1))
                .is_err()
        );
        assert!(!one.profile.joined_by_domain, "nothing half done");
        let both = [Field::JoinedByDomain, Field::Domains];
        assert_eq!(
            one.update(&profile(&["a.example"], true), &both, at(1)).ok(),
            Some(true)
        );
    }

    #[test]
    fn an_update_changes_only_what_is_named() {
        let mut one = Organization::new(Uuid::nil(), profile(&["a.example"], false), at(0)).expect("valid");
        let given = Profile {
            tier: "vip".to_owned(),
            ..Profile::default()
        };
        assert_eq!(one.update(&given, &[Field::Tier], at(1)).ok(), Some(true));
        assert_eq!(
            (one.profile.tier.as_str(), one.profile.domains.len(), one.revision),
            ("vip", 1, 2)
        );
        assert_eq!(
            one.update(&given, &[Field::Tier], at(2)).ok(),
            Some(false),
            "the same again is no change"
        );
        assert_eq!(Field::parse("etag"), None);
    }
}
