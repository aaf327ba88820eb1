//! The policy between the domain and the contract.

use chrono::TimeDelta;
use prost::Message as _;
use vorrang_api::routing::v1 as pb;
use vorrang_api::{duration, from_duration, timestamp};
use vorrang_error::{Error, Violations};
use vorrang_service::etag;

use super::{channel, priority, priority_from, repeated, wanted_channel};
use crate::names;
use crate::policy::{Class, Policy};
use crate::store::Answer;

const CLASSES_MAX: usize = 16;
const CONDITION_MAX: usize = 100;
const TIER_MAX_CHARS: usize = 100;
const LEASE_DEFAULT_SECONDS: u32 = 30;
const RETURNS_DEFAULT: u32 = 10;
const TARGET_MAX_SECONDS: i64 = 30 * 24 * 3_600;

pub(crate) fn policy(policy: &Policy) -> pb::RoutingPolicy {
    pb::RoutingPolicy {
        version: policy.version,
        classes: policy.classes.iter().map(class).collect(),
        lease: Some(duration(TimeDelta::seconds(policy.lease_seconds.into()))),
        max_returns: i32::try_from(policy.max_returns).unwrap_or(i32::MAX),
        etag: etag(policy.version),
        created_at: policy.created_at.map(timestamp),
        live_schedule: policy.live_schedule.clone(),
    }
}

fn class(class: &Class) -> pb::RoutingClass {
    pb::RoutingClass {
        id: class.id.clone(),
        tiers: class.tiers.clone(),
        channels: class.channels.iter().map(|one| channel(*one).into()).collect(),
        priorities: class.priorities.iter().map(|one| priority(*one).into()).collect(),
        target: Some(duration(TimeDelta::seconds(class.target_seconds))),
        sla_at_risk: class.sla_at_risk,
    }
}

/// The answer to a change, as it is kept for a repeat.
pub(crate) fn encode_policy(changed: &Policy) -> Vec<u8> {
    policy(changed).encode_to_vec()
}

pub(crate) fn policy_answer(answer: Answer<Policy>) -> Result<pb::RoutingPolicy, Error> {
    match answer {
        Answer::Fresh(changed) => Ok(policy(&changed)),
        Answer::Repeated(bytes) => repeated(&bytes),
    }
}

/// The policy that a client sent.
pub(crate) fn policy_from(sent: Option<&pb::RoutingPolicy>, violations: &mut Violations) -> Policy {
    let mut policy = Policy {
        version: 0,
        created_at: None,
        lease_seconds: LEASE_DEFAULT_SECONDS,
        max_returns: RETURNS_DEFAULT,
        live_schedule: String::new(),
        classes: Vec::new(),
    };
    let Some(sent) = sent else {
        violations.add("routing_policy", "must be set");
        return policy;
    };
    if let Some(lease) = &sent.lease {
        match from_duration(lease).map(|lease| (lease.num_seconds(), lease.subsec_nanos())) {
            Some((seconds @ 1..=300, 0)) => policy.lease_seconds = u32::try_from(seconds).unwrap_or_default(),
            _ => violations.add("routing_policy.lease", "must be 1 to 300 whole seconds"),
        }
    }
    if !sent.live_schedule.is_empty() {
        let named = violations.take("routing_policy.live_schedule", names::schedule(&sent.live_schedule));
        policy.live_schedule = named.unwrap_or_default();
    }
    match sent.max_returns {
        0 => {}
        returns @ 1..=100 => policy.max_returns = u32::try_from(returns).unwrap_or(RETURNS_DEFAULT),
        _ => violations.add("routing_policy.max_returns", "must be 1 to 100, or 0 for 10"),
    }
    if sent.classes.is_empty() || sent.classes.len() > CLASSES_MAX {
        violations.add("routing_policy.classes", "must be 1 to 16 classes");
    }
    for (at, one) in sent.classes.iter().take(CLASSES_MAX).enumerate() {
        let field = format!("routing_policy.classes[{at}]");
        let class = class_from(one, &field, violations);
        if policy.classes.iter().any(|other| other.id == class.id) {
            violations.add(format!("{field}.id"), "is the id of another class");
        }
        policy.classes.push(class);
    }
    if policy.classes.last().is_some_and(|last| !last.matches_everything()) {
        violations.add(
            format!("routing_policy.classes[{}]", policy.classes.len() - 1),
            "the last class must match everything: it must name no tiers, channels or priorities, and not ask for promises at risk",
        );
    }
    policy
}

fn class_from(sent: &pb::RoutingClass, field: &str, violations: &mut Violations) -> Class {
    let id = violations.take(format!("{field}.id"), names::id(&sent.id));
    for (name, count) in [
        ("tiers", sent.tiers.len()),
        ("channels", sent.channels.len()),
        ("priorities", sent.priorities.len()),
    ] {
        if count > CONDITION_MAX {
            violations.add(format!("{field}.{name}"), "must have at most 100 values");
        }
    }
    for (at, tier) in sent.tiers.iter().enumerate() {
        if tier.is_empty() || tier.chars().count() > TIER_MAX_CHARS {
            violations.add(format!("{field}.tiers[{at}]"), "must have 1 to 100 characters");
        }
    }
    let mut channels = Vec::new();
    for (at, number) in sent.channels.iter().enumerate() {
        channels.extend(wanted_channel(*number, format!("{field}.channels[{at}]"), violations));
    }
    let mut priorities = Vec::new();
    for (at, number) in sent.priorities.iter().enumerate() {
        match priority_from(*number) {
            Some(priority) => priorities.push(priority),
            None => violations.add(format!("{field}.priorities[{at}]"), "is not a priority"),
        }
    }
    let target = sent.target.as_ref().and_then(from_duration);
    let target_seconds = match target.map(|target| (target.num_seconds(), target.subsec_nanos())) {
        Some((seconds, 0)) if (1..=TARGET_MAX_SECONDS).contains(&seconds) => seconds,
        _ => {
            violations.add(
                format!("{field}.target"),
                "must be 1 second to 30 days, in whole seconds",
            );
            1
        }
    };
    Class {
        id: id.unwrap_or_default(),
        tiers: sent.tiers.clone(),
        channels,
        priorities,
        sla_at_risk: sent.sla_at_risk,
        target_seconds,
    }
}
