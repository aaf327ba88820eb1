use sea_orm::{ConnectionTrait as _, Statement};
use vorrang_api::ingestion::v1::{Contact, Outcome};
use vorrang_database::Database;

use crate::stack::{Stack, contact, sha256};
use crate::ticketing::Mode;

/// What is stored, with its source, in the order of arrival.
async fn stored(stack: &Stack) -> Vec<(String, Vec<u8>)> {
    let url = format!("sqlite://{}", stack.folder.path().join("ingestion.db").display());
    let database = Database::connect(&url).await.expect("connects");
    let query = Statement::from_string(
        database.reader().get_database_backend(),
        "SELECT source, content FROM raw ORDER BY received_at, rowid",
    );
    let rows = database.reader().query_all_raw(query).await.expect("reads");
    rows.iter()
        .map(|row| {
            (
                row.try_get_by_index(0).expect("text"),
                row.try_get_by_index(1).expect("bytes"),
            )
        })
        .collect()
}

#[tokio::test]
async fn whatever_is_answered_is_stored_as_it_came() {
    let stack = Stack::start().await;
    let source = stack.source("json").await;
    let mail = "From: a@x.example\r\nSubject: Hi\r\n\r\nHallo\r\n";
    let payload = r#"{"text": "Hi",   "email":"a@x.example"}"#;
    for mode in [Mode::Up, Mode::Down] {
        stack.ticketing.set(mode);
        let wanted = contact(&format!("{mode:?}"));
        stack.push("", wanted.clone()).await.expect("taken");
        let rows = stored(&stack).await;
        let (from, content) = rows.last().expect("a row");
        assert_eq!(from, "grpc");
        assert_eq!(
            <Contact as prost::Message>::decode(content.as_slice()).expect("a contact"),
            wanted
        );

        let mail = format!("{mail}{mode:?}");
        stack.mail(&mail).await;
        assert_eq!(
            stored(&stack).await.last(),
            Some(&("email".to_owned(), mail.into_bytes()))
        );

        let payload = payload.replace("Hi", &format!("{mode:?}"));
        let (status, _) = stack
            .post(&source, &[("X-Vorrang-Signature", &sha256(&payload))], &payload)
            .await;
        assert_eq!(status, 200);
        assert_eq!(
            stored(&stack).await.last(),
            Some(&(source.name.clone(), payload.into_bytes()))
        );
    }
    let unreadable = "no mail";
    assert_eq!(stack.mail(unreadable).await.outcome(), Outcome::Quarantined);
    assert_eq!(
        stored(&stack).await.last(),
        Some(&("email".to_owned(), unreadable.into()))
    );
}

#[tokio::test]
async fn what_is_refused_is_not_stored() {
    let stack = Stack::start().await;
    let source = stack.source("json").await;
    let payload = r#"{"text":"Hi","email":"a@x.example"}"#;
    let (status, _) = stack
        .post(&source, &[("X-Vorrang-Signature", "sha256=00")], payload)
        .await;
    assert_eq!(status, 401);
    stack.push("", contact("")).await.expect_err("malformed");
    assert!(stored(&stack).await.is_empty());
}
