//! Real requests to the page, on both engines, in both languages.

mod answers;
mod looks;

use axum::Router;
use axum::body::{Body, to_bytes};
use chrono::TimeDelta;
use http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;
use vorrang_api::ticketing::v1 as pb;
use vorrang_service::{Config, Rate};
use vorrang_testkit::TestDatabase;

use super::*;
use crate::rpc::tests::{Fixture, acme, links};

/// A desk with its page.
struct Door {
    desk: Fixture,
    router: Router,
}

/// What a browser gets.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Door {
    async fn new(db: &TestDatabase) -> Self {
        Self::with(db, |_| {}).await
    }

    async fn with(db: &TestDatabase, change: impl FnOnce(&mut vorrang_service::LimitsConfig)) -> Self {
        Self::of(Fixture::new(db).await, change)
    }

    fn of(desk: Fixture, change: impl FnOnce(&mut vorrang_service::LimitsConfig)) -> Self {
        let mut limits = Config::defaults().limits;
        change(&mut limits);
        let router = routes(Pages {
            store: desk.app.store.clone(),
            links: links(),
            clock: desk.clock.shared(),
            rate: Rate::new(&limits),
        });
        Self { desk, router }
    }

    /// A solved ticket of a customer who speaks `language`, and the path of its invitation.
    async fn invited(&self, language: &str) -> (pb::Ticket, String) {
        let customer = self
            .desk
            .customer(&format!("{}@example.org", uuid::Uuid::new_v4()))
            .await;
        let ticket = pb::Ticket {
            customer: customer.name,
            language: language.into(),
            subject: "A secret subject".into(),
            ..pb::Ticket::default()
        };
        let request = pb::CreateTicketRequest {
            ticket: Some(ticket),
            ..pb::CreateTicketRequest::default()
        };
        let ticket = crate::rpc::create_ticket::handle(&self.desk.app, acme(request))
            .await
            .expect("opens");
        let ticket = self.desk.solve(&ticket).await;
        let sent = self.desk.sent().await.pop().expect("sent");
        (ticket, path(&sent))
    }

    async fn ask(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.expect("a body");
        Got {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
        }
    }

    async fn get(&self, path: &str, language: &str) -> Got {
        self.ask(request("GET", path, language, Body::empty())).await
    }

    async fn post(&self, path: &str, form: &str) -> Got {
        self.ask(request("POST", path, "en", Body::from(form.to_owned()))).await
    }

    async fn answers(&self) -> Vec<pb::SurveyAnswer> {
        let request = acme(pb::ListSurveyAnswersRequest::default());
        let listed = crate::rpc::list_survey_answers::handle(&self.desk.app, request)
            .await
            .expect("a list");
        listed.survey_answers
    }

    fn wait(&self, span: TimeDelta) {
        self.desk.clock.advance(span);
    }
}

fn request(method: &str, path: &str, language: &str, body: Body) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    if !language.is_empty() {
        builder = builder.header("accept-language", language);
    }
    builder
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .expect("a request")
}

/// The path of an invitation, as a browser asks for it.
fn path(sending: &pb::SurveySending) -> String {
    let url = &sending.invitation.as_ref().expect("sent").url;
    url.strip_prefix("https://help.example.com")
        .expect("our address")
        .to_owned()
}
