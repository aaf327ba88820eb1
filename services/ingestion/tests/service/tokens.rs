//! Mailboxes that are opened by tokens, on a real Dovecot and Postfix that ask the provider whether a token is good.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use vorrang_api::feed::v1::actor;
use vorrang_testkit::{DEADLINE, MailServer, data_folder, wait_for, wait_until};

use crate::outgoing::message;
use crate::posting::{on, received, smtp};
use crate::stack::{Stack, TENANT};
use crate::ticketing::FakeTicketing;

/// A provider of tokens.
#[derive(Clone)]
struct Provider(Arc<Mutex<Tokens>>, u16);

#[derive(Default)]
struct Tokens {
    /// What is changed for an access token; a new one is given each time when `rotates`.
    refresh: String,
    rotates: bool,
    /// The first access token is good no more when it is used.
    spoils_first: bool,
    /// The access token that is good now; those before it are not.
    good: String,
    /// How many were given.
    given: usize,
    /// The forms that were sent to the token endpoint.
    asked: Vec<HashMap<String, String>>,
}

impl Provider {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("an address").port();
        let tokens = Tokens {
            refresh: "first refresh token".to_owned(),
            ..Tokens::default()
        };
        let provider = Self(Arc::new(Mutex::new(tokens)), port);
        let routes = Router::new()
            .route("/token", post(give))
            .route("/introspect", post(introspect))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn give(State(provider): State<Provider>, body: String) -> (StatusCode, Json<Value>) {
    let form = form(&body);
    let mut tokens = provider.tokens();
    let fits = form.get("refresh_token") == Some(&tokens.refresh)
        && form.get("client_id").is_some_and(|id| id == "vorrang")
        && form.get("client_secret").is_some_and(|secret| secret == "s3cret");
    tokens.asked.push(form);
    if !fits {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"})));
    }
    tokens.given += 1;
    let token = format!("access-{}", tokens.given);
    let mut answer = json!({"access_token": token, "expires_in": 3_600, "token_type": "Bearer"});
    let is_spoilt = tokens.spoils_first && tokens.given == 1;
    tokens.good = if is_spoilt { "another".to_owned() } else { token };
    if tokens.rotates {
        tokens.refresh = format!("refresh-{}", tokens.given);
        answer["refresh_token"] = json!(tokens.refresh);
    }
    (StatusCode::OK, Json(answer))
}

fn form(body: &str) -> HashMap<String, String> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

async fn introspect(State(provider): State<Provider>, body: String) -> Json<Value> {
    let tokens = provider.tokens();
    let active = !tokens.good.is_empty() && form(&body).get("token") == Some(&tokens.good);
    Json(json!({"active": active, "username": "support@firma.example"}))
}

/// A data folder with the support's mailbox, opened by tokens.
fn folder(server: &MailServer, provider: &Provider, lines: &str) -> vorrang_testkit::DataFolder {
    let folder = data_folder();
    let ingestion = folder.path().join("ingestion");
    std::fs::create_dir_all(&ingestion).expect("is made");
    std::fs::write(ingestion.join("refresh"), "first refresh token\n").expect("is written");
    std::fs::write(ingestion.join("client"), "s3cret\n").expect("is written");
    let text = format!(
        "[[mailbox]]\ntenant = \"{TENANT}\"\naddress = \"support@firma.example\"\nuser = \"support@firma.example\"\n\
         ca_file = \"{ca}\"\npoll_seconds = 1\nimap = \"imaps://localhost:{imaps}\"\nsince = \"all\"\n{lines}\
         [mailbox.oauth]\ntoken_url = \"http://127.0.0.1:{port}/token\"\nclient_id = \"vorrang\"\n\
         client_secret_file = \"client\"\nrefresh_token_file = \"refresh\"\nscope = \"mail\"\n\
         allow_private = [\"127.0.0.0/8\"]\n",
        ca = server.ca_file().display(),
        imaps = server.imaps_port(),
        port = provider.1,
    );
    std::fs::write(ingestion.join("mailboxes.toml"), text).expect("is written");
    folder
}

fn mail(n: usize) -> String {
    format!(
        "From: mara@x.example\r\nTo: support@firma.example\r\nSubject: Frage {n}\r\nMessage-ID: <{n}@x.example>\r\n\r\nText {n}\r\n"
    )
}

async fn read(stack: &Stack, count: usize) -> Vec<String> {
    wait_for(DEADLINE, "mails to be recorded", || async {
        Some(stack.ticketing.texts()).filter(|texts| texts.len() >= count)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_read_by_tokens_and_one_that_is_refused_is_replaced() {
    let provider = Provider::start().await;
    provider.tokens().spoils_first = true;
    let server = MailServer::start_with_tokens(provider.1).await;
    server.deliver("support", mail(1).as_bytes());
    let stack = Stack::on(folder(&server, &provider, ""), FakeTicketing::new()).await;
    assert_eq!(read(&stack, 1).await, ["Text 1"], "{}", server.logs());
    let tokens = provider.tokens();
    assert_eq!(tokens.given, 2, "the first one was refused by the server");
    for form in &tokens.asked {
        assert_eq!(
            (form["grant_type"].as_str(), form["scope"].as_str()),
            ("refresh_token", "mail")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_given_later_is_used_after_a_restart() {
    let provider = Provider::start().await;
    provider.tokens().rotates = true;
    let server = MailServer::start_with_tokens(provider.1).await;
    server.deliver("support", mail(1).as_bytes());
    let stack = Stack::on(folder(&server, &provider, ""), FakeTicketing::new()).await;
    read(&stack, 1).await;
    let stack = stack.restart().await;
    server.deliver("support", mail(2).as_bytes());
    assert_eq!(read(&stack, 2).await[1], "Text 2");
    let asked: Vec<String> = provider
        .tokens()
        .asked
        .iter()
        .map(|form| form["refresh_token"].clone())
        .collect();
    assert_eq!(asked, ["first refresh token", "refresh-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_any_more_is_told_in_a_word_and_loses_nothing() {
    let provider = Provider::start().await;
    provider.tokens().refresh = "another one".to_owned();
    let server = MailServer::start_with_tokens(provider.1).await;
    server.deliver("support", mail(1).as_bytes());
    let stack = Stack::on(folder(&server, &provider, ""), FakeTicketing::new()).await;
    wait_until(DEADLINE, "the refusal to be counted", || async {
        let metrics = vorrang_telemetry::prometheus_text();
        let mut lines = metrics.lines();
        lines.any(|line| line.starts_with("vorrang_ingestion_mailbox_failures") && line.contains("\"TOKEN_REFUSED\""))
    })
    .await;
    assert_eq!(stack.ticketing.tickets(), 0);
    provider.tokens().refresh = "first refresh token".to_owned();
    assert_eq!(read(&stack, 1).await, ["Text 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_go_out_by_a_token_too() {
    let provider = Provider::start().await;
    let mut server = MailServer::start_with_tokens(provider.1).await;
    server.start_smtp().await;
    let folder = folder(&server, &provider, &smtp(&server));
    let stack = on(folder, FakeTicketing::new(), vorrang_clock::system()).await;
    stack.ticketing.desk().say(message(1, actor::Kind::Agent, "eins"));
    assert_eq!(received(&server, 1).await.remove(0).text, "eins");
    // It is taken back: the next mail is refused once, and then goes with a new one.
    provider.tokens().good = "another".to_owned();
    let logs = server.logs();
    assert!(logs.contains("sasl_method=XOAUTH2"), "{logs}");
}
