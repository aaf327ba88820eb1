use vorrang_clock::ManualClock;

use super::*;

const KEY: &[u8] = b"the internal key";

fn clock() -> ManualClock {
    ManualClock::new(DateTime::from_timestamp(1_700_000_000, 0).expect("valid"))
}

#[test]
fn a_token_names_service_and_tenant() {
    let clock = clock();
    let minter = Minter::new(KEY, clock.shared());
    let caller = read(KEY, &minter.mint(Some("acme"), "routing"), clock.shared().now()).expect("fresh");
    assert_eq!(caller.tenant, Tenant::One("acme".into()));
    assert_eq!(
        (caller.credential_id.as_str(), caller.subject.as_str()),
        ("routing", "services/routing")
    );
    assert!(caller.is_internal());
    let all = read(KEY, &minter.mint(None, "routing"), clock.shared().now()).expect("fresh");
    assert_eq!(all.tenant, Tenant::All);
}

#[test]
fn a_token_dies_after_five_minutes() {
    let clock = clock();
    let token = Minter::new(KEY, clock.shared()).mint(None, "routing");
    clock.advance(TimeDelta::seconds(299));
    assert!(read(KEY, &token, clock.shared().now()).is_some());
    clock.advance(TimeDelta::seconds(1));
    assert!(read(KEY, &token, clock.shared().now()).is_none());
}

#[test]
fn a_token_that_would_live_long_is_refused_even_when_it_is_signed() {
    let now = clock().shared().now();
    for (seconds, accepted) in [
        (600, true),
        (601, false),
        (i64::MAX - now.timestamp(), false),
        (0, false),
    ] {
        let expiry = (now.timestamp() + seconds).to_string();
        let signature = secret::sign(KEY, &[VERSION, "*", "routing", &expiry]);
        let token = format!("{VERSION}.*.routing.{expiry}.{}", hex::encode(signature));
        assert_eq!(read(KEY, &token, now).is_some(), accepted, "{seconds}");
    }
}

#[test]
fn whatever_is_changed_in_a_token_makes_it_invalid() {
    let clock = clock();
    let now = clock.shared().now();
    let token = Minter::new(KEY, clock.shared()).mint(Some("acme"), "routing");
    assert!(read(b"another key", &token, now).is_none());
    for at in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[at] = if forged[at] == b'7' { b'8' } else { b'7' };
        let forged = String::from_utf8(forged).expect("ASCII");
        assert!(read(KEY, &forged, now).is_none(), "byte {at}");
    }
    for forged in [
        token.replace("acme", "*"),
        format!("{token}.x"),
        token.replace(".routing", ""),
        "vi1".into(),
    ] {
        assert!(read(KEY, &forged, now).is_none(), "{forged}");
    }
}
