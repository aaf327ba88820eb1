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
