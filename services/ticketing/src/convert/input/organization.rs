//! Organisations.

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use super::{DISPLAY_NAME_MAX, TIER_MAX, attributes, mask_of, text};
use crate::customer::{identity, tier};
use crate::names;
use crate::organization::{self, DOMAINS_MAX, EXTERNAL_IDS_MAX, Profile};

/// Characters of an id in another system.
const EXTERNAL_ID_MAX: usize = 320;

/// The organisation that a request names.
pub fn organization_id(field: &str, name: &str, violations: &mut Violations) -> uuid::Uuid {
    violations
        .take(field, names::parse_organization(name))
        .unwrap_or_default()
}

/// An organisation's name; empty is none.
pub fn maybe_organization(field: &str, name: &str, violations: &mut Violations) -> Option<uuid::Uuid> {
    (!name.is_empty()).then(|| organization_id(field, name, violations))
}

/// The fields of an organisation that a mask names; at least one.
pub fn organization_mask(
    mask: Option<&prost_types::FieldMask>,
    violations: &mut Violations,
) -> Vec<organization::Field> {
    mask_of(mask, organization::Field::parse, violations)
}

/// The fields of an organisation that a client sets. Its name is needed when `named` says so.
pub fn organization_profile(
    prefix: &str,
    given: &pb::Organization,
    named: bool,
    violations: &mut Violations,
) -> Profile {
    let path = |field: &str| format!("{prefix}.{field}");
    let display_name = text(
        &path("display_name"),
        given.display_name.trim(),
        DISPLAY_NAME_MAX,
        violations,
    );
    if named && display_name.is_empty() {
        violations.add(path("display_name"), "must be given");
    }
    Profile {
        display_name,
        domains: list(&path("domains"), &given.domains, DOMAINS_MAX, violations, domain),
        external_ids: list(
            &path("external_ids"),
            &given.external_ids,
            EXTERNAL_IDS_MAX,
            violations,
            external_id,
        ),
        tier: text(&path("tier"), &tier::normal(&given.tier), TIER_MAX, violations),
        attributes: attributes::read(&path("attributes"), &given.attributes, violations),
        joined_by_domain: given.joined_by_domain,
    }
}

/// A mail domain in the form in which it is kept.
pub fn domain(given: &str) -> Result<String, &'static str> {
    identity::domain(given).ok_or("must be a domain, for example example.com")
}

/// An id in another system in the form in which it is kept.
pub fn external_id(given: &str) -> Result<String, &'static str> {
    let fits = given.chars().count() <= EXTERNAL_ID_MAX && !given.chars().any(char::is_control);
    Some(given.trim())
        .filter(|_| fits)
        .and_then(identity::scoped)
        .ok_or("must be system:id, for example salesforce:0015e000")
}

fn list(
    field: &str,
    given: &[String],
    most: usize,
    violations: &mut Violations,
    read: fn(&str) -> Result<String, &'static str>,
) -> Vec<String> {
    if given.len() > most {
        violations.add(field, format!("at most {most}"));
    }
    let mut all: Vec<String> = given
        .iter()
        .take(most)
        .enumerate()
        .filter_map(|(index, one)| violations.take(format!("{field}[{index}]"), read(one)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
