//! Who may call what, for every method there is: generated from the contracts, so that a new method without a line in
//! `requests.rs` fails a test instead of going unchecked.

mod requests;
mod theirs;

use std::collections::HashMap;

use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use vorrang_identity::Scope;

use crate::dynamic::{call, methods, name, scope};
use crate::stack::Stack;
use requests::Then::{Invalid, NotFound, NothingOfTheirs, Refused};
use theirs::{Theirs, fill};

#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_closed_without_a_credential_and_with_a_wrong_scope() {
    let stack = Stack::embedded().await;
    let channel = connect(&stack).await;
    // For each scope a key that may do everything else.
    let mut all_but = HashMap::new();
    for scope in Scope::EVERY.iter().copied().filter(|scope| *scope != Scope::Internal) {
        let others: Vec<Scope> = Scope::EVERY
            .iter()
            .copied()
            .filter(|other| ![scope, Scope::Admin, Scope::Internal].contains(other))
            .collect();
        all_but.insert(scope.as_str().to_owned(), stack.key("ours", &others).await);
    }
    let admin = stack.key("ours", &[Scope::Admin]).await;

    let mut findings = Vec::new();
    for method in methods() {
        let mut expect = |what: &str, result: Result<bytes::Bytes, tonic::Status>, code: Code| {
            let found = result.map_or_else(|status| status.code(), |_| Code::Ok);
            if found != code {
                findings.push(format!("{} {what}: {found:?}, not {code:?}", name(&method)));
            }
        };
        expect(
            "without a credential",
            call(&channel, &method, "{}", None).await,
            Code::Unauthenticated,
        );
        for wrong in ["nonsense", "vk_aaaaaaaa_bbbbbbbb", "vi1.*.ticketing.9999999999.00"] {
            expect(
                "with a false credential",
                call(&channel, &method, "{}", Some(wrong)).await,
                Code::Unauthenticated,
            );
        }
        let wrong_scope = all_but.get(&scope(&method)).unwrap_or(&admin);
        expect(
            "with a wrong scope",
            call(&channel, &method, "{}", Some(wrong_scope)).await,
            Code::PermissionDenied,
        );
    }
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_method_gives_away_another_tenants_data() {
    let stack = Stack::embedded().await;
    let channel = connect(&stack).await;
    let theirs = fill(&stack.client("theirs").await).await;
    let key = stack.key("ours", &[Scope::Admin]).await;

    let mut findings = Vec::new();
    for method in methods() {
        let full = name(&method);
        let short = full.trim_start_matches("vorrang.");
        let Some((_, request, then)) = requests::all().find(|(method, _, _)| *method == short) else {
            findings.push(format!("{full} has no line in requests.rs: add one"));
            continue;
        };
        let result = call(&channel, &method, &theirs.fill_in(request), Some(&key)).await;
        match (&result, then) {
            (Ok(answer), _) => {
                if *then != NothingOfTheirs || theirs.is_in(answer) {
                    findings.push(format!("{full} answered {:?}", String::from_utf8_lossy(answer)));
                }
            }
            (Err(status), Refused) if status.code() == Code::PermissionDenied => {}
            (Err(status), NotFound) if status.code() == Code::NotFound => {}
            (Err(status), Invalid) if status.code() == Code::InvalidArgument => {}
            // A stream of events that has nothing to say ends with the test's own patience.
            (Err(status), NothingOfTheirs) if full.ends_with("/Follow") => {
                if ![Code::Cancelled, Code::DeadlineExceeded].contains(&status.code()) {
                    findings.push(format!("{full}: {status:?}"));
                }
            }
            (Err(status), _) => findings.push(format!(
                "{full}, expected {then:?}: {:?} {}",
                status.code(),
                status.message()
            )),
        }
        // What somebody else has and what nobody has must not be told apart.
        if [NotFound, Invalid].contains(then) {
            let nobodys = call(&channel, &method, &Theirs::nobody().fill_in(request), Some(&key)).await;
            let codes = [result, nobodys].map(|result| result.map_or_else(|status| status.code(), |_| Code::Ok));
            if codes[0] != codes[1] {
                findings.push(format!("{full} tells theirs and nobody's apart: {codes:?}"));
            }
        }
    }
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
    // The customer whose address both tenants know is theirs still, and unchanged.
    stack.stop().await;
}

async fn connect(stack: &Stack) -> Channel {
    Endpoint::from_shared(stack.running().url())
        .expect("a url")
        .connect()
        .await
        .expect("connects")
}
