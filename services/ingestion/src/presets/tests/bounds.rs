//! Strangers' bytes: whatever comes is understood, or told to be not, in bounded time, and never a panic.

use proptest::prelude::*;

use super::{presets, read};
use crate::presets::{NotUnderstood, Preset, Signed, verify};

const TYPES: [&str; 6] = [
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/xml",
    "application/cloudevents-batch+json",
];

/// Pieces of everything that presets read, put together at random.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        proptest::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "null",
            "\"specversion\":\"1.0\"",
            "\"id\":\"1\"",
            "\"data_base64\":\"e30=\"",
            "\n",
            "\r\n",
            "--b",
            "--b--",
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
            "; filename=\"",
            "a=b&",
            "%",
            "%ff",
            "+",
            "=",
            "&",
            "<a>",
            "</a>",
            "<a/>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "&amp;",
            "&#0;",
            "&#x110000;",
            "<?xml?>",
            "<Envelope><Body><notifications><Notification>",
            "</Notification></notifications></Body></Envelope>",
            "From: a@b\r\n",
            "Message-ID: <1@b>\r\n",
            "\u{feff}",
            "ä",
            "\u{0}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A payload is either read to contacts, names and items that are none, or there is a problem: nothing is lost without a word.
fn accounted_for(preset: &Preset, content_type: &str, body: &[u8]) {
    if preset.is_mail() {
        return;
    }
    match read(preset, content_type, body) {
        Ok(mapped) => {
            let said = mapped.contacts.len() + mapped.thin.len() + mapped.skipped + mapped.problems.len();
            assert!((1..=1_001).contains(&said), "{}: {said}", preset.id());
        }
        Err(problem) => assert!(!problem.reason.is_empty() && !problem.detail.is_empty()),
    }
}

proptest! {
    #[test]
    fn any_bytes_to_any_preset(body in pieces(), kind in 0_usize..6) {
        for preset in presets().iter() {
            accounted_for(preset, TYPES[kind], &body);
        }
    }

    #[test]
    fn any_bytes_to_any_verifier(
        body in pieces(),
        kind in 0_usize..6,
        secret in proptest::collection::vec(any::<u8>(), 0..60),
        prefix in proptest::sample::select(vec!["", "whsec_", "whpk_"]),
        value in "\\PC{0,80}",
        known in proptest::sample::select(vec!["", "sha256=", "sha1=", "v1,", "v1a,", "Basic ", "Bearer "]),
    ) {
        let secret = [prefix.as_bytes(), &secret].concat();
        let value = format!("{known}{value}");
        let now = "2026-03-02T12:00:00Z".parse().expect("a time");
        let origins = ["https://x".to_owned()];
        for preset in presets().iter() {
            let path = format!("/v1/sources/s/events?key={value}");
            let signed = Signed { body: &body, content_type: TYPES[kind], method: "POST", path: &path, origins: &origins };
            let verified = verify(preset, &secret, signed, |_| Some(value.as_str()), now);
            // Only who knows the secret can send it.
            let knows = String::from_utf8_lossy(&secret).into_owned();
            prop_assert!(verified.is_err() || (!knows.is_empty() && path.contains(&knows)) , "{}", preset.id());
        }
    }
}

fn problem(preset: &str, content_type: &str, body: &[u8]) -> NotUnderstood {
    let all = presets();
    let read = read(all.get(preset).expect("built in"), content_type, body);
    match read {
        Err(problem) => problem,
        Ok(mapped) => {
            assert_eq!((mapped.contacts.len(), mapped.skipped), (0, 0));
            mapped.problems.into_iter().next().expect("a problem")
        }
    }
}

#[test]
fn what_is_nested_a_thousand_deep_is_not_understood() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(1_000), close.repeat(1_000));
        for preset in ["json", "chatwoot", "whatsapp-cloud", "cloudevents", "hubspot-app"] {
            assert_eq!(
                problem(preset, "", deep.as_bytes()).reason,
                "PAYLOAD_NOT_JSON",
                "{preset}"
            );
        }
        assert_eq!(
            problem("zendesk-tickets", "", deep.as_bytes()).reason,
            "PAYLOAD_ITEM_UNREADABLE"
        );
    }
    let deep = format!("{}x{}", "<a>".repeat(1_000), "</a>".repeat(1_000));
    let told = problem("salesforce-outbound", "text/xml", deep.as_bytes());
    assert_eq!(told.reason, "PAYLOAD_NOT_XML");
    assert!(told.detail.contains("too deep"), "{}", told.detail);
}

#[test]
fn entities_of_ones_own_are_refused() {
    let bomb =
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;</a>";
    assert!(
        problem("salesforce-outbound", "text/xml", bomb.as_bytes())
            .detail
            .contains("document type")
    );
    let file = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>";
    assert!(
        problem("salesforce-outbound", "text/xml", file.as_bytes())
            .detail
            .contains("document type")
    );
    let unknown = "<a>&b;</a>";
    assert!(
        problem("salesforce-outbound", "text/xml", unknown.as_bytes())
            .detail
            .contains("entity")
    );
}

#[test]
fn too_much_of_anything_is_refused() {
    let lines = "{}\n".repeat(1_001);
    assert_eq!(
        problem("zendesk-tickets", "", lines.as_bytes()).reason,
        "PAYLOAD_TOO_MANY_ITEMS"
    );
    let fields = "a=b&".repeat(1_001);
    assert_eq!(
        problem("twilio", "", fields.as_bytes()).reason,
        "PAYLOAD_TOO_MANY_ITEMS"
    );
    let parts = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n".repeat(1_001) + "--b--";
    let told = problem("sendgrid", "multipart/form-data; boundary=b", parts.as_bytes());
    assert_eq!(told.reason, "PAYLOAD_TOO_MANY_ITEMS");
    let events = format!("[{}]", vec!["{}"; 1_001].join(","));
    assert_eq!(
        problem("hubspot-app", "", events.as_bytes()).reason,
        "PAYLOAD_TOO_MANY_ITEMS"
    );
    let elements = format!("<a>{}</a>", "<b/>".repeat(60_000));
    assert_eq!(
        problem("salesforce-outbound", "", elements.as_bytes()).reason,
        "PAYLOAD_NOT_XML"
    );
}

/// A body of the largest size, of each kind that costs most, is done with in a moment.
#[test]
fn the_largest_payloads_are_read_in_bounded_time() {
    let began = std::time::Instant::now();
    let size = 4 << 20;
    let all = presets();
    for (preset, content_type, body) in [
        ("sendgrid", "multipart/form-data; boundary=b", "\r\n--".repeat(size / 4)),
        (
            "sendgrid",
            "multipart/form-data; boundary=b",
            "--b\r\n\r\n".to_owned() + &"\r".repeat(size),
        ),
        ("mailgun", "application/x-www-form-urlencoded", "%".repeat(size)),
        (
            "salesforce-outbound",
            "text/xml",
            "<a b='".to_owned() + &"&lt;".repeat(size / 4),
        ),
        (
            "salesforce-outbound",
            "text/xml",
            format!("<a {}/>", "b='' ".repeat(size / 5)),
        ),
        ("zendesk-tickets", "", "\n".repeat(size)),
        ("json", "", "[".repeat(size)),
    ] {
        let _ = read(all.get(preset).expect("built in"), content_type, body.as_bytes());
    }
    // Many times what it takes, so that a slow machine does not fail it and what is quadratic does.
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
