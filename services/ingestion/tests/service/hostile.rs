//! Contacts at the edges of what the wire can say: refused with the field's path and without a word of what was in it, and nothing is kept.

use prost_types::Timestamp;
use tonic::Code;
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{Contact, PushEmailRequest};
use vorrang_api::ticketing::v1::{Identity, identity};

use crate::stack::{Stack, TENANT, contact};

const CANARY: &str = "c4nary";

/// The fields that a push was refused for.
async fn refused(stack: &Stack, contact: Contact) -> Vec<String> {
    let status = stack.push("", contact).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(!format!("{status:?}").contains(CANARY), "{status:?}");
    let details = status.get_error_details();
    let bad = details.bad_request().expect("violations");
    bad.field_violations.iter().map(|one| one.field.clone()).collect()
}

#[tokio::test]
async fn of_a_million_wrong_entries_some_are_named() {
    let stack = Stack::start().await;
    let mut tags = contact("Hallo");
    tags.tags = vec![String::new(); 1_000_000];
    let mut people = contact("Hallo");
    people.identities = vec![Identity::default(); 1_000_000];
    for (wrong, first) in [
        (tags, "contact.tags: must hold at most 50 tags"),
        (
            people,
            "contact.identities[0].kind: must be EMAIL, PHONE, SOCIAL or EXTERNAL",
        ),
    ] {
        let status = stack.push("", wrong).await.expect_err("refused");
        let expected = format!("{first} (and 999 more, see the details)");
        assert_eq!(
            (status.code(), status.message()),
            (Code::InvalidArgument, expected.as_str())
        );
    }
    nothing_is_kept(&stack).await;
}

#[tokio::test]
async fn times_beyond_every_calendar_are_refused() {
    let stack = Stack::start().await;
    for (seconds, nanos) in [
        (i64::MIN, 0),
        (i64::MAX, 0),
        // Year 1, and the last second of year 9999.
        (-62_135_596_800, 0),
        (253_402_300_799, 0),
        (1_772_442_931, -1),
        (1_772_442_931, i32::MAX),
        (1_772_442_931, i32::MIN),
    ] {
        let mut wrong = contact(CANARY);
        wrong.occurred_at = Some(Timestamp { seconds, nanos });
        assert_eq!(
            refused(&stack, wrong).await,
            ["contact.occurred_at"],
            "{seconds} {nanos}"
        );
    }
    nothing_is_kept(&stack).await;
}

#[tokio::test]
async fn what_is_too_long_is_named_and_not_repeated() {
    let stack = Stack::start().await;
    let long = CANARY.repeat(1 << 18);
    let mut wrong = contact(&long);
    wrong.subject.clone_from(&long);
    wrong.external_id.clone_from(&long);
    wrong.conversation_id.clone_from(&long);
    wrong.identities = vec![Identity {
        kind: identity::Kind::Email.into(),
        value: long[..1 << 16].to_owned(),
        verified: true,
    }];
    let fields = refused(&stack, wrong).await;
    for field in [
        "contact.text",
        "contact.subject",
        "contact.external_id",
        "contact.conversation_id",
    ] {
        assert!(fields.iter().any(|one| one == field), "{field}: {fields:?}");
    }
    assert!(
        fields.iter().any(|one| one.starts_with("contact.identities[0]")),
        "{fields:?}"
    );
    nothing_is_kept(&stack).await;
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused_and_the_largest_is_taken() {
    let stack = Stack::start().await;
    let head = "From: Jonas <jonas@example.org>\r\nSubject: large\r\nMessage-ID: <large@example.org>\r\n\r\n";
    for (size, taken) in [(25 << 20, true), ((25 << 20) + 1, false), (50 << 20, false)] {
        let mut raw = head.as_bytes().to_vec();
        while raw.len() < size {
            let line = &b"All work and no play makes Jack a dull boy, and so on and on and on.\r\n"[..];
            raw.extend_from_slice(&line[..line.len().min(size - raw.len())]);
        }
        let request = PushEmailRequest {
            raw: raw.into(),
            ..PushEmailRequest::default()
        };
        let answer = stack.pushes(TENANT).push_email(request).await;
        match answer {
            Ok(answer) => assert!(taken, "{size}: {answer:?}"),
            Err(status) => {
                let code = status.code();
                assert!(
                    !taken && [Code::InvalidArgument, Code::OutOfRange].contains(&code),
                    "{size}: {status:?}"
                );
            }
        }
    }
}

async fn nothing_is_kept(stack: &Stack) {
    assert_eq!(stack.ticketing.calls(), 0);
    assert!(stack.quarantined(State::Waiting).await.is_empty());
}
