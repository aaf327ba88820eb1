use super::*;

fn identity(kind: IdentityKind, value: &str) -> Identity {
    Identity::parse(kind, value, false).expect("valid")
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

fn mara() -> Customer {
    let profile = Profile {
        display_name: String::new(),
        identities: vec![identity(IdentityKind::Email, "mara@example.org")],
        tier: String::new(),
        language: String::new(),
        country: String::new(),
    };
    Customer::new(Uuid::from_u128(1), profile, at(0))
}

#[test]
fn one_person_written_in_two_ways_is_one_identity() {
    assert_eq!(
        identity(IdentityKind::Email, " Mara@Example.ORG ").value,
        "mara@example.org"
    );
    assert_eq!(identity(IdentityKind::Social, "Instagram:Mara").value, "instagram:Mara");
    assert_eq!(identity(IdentityKind::Phone, "+4930123456").value, "+4930123456");
}

#[test]
fn what_identifies_nobody_is_refused() {
    for (kind, value) in [
        (IdentityKind::Email, "  "),
        (IdentityKind::Email, "a\0b@example.org"),
        (IdentityKind::Phone, "030 123456"),
        (IdentityKind::Phone, "+0301234"),
        (IdentityKind::Social, "mara"),
        (IdentityKind::External, "zendesk:"),
    ] {
        assert!(Identity::parse(kind, value, true).is_err(), "{value:?}");
    }
    assert!(Identity::parse(IdentityKind::Email, &"x".repeat(321), true).is_err());
}

#[test]
fn a_contact_fills_in_what_is_missing_and_overwrites_no_name() {
    let mut mara = mara();
    let phone = identity(IdentityKind::Phone, "+4930123456");
    assert!(mara.learn("Mara", "vip", std::slice::from_ref(&phone), at(1)));
    assert_eq!(
        (mara.display_name.as_str(), mara.tier.as_str(), mara.revision),
        ("Mara", "vip", 2)
    );
    assert_eq!(mara.identities.len(), 2);
    assert!(!mara.learn("Somebody else", "", &[phone], at(2)), "nothing new");
    assert_eq!((mara.revision, mara.updated_at), (2, at(1)));
}

#[test]
fn an_identity_becomes_verified_and_stays_so() {
    let mut mara = mara();
    let vouched = Identity {
        verified: true,
        ..identity(IdentityKind::Email, "mara@example.org")
    };
    assert!(mara.learn("", "", &[vouched], at(1)));
    assert!(!mara.learn("", "", &[identity(IdentityKind::Email, "mara@example.org")], at(2)));
    assert!(mara.identities[0].verified);
}

#[test]
fn identities_are_bounded() {
    let mut mara = mara();
    let many: Vec<_> = (0..40)
        .map(|n| identity(IdentityKind::Email, &format!("{n}@example.org")))
        .collect();
    assert!(mara.learn("", "", &many, at(1)));
    assert_eq!(mara.identities.len(), IDENTITIES_MAX);
}

#[test]
fn an_update_changes_only_what_is_named() {
    let mut mara = mara();
    let profile = Profile {
        display_name: "Mara B.".to_owned(),
        identities: Vec::new(),
        tier: "vip".to_owned(),
        language: "de".to_owned(),
        country: "DE".to_owned(),
    };
    assert!(mara.update(profile.clone(), &[Field::DisplayName, Field::Language], at(1)));
    assert_eq!(
        (mara.tier.as_str(), mara.language.as_str(), mara.identities.len()),
        (TIER_STANDARD, "de", 1)
    );
    assert!(
        !mara.update(profile, &[Field::DisplayName], at(2)),
        "the same again is no change"
    );
}
