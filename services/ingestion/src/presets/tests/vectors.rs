//! Signatures that others made: those that vendors publish in their documents and libraries, and some by Python.

use chrono::{DateTime, Utc};

use super::presets;
use crate::presets::{Rejected, Signed, verify};

struct Case {
    preset: &'static str,
    secret: &'static str,
    headers: &'static [(&'static str, &'static str)],
    content_type: &'static str,
    origin: &'static str,
    path: &'static str,
    body: &'static str,
    at: &'static str,
}

const PLAIN: Case = Case {
    preset: "",
    secret: "s3cret-key",
    headers: &[],
    content_type: "application/json",
    origin: "https://in.example.com",
    path: "/v1/sources/s1/events",
    body: r#"{"a":1}"#,
    at: "2026-03-02T09:15:31Z",
};

const CASES: &[Case] = &[
    // Twilio's documentation of request validation.
    Case {
        preset: "twilio",
        secret: "12345",
        headers: &[("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")],
        content_type: "application/x-www-form-urlencoded",
        origin: "https://mycompany.com",
        path: "/myapp.php?foo=1&bar=2",
        body: "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309",
        ..PLAIN
    },
    // The tests of the Standard Webhooks libraries.
    Case {
        preset: "standard-webhooks",
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        headers: &[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
        body: r#"{"test": 2432232314}"#,
        at: "2021-02-25T15:02:10Z",
        ..PLAIN
    },
    // Python's cryptography, with the first key of RFC 8032.
    Case {
        preset: "standard-webhooks",
        secret: "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        headers: &[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", "1772442931"),
            (
                "webhook-signature",
                "v1a,e9Rg8yjXuAq83PEq4fM3C4NaKOzsoox9pdFDP4eQYYvzy68xIm4oEN7AqpPD5/QMHjdMWjCa1G9zi3SsHLlHCA==",
            ),
        ],
        ..PLAIN
    },
    // The tests of SendGrid's libraries.
    Case {
        preset: "sendgrid",
        secret: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
        headers: &[
            (
                "X-Twilio-Email-Event-Webhook-Signature",
                "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
            ),
            ("X-Twilio-Email-Event-Webhook-Timestamp", "1600112502"),
        ],
        body: "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":\
               \"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.\
               filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@\
               ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n",
        at: "2020-09-14T19:41:42Z",
        ..PLAIN
    },
    // Python's hmac, as the vendors' documents say it is made.
    Case {
        preset: "hubspot-app",
        headers: &[
            ("X-HubSpot-Signature-v3", "w/uLE8vaDrvkmIro8EnbRYD+x8FACbFjYIrcUzHpU7o="),
            ("X-HubSpot-Request-Timestamp", "1772442931000"),
        ],
        ..PLAIN
    },
    Case {
        preset: "superoffice",
        headers: &[(
            "X-Superoffice-Signature",
            "Fp1+UFN2+HjiRTkfcGsHp8neCy2Ez8Umu2Taeq7ogyQ=",
        )],
        ..PLAIN
    },
];

fn check(case: &Case, secret: &str, body: &str) -> Result<(), Rejected> {
    let header = |name: &str| {
        let found = case.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    };
    let origins = [case.origin.to_owned()];
    let signed = Signed {
        body: body.as_bytes(),
        content_type: case.content_type,
        method: "POST",
        path: case.path,
        origins: &origins,
    };
    let at: DateTime<Utc> = case.at.parse().expect("a time");
    verify(
        presets().get(case.preset).expect("built in"),
        secret.as_bytes(),
        signed,
        header,
        at,
    )
}

#[test]
fn signatures_that_others_made_are_right() {
    for case in CASES {
        assert_eq!(check(case, case.secret, case.body), Ok(()), "{}", case.preset);
        let other = format!("{}&b=1", case.body);
        assert_eq!(
            check(case, case.secret, &other),
            Err(Rejected),
            "{}: another body",
            case.preset
        );
        assert_eq!(
            check(case, "another-secret", case.body),
            Err(Rejected),
            "{}",
            case.preset
        );
    }
}

#[test]
fn a_source_holds_two_secrets_while_one_is_replaced() {
    let case = &CASES[1];
    for both in [
        format!("whsec_bmV1 {}", case.secret),
        format!("{} whsec_bmV1", case.secret),
    ] {
        assert_eq!(check(case, &both, case.body), Ok(()));
    }
    let mixed = format!("whsec_bmV1 {}", CASES[2].secret);
    assert_eq!(check(&CASES[2], &mixed, CASES[2].body), Ok(()), "of two kinds");
    assert_eq!(check(case, "whsec_bmV1 whsec_bmV2", case.body), Err(Rejected));
}

/// A public key is known to everybody. Used as a shared secret it would let everybody sign.
#[test]
fn a_public_key_is_never_a_shared_secret() {
    use base64::Engine as _;
    use hmac::Mac as _;
    let case = &CASES[2];
    let key = base64::engine::general_purpose::STANDARD
        .decode(case.secret.trim_start_matches("whpk_"))
        .expect("base64");
    for key in [
        key.as_slice(),
        case.secret.as_bytes(),
        case.secret.trim_start_matches("whpk_").as_bytes(),
    ] {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).expect("any length");
        mac.update(b"msg_1.1772442931.{\"a\":1}");
        let forged = format!(
            "v1,{}",
            base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
        );
        let header = |name: &str| match name {
            "webhook-id" => Some("msg_1"),
            "webhook-timestamp" => Some("1772442931"),
            "webhook-signature" => Some(forged.as_str()),
            _ => None,
        };
        let signed = Signed {
            body: case.body.as_bytes(),
            content_type: "",
            method: "POST",
            path: "/",
            origins: &[],
        };
        let now: DateTime<Utc> = case.at.parse().expect("a time");
        let all = presets();
        let preset = all.get("standard-webhooks").expect("built in");
        assert_eq!(
            verify(preset, case.secret.as_bytes(), signed, header, now),
            Err(Rejected)
        );
    }
}
