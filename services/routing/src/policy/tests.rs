use super::*;
use crate::contact::tests::{at, ticket};

#[track_caller]
fn check(tier: &str, channel: Channel, priority: Priority, class: &str, rank: u8, target_seconds: i64) {
    let ticket = Ticket {
        tier: tier.to_owned(),
        channel,
        priority,
        ..ticket()
    };
    let standing = Policy::builtin().standing(&ticket, at(1_000));
    assert_eq!((standing.class.as_str(), standing.rank), (class, rank));
    assert_eq!(standing.due_at, at(1_000 + target_seconds));
}

#[test]
fn vip_and_live_come_first() {
    use Channel::{Chat, Email, Messaging, Phone};
    use Priority::{High, Low, Normal, Urgent};
    check("vip", Chat, Low, "vip-live", 0, 60);
    check("vip", Phone, Normal, "vip-live", 0, 60);
    check("standard", Chat, Urgent, "live", 1, 120);
    check("gold", Phone, Normal, "live", 1, 120);
    check("vip", Email, Low, "vip", 2, 3_600);
    check("vip", Messaging, Urgent, "vip", 2, 3_600);
    check("standard", Email, Urgent, "urgent", 3, 3_600);
    check("standard", Email, High, "urgent", 3, 3_600);
    check("standard", Email, Normal, "normal", 4, 28_800);
    check("standard", Messaging, Low, "low", 5, 86_400);
}

/// Class 3 is what is urgent or what was promised and is at risk; live contacts and VIPs stay before it.
#[test]
fn a_promise_at_risk_presses_as_much_as_an_urgent_priority() {
    let class = |tier: &str, channel, priority, sla_at_risk| {
        let ticket = Ticket {
            tier: tier.to_owned(),
            channel,
            priority,
            sla_at_risk,
            ..ticket()
        };
        Policy::builtin().standing(&ticket, at(0)).rank
    };
    for (priority, calm) in [(Priority::Low, 5), (Priority::Normal, 4), (Priority::Urgent, 3)] {
        assert_eq!(class("standard", Channel::Email, priority, false), calm);
        assert_eq!(class("standard", Channel::Email, priority, true), 3);
        assert_eq!(class("vip", Channel::Email, priority, true), 2);
        assert_eq!(class("standard", Channel::Chat, priority, true), 1);
    }
}

#[test]
fn a_class_may_be_for_promises_at_risk_alone() {
    let class = Class {
        id: "sla".to_owned(),
        tiers: Vec::new(),
        channels: Vec::new(),
        priorities: Vec::new(),
        sla_at_risk: true,
        target_seconds: 60,
    };
    assert!(!class.matches_everything() && !class.matches(&ticket()));
    let pressing = Ticket {
        sla_at_risk: true,
        ..ticket()
    };
    assert!(class.matches(&pressing));
}

/// A tenant's own policy from before knows nothing of promises.
#[test]
fn a_stored_policy_of_before_reads() {
    let stored = r#"{"lease_seconds": 30, "max_returns": 10, "classes": [{"id": "all", "target_seconds": 60}]}"#;
    let policy: Policy = serde_json::from_str(stored).expect("reads");
    assert!(policy.classes[0].matches_everything());
}

#[test]
fn the_tickets_own_due_time_wins() {
    let own = Ticket {
        due_at: Some(at(5)),
        ..ticket()
    };
    assert_eq!(Policy::builtin().standing(&own, at(1_000)).due_at, at(5));
}

#[test]
fn the_built_in_policy_ends_with_a_class_that_matches_everything() {
    let policy = Policy::builtin();
    assert_eq!((policy.version, policy.lease_seconds, policy.max_returns), (0, 30, 10));
    assert!(policy.classes.last().is_some_and(Class::matches_everything));
}

#[test]
fn a_policy_survives_being_stored() {
    let policy = Policy::builtin();
    let stored = serde_json::to_string(&policy).expect("plain values");
    assert_eq!(serde_json::from_str::<Policy>(&stored).expect("reads"), policy);
}
