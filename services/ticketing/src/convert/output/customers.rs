//! Customers, their organisations, merges and records.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;

use super::{item_error, maybe, time};
use crate::attributes::{Attributes, Value};
use crate::convert::words;
use crate::customer::merge::Merge;
use crate::customer::{Customer, tier};
use crate::names;
use crate::organization::Organization;
use crate::record::{Milestone, Order, Outcome, ProactiveContact};
use crate::store::{Lifetime, Recording};
use crate::suggestion::Suggestion;

/// A customer, with the tier that holds at `now`.
pub fn customer(customer: &Customer, now: DateTime<Utc>) -> pb::Customer {
    let tier::Holding {
        tier,
        source,
        valid_until,
    } = customer.tier_at(now);
    let present = customer.periods.last();
    pb::Customer {
        name: names::customer(customer.id),
        display_name: customer.display_name.clone(),
        identities: customer
            .identities
            .iter()
            .map(|identity| pb::Identity {
                kind: words::identity_kind(identity.kind).into(),
                value: identity.value.clone(),
                verified: identity.verified,
            })
            .collect(),
        tier: tier.to_owned(),
        language: customer.language.clone(),
        country: customer.country.clone(),
        etag: vorrang_service::etag(customer.revision),
        created_at: time(customer.created_at),
        updated_at: time(customer.updated_at),
        organization: customer
            .organization
            .as_ref()
            .map(|one| names::organization(one.organization))
            .unwrap_or_default(),
        attributes: attributes(&customer.attributes),
        tier_source: source.to_owned(),
        tier_valid_until: maybe(valid_until),
        won_at: maybe(present.map(|period| period.won_at)),
        left_at: maybe(present.and_then(|period| period.left_at)),
        merged_into: customer.merged_into.map(names::customer).unwrap_or_default(),
        owner: customer.owner.clone(),
        erased_at: maybe(customer.erased_at),
        earlier_periods: customer
            .periods
            .earlier()
            .iter()
            .map(|period| pb::CustomerPeriod {
                won_at: time(period.won_at),
                left_at: maybe(period.left_at),
            })
            .collect(),
    }
}

/// An organisation.
pub fn organization(organization: &Organization) -> pb::Organization {
    let profile = &organization.profile;
    pb::Organization {
        name: names::organization(organization.id),
        display_name: profile.display_name.clone(),
        domains: profile.domains.clone(),
        external_ids: profile.external_ids.clone(),
        tier: profile.tier.clone(),
        attributes: attributes(&profile.attributes),
        joined_by_domain: profile.joined_by_domain,
        etag: vorrang_service::etag(organization.revision),
        created_at: time(organization.created_at),
        updated_at: time(organization.updated_at),
    }
}

fn attributes(attributes: &Attributes) -> BTreeMap<String, pb::AttributeValue> {
    use pb::attribute_value::Value as Told;
    attributes
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Value::Text(text) => Told::Text(text.clone()),
                Value::Number(number) => Told::Number(*number),
                Value::Boolean(yes) => Told::Boolean(*yes),
                Value::Time(at) => Told::Time(vorrang_api::timestamp(*at)),
            };
            (key.clone(), pb::AttributeValue { value: Some(value) })
        })
        .collect()
}

/// A merge.
pub fn customer_merge(merge: &Merge) -> pb::CustomerMerge {
    pb::CustomerMerge {
        name: names::customer_merge(merge.id),
        source: names::customer(merge.source),
        target: names::customer(merge.target),
        merged_at: time(merge.merged_at),
        merged_by: Some(feed::Actor {
            kind: words::actor_kind(merge.merged_by.kind).into(),
            id: merge.merged_by.id.clone(),
        }),
        conflicts: merge.conflicts.clone(),
        identity_count: merge.moved.identities,
        ticket_count: merge.moved.tickets,
        order_count: merge.moved.orders,
        milestone_count: merge.moved.milestones,
        undone_at: maybe(merge.undone_at),
    }
}

/// A suggestion to merge two customers.
pub fn merge_suggestion(suggestion: &Suggestion) -> pb::MergeSuggestion {
    pb::MergeSuggestion {
        name: names::merge_suggestion(suggestion.id),
        older_customer: names::customer(suggestion.pair.older),
        younger_customer: names::customer(suggestion.pair.younger),
        evidence: words::evidence(suggestion.evidence).into(),
        source: suggestion.source.clone(),
        state: words::suggestion_state(suggestion.state).into(),
        contact_count: suggestion.contacts,
        first_seen_at: time(suggestion.first_seen_at),
        last_seen_at: time(suggestion.last_seen_at),
    }
}

/// An order.
pub fn order(order: &Order) -> pb::Order {
    pb::Order {
        id: order.id.clone(),
        amount: order.amount,
        currency: order.currency.clone(),
        status: words::order_status(order.status).into(),
        ordered_at: time(order.ordered_at),
        changed_at: maybe(order.changed_at),
        note: order.note.clone(),
        source: order.source.clone(),
        created_at: time(order.created_at),
        updated_at: time(order.updated_at),
    }
}

/// A proactive contact.
pub fn proactive_contact(contact: &ProactiveContact) -> pb::ProactiveContact {
    pb::ProactiveContact {
        id: contact.id.clone(),
        reason: contact.reason.clone(),
        at: time(contact.at),
        ticket: contact.ticket.map(names::ticket).unwrap_or_default(),
        agent: contact.agent.clone(),
        source: contact.source.clone(),
        created_at: time(contact.created_at),
    }
}

/// A milestone.
pub fn milestone(milestone: &Milestone) -> pb::Milestone {
    pb::Milestone {
        name: milestone.name.clone(),
        at: time(milestone.at),
        note: milestone.note.clone(),
        source: milestone.source.clone(),
        created_at: time(milestone.created_at),
    }
}

/// What orders in one currency are worth.
pub fn lifetime_value(value: &Lifetime) -> pb::LifetimeValue {
    pb::LifetimeValue {
        currency: value.currency.clone(),
        amount: value.amount,
        order_count: value.orders,
        first_ordered_at: time(value.first_ordered_at),
        last_ordered_at: time(value.last_ordered_at),
    }
}

/// What became of something that was told.
pub fn record_result(result: Result<Recording, Error>) -> pb::RecordResult {
    use pb::record_result::Outcome as Told;
    match result {
        Ok(recording) => pb::RecordResult {
            outcome: match recording.outcome {
                Outcome::Created => Told::Created,
                Outcome::Updated => Told::Updated,
                Outcome::Unchanged => Told::Unchanged,
                Outcome::Stale => Told::Stale,
            }
            .into(),
            customer: names::customer(recording.customer),
            error: None,
        },
        Err(error) => pb::RecordResult {
            error: Some(item_error(error)),
            ..pb::RecordResult::default()
        },
    }
}
