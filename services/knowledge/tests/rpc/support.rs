//! A running knowledge service.

pub mod ticketing;

use std::sync::{Arc, Mutex};

use futures::stream::BoxStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::ingestion_service_server::{IngestionService, IngestionServiceServer};
use vorrang_api::ingestion::v1::{
    GetReceiptRequest, PushEmailRequest, PushEmailResponse, PushResult, PushTicketRequest, PushTicketResponse,
    PushTicketsRequest, PushTicketsResponse, Receipt, receipt,
};
use vorrang_api::knowledge::v1::{Article, CreateArticleRequest, PublishArticleRequest, Session, StartSessionRequest};
use vorrang_api::ticketing::v1::ticket_service_server::TicketServiceServer;
use vorrang_client::Client;
use vorrang_identity::{NewKey, Scope, Scopes, Tenant};
use vorrang_service::{Bind, Bound, Config, Context, Running, Suite, caller, configured, status};
use vorrang_testkit::{DataFolder, TestDatabase, data_folder};

/// What the fake ingestion was asked, and what it answers.
#[derive(Clone, Default)]
pub struct Ingestion(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    pushed: Vec<(String, PushTicketRequest)>,
    answer: PushResult,
    refusal: Option<Status>,
    delivered: Option<PushResult>,
}

impl Ingestion {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panicked in here")
    }

    /// Every push: the tenant it was for, and the request.
    pub fn pushed(&self) -> Vec<(String, PushTicketRequest)> {
        self.state().pushed.clone()
    }

    pub fn answers(&self, answer: PushResult) {
        let mut state = self.state();
        state.answer = answer;
        state.refusal = None;
    }

    pub fn refuses(&self, refusal: Status) {
        self.state().refusal = Some(refusal);
    }

    pub fn delivers(&self, result: PushResult) {
        self.state().delivered = Some(result);
    }
}

#[tonic::async_trait]
impl IngestionService for Ingestion {
    async fn push_ticket(&self, request: Request<PushTicketRequest>) -> Result<Response<PushTicketResponse>, Status> {
        let tenant = match &caller(&request).map_err(status)?.tenant {
            Tenant::One(tenant) => tenant.clone(),
            Tenant::All => "*".to_owned(),
        };
        let mut state = self.state();
        state.pushed.push((tenant, request.into_inner()));
        match &state.refusal {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(Response::new(PushTicketResponse {
                result: Some(state.answer.clone()),
            })),
        }
    }

    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Result<Response<Receipt>, Status> {
        let result = self.state().delivered.clone();
        let state = if result.is_some() {
            receipt::State::Delivered
        } else {
            receipt::State::Pending
        };
        let name = request.into_inner().name;
        Ok(Response::new(Receipt {
            name,
            state: state.into(),
            result,
            ..Receipt::default()
        }))
    }

    type PushTicketsStream = BoxStream<'static, Result<PushTicketsResponse, Status>>;

    async fn push_tickets(
        &self,
        _: Request<Streaming<PushTicketsRequest>>,
    ) -> Result<Response<Self::PushTicketsStream>, Status> {
        panic!("knowledge pushes one contact at a time")
    }

    async fn push_email(&self, _: Request<PushEmailRequest>) -> Result<Response<PushEmailResponse>, Status> {
        panic!("knowledge pushes no mails")
    }
}

/// A running service with its ingestion.
pub struct Desk {
    pub running: Running,
    pub ingestion: Ingestion,
    _folder: DataFolder,
}

impl Desk {
    /// Knowledge on `db`.
    pub async fn start(db: &TestDatabase) -> Self {
        let folder = data_folder();
        let mut config = Config::local(folder.path());
        config.knowledge.database_url = db.url().to_owned();
        let database = vorrang_database::Database::connect(db.url()).await.expect("connects");
        database
            .migrate::<vorrang_knowledge::Migrator>()
            .await
            .expect("migrates");
        database.close().await.expect("closes");
        let ingestion = Ingestion::default();
        let fake = ingestion.clone();
        let services = vec![
            Bind::new("knowledge", vorrang_knowledge::bind),
            Bind::new("ingestion", move |context: Context| async move {
                Ok(Bound::new("ingestion").grpc(configured!(IngestionServiceServer::new(fake), context)))
            }),
            Bind::new("ticketing", |context: Context| async move {
                let fake = TicketServiceServer::new(ticketing::Ticketing);
                Ok(Bound::new("ticketing").grpc(configured!(fake, context)))
            }),
        ];
        let running = Suite::start(config, vorrang_clock::system(), services)
            .await
            .expect("starts");
        Self {
            running,
            ingestion,
            _folder: folder,
        }
    }

    /// A client of `tenant` that may do everything a customer's machine may.
    pub async fn client(&self, tenant: &str) -> Client {
        let new = NewKey {
            tenant: tenant.to_owned(),
            label: "test".to_owned(),
            scopes: Scopes::of(&[Scope::Admin]),
            expires_at: None,
        };
        let (_, text) = self.running.context().keys.create(new).await.expect("creates a key");
        Client::connect(&self.running.url(), &text).await.expect("connects")
    }
}

/// An article with nothing but a text.
pub fn draft(locale: &str, title: &str, body: &str) -> Article {
    Article {
        locale: locale.into(),
        title: title.into(),
        body: body.into(),
        ..Article::default()
    }
}

/// Writes and publishes an article.
pub async fn publish(client: &Client, article: Article) -> Article {
    let request = CreateArticleRequest {
        request_id: String::new(),
        article: Some(article),
    };
    let article = client
        .articles()
        .create_article(request)
        .await
        .expect("creates")
        .into_inner();
    let request = PublishArticleRequest {
        name: article.name,
        ..PublishArticleRequest::default()
    };
    client
        .articles()
        .publish_article(request)
        .await
        .expect("publishes")
        .into_inner()
}

/// Starts a session of an unknown customer.
pub async fn session(client: &Client) -> Session {
    client
        .sessions()
        .start_session(StartSessionRequest::default())
        .await
        .expect("starts")
        .into_inner()
}

/// Code and reason of a failed call.
#[track_caller]
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("must be refused");
    (status.code(), vorrang_service::reason(&status).unwrap_or_default())
}

/// The fields that a call was refused for.
#[track_caller]
pub fn violations<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("must be refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let bad = details.bad_request().expect("says which fields");
    bad.field_violations.iter().map(|one| one.field.clone()).collect()
}
