use super::*;

fn links() -> Links {
    Links::new("https://help.example.com/", &[b"a key"])
}

#[test]
fn a_link_leads_back_to_its_sending() {
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    let url = links().url("acme", id, at(60));
    let token = url.strip_prefix("https://help.example.com/s/").expect("one slash");
    assert!(
        token.len() < 80
            && token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    );
    let read = links().read(token).expect("ours");
    assert_eq!(
        (read.tenant.as_str(), read.sending, read.closes_at),
        ("acme", id, at(60))
    );
}

#[test]
fn a_key_can_be_changed_while_links_are_on_their_way() {
    let token = links().token("acme", Uuid::from_u128(1), at(60));
    let changed = Links::new("", &[b"a new key", b"a key"]);
    assert!(changed.read(&token).is_some(), "the previous key still opens");
    assert!(Links::new("", &[b"a new key"]).read(&token).is_none());
    let new = changed.token("acme", Uuid::from_u128(1), at(60));
    assert!(links().read(&new).is_none(), "only the new key signs");
    assert!(changed.read(&new).is_some());
}

#[test]
fn what_is_no_link_opens_nothing() {
    for text in ["", "x", "AAAA", "not base64!", &"A".repeat(10_000), "😀"] {
        assert!(links().read(text).is_none(), "{text}");
    }
    assert!(!format!("{:?}", links()).contains("key"));
}

proptest! {
    /// Whatever is changed in a token, it opens nothing: no other sending, tenant or time, and no shorter signature.
    #[test]
    fn no_edited_token_opens(sending: u128, seconds in 0..4_000_000_000_i64, place: prop::sample::Index, bit in 0..8_u8, cut in 1..40_usize) {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let closes_at = DateTime::from_timestamp(seconds, 0).expect("valid");
        let token = links().token("acme", Uuid::from_u128(sending), closes_at);
        prop_assert!(links().read(&token).is_some());
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).expect("base64url");
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(links().read(&URL_SAFE_NO_PAD.encode(&bytes)).is_none());
        bytes[place] ^= 1 << bit;
        bytes.truncate(bytes.len().saturating_sub(cut));
        prop_assert!(links().read(&URL_SAFE_NO_PAD.encode(&bytes)).is_none());
    }
}
