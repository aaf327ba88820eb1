//! Whoever is erased is gone from every database of the suite, whichever way their words came in, and nobody else is.

use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use vorrang_api::ingestion::v1::PushEmailRequest;
use vorrang_api::knowledge::v1::{
    EscalateSessionRequest, SearchArticlesRequest, Session, StartSessionRequest, escalate_session_request,
};
use vorrang_api::ticketing::v1::{Channel, EraseCustomerRequest, erasure};
use vorrang_client::Client;
use vorrang_database::{Database, Engine};
use vorrang_testkit::{DEADLINE, wait_until};

use crate::journey::{contact, push};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_the_erased_on_the_embedded_default() {
    nothing_is_left_of_the_erased(Stack::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_the_erased_on_postgresql() {
    nothing_is_left_of_the_erased(Stack::production().await).await;
}

async fn nothing_is_left_of_the_erased(stack: Stack) {
    let client = stack.client("acme").await;
    let (ann, ben) = ("annquill7", "benquill8");
    let (anns, bens) = (everything_of(&client, ann).await, everything_of(&client, ben).await);
    assert_ne!(anns, bens);
    // In the clear is only what came as it came, and what was looked for: with ticketing all of it is sealed.
    for word in [ann, ben] {
        let found = tables_with(&stack, word).await;
        for table in ["ingestion.raw", "knowledge.events"] {
            assert!(found.iter().any(|one| one == table), "{word}: {found:?}");
        }
        assert!(
            !found.iter().any(|one| one.starts_with("ticketing.")),
            "{word}: {found:?}"
        );
    }
    let before = tables_with(&stack, ben).await;

    let erase = EraseCustomerRequest {
        name: anns,
        ground: erasure::Ground::Requested.into(),
        ..EraseCustomerRequest::default()
    };
    client.privacy().erase_customer(erase).await.expect("is erased");
    wait_until(DEADLINE, "nothing is left", || async {
        tables_with(&stack, ann).await.is_empty()
    })
    .await;
    assert_eq!(tables_with(&stack, ben).await, before, "another customer");
    stack.stop().await;
}

/// Words of one customer by every way in; gives who it is.
async fn everything_of(client: &Client, word: &str) -> String {
    let by_call = push(client, contact(word, Channel::Web, "", &format!("{word} by call"))).await;
    let raw = format!(
        "From: {word}@example.org\r\nSubject: {word} by mail\r\nMessage-ID: <{word}@example.org>\r\n\r\n{word}\r\n"
    );
    let mail = PushEmailRequest {
        raw: raw.into_bytes().into(),
        ..PushEmailRequest::default()
    };
    client.ingestion().push_email(mail).await.expect("is taken");
    // One session of a customer who is known, and one of somebody who turns out to be them.
    for customer in [by_call.customer.as_str(), ""] {
        let start = StartSessionRequest {
            session: Some(Session {
                customer: customer.to_owned(),
                ..Session::default()
            }),
            ..StartSessionRequest::default()
        };
        let session = client
            .sessions()
            .start_session(start)
            .await
            .expect("starts")
            .into_inner();
        let search = SearchArticlesRequest {
            query: format!("where is {word}"),
            session: session.name.clone(),
            ..SearchArticlesRequest::default()
        };
        client.articles().search_articles(search).await.expect("searches");
        let mut wanted = contact(word, Channel::Web, "", &format!("{word} by self-service"));
        wanted.external_id = session.name.clone();
        wanted.conversation_id = session.name.clone();
        let escalate = EscalateSessionRequest {
            name: session.name,
            escalation: Some(escalate_session_request::Escalation::Contact(wanted)),
            ..EscalateSessionRequest::default()
        };
        let escalated = client.sessions().escalate_session(escalate).await.expect("goes on");
        assert_eq!(escalated.into_inner().customer, by_call.customer);
    }
    by_call.customer
}

/// Tables of all services of which a row has `word` in it, as text or as bytes.
async fn tables_with(stack: &Stack, word: &str) -> Vec<String> {
    let config = &stack.running().context().config;
    let mut found = Vec::new();
    for service in ["identity", "ticketing", "ingestion", "routing", "knowledge"] {
        let database = Database::connect(&config.database_url(service))
            .await
            .expect("connects");
        for table in tables(&database).await {
            if rows_with(&database, &table, word).await > 0 {
                found.push(format!("{service}.{table}"));
            }
        }
    }
    found
}

async fn tables(database: &Database) -> Vec<String> {
    let sql = match database.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        Engine::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    };
    texts(database, sql, []).await
}

async fn rows_with(database: &Database, table: &str, word: &str) -> i64 {
    let condition = match database.engine() {
        Engine::Sqlite => {
            let columns = texts(database, "SELECT name FROM pragma_table_info($1)", [table.into()]).await;
            let has = |column: &String| format!("instr(CAST(\"{column}\" AS BLOB), CAST($1 AS BLOB)) > 0");
            columns.iter().map(has).collect::<Vec<_>>().join(" OR ")
        }
        // Bytes are written in hexadecimal there.
        Engine::Postgres => format!(
            "position($1 IN t::text) > 0 OR position('{}' IN t::text) > 0",
            hex::encode(word)
        ),
    };
    let reader = database.reader();
    let sql = format!("SELECT count(*) FROM \"{table}\" t WHERE {condition}");
    let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, [word.into()]);
    let row = reader.query_one_raw(statement).await.expect("reads").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

async fn texts<const N: usize>(
    database: &Database,
    sql: &str,
    values: [sea_orm_migration::sea_orm::Value; N],
) -> Vec<String> {
    let reader = database.reader();
    let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
    let rows = reader.query_all_raw(statement).await.expect("reads");
    rows.iter()
        .map(|row| row.try_get_by_index(0).expect("a text"))
        .collect()
}
