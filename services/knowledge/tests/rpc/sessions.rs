use tonic::Code;
use vorrang_api::knowledge::v1::session::State;
use vorrang_api::knowledge::v1::{
    CreateArticleRequest, GetSessionRequest, RecordViewRequest, Session, SolveSessionRequest, StartSessionRequest,
};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Desk, draft, publish, refusal, session, violations};

both_engines! {
    async fn a_customer_reads_and_is_helped(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let article = publish(&client, draft("en", "Returns", "14 days")).await;
        let mut sessions = client.sessions();
        let customer = "customers/01990000-0000-7000-8000-000000000001".to_owned();
        let start = StartSessionRequest {
            request_id: "r1".into(),
            session: Some(Session {
                customer: customer.clone(),
                place: "help-center".into(),
                locale: "en-GB".into(),
                search_count: 99,
                ..Session::default()
            }),
        };
        let started = sessions.start_session(start.clone()).await.expect("starts").into_inner();
        assert_eq!(sessions.start_session(start).await.expect("repeats").into_inner(), started);
        assert_eq!((started.state(), started.search_count), (State::Started, 0), "output-only fields are ignored");
        assert_eq!((started.customer.as_str(), started.locale.as_str()), (customer.as_str(), "en-gb"));

        let name = started.name;
        let view = RecordViewRequest { request_id: "v1".into(), name: name.clone(), article: article.name };
        sessions.record_view(view.clone()).await.expect("records");
        let viewed = sessions.record_view(view).await.expect("repeats").into_inner();
        assert_eq!(viewed.view_count, 1, "a repeat is no second view");

        let solve = SolveSessionRequest { request_id: String::new(), name: name.clone() };
        let solved = sessions.solve_session(solve.clone()).await.expect("solves").into_inner();
        assert_eq!(solved.state(), State::Solved);
        assert!(solved.ended_at.is_some());
        assert_eq!(sessions.solve_session(solve).await.expect("is solved").into_inner(), solved);
        let read = sessions.get_session(GetSessionRequest { name }).await.expect("reads").into_inner();
        assert_eq!(read, solved);
    }

    async fn only_what_is_published_can_be_read(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let session = session(&client).await;
        let request = CreateArticleRequest { request_id: String::new(), article: Some(draft("en", "Secret", "x")) };
        let article = client.articles().create_article(request).await.expect("creates").into_inner();
        let view = RecordViewRequest { name: session.name, article: article.name, ..RecordViewRequest::default() };
        let answer = client.sessions().record_view(view).await;
        assert_eq!(refusal(answer), (Code::FailedPrecondition, "ARTICLE_NOT_PUBLISHED".to_owned()));
    }

    async fn what_is_wrong_with_a_session_is_named(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut sessions = client.sessions();
        let wrong = Session { customer: "me".into(), place: "x".repeat(101), locale: "?".into(), ..Session::default() };
        let answer = sessions.start_session(StartSessionRequest { session: Some(wrong), ..Default::default() }).await;
        assert_eq!(violations(answer), ["session.customer", "session.place", "session.locale"]);
        let answer = sessions.record_view(RecordViewRequest::default()).await;
        assert_eq!(violations(answer), ["name", "article"]);
        let missing = "sessions/01990000-0000-7000-8000-000000000001".to_owned();
        let answer = sessions.get_session(GetSessionRequest { name: missing }).await;
        assert_eq!(refusal(answer), (Code::NotFound, "RESOURCE_NOT_FOUND".to_owned()));
    }
}
