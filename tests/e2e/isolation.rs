//! Who may call what, for every method there is: generated from the contracts, so that a new method without a line in
//! [`REQUESTS`] fails a test instead of going unchecked.

use std::collections::HashMap;

use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use vorrang_api::ingestion::v1::{Contact, Outcome, PushEmailRequest, PushTicketRequest, Source};
use vorrang_api::knowledge::v1::{Article, CreateArticleRequest, PublishArticleRequest, StartSessionRequest};
use vorrang_api::routing::v1::{Agent, CreateAgentRequest};
use vorrang_api::ticketing::v1::{Identity, identity};
use vorrang_client::Client;
use vorrang_identity::Scope;

use crate::dynamic::{call, methods, name, scope};
use crate::stack::Stack;

/// What becomes of a call with another tenant's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// NOT_FOUND, as for an id that never was.
    NotFound,
    /// Whatever it is, nothing of the other tenant's.
    NothingOfTheirs,
    /// No API key may call it at all.
    Refused,
}

use Then::{NotFound, NothingOfTheirs, Refused};

/// For each method a valid request with the other tenant's ids in every place that takes one.
const REQUESTS: &[(&str, &str, Then)] = &[
    ("analytics.v1.KpiService/ListKpis", "{}", NothingOfTheirs),
    (
        "analytics.v1.KpiService/QueryKpis",
        r#"{"kpis": ["tickets_created"], "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "dimensions": ["agent"],
            "filters": [{"dimension": "agent", "values": ["{agent}"]}]}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.IngestionService/PushTicket",
        r#"{"contact": {"external_id": "theirs-1", "conversation_id": "theirs-1", "channel": "CHANNEL_CHAT", "text": "hello",
            "identities": [{"kind": "KIND_EMAIL", "value": "theirs@example.org", "verified": true}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.IngestionService/PushTickets",
        r#"{"contact": {"external_id": "theirs-1", "conversation_id": "theirs-1", "channel": "CHANNEL_CHAT", "text": "hello",
            "identities": [{"kind": "KIND_EMAIL", "value": "theirs@example.org", "verified": true}]}}"#,
        NothingOfTheirs,
    ),
    // A reply to their mail: `In-Reply-To: <theirs@example.org>`.
    (
        "ingestion.v1.IngestionService/PushEmail",
        r#"{"raw": "RnJvbTogdGhlaXJzQGV4YW1wbGUub3JnClN1YmplY3Q6IFJlOiBoZWxsbwpJbi1SZXBseS1UbzogPHRoZWlyc0BleGFtcGxlLm9yZz4KCmhlbGxvCg=="}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.IngestionService/GetReceipt",
        r#"{"name": "receipts/{uuid}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.QuarantineService/ListQuarantineItems",
        "{}",
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.QuarantineService/GetQuarantineItem",
        r#"{"name": "{quarantine_item}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.QuarantineService/RetryQuarantineItem",
        r#"{"name": "{quarantine_item}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.QuarantineService/DiscardQuarantineItem",
        r#"{"name": "{quarantine_item}"}"#,
        NotFound,
    ),
    (
        "ingestion.v1.SourceService/CreateSource",
        r#"{"source": {"preset": "chatwoot"}}"#,
        NothingOfTheirs,
    ),
    (
        "ingestion.v1.SourceService/GetSource",
        r#"{"name": "{source}"}"#,
        NotFound,
    ),
    ("ingestion.v1.SourceService/ListSources", "{}", NothingOfTheirs),
    (
        "ingestion.v1.SourceService/UpdateSource",
        r#"{"source": {"name": "{source}", "disabled": true}, "update_mask": "disabled"}"#,
        NotFound,
    ),
    ("ingestion.v1.SourceService/ListPresets", "{}", NothingOfTheirs),
    (
        "knowledge.v1.ArticleService/CreateArticle",
        r#"{"article": {"locale": "en", "title": "Ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "knowledge.v1.ArticleService/GetArticle",
        r#"{"name": "{article}"}"#,
        NotFound,
    ),
    ("knowledge.v1.ArticleService/ListArticles", "{}", NothingOfTheirs),
    (
        "knowledge.v1.ArticleService/UpdateArticle",
        r#"{"article": {"name": "{article}", "title": "Taken"}, "update_mask": "title"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.ArticleService/PublishArticle",
        r#"{"name": "{article}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.ArticleService/UnpublishArticle",
        r#"{"name": "{article}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.ArticleService/SearchArticles",
        r#"{"query": "{canary}"}"#,
        NothingOfTheirs,
    ),
    (
        "knowledge.v1.FeedService/Follow",
        r#"{"start": "START_POINT_BEGINNING"}"#,
        NothingOfTheirs,
    ),
    ("knowledge.v1.FeedService/GetHead", "{}", NothingOfTheirs),
    (
        "knowledge.v1.SessionService/StartSession",
        r#"{"session": {"place": "ours"}}"#,
        NothingOfTheirs,
    ),
    (
        "knowledge.v1.SessionService/GetSession",
        r#"{"name": "{session}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/RecordView",
        r#"{"name": "{session}", "article": "{article}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/SolveSession",
        r#"{"name": "{session}"}"#,
        NotFound,
    ),
    (
        "knowledge.v1.SessionService/EscalateSession",
        r#"{"name": "{session}", "ticket": "{ticket}"}"#,
        NotFound,
    ),
    (
        "routing.v1.AgentService/CreateAgent",
        r#"{"agent_id": "ours", "agent": {"display_name": "Ours"}}"#,
        NothingOfTheirs,
    ),
    ("routing.v1.AgentService/GetAgent", r#"{"name": "{agent}"}"#, NotFound),
    ("routing.v1.AgentService/ListAgents", "{}", NothingOfTheirs),
    (
        "routing.v1.AgentService/UpdateAgent",
        r#"{"agent": {"name": "{agent}", "team": "taken"}, "update_mask": "team"}"#,
        NotFound,
    ),
    ("routing.v1.AgentService/GetRoutingPolicy", "{}", NothingOfTheirs),
    (
        "routing.v1.AgentService/UpdateRoutingPolicy",
        r#"{"routing_policy": {"classes": [{"id": "all", "target": "60s"}]}}"#,
        NothingOfTheirs,
    ),
    (
        "routing.v1.FeedService/Follow",
        r#"{"start": "START_POINT_BEGINNING"}"#,
        NothingOfTheirs,
    ),
    ("routing.v1.FeedService/GetHead", "{}", NothingOfTheirs),
    ("routing.v1.QueueService/GetQueueStats", "{}", NothingOfTheirs),
    ("routing.v1.QueueService/PeekQueue", "{}", NothingOfTheirs),
    (
        "routing.v1.WorkService/Work",
        r#"{"hello": {"agent": "{agent}", "capacities": [{"channel": "CHANNEL_CHAT", "max_concurrent": 1}]}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/CreateCustomer",
        r#"{"customer": {"identities": [{"kind": "KIND_EMAIL", "value": "ours@example.org"}]}}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.CustomerService/GetCustomer",
        r#"{"name": "{customer}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.CustomerService/LookupCustomer",
        r#"{"identity": {"kind": "KIND_EMAIL", "value": "only-theirs@example.org"}}"#,
        NotFound,
    ),
    ("ticketing.v1.CustomerService/ListCustomers", "{}", NothingOfTheirs),
    (
        "ticketing.v1.CustomerService/UpdateCustomer",
        r#"{"customer": {"name": "{customer}", "tier": "vip"}, "update_mask": "tier"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.FeedService/Follow",
        r#"{"start": "START_POINT_BEGINNING"}"#,
        NothingOfTheirs,
    ),
    ("ticketing.v1.FeedService/GetHead", "{}", NothingOfTheirs),
    ("ticketing.v1.InternalService/RecordContacts", "{}", Refused),
    (
        "ticketing.v1.InternalService/AcceptTicket",
        r#"{"name": "{ticket}", "agent": "{agent}", "generation": "1"}"#,
        Refused,
    ),
    ("ticketing.v1.InternalService/ListTenants", "{}", Refused),
    ("ticketing.v1.InternalService/ListQueuedTickets", "{}", Refused),
    (
        "ticketing.v1.TicketService/CreateTicket",
        r#"{"ticket": {"customer": "{customer}", "subject": "taken"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/GetTicket",
        r#"{"name": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/ListTickets",
        r#"{"customer": "{customer}"}"#,
        NothingOfTheirs,
    ),
    (
        "ticketing.v1.TicketService/UpdateTicket",
        r#"{"ticket": {"name": "{ticket}", "subject": "taken"}, "update_mask": "subject"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/ChangeTicketState",
        r#"{"name": "{ticket}", "state": "STATE_SOLVED"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/AssignTicket",
        r#"{"name": "{ticket}", "agent": "{agent}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/CreateMessage",
        r#"{"parent": "{ticket}", "message": {"actor": {"kind": "KIND_AGENT", "id": "{agent}"}, "text": "taken"}}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/ListMessages",
        r#"{"parent": "{ticket}"}"#,
        NotFound,
    ),
    (
        "ticketing.v1.TicketService/AnswerSurvey",
        r#"{"ticket": "{ticket}", "survey": "csat", "score": 1}"#,
        NotFound,
    ),
];

/// Stands in everything that the other tenant has, and must never be seen.
const CANARY: &str = "kolibri";

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
        let Some((_, request, then)) = REQUESTS.iter().find(|(method, _, _)| *method == short) else {
            findings.push(format!("{full} has no line in REQUESTS: add one"));
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
        if *then == NotFound {
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

/// Names of everything that the other tenant has.
struct Theirs(HashMap<&'static str, String>);

impl Theirs {
    /// Names that nobody has.
    fn nobody() -> Self {
        let uuid = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let name = |collection: &str| format!("{collection}/{uuid}");
        Self(HashMap::from([
            ("ticket", name("tickets")),
            ("customer", name("customers")),
            ("article", name("articles")),
            ("session", name("sessions")),
            ("quarantine_item", name("quarantineItems")),
            ("source", "sources/nobodys".to_owned()),
            ("agent", "agents/nobodys".to_owned()),
        ]))
    }

    fn fill_in(&self, request: &str) -> String {
        let mut request = request
            .replace("{canary}", CANARY)
            .replace("{uuid}", &uuid::Uuid::nil().to_string());
        for (place, name) in &self.0 {
            request = request.replace(&format!("{{{place}}}"), name);
        }
        request
    }

    /// Whether an answer has anything of theirs in it.
    fn is_in(&self, answer: &[u8]) -> bool {
        let text = String::from_utf8_lossy(answer);
        // The agent's id is a word that everybody may choose; what is secret about it is its display name.
        let names = self.0.iter().filter(|(place, _)| **place != "agent");
        text.contains(&format!("{CANARY} secret")) || names.into_iter().any(|(_, name)| text.contains(name.as_str()))
    }
}

/// Gives a tenant one of everything.
async fn fill(client: &Client) -> Theirs {
    let secret = format!("{CANARY} secret");
    let agent = CreateAgentRequest {
        agent_id: "kolibri-agent".to_owned(),
        agent: Some(Agent {
            display_name: secret.clone(),
            ..Agent::default()
        }),
        ..CreateAgentRequest::default()
    };
    let agent = client
        .agents()
        .create_agent(agent)
        .await
        .expect("an agent")
        .into_inner()
        .name;

    let identity = |value: &str| Identity {
        kind: identity::Kind::Email.into(),
        value: value.to_owned(),
        verified: true,
    };
    let contact = Contact {
        external_id: "theirs-1".to_owned(),
        conversation_id: "theirs-1".to_owned(),
        identities: vec![identity("theirs@example.org"), identity("only-theirs@example.org")],
        display_name: secret.clone(),
        subject: secret.clone(),
        text: secret.clone(),
        ..Contact::default()
    };
    let request = PushTicketRequest {
        contact: Some(contact),
        ..PushTicketRequest::default()
    };
    let pushed = client
        .ingestion()
        .push_ticket(request)
        .await
        .expect("a ticket")
        .into_inner()
        .result
        .expect("a result");

    let mail = format!("From: theirs@example.org\nMessage-ID: <theirs@example.org>\nSubject: {secret}\n\n{secret}\n");
    let request = PushEmailRequest {
        raw: mail.into_bytes().into(),
        ..PushEmailRequest::default()
    };
    client.ingestion().push_email(request).await.expect("a mail");
    let request = PushEmailRequest {
        raw: (&b"\0\x01 no mail"[..]).into(),
        ..PushEmailRequest::default()
    };
    let quarantined = client
        .ingestion()
        .push_email(request)
        .await
        .expect("an answer")
        .into_inner()
        .result;
    let quarantined = quarantined.expect("a result");
    assert_eq!(Outcome::Quarantined, quarantined.outcome());

    let source = Source {
        preset: "chatwoot".to_owned(),
        display_name: secret.clone(),
        ..Source::default()
    };
    let request = vorrang_api::ingestion::v1::CreateSourceRequest {
        source: Some(source),
        ..Default::default()
    };
    let source = client
        .sources()
        .create_source(request)
        .await
        .expect("a source")
        .into_inner()
        .name;

    let article = Article {
        locale: "en".to_owned(),
        title: secret.clone(),
        body: secret.clone(),
        ..Article::default()
    };
    let request = CreateArticleRequest {
        article: Some(article),
        ..CreateArticleRequest::default()
    };
    let article = client
        .articles()
        .create_article(request)
        .await
        .expect("an article")
        .into_inner()
        .name;
    let request = PublishArticleRequest {
        name: article.clone(),
        ..PublishArticleRequest::default()
    };
    client.articles().publish_article(request).await.expect("is published");

    let session = client
        .sessions()
        .start_session(StartSessionRequest::default())
        .await
        .expect("a session")
        .into_inner()
        .name;
    Theirs(HashMap::from([
        ("ticket", pushed.ticket),
        ("customer", pushed.customer),
        ("quarantine_item", quarantined.quarantine_item),
        ("source", source),
        ("agent", agent),
        ("article", article),
        ("session", session),
    ]))
}
