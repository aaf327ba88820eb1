use super::*;
use crate::attributes::Value;
use crate::words::IdentityKind;

fn identity(kind: IdentityKind, value: &str) -> Identity {
    Identity::parse(kind, value, false).expect("valid")
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn said(tier: &str, source: &str) -> Tier {
    Tier {
        tier: tier.to_owned(),
        source: source.to_owned(),
        valid_until: None,
    }
}

fn mara() -> Customer {
    let profile = Profile {
        identities: vec![identity(IdentityKind::Email, "mara@example.org")],
        ..Profile::default()
    };
    Customer::new(Uuid::from_u128(1), profile, at(0)).expect("valid")
}

/// Learns from a contact that says nothing of tier and organisation.
fn learn(customer: &mut Customer, display_name: &str, identities: &[Identity], second: i64) -> bool {
    let learnt = Learnt {
        display_name,
        tier: None,
        told: &Told::default(),
        by: By::Vouching,
        identities,
        domains: &HashMap::new(),
    };
    customer.learn(learnt, at(second))
}

#[test]
fn a_contact_fills_in_what_is_missing_and_overwrites_no_name() {
    let mut mara = mara();
    let phone = identity(IdentityKind::Phone, "+4930123456");
    let learnt = Learnt {
        display_name: "Mara",
        tier: Some(&said("vip", "crm")),
        told: &Told::default(),
        by: By::Vouching,
        identities: std::slice::from_ref(&phone),
        domains: &HashMap::new(),
    };
    assert!(mara.learn(learnt, at(1)));
    assert_eq!(
        (mara.display_name.as_str(), mara.tier_at(at(1)).tier, mara.revision),
        ("Mara", "vip", 2)
    );
    assert_eq!(mara.identities.len(), 2);
    assert!(!learn(&mut mara, "Somebody else", &[phone], 2), "nothing new");
    assert_eq!((mara.revision, mara.updated_at), (2, at(1)));
}

#[test]
fn an_identity_becomes_verified_and_stays_so() {
    let mut mara = mara();
    let vouched = Identity {
        verified: true,
        ..identity(IdentityKind::Email, "mara@example.org")
    };
    assert!(learn(&mut mara, "", &[vouched], 1));
    let told = identity(IdentityKind::Email, "mara@example.org");
    assert!(!learn(&mut mara, "", std::slice::from_ref(&told), 2));
    assert!(mara.identities[0].verified);
    // Only by hand it is taken back.
    assert!(mara.set_verified(&told.key(), false, at(3)).expect("it has it"));
    assert!(
        !mara.set_verified(&told.key(), false, at(4)).expect("it has it"),
        "nothing new"
    );
    assert!(!mara.identities[0].verified);
    let other = identity(IdentityKind::Email, "ben@example.org").key();
    assert!(mara.set_verified(&other, true, at(5)).is_err());
}

#[test]
fn identities_are_bounded() {
    let mut mara = mara();
    let many: Vec<_> = (0..2 * IDENTITIES_MAX)
        .map(|n| identity(IdentityKind::Email, &format!("{n}@example.org")))
        .collect();
    assert!(learn(&mut mara, "", &many, 1));
    assert_eq!(mara.identities.len(), IDENTITIES_MAX);
    let mut ben = Customer {
        identities: vec![identity(IdentityKind::Email, "ben@example.org")],
        ..self::mara()
    };
    let key = ben.identities[0].key();
    let error = ben.give(&key, &mut mara, at(2)).expect_err("no room");
    assert_eq!(error.reason(), "TOO_MANY_IDENTITIES");
    assert_eq!(ben.identities.len(), 1, "nothing half done");
}

#[test]
fn an_update_changes_only_what_is_named() {
    let mut mara = mara();
    let profile = Profile {
        display_name: "Mara B.".to_owned(),
        tier: Some(said("vip", tier::BY_HAND)),
        language: "de".to_owned(),
        country: "DE".to_owned(),
        owner: "agents/anna".to_owned(),
        ..Profile::default()
    };
    assert!(
        mara.update(&profile, &[Field::DisplayName, Field::Language], at(1))
            .expect("fits")
    );
    assert_eq!(
        (
            mara.tier_at(at(1)).tier,
            mara.language.as_str(),
            mara.identities.len(),
            mara.owner.as_str()
        ),
        (TIER_STANDARD, "de", 1, "")
    );
    assert!(
        !mara.update(&profile, &[Field::DisplayName], at(2)).expect("fits"),
        "the same again is no change"
    );
    assert!(
        mara.update(&profile, &[Field::Tier, Field::Owner], at(3))
            .expect("fits")
    );
    assert_eq!((mara.tier_at(at(3)).tier, mara.owner.as_str()), ("vip", "agents/anna"));
    assert!(
        mara.update(&Profile::default(), &[Field::Tier], at(4)).expect("fits"),
        "named and not given: none"
    );
    assert_eq!(mara.tier, None);
}

#[test]
fn an_update_that_does_not_fit_is_refused() {
    let mut mara = mara();
    let left = Profile {
        periods: periods::Said {
            won_at: Some(Some(at(10))),
            left_at: Some(Some(at(5))),
        },
        ..Profile::default()
    };
    let error = mara
        .clone()
        .update(&left, &[Field::WonAt, Field::LeftAt], at(20))
        .expect_err("left before won");
    assert_eq!(error.violations()[0].field, "customer.left_at");
    assert!(Customer::new(Uuid::nil(), left, at(20)).is_err());
    let large = |n: usize| {
        let attributes = (0..n)
            .map(|k| (format!("k{k}"), Value::Text("x".repeat(2_000))))
            .collect();
        Profile {
            attributes,
            ..Profile::default()
        }
    };
    let one = |n: usize| Field::Attributes(Named::One(format!("k{n}")));
    for n in 0..8 {
        mara.update(&large(n + 1), &[one(n)], at(1)).expect("fits");
    }
    let error = mara.update(&large(9), &[one(8)], at(2)).expect_err("too much together");
    assert_eq!(error.violations()[0].field, "customer.attributes");
}

#[test]
fn a_verified_mail_domain_decides_until_somebody_does() {
    let acme = Belongs {
        organization: Uuid::from_u128(9),
        tier: "gold".to_owned(),
    };
    let domains = HashMap::from([("example.org".to_owned(), acme.clone())]);
    let contact = |customer: &mut Customer, verified: bool| {
        let identity = Identity {
            verified,
            ..identity(IdentityKind::Email, "mara@example.org")
        };
        let learnt = Learnt {
            display_name: "",
            tier: None,
            told: &Told::default(),
            by: By::Vouching,
            identities: &[identity],
            domains: &domains,
        };
        customer.learn(learnt, at(1))
    };
    let mut mara = mara();
    assert!(!contact(&mut mara, false), "nobody vouches for the address");
    assert!(contact(&mut mara, true));
    assert_eq!(
        (mara.organization.clone(), mara.tier_at(at(1)).tier),
        (Some(acme), "gold")
    );
    assert!(
        mara.update(&Profile::default(), &[Field::Organization], at(2))
            .expect("fits")
    );
    assert!(!contact(&mut mara, true), "a hand decided for none");
    assert_eq!(
        (mara.organization.is_none(), mara.tier_at(at(3)).tier),
        (true, TIER_STANDARD)
    );
}

#[test]
fn masks_name_what_can_be_changed() {
    for path in [
        "display_name",
        "identities",
        "tier",
        "language",
        "country",
        "organization",
        "owner",
        "won_at",
        "left_at",
        "attributes",
        "attributes.plan",
    ] {
        assert!(Field::parse(path).is_some(), "{path}");
    }
    for path in [
        "",
        "name",
        "merged_into",
        "tier_source",
        "earlier_periods",
        "attributes.",
        "attributes.Plan",
        "attributes.a.b",
        "*",
    ] {
        assert!(Field::parse(path).is_none(), "{path}");
    }
}

#[test]
fn who_does_not_vouch_never_replaces_what_was_vouched_for() {
    let learn = |customer: &mut Customer, tier: &str, owner: &str, by: By, second: i64| {
        let told = Told {
            owner: owner.to_owned(),
            ..Told::default()
        };
        let learnt = Learnt {
            display_name: "",
            tier: Some(&said(tier, "crm")),
            told: &told,
            by,
            identities: &[],
            domains: &HashMap::new(),
        };
        let changed = customer.learn(learnt, at(second));
        (
            changed,
            customer.tier_at(at(second)).tier.to_owned(),
            customer.owner.clone(),
        )
    };
    let mut mara = mara();
    let expected = |changed, tier: &str, owner: &str| (changed, tier.to_owned(), owner.to_owned());
    assert_eq!(
        learn(&mut mara, "vip", "agents/anna", By::Source, 1),
        expected(true, "vip", "agents/anna")
    );
    assert_eq!(
        learn(&mut mara, "gold", "agents/ben", By::Vouching, 2),
        expected(true, "gold", "agents/ben")
    );
    assert_eq!(
        learn(&mut mara, "vip", "agents/anna", By::Source, 3),
        expected(false, "gold", "agents/ben")
    );
    assert_eq!(
        learn(&mut mara, "standard", "", By::Source, 4),
        expected(false, "gold", "agents/ben")
    );
    assert_eq!(
        learn(&mut mara, "standard", "", By::Vouching, 5),
        expected(true, "standard", "agents/ben")
    );
    assert_eq!(
        learn(&mut mara, "vip", "", By::Source, 6),
        expected(true, "vip", "agents/ben")
    );
    // People decide about all of them.
    let profile = Profile {
        owner: "agents/carl".to_owned(),
        ..Profile::default()
    };
    mara.update(&profile, &[Field::Owner], at(7)).expect("changes");
    assert_eq!(
        learn(&mut mara, "vip", "agents/anna", By::Vouching, 8),
        expected(true, "vip", "agents/carl")
    );
    mara.update(&Profile::default(), &[Field::Owner], at(9))
        .expect("changes");
    assert_eq!(
        learn(&mut mara, "vip", "agents/anna", By::Source, 10).2,
        "agents/anna",
        "nobody had it"
    );
}
