//! Every preset, with what its vendor pushes: read, verified, recorded once. A preset without a fixture, a snapshot or a way to sign
//! fails here.

mod fixtures;
mod handshakes;
mod kept;
mod replayed;
mod secrets;
mod sign;
mod snapshots;
mod thin;

use vorrang_ingestion::presets::{Preset, Presets, Rejected, Signed, verify};

use crate::stack::{Stack, exchange};
use crate::vendors::fixtures::Fixture;
use crate::vendors::sign::{Signing, sign};

/// Where the sender believes to push to.
const ORIGIN: &str = "https://in.example.com";
/// And where the test's own requests are to.
const HOST: &str = "http://x";
const PATH: &str = "/v1/sources/5f2a/events";

fn presets() -> Presets {
    Presets::load(None).expect("the built-in presets are right")
}

fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-03-02T09:16:00Z".parse().expect("a time")
}

/// Pushes it as the vendor does, and gives status, head and body of the answer.
async fn post(stack: &Stack, signed: &Signing) -> (u16, String, String) {
    let (addr, headers) = (stack.running.addr(), signed.headers());
    exchange(addr, "POST", &signed.path, &headers, &signed.body).await
}

fn check(preset: &Preset, secret: &str, signed: &Signing, now: chrono::DateTime<chrono::Utc>) -> Result<(), Rejected> {
    let header = |name: &str| {
        let mut headers = signed.headers.iter();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let origins = ["http://127.0.0.1:7700".to_owned(), ORIGIN.to_owned()];
    let what = Signed {
        body: &signed.body,
        content_type: &signed.content_type,
        method: "POST",
        path: &signed.path,
        origins: &origins,
    };
    verify(preset, secret.as_bytes(), what, header, now)
}

#[test]
fn every_preset_verifies_what_its_vendor_signs_and_nothing_else() {
    for preset in presets().iter() {
        let id = preset.id();
        for fixture in Fixture::all(id) {
            let keys = sign::keys(id);
            assert!(!keys.is_empty(), "{id}: no way to sign");
            for (index, key) in keys.iter().enumerate() {
                let file = format!("{id}/{}, key {index}", fixture.name);
                let signed = sign(id, key, &fixture, ORIGIN, PATH, now());
                assert_eq!(
                    check(preset, &key.secret, &signed, now()),
                    Ok(()),
                    "{file}: as it should be"
                );
                for (wrong, what) in wrongs(id, key, &fixture, &signed) {
                    assert_eq!(
                        check(preset, &key.secret, &wrong, now()),
                        Err(Rejected),
                        "{file}: {what}"
                    );
                }
                let other = check(preset, &key.other, &signed, now());
                assert_eq!(other, Err(Rejected), "{file}: another secret");
                assert_eq!(check(preset, "", &signed, now()), Err(Rejected), "{file}: no secret");
                for (late, accepted) in [(-1, true), (0, true), (1, false)] {
                    let Some(tolerance) = sign::tolerance(id) else { continue };
                    for direction in [1, -1] {
                        let at = now() + chrono::TimeDelta::seconds(direction * (tolerance + late));
                        let verified = check(preset, &key.secret, &signed, at).is_ok();
                        assert_eq!(
                            verified, accepted,
                            "{file}: {late} s beyond its time, direction {direction}"
                        );
                    }
                }
                if sign::tolerance(id).is_none() {
                    let years = now() + chrono::TimeDelta::days(3650);
                    let verified = check(preset, &key.secret, &signed, years);
                    assert_eq!(verified, Ok(()), "{file}: signs no time, so none is looked at");
                }
            }
        }
    }
}

/// The same push with one thing changed.
fn wrongs(id: &str, key: &sign::Key, fixture: &Fixture, right: &Signing) -> Vec<(Signing, &'static str)> {
    let mut wrongs = Vec::new();
    let unsigned = Signing {
        headers: Vec::new(),
        path: PATH.to_owned(),
        body: fixture.body.clone(),
        ..right.clone()
    };
    wrongs.push((unsigned, "unsigned"));
    let forged = sign::Key {
        private: key.other_private.clone(),
        secret: key.other.clone(),
        ..key.clone()
    };
    let forged = sign(id, &forged, fixture, ORIGIN, PATH, now());
    wrongs.push((forged, "signed with another secret"));
    if sign::signs_the_body(id) {
        let mut body = right.body.clone();
        body.push(b' ');
        wrongs.push((Signing { body, ..right.clone() }, "another body"));
    }
    if sign::signs_the_address(id) {
        let path = format!("{PATH}?x=1");
        wrongs.push((Signing { path, ..right.clone() }, "another address"));
        let elsewhere = sign(id, key, fixture, "https://elsewhere.example", PATH, now());
        wrongs.push((elsewhere, "signed for another address"));
    }
    for (index, (name, value)) in right.headers.iter().enumerate() {
        let mut headers = right.headers.clone();
        headers[index].1 = format!("{value}0");
        if sign::signature_headers(id).contains(&name.to_ascii_lowercase().as_str()) {
            wrongs.push((
                Signing {
                    headers,
                    ..right.clone()
                },
                "another header",
            ));
        }
    }
    wrongs
}

/// Over the wire: recorded once however often it comes, and answered 2xx each time.
#[tokio::test]
async fn a_replayed_push_of_every_vendor_makes_no_second_ticket() {
    let stack = Stack::start().await;
    for preset in presets().iter() {
        let id = preset.id();
        let key = sign::keys(id).into_iter().next().expect("a way to sign");
        let source = stack.source_with(id, &key.secret).await;
        for fixture in Fixture::all(id) {
            let file = format!("{id}/{}", fixture.name);
            let at = vorrang_clock::system().now();
            let signed = sign(id, &key, &fixture, HOST, &source.events_path, at);
            let mut told = Vec::new();
            for _ in 0..2 {
                let before = stack.ticketing.contacts().len();
                let (status, _, text) = post(&stack, &signed).await;
                assert_eq!(status, 200, "{file}: {text}");
                told.push((stack.ticketing.contacts().len() - before, text));
            }
            assert_eq!(told[1].0, 0, "{file}: recorded twice");
            let Some((_, expected)) = preset.answer() else {
                let outcomes = |text: &str| -> Vec<String> {
                    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
                    let results = json["results"].as_array().expect("results").clone();
                    let outcome = |one: serde_json::Value| one["outcome"].as_str().unwrap_or_default().to_owned();
                    results.into_iter().map(outcome).collect()
                };
                for (first, second) in outcomes(&told[0].1).iter().zip(outcomes(&told[1].1)) {
                    match first.as_str() {
                        "CREATED" | "APPENDED" | "DUPLICATE" => assert_eq!(second, "DUPLICATE", "{file}"),
                        same => assert_eq!(second, same, "{file}"),
                    }
                }
                continue;
            };
            assert_eq!((told[0].1.as_str(), told[1].1.as_str()), (expected, expected), "{file}");
        }
    }
}

#[tokio::test]
async fn a_wrong_signature_of_any_vendor_is_told_401_and_leaves_nothing() {
    let stack = Stack::start().await;
    for preset in presets().iter() {
        let id = preset.id();
        let key = sign::keys(id).into_iter().next().expect("a way to sign");
        let source = stack.source_with(id, &key.other).await;
        let fixture = Fixture::all(id).remove(0);
        let signed = sign(
            id,
            &key,
            &fixture,
            HOST,
            &source.events_path,
            vorrang_clock::system().now(),
        );
        let (status, ..) = post(&stack, &signed).await;
        assert_eq!(status, 401, "{id}");
    }
    assert_eq!(stack.ticketing.calls(), 0);
}
