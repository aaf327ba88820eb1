//! Customers and their identities.

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use super::{DISPLAY_NAME_MAX, SOURCE_MAX, TIER_MAX, agent, attributes, language, mask_of, organization, text, time};
use crate::convert::words;
use crate::customer::tier::{BY_DEFAULT, BY_HAND, BY_ORGANIZATION};
use crate::customer::{self, Belongs, IDENTITIES_MAX, Identity, IdentityKey, Profile, Tier, periods, tier};
use crate::names;
use crate::words::IdentityKind;

/// The customer that a request names.
pub fn customer_id(field: &str, name: &str, violations: &mut Violations) -> uuid::Uuid {
    violations.take(field, names::parse_customer(name)).unwrap_or_default()
}

/// The fields of a customer that a mask names; at least one.
pub fn customer_mask(mask: Option<&prost_types::FieldMask>, violations: &mut Violations) -> Vec<customer::Field> {
    mask_of(mask, customer::Field::parse, violations)
}

/// The fields of a customer that a client sets.
pub fn profile(prefix: &str, customer: &pb::Customer, violations: &mut Violations) -> Profile {
    let path = |field: &str| format!("{prefix}.{field}");
    let country = customer.country.to_ascii_uppercase();
    let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    if !country.is_empty() && !is_code {
        violations.add(path("country"), "must be two letters (ISO 3166-1), for example DE");
    }
    Profile {
        display_name: text(
            &path("display_name"),
            &customer.display_name,
            DISPLAY_NAME_MAX,
            violations,
        ),
        identities: identities(&path("identities"), &customer.identities, violations),
        tier: said_tier(prefix, customer, violations),
        language: language(&path("language"), &customer.language, violations),
        country,
        organization: organization::maybe_organization(&path("organization"), &customer.organization, violations).map(
            |organization| Belongs {
                organization,
                tier: String::new(),
            },
        ),
        attributes: attributes::read(&path("attributes"), &customer.attributes, violations),
        owner: agent(&path("owner"), &customer.owner, violations).unwrap_or_default(),
        periods: periods::Said {
            won_at: time(&path("won_at"), customer.won_at.as_ref(), violations).map(Some),
            left_at: time(&path("left_at"), customer.left_at.as_ref(), violations).map(Some),
        },
    }
}

/// What is said about the tier; none when nothing is.
fn said_tier(prefix: &str, customer: &pb::Customer, violations: &mut Violations) -> Option<Tier> {
    let path = |field: &str| format!("{prefix}.{field}");
    let said = text(&path("tier"), &tier::normal(&customer.tier), TIER_MAX, violations);
    let source = text(
        &path("tier_source"),
        customer.tier_source.trim(),
        SOURCE_MAX,
        violations,
    );
    if [BY_ORGANIZATION, BY_DEFAULT].contains(&source.as_str()) {
        violations.add(
            path("tier_source"),
            "must be manual or the name of a source: organization and default are only told",
        );
    }
    let valid_until = time(
        &path("tier_valid_until"),
        customer.tier_valid_until.as_ref(),
        violations,
    );
    if valid_until.is_some() && said.is_empty() {
        violations.add(path("tier_valid_until"), "must be missing without a tier");
    }
    if said.is_empty() && source.is_empty() {
        return None;
    }
    Some(Tier {
        tier: said,
        source: if source.is_empty() { BY_HAND.to_owned() } else { source },
        valid_until,
    })
}

/// Identities, each once.
pub fn identities(field: &str, given: &[pb::Identity], violations: &mut Violations) -> Vec<Identity> {
    if given.len() > IDENTITIES_MAX {
        violations.add(field, format!("at most {IDENTITIES_MAX} identities"));
    }
    let mut read: Vec<Identity> = Vec::new();
    for (index, identity) in given.iter().take(IDENTITIES_MAX).enumerate() {
        let Some(one) = self::identity(&format!("{field}[{index}]"), identity, violations) else {
            continue;
        };
        match read.iter_mut().find(|known| known.key() == one.key()) {
            Some(known) => known.verified |= one.verified,
            None => read.push(one),
        }
    }
    read
}

/// One identity.
pub fn identity(field: &str, identity: &pb::Identity, violations: &mut Violations) -> Option<Identity> {
    let kind_field = format!("{field}.kind");
    let before = violations.is_empty();
    let kind: Option<IdentityKind> = words::read_identity_kind(identity.kind, &kind_field, violations);
    if kind.is_none() && before && violations.is_empty() {
        violations.add(&kind_field, "must be given");
    }
    violations.take(
        format!("{field}.value"),
        Identity::parse(kind?, &identity.value, identity.verified),
    )
}

/// What finds an identity that must be given.
pub fn identity_key(field: &str, given: Option<&pb::Identity>, violations: &mut Violations) -> IdentityKey {
    let given = given.cloned().unwrap_or_default();
    identity(field, &given, violations).map_or_else(
        || IdentityKey {
            kind: IdentityKind::Email.as_str(),
            value: String::new(),
        },
        |identity| identity.key(),
    )
}

/// Two customers of a request, which must not be one.
pub fn two_customers(source: &str, target: &str, violations: &mut Violations) -> (uuid::Uuid, uuid::Uuid) {
    let ids = (
        customer_id("source", source, violations),
        customer_id("target", target, violations),
    );
    if source == target {
        violations.add("target", "must be another customer than source");
    }
    ids
}
