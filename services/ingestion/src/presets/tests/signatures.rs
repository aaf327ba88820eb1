use chrono::{DateTime, TimeDelta, Utc};

use super::presets;
use crate::presets::{Rejected, Signed, handshake, verify};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn check(preset: &str, headers: &[(&str, &str)], body: &str, now: DateTime<Utc>) -> Result<(), Rejected> {
    let header = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    };
    let signed = Signed {
        body: body.as_bytes(),
        content_type: "",
        origins: &[],
        method: "POST",
        path: "/v1/sources/s1/events",
    };
    verify(
        presets().get(preset).expect("built in"),
        b"s3cret-key",
        signed,
        header,
        now,
    )
}

// The expected signatures were made by other programs (OpenSSL, Python's hmac), for example:
// printf '%s' '1772442931.{"a":1}' | openssl dgst -sha256 -hmac s3cret-key
const BODY: &str = r#"{"a":1}"#;

#[test]
fn chatwoot_signature() {
    let wrong = "sha256=4b5b2f6c8a0a1d6b5a8d1b2a2c8a4c9b2d1e0f3a4b5c6d7e8f901a2b3c4d5e6f";
    let headers = |signature| {
        [
            ("X-Chatwoot-Signature", signature),
            ("X-Chatwoot-Timestamp", "1772442931"),
        ]
    };
    let now = at("2026-03-02T09:15:31Z");
    assert_eq!(check("chatwoot", &headers(wrong), BODY, now), Err(Rejected));
    let right = "sha256=def412413ae62f5fe083243f29b7371a71be9325b7a105d727afda652686a24b";
    assert_eq!(check("chatwoot", &headers(right), BODY, now), Ok(()));
    assert_eq!(
        check("chatwoot", &headers(right), r#"{"a":2}"#, now),
        Err(Rejected),
        "another body"
    );
    assert_eq!(
        check("chatwoot", &headers(right), BODY, now + TimeDelta::seconds(301)),
        Err(Rejected),
        "too old"
    );
    assert_eq!(
        check("chatwoot", &headers(right), BODY, now - TimeDelta::seconds(301)),
        Err(Rejected),
        "from the future"
    );
    assert_eq!(
        check("chatwoot", &headers(&right[7..]), BODY, now),
        Err(Rejected),
        "without its prefix"
    );
    assert_eq!(check("chatwoot", &[], BODY, now), Err(Rejected), "unsigned");
    let moved = [("X-Chatwoot-Signature", right), ("X-Chatwoot-Timestamp", "1772442932")];
    assert_eq!(
        check("chatwoot", &moved, BODY, now),
        Err(Rejected),
        "the timestamp is signed too"
    );
}

#[test]
fn zendesk_signature() {
    let headers = [
        (
            "x-zendesk-webhook-signature",
            "tjc/Io1cx2GLzBzDw+XMSIg30lf4ob+XCP5Ou4MG1HE=",
        ),
        ("x-zendesk-webhook-signature-timestamp", "2026-03-02T09:15:31Z"),
    ];
    assert_eq!(
        check("zendesk-event", &headers, BODY, at("2026-03-02T09:20:00Z")),
        Ok(())
    );
    assert_eq!(
        check("zendesk-event", &headers, "", at("2026-03-02T09:20:00Z")),
        Err(Rejected)
    );
}

#[test]
fn whatsapp_and_zammad_signatures() {
    let now = at("2026-03-02T09:15:31Z");
    assert_eq!(
        check(
            "whatsapp-cloud",
            &[(
                "X-Hub-Signature-256",
                "sha256=169d7e505376f878e245391f706b07a7c9de0b2d84cfc526bb64da7aaee88324"
            )],
            BODY,
            now
        ),
        Ok(())
    );
    assert_eq!(
        check(
            "zammad",
            &[("X-Hub-Signature", "sha1=40818e489badab87a3e2d705331e31489f8e064b")],
            BODY,
            now
        ),
        Ok(())
    );
    assert_eq!(
        check("zammad", &[("X-Hub-Signature", "sha1=")], BODY, now),
        Err(Rejected)
    );
    assert_eq!(
        check("zammad", &[("X-Hub-Signature", "sha1=zz")], BODY, now),
        Err(Rejected)
    );
}

#[test]
fn handshake_answers_the_challenge_only_to_who_knows_the_token() {
    let all = presets();
    let preset = all.get("whatsapp-cloud").expect("built in");
    let answer = |token: &'static str, challenge: &'static str| {
        handshake(preset, &[b"source-id"], |name| match name {
            "hub.verify_token" => Some(token),
            "hub.challenge" => Some(challenge),
            _ => None,
        })
    };
    assert_eq!(answer("source-id", "1158201444"), Ok("1158201444"));
    assert_eq!(answer("other", "1158201444"), Err(Rejected));
    assert_eq!(answer("source-id", "<script> x"), Err(Rejected));
    assert_eq!(
        handshake(all.get("chatwoot").expect("built in"), &[b"source-id"], |_| Some(
            "source-id"
        )),
        Err(Rejected)
    );
}
