//! What vendors ask before they push, and what they want to read after.

use super::{HOST, post};
use crate::stack::{Stack, exchange, http};

#[tokio::test]
async fn cloudevents_senders_are_told_that_they_may_push() {
    let stack = Stack::start().await;
    let addr = stack.running.addr();
    let source = stack.source("cloudevents").await;
    let ask = [
        ("WebHook-Request-Origin", "eventemitter.example.com"),
        ("WebHook-Request-Rate", "120"),
        ("WebHook-Request-Callback", "http://127.0.0.1:1/callback"),
    ];
    let (status, head, _) = exchange(addr, "OPTIONS", &source.events_path, &ask, b"").await;
    let head = head.to_ascii_lowercase();
    assert_eq!(status, 200, "{head}");
    for line in [
        "webhook-allowed-origin: eventemitter.example.com",
        "webhook-allowed-rate: *",
        "allow: post",
    ] {
        assert!(head.lines().any(|found| found == line), "{line} is not in {head}");
    }
    let (status, _, text) = exchange(addr, "OPTIONS", &source.events_path, &[], b"").await;
    assert_eq!(status, 400, "nobody asks: {text}");
    let other = stack.source("chatwoot").await;
    assert_eq!(exchange(addr, "OPTIONS", &other.events_path, &ask, b"").await.0, 405);
    assert_eq!(
        exchange(addr, "OPTIONS", "/v1/sources/0123456789abcdef/events", &ask, b"")
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn meta_asks_by_get_for_all_of_its_channels() {
    let stack = Stack::start().await;
    for preset in ["whatsapp-cloud", "meta-messaging"] {
        let source = stack.source(preset).await;
        let ask = |token: &str, challenge: &str| {
            let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}");
            format!("{}?{query}", source.events_path)
        };
        let id = source.name.trim_start_matches("sources/");
        let addr = stack.running.addr();
        let right = http(addr, "GET", &ask(id, "1158201444"), &[], "").await;
        assert_eq!(right, (200, "1158201444".to_owned()), "{preset}");
        let by_secret = http(addr, "GET", &ask("s3cret-key", "7"), &[], "").await;
        assert_eq!(by_secret, (200, "7".to_owned()), "{preset}");
        assert_eq!(http(addr, "GET", &ask("guess", "7"), &[], "").await.0, 401, "{preset}");
        assert_eq!(
            http(addr, "GET", &ask(id, "%3Cscript%3E%20x"), &[], "").await.0,
            401,
            "{preset}"
        );
        assert_eq!(http(addr, "GET", &source.events_path, &[], "").await.0, 401, "{preset}");
    }
}

/// Salesforce External Services takes only flat objects of strings and integers; what it may push is what the preset reads.
#[tokio::test]
async fn the_openapi_file_of_a_source_says_what_its_preset_reads() {
    let stack = Stack::start().await;
    let addr = stack.running.addr();
    let source = stack.source("flow").await;
    let path = source.events_path.replace("/events", "/openapi.json");
    let (status, head, text) = exchange(addr, "GET", &path, &[], b"").await;
    assert_eq!(status, 200, "{text}");
    assert!(
        head.to_ascii_lowercase().contains("content-type: application/json"),
        "{head}"
    );
    let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(file["openapi"], "3.0.3");
    assert!(
        file["servers"][0]["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("http")),
        "{text}"
    );
    assert!(file["paths"][source.events_path.as_str()]["post"].is_object(), "{text}");
    assert!(
        !text.contains("s3cret-key") && !text.contains("{server}") && !text.contains("{source}"),
        "{text}"
    );
    let fields = file["components"]["schemas"]["Contact"]["properties"]
        .as_object()
        .expect("fields");
    let preset = include_str!("../../../presets/flow.toml");
    for (name, field) in fields {
        assert_eq!(field["type"], "string", "{name}");
        assert!(preset.contains(&format!("\"/{name}\"")), "{name} is not read");
    }
    let other = stack.source("json").await;
    let path = other.events_path.replace("/events", "/openapi.json");
    assert_eq!(exchange(addr, "GET", &path, &[], b"").await.0, 404);
}

/// Salesforce repeats for a day what is not acknowledged in these words; Twilio would read anything else to the customer.
#[tokio::test]
async fn vendors_read_the_answer_that_they_expect_whatever_became_of_it() {
    let stack = Stack::start().await;
    for (preset, says) in [
        ("salesforce-outbound", "<Ack>true</Ack>"),
        ("twilio", "<Response></Response>"),
    ] {
        let key = super::sign::keys(preset).remove(0);
        let source = stack.source_with(preset, &key.secret).await;
        let mut fixture = super::fixtures::Fixture::all(preset).remove(0);
        fixture.body = b"what nobody understands".to_vec();
        let at = vorrang_clock::system().now();
        let signed = super::sign::sign(preset, &key, &fixture, HOST, &source.events_path, at);
        let (status, head, text) = post(&stack, &signed).await;
        assert_eq!(status, 200, "{text}");
        assert!(
            head.to_ascii_lowercase()
                .contains("content-type: text/xml; charset=utf-8"),
            "{head}"
        );
        assert!(text.starts_with("<?xml") && text.contains(says), "{text}");
    }
    let waiting = stack
        .quarantined(vorrang_api::ingestion::v1::quarantine_item::State::Waiting)
        .await;
    assert_eq!(waiting.len(), 2, "and what came is kept");
}
