use proptest::prelude::*;

use super::*;
use crate::attributes::Value;
use crate::customer::periods::Said;
use crate::customer::{Belongs, Identity, Profile, Tier};
use crate::words::{ActorKind, IdentityKind};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn mail(value: &str) -> Identity {
    Identity::parse(IdentityKind::Email, value, true).expect("valid")
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn customer(id: u128, profile: Profile) -> Customer {
    Customer::new(Uuid::from_u128(id), profile, at(0)).expect("valid")
}

fn known(id: u128) -> Customer {
    let profile = Profile {
        identities: vec![mail(&format!("{id}@example.org"))],
        ..Profile::default()
    };
    customer(id, profile)
}

fn merge(source: &Customer, target: &Customer, absorbed: Absorbed) -> Merge {
    Merge {
        id: Uuid::from_u128(source.id.as_u128() * 1_000 + target.id.as_u128()),
        source: source.id,
        target: target.id,
        merged_at: at(1),
        merged_by: Actor {
            kind: ActorKind::Agent,
            id: "agents/anna".to_owned(),
        },
        conflicts: absorbed.conflicts,
        filled: absorbed.filled,
        periods_before: absorbed.periods_before,
        moved: Moved::default(),
        undone_at: None,
    }
}

/// Everything that clients see of it.
fn told(customer: &Customer) -> Customer {
    Customer {
        revision: 0,
        updated_at: at(0),
        ..customer.clone()
    }
}

fn full(id: u128, word: &str) -> Customer {
    let profile = Profile {
        display_name: format!("{word} name"),
        identities: vec![mail(&format!("{word}@example.org"))],
        tier: Some(Tier {
            tier: word.to_owned(),
            source: "crm".to_owned(),
            valid_until: None,
        }),
        language: "de".to_owned(),
        country: "DE".to_owned(),
        organization: Some(Belongs {
            organization: Uuid::from_u128(id + 100),
            tier: String::new(),
        }),
        attributes: [("plan".to_owned(), text(word)), (format!("only_{word}"), text(word))].into(),
        owner: format!("agents/{word}"),
        periods: Said {
            won_at: Some(Some(at(0))),
            left_at: None,
        },
    };
    customer(id, profile)
}

#[test]
fn what_the_target_has_stays_and_what_it_has_not_it_takes() {
    let (mut source, mut target) = (full(1, "one"), full(2, "two"));
    let absorbed = target.absorb(&mut source, at(1)).expect("merges");
    assert_eq!(absorbed.filled, ["attributes.only_one"]);
    assert_eq!(
        absorbed.conflicts,
        ["display_name", "owner", "tier", "organization", "attributes.plan"]
    );
    assert_eq!(
        (target.display_name.as_str(), &target.attributes["plan"]),
        ("two name", &text("two"))
    );
    let values: Vec<&str> = target.identities.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(values, ["two@example.org", "one@example.org"]);
    assert_eq!((source.merged_into, source.identities.len()), (Some(target.id), 0));
    assert_eq!(source.display_name, "one name", "the tombstone keeps what it was");

    let (mut source, mut target) = (full(1, "one"), known(2));
    let absorbed = target.absorb(&mut source, at(1)).expect("merges");
    assert_eq!(absorbed.conflicts, Vec::<String>::new());
    assert_eq!(
        (target.display_name.as_str(), target.tier_at(at(1)).tier),
        ("one name", "one")
    );
    assert_eq!(target.periods, source.periods);
}

#[test]
fn a_tier_that_is_over_is_none() {
    let over = |word: &str| Tier {
        tier: word.to_owned(),
        source: "crm".to_owned(),
        valid_until: Some(at(5)),
    };
    let (mut source, mut target) = (full(1, "one"), known(2));
    target.tier = Some(over("vip"));
    target.absorb(&mut source.clone(), at(5)).expect("merges");
    assert_eq!(target.tier_at(at(5)).tier, "one");
    let mut target = known(2);
    source.tier = Some(over("vip"));
    target.absorb(&mut source, at(5)).expect("merges");
    assert_eq!(target.tier, None);
}

#[test]
fn circles_and_tombstones_are_refused() {
    let (mut one, mut two, three) = (known(1), known(2), known(3));
    check(&one, &two).expect("two customers");
    two.absorb(&mut one, at(1)).expect("merges");
    assert_eq!(check(&two, &one).expect_err("a circle").reason(), "MERGE_CIRCLE");
    assert_eq!(
        check(&one, &three).expect_err("a tombstone").reason(),
        "CUSTOMER_MERGED"
    );
    let error = check(&three, &one).expect_err("a tombstone");
    assert!(error.metadata().contains(&("merged_into", names::customer(two.id))));
}

#[test]
fn too_many_identities_change_nothing() {
    let mut source = known(1);
    let mut target = known(2);
    target.identities = (0..IDENTITIES_MAX).map(|n| mail(&format!("{n}@example.org"))).collect();
    let before = (source.clone(), target.clone());
    let error = target.absorb(&mut source, at(1)).expect_err("no room");
    assert_eq!((error.reason(), (source, target)), ("TOO_MANY_IDENTITIES", before));
}

#[test]
fn two_ids_in_one_system_are_two_customers() {
    let crm = |id: &str, verified| Identity::parse(IdentityKind::External, id, verified).expect("valid");
    let with = |id: u128, identity| {
        customer(
            id,
            Profile {
                identities: vec![identity],
                ..Profile::default()
            },
        )
    };
    assert!(contradict(&with(1, crm("crm:1", true)), &with(2, crm("crm:2", true))));
    assert!(!contradict(&with(1, crm("crm:1", true)), &with(2, crm("crm:2", false))));
    assert!(!contradict(&with(1, crm("crm:1", true)), &with(2, crm("shop:2", true))));
    assert!(!contradict(&known(1), &known(2)), "people have two addresses");
}

#[test]
fn what_was_changed_since_is_not_taken_back() {
    let (mut source, mut target) = (full(1, "one"), known(2));
    let absorbed = target.absorb(&mut source, at(1)).expect("merges");
    let merge = merge(&source, &target, absorbed);
    target.country = "AT".to_owned();
    target.attributes.insert("plan".to_owned(), text("new"));
    // Verified since, removed since, added since.
    target.identities.retain(|one| one.value != "2@example.org");
    target.identities.push(mail("new@example.org"));
    target.identities[0].verified = false;
    let mut path = [(merge, target)];
    undo(&mut source, &mut path, at(2)).expect("undone");
    let [(_, target)] = path;
    assert_eq!((target.country.as_str(), target.display_name.as_str()), ("AT", ""));
    assert_eq!(target.attributes.keys().collect::<Vec<_>>(), ["plan"]);
    assert_eq!(
        target.identities.iter().map(|one| &one.value).collect::<Vec<_>>(),
        ["new@example.org"]
    );
    assert_eq!(
        (source.identities[0].value.as_str(), source.identities[0].verified),
        ("one@example.org", false)
    );
    assert_eq!(
        undo(&mut source, &mut [], at(3)).expect_err("twice").reason(),
        "NOT_MERGED"
    );
}

/// One is merged into two, two into three; then they are undone in either order.
#[test]
fn a_chain_comes_apart_in_either_order() {
    for first_one in [true, false] {
        let originals = [full(1, "one"), known(2), known(3)];
        let [mut one, mut two, mut three] = originals.clone();
        let absorbed = two.absorb(&mut one, at(1)).expect("merges");
        let first = merge(&one, &two, absorbed);
        let absorbed = three.absorb(&mut two, at(2)).expect("merges");
        let second = merge(&two, &three, absorbed);
        one.point_to(three.id, at(2));
        assert_eq!(three.identities.len(), 3);
        assert_eq!(three.display_name, "one name");
        if first_one {
            let mut path = [(first, two), (second.clone(), three)];
            undo(&mut one, &mut path, at(3)).expect("undone");
            let [(_, mut two), (_, three)] = path;
            assert_eq!((told(&one), three.display_name.as_str()), (told(&originals[0]), ""));
            let mut path = [(second, three)];
            undo(&mut two, &mut path, at(4)).expect("undone");
            assert_eq!(
                (told(&two), told(&path[0].1)),
                (told(&originals[1]), told(&originals[2]))
            );
        } else {
            let mut path = [(second, three)];
            undo(&mut two, &mut path, at(3)).expect("undone");
            assert_eq!(told(&path[0].1), told(&originals[2]));
            assert_eq!(two.identities.len(), 2);
            one.point_to(two.id, at(3));
            let mut path = [(first, two)];
            undo(&mut one, &mut path, at(4)).expect("undone");
            assert_eq!(
                (told(&one), told(&path[0].1)),
                (told(&originals[0]), told(&originals[1]))
            );
        }
    }
}

fn any_customer(id: u128) -> impl Strategy<Value = Customer> {
    let word = || proptest::sample::select(vec!["", "a", "b"]);
    let attributes = proptest::collection::btree_map("[xyz]", word(), 0..3);
    let periods = proptest::option::of((0_i64..10, proptest::option::of(10_i64..20)));
    (word(), word(), word(), word(), any::<bool>(), attributes, periods).prop_map(
        move |(name, language, owner, tier, organization, attributes, periods)| {
            let tier = Tier {
                tier: tier.to_owned(),
                source: "crm".to_owned(),
                valid_until: None,
            };
            let profile = Profile {
                display_name: name.to_owned(),
                identities: vec![mail(&format!("{id}@example.org")), mail(&format!("{id}@example.com"))],
                tier: Some(tier),
                language: language.to_owned(),
                owner: owner.to_owned(),
                organization: organization.then(|| Belongs {
                    organization: Uuid::from_u128(7),
                    tier: String::new(),
                }),
                attributes: attributes.into_iter().map(|(key, value)| (key, text(value))).collect(),
                periods: Said {
                    won_at: periods.map(|(won, _)| Some(at(won))),
                    left_at: periods.map(|(_, left)| left.map(at)),
                },
                ..Profile::default()
            };
            customer(id, profile)
        },
    )
}

proptest! {
    /// Whatever they are: undone at once, both are as they were, and in between nothing was lost.
    #[test]
    fn undoing_restores_both(one in any_customer(1), two in any_customer(2)) {
        let (mut source, mut target) = (one.clone(), two.clone());
        let absorbed = target.absorb(&mut source, at(30)).expect("merges");
        for (key, value) in &one.attributes {
            let named = absorbed.conflicts.contains(&format!("attributes.{key}"));
            prop_assert!(named || target.attributes.get(key) == Some(value));
        }
        prop_assert_eq!(target.identities.len(), 4);
        let mut path = [(merge(&source, &target, absorbed), target)];
        undo(&mut source, &mut path, at(31)).expect("undone");
        prop_assert_eq!(told(&source), told(&one));
        prop_assert_eq!(told(&path[0].1), told(&two));
    }
}
