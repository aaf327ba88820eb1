//! A signature that was seen is no licence: what is not signed cannot be exchanged.

use super::fixtures::Fixture;
use super::sign::Signing;
use super::{HOST, post, presets, sign};
use crate::stack::Stack;

#[tokio::test]
async fn a_signature_that_was_seen_is_good_for_nothing_else() {
    let stack = Stack::start().await;
    for preset in presets().iter() {
        let id = preset.id();
        let key = sign::keys(id).remove(0);
        // Who sends the secret itself could send anything; everybody else signs what they send, or is good for one body.
        if !sign::signs_the_body(id) && id != "mailgun" {
            continue;
        }
        let source = stack.source_with(id, &key.secret).await;
        for fixture in Fixture::all(id) {
            let case = format!("{id}/{}", fixture.name);
            let at = vorrang_clock::system().now();
            let signed = sign::sign(id, &key, &fixture, HOST, &source.events_path, at);
            let (status, _, text) = post(&stack, &signed).await;
            assert_eq!(status, 200, "{case}: {text}");
            let mut body = signed.body.clone();
            body.extend_from_slice(b"&forged=1");
            let forged = Signing { body, ..signed.clone() };
            let (status, _, text) = post(&stack, &forged).await;
            assert_eq!(status, 401, "{case}: {text}");
            let contacts = stack.ticketing.contacts().len();
            let (status, _, text) = post(&stack, &signed).await;
            assert_eq!(status, 200, "{case}: a redelivery: {text}");
            assert_eq!(stack.ticketing.contacts().len(), contacts, "{case}: makes nothing new");
        }
    }
}
