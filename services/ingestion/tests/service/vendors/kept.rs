//! What nobody understands is answered 2xx and kept whole, whatever the vendor.

use vorrang_api::ingestion::v1::GetQuarantineItemRequest;

use super::fixtures::Fixture;
use super::{HOST, post, presets, sign};
use crate::stack::{Stack, TENANT};

#[tokio::test]
async fn what_nobody_understands_is_kept_as_it_came() {
    let stack = Stack::start().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(1_000), close.repeat(1_000)).into_bytes();
    let bodies: Vec<Vec<u8>> = vec![
        b"\0\xff\xfe what is this?".to_vec(),
        b"null".to_vec(),
        deep("[", "]"),
        deep("<a>", "</a>"),
        b"<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>".to_vec(),
    ];
    for preset in presets().iter() {
        // Mailgun's proof is in the payload, so there is none without a payload; and every text is a mail of a kind.
        if ["mailgun", "email"].contains(&preset.id()) {
            continue;
        }
        let key = sign::keys(preset.id()).remove(0);
        let source = stack.source_with(preset.id(), &key.secret).await;
        for (index, body) in bodies.iter().enumerate() {
            let case = format!("{}, body {index}", preset.id());
            let mut fixture = Fixture::all(preset.id()).remove(0);
            fixture.body.clone_from(body);
            let at = vorrang_clock::system().now();
            let signed = sign::sign(preset.id(), &key, &fixture, HOST, &source.events_path, at);
            let (status, _, text) = post(&stack, &signed).await;
            assert_eq!(status, 200, "{case}: {text}");
            if preset.answer().is_some() {
                continue;
            }
            let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(answer["results"][0]["outcome"], "QUARANTINED", "{case}: {text}");
            let name = answer["results"][0]["quarantineItem"]
                .as_str()
                .expect("an item")
                .to_owned();
            let get = GetQuarantineItemRequest { name };
            let kept = stack
                .quarantine(TENANT)
                .get_quarantine_item(get)
                .await
                .expect("is there")
                .into_inner();
            assert_eq!(kept.raw, *body, "{case}");
        }
    }
    assert_eq!(stack.ticketing.calls(), 0, "and nothing is made of it");
}
