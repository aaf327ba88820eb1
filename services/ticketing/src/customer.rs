//! The people who ask for help, and what is known about them. Pure.

pub mod filter;
pub mod identity;
pub mod merge;
pub mod periods;
pub mod said;
pub mod tier;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_error::Error;

use crate::attributes::{self, Attributes, Named};
use crate::words::OrganizationBy;

pub use identity::{Identity, IdentityKey};
pub use periods::Periods;
pub use said::{By, Sayings, Told};
pub use tier::{TIER_STANDARD, TIER_VIP, Tier};

/// Most identities of a customer.
pub const IDENTITIES_MAX: usize = 100;

/// The organisation that a customer belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belongs {
    /// Which.
    pub organization: Uuid,
    /// Its tier as it was read; may be empty. Kept with the organisation, not with the customer.
    pub tier: String,
}

/// A customer as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: Uuid,
    /// The name to be shown; may be empty.
    pub display_name: String,
    /// How it is known; sorted as added. Of a merged one: none, they are the other's.
    pub identities: Vec<Identity>,
    /// Its own tier, if it has one.
    pub tier: Option<Tier>,
    /// BCP 47; empty: unknown.
    pub language: String,
    /// ISO 3166-1 alpha-2; empty: unknown.
    pub country: String,
    /// The organisation it belongs to.
    pub organization: Option<Belongs>,
    /// Who decided about that.
    pub organization_by: OrganizationBy,
    /// What the tenant keeps about it.
    pub attributes: Attributes,
    /// Who looks after it, `agents/{agent}`; empty: nobody.
    pub owner: String,
    /// When it was a customer.
    pub periods: Periods,
    /// Who said of it what people did not say.
    pub said: Sayings,
    /// The customer it was merged into, at the end of the chain.
    pub merged_into: Option<Uuid>,
    /// Of a merged one: the identities that it had, so that they can come back.
    pub merged_identities: Vec<Identity>,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// See [`Customer`].
    pub display_name: String,
    /// Each once.
    pub identities: Vec<Identity>,
    /// None: nothing is said, which of a named field means that it has none.
    pub tier: Option<Tier>,
    /// See [`Customer`].
    pub language: String,
    /// See [`Customer`].
    pub country: String,
    /// See [`Customer`]; the store fills in its tier.
    pub organization: Option<Belongs>,
    /// See [`Customer`].
    pub attributes: Attributes,
    /// See [`Customer`].
    pub owner: String,
    /// Won and left, as far as they are given or named.
    pub periods: periods::Said,
}

/// A field that `UpdateCustomer` can change, named as in the contract. Won and left are in the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    DisplayName,
    Identities,
    Tier,
    Language,
    Country,
    Organization,
    Owner,
    WonAt,
    LeftAt,
    Attributes(Named),
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
            "organization" => Self::Organization,
            "owner" => Self::Owner,
            "won_at" => Self::WonAt,
            "left_at" => Self::LeftAt,
            path => Self::Attributes(Named::parse(path)?),
        })
    }
}

/// What a contact tells about who wrote it.
#[derive(Debug, Clone, Copy)]
pub struct Learnt<'a> {
    /// May be empty.
    pub display_name: &'a str,
    /// What the source says, if anything.
    pub tier: Option<&'a Tier>,
    /// What else it knows.
    pub told: &'a Told,
    /// Whether it vouches that this is the customer.
    pub by: By,
    /// New ones that nobody has, and known ones of this customer.
    pub identities: &'a [Identity],
    /// The organisations that are joined by a mail domain, by domain.
    pub domains: &'a HashMap<String, Belongs>,
}

impl Customer {
    /// A new customer.
    ///
    /// # Errors
    /// Invalid `customer.left_at`, when it left before it was won.
    pub fn new(id: Uuid, profile: Profile, now: DateTime<Utc>) -> Result<Self, Error> {
        let organization_by = match profile.organization {
            Some(_) => OrganizationBy::Hand,
            None => OrganizationBy::Nobody,
        };
        let mut periods = Periods::default();
        periods.say(profile.periods).map_err(wrong)?;
        Ok(Self {
            id,
            display_name: profile.display_name,
            identities: profile.identities,
            tier: profile.tier.and_then(|said| tier::after(None, &said, now)),
            language: profile.language,
            country: profile.country,
            organization: profile.organization,
            organization_by,
            attributes: profile.attributes,
            owner: profile.owner,
            periods,
            said: Sayings::default(),
            merged_into: None,
            merged_identities: Vec::new(),
            revision: 1,
            created_at: now,
            updated_at: now,
            erased_at: None,
        })
    }

    /// The tier that holds at `at`.
    pub fn tier_at(&self, at: DateTime<Utc>) -> tier::Holding<'_> {
        let organization = self.organization.as_ref().map_or("", |one| one.tier.as_str());
        tier::holding(self.tier.as_ref(), organization, at)
    }

    /// Whether it has this identity.
    pub fn identity(&self, key: &IdentityKey) -> Option<&Identity> {
        self.identities.iter().find(|mine| mine.key() == *key)
    }

    /// Refuses what was merged into another: its fields are no longer anybody's.
    ///
    /// # Errors
    /// Precondition `CUSTOMER_MERGED` that names the other.
    pub fn check_own(&self) -> Result<(), Error> {
        match self.merged_into {
            None => Ok(()),
            Some(target) => Err(
                Error::precondition("CUSTOMER_MERGED", "the customer was merged into another one")
                    .with("merged_into", crate::names::customer(target))
                    .with("customer", crate::names::customer(self.id)),
            ),
        }
    }

    /// Sets the named fields. True when something changed.
    ///
    /// # Errors
    /// Invalid, when dates or attributes do not fit what is there.
    pub fn update(&mut self, profile: &Profile, fields: &[Field], now: DateTime<Utc>) -> Result<bool, Error> {
        let before = self.clone();
        let mut said = periods::Said::default();
        for field in fields {
            self.people_say(field);
            match field {
                Field::DisplayName => self.display_name.clone_from(&profile.display_name),
                Field::Identities => self.identities.clone_from(&profile.identities),
                Field::Tier => {
                    let given = profile.tier.clone().unwrap_or_else(Tier::none_by_hand);
                    self.tier = tier::after(self.tier.take(), &given, now);
                    match given.is_by_hand() {
                        true => self.said.forget("tier"),
                        // Whoever may change customers vouches for whom they change.
                        false => self.said.note("tier", By::Vouching),
                    }
                }
                Field::Language => self.language.clone_from(&profile.language),
                Field::Country => self.country.clone_from(&profile.country),
                Field::Organization => {
                    self.organization.clone_from(&profile.organization);
                    self.organization_by = OrganizationBy::Hand;
                }
                Field::Owner => self.owner.clone_from(&profile.owner),
                Field::WonAt => said.won_at = Some(profile.periods.won_at.flatten()),
                Field::LeftAt => said.left_at = Some(profile.periods.left_at.flatten()),
                Field::Attributes(named) => attributes::update(&mut self.attributes, &profile.attributes, named),
            }
        }
        self.periods.say(said).map_err(wrong)?;
        attributes::check_size(&self.attributes).map_err(|why| Error::invalid_field("customer.attributes", why))?;
        Ok(self.touch_if_changed(&before, now))
    }

    /// What people say of a field stands, whatever sources say later.
    fn people_say(&mut self, field: &Field) {
        match field {
            Field::DisplayName => self.said.forget("display_name"),
            Field::Language => self.said.forget("language"),
            Field::Country => self.said.forget("country"),
            Field::Owner => self.said.forget("owner"),
            Field::Attributes(Named::All) => self.said.forget_attributes(),
            Field::Attributes(Named::One(key)) => self.said.forget(&format!("{}{key}", said::ATTRIBUTES)),
            // Of a tier it is in its source who said it.
            Field::Tier | Field::Identities | Field::Organization | Field::WonAt | Field::LeftAt => {}
        }
    }

    /// Learns from a contact: a name when there was none, tier and profile as far as the source may say them, what it vouches for, and the
    /// organisation whose mail domain a verified address has. True when something changed.
    pub fn learn(&mut self, learnt: Learnt<'_>, now: DateTime<Utc>) -> bool {
        let before = self.clone();
        if self.display_name.is_empty() {
            learnt.display_name.clone_into(&mut self.display_name);
        }
        if let Some(said) = learnt.tier {
            self.say_tier(said, learnt.by, now);
        }
        self.tell(learnt.told, learnt.by);
        for identity in learnt.identities {
            if let Some(mine) = self.identities.iter_mut().find(|mine| mine.key() == identity.key()) {
                mine.verified |= identity.verified;
            } else if self.identities.len() < IDENTITIES_MAX {
                self.identities.push(identity.clone());
            }
            // Beyond the bound a customer is found by what is known already; the contact itself is not lost.
        }
        self.join(learnt.domains);
        self.touch_if_changed(&before, now)
    }

    /// A source says the tier, if it may.
    pub fn say_tier(&mut self, said: &Tier, by: By, now: DateTime<Utc>) {
        let holds = self.tier.as_ref().is_some_and(|own| own.holds_at(now));
        let better = |before: By| holds && !by.replaces(before);
        if self.said.of("tier").is_some_and(better) {
            return;
        }
        self.tier = tier::after(self.tier.take(), said, now);
        match &self.tier {
            Some(own) if own == said => self.said.note("tier", by),
            Some(_) => {}
            None => self.said.forget("tier"),
        }
    }

    /// Takes what a source knows, as far as it may say it.
    pub fn tell(&mut self, told: &Told, by: By) {
        let sayings = &mut self.said;
        said::set(sayings, ("owner", &mut self.owner), &told.owner, by);
        said::set(sayings, ("language", &mut self.language), &told.language, by);
        said::set(sayings, ("country", &mut self.country), &told.country, by);
        said::set_attributes(sayings, &mut self.attributes, &told.attributes, by);
    }

    /// Takes every personal field away, for good. Whoever calls it destroys the key, too.
    pub fn erase(&mut self, now: DateTime<Utc>) {
        self.display_name.clear();
        self.identities.clear();
        self.merged_identities.clear();
        self.attributes = Attributes::default();
        self.said = Sayings::default();
        self.erased_at = Some(now);
        self.revision += 1;
        self.updated_at = now;
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

    /// The domains by which it may join an organisation; none when that is decided.
    pub fn joining_domains(&self) -> impl Iterator<Item = &str> {
        let undecided = self.organization.is_none() && self.organization_by != OrganizationBy::Hand;
        self.identities
            .iter()
            .filter(move |_| undecided)
            .filter_map(Identity::verified_domain)
    }

    /// Joins the organisation of its first verified mail domain that has one, unless that is decided.
    pub fn join(&mut self, domains: &HashMap<String, Belongs>) {
        let found = self.joining_domains().find_map(|domain| domains.get(domain)).cloned();
        if found.is_some() {
            self.organization = found;
            self.organization_by = OrganizationBy::Domain;
        }
    }

    /// Says whether an identity is known to be this customer's. True when something changed.
    ///
    /// # Errors
    /// NotFound when it does not have it.
    pub fn set_verified(&mut self, key: &IdentityKey, verified: bool, now: DateTime<Utc>) -> Result<bool, Error> {
        let before = self.clone();
        match self.identities.iter_mut().find(|mine| mine.key() == *key) {
            Some(mine) => mine.verified = verified,
            None => return Err(no_such_identity()),
        }
        Ok(self.touch_if_changed(&before, now))
    }

    /// Gives an identity to another customer.
    ///
    /// # Errors
    /// NotFound when it does not have it; Precondition `TOO_MANY_IDENTITIES` when the other one has no room.
    pub fn give(&mut self, key: &IdentityKey, to: &mut Self, now: DateTime<Utc>) -> Result<(), Error> {
        let index = self.identities.iter().position(|mine| mine.key() == *key);
        let index = index.ok_or_else(no_such_identity)?;
        if to.identities.len() >= IDENTITIES_MAX {
            return Err(too_many_identities());
        }
        to.identities.push(self.identities.remove(index));
        self.touch(now);
        to.touch(now);
        Ok(())
    }

    fn touch_if_changed(&mut self, before: &Self, now: DateTime<Utc>) -> bool {
        let changed = *self != *before;
        if changed {
            self.touch(now);
        }
        changed
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.revision += 1;
        self.updated_at = now;
    }
}

fn wrong((field, why): periods::Wrong) -> Error {
    Error::invalid_field(format!("customer.{field}"), why)
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

/// The error for an identity that is not there. Its value is somebody's address: it is not repeated.
pub fn no_such_identity() -> Error {
    Error::not_found(crate::names::CUSTOMER, "a customer with this identity")
}

fn too_many_identities() -> Error {
    Error::precondition(
        "TOO_MANY_IDENTITIES",
        format!("a customer has at most {IDENTITIES_MAX} identities"),
    )
}

#[cfg(test)]
mod tests;
