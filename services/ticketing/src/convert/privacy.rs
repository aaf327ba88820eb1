//! Privacy, both ways.

use uuid::Uuid;
use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Violations;

use super::words;
use crate::names;
use crate::privacy::{Action, DAYS_MAX, Erasure, Ground, LegalHold, Policy, REFERENCE_MAX, RULES_MAX, Rule};

/// A proof.
pub fn erasure(erasure: &Erasure) -> pb::Erasure {
    pb::Erasure {
        name: names::erasure(erasure.id),
        position: erasure.position,
        customer: names::customer(erasure.customer),
        erased_at: Some(vorrang_api::timestamp(erasure.erased_at)),
        actor: Some(feed::Actor {
            kind: words::actor_kind(erasure.actor.kind).into(),
            id: erasure.actor.id.clone(),
        }),
        ground: words::ground(erasure.ground).into(),
        reference: erasure.reference.clone(),
        destroyed_keys: erasure.counts.keys,
        tickets: erasure.counts.tickets,
        messages: erasure.counts.messages,
        attachments: erasure.counts.attachments,
        previous_sha256: erasure.previous.clone(),
        sha256: erasure.sha256(),
        merged_customers: erasure.merged.iter().copied().map(names::customer).collect(),
    }
}

/// A legal hold.
pub fn legal_hold(hold: &LegalHold) -> pb::LegalHold {
    pb::LegalHold {
        name: names::legal_hold(hold.customer),
        reference: hold.reference.clone(),
        created_at: Some(vorrang_api::timestamp(hold.created_at)),
    }
}

/// A rule.
pub fn rule(rule: &Rule) -> pb::retention_policy::Rule {
    pb::retention_policy::Rule {
        action: words::action(rule.action).into(),
        days: rule.days,
        channels: rule
            .channels
            .iter()
            .map(|channel| words::channel(*channel).into())
            .collect(),
    }
}

/// A policy.
pub fn policy(policy: &Policy) -> pb::RetentionPolicy {
    pb::RetentionPolicy {
        name: names::RETENTION_POLICY.to_owned(),
        rules: policy.rules.iter().map(rule).collect(),
        etag: vorrang_service::etag(policy.revision),
        updated_at: policy.updated_at.map(vorrang_api::timestamp),
    }
}

/// Why somebody is erased; it must be said.
pub fn read_ground(field: &str, value: i32, violations: &mut Violations) -> Ground {
    let read = words::read_ground(value, field, violations);
    if value == 0 {
        violations.add(field, "must be given");
    }
    read.unwrap_or(Ground::Requested)
}

/// A reference to a case.
pub fn read_reference(field: &str, text: &str, violations: &mut Violations) -> String {
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if text.len() > REFERENCE_MAX || !text.bytes().all(printable) {
        violations.add(
            field,
            format!("must be at most {REFERENCE_MAX} printable ASCII characters"),
        );
    }
    text.to_owned()
}

/// The customer whose hold it is.
pub fn read_legal_hold(field: &str, name: &str, violations: &mut Violations) -> Uuid {
    violations
        .take(field, names::parse_legal_hold(name))
        .unwrap_or_default()
}

/// Rules of a policy.
pub fn read_rules(field: &str, rules: &[pb::retention_policy::Rule], violations: &mut Violations) -> Vec<Rule> {
    if rules.len() > RULES_MAX {
        violations.add(field, format!("at most {RULES_MAX} rules"));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(rules.len());
    for (index, given) in rules.iter().enumerate() {
        let path = |name: &str| format!("{field}[{index}].{name}");
        let action = words::read_action(given.action, &path("action"), violations);
        if given.action == 0 {
            violations.add(path("action"), "must be given");
        }
        if !(1..=DAYS_MAX).contains(&given.days) {
            violations.add(path("days"), format!("must be 1 to {DAYS_MAX}"));
        }
        let mut channels = Vec::new();
        for (at, channel) in given.channels.iter().enumerate() {
            let path = path(&format!("channels[{at}]"));
            match words::read_channel(*channel, &path, violations) {
                Some(channel) if channels.contains(&channel) => {}
                Some(channel) => channels.push(channel),
                None => {
                    if *channel == 0 {
                        violations.add(path, "must be given");
                    }
                    break;
                }
            }
        }
        read.push(Rule {
            action: action.unwrap_or(Action::EraseTexts),
            days: given.days,
            channels,
        });
    }
    read
}
