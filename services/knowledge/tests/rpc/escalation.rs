use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use vorrang_api::ingestion::v1::{Contact, Outcome, PushResult};
use vorrang_api::knowledge::v1::escalate_session_request::Escalation;
use vorrang_api::knowledge::v1::session::State;
use vorrang_api::knowledge::v1::{EscalateSessionRequest, GetSessionRequest, Session, SolveSessionRequest};
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines, wait_until};

use crate::support::ticketing::{OTHER_TICKET, TICKET, TICKET_BY_NUMBER};
use crate::support::{Desk, refusal, session, violations};

fn contact(text: &str) -> Escalation {
    Escalation::Contact(Contact {
        text: text.into(),
        ..Contact::default()
    })
}

fn escalate(session: &Session, escalation: Escalation) -> EscalateSessionRequest {
    EscalateSessionRequest {
        request_id: String::new(),
        name: session.name.clone(),
        escalation: Some(escalation),
    }
}

fn created() -> PushResult {
    PushResult {
        outcome: Outcome::Created.into(),
        ticket: TICKET.into(),
        ..PushResult::default()
    }
}

both_engines! {
    async fn a_contact_is_pushed_once_and_its_ticket_linked(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut sessions = client.sessions();
        let session = session(&client).await;
        desk.ingestion.answers(created());
        let request = escalate(&session, contact("help"));
        let escalated = sessions.escalate_session(request.clone()).await.expect("escalates").into_inner();
        assert_eq!((escalated.state(), escalated.ticket.as_str()), (State::Escalated, TICKET));
        assert!(escalated.ended_at.is_some());
        assert_eq!(sessions.escalate_session(request).await.expect("is escalated").into_inner(), escalated);
        let again = escalate(&session, Escalation::Ticket(OTHER_TICKET.into()));
        let again = sessions.escalate_session(again).await.expect("is escalated").into_inner();
        assert_eq!(again.ticket, TICKET, "the first ticket stays");

        let pushed = desk.ingestion.pushed();
        assert_eq!(pushed.len(), 1);
        assert_eq!(pushed[0].0, "acme", "for the caller's tenant");
        assert_eq!(pushed[0].1.contact.as_ref().map(|contact| contact.text.as_str()), Some("help"));
        let answer = sessions.solve_session(SolveSessionRequest { name: session.name, ..Default::default() }).await;
        assert_eq!(refusal(answer), (Code::FailedPrecondition, "SESSION_ENDED".to_owned()));
    }

    async fn a_ticket_that_was_made_already_is_linked(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        for (given, linked) in [(OTHER_TICKET, OTHER_TICKET), (TICKET_BY_NUMBER, TICKET)] {
            let request = escalate(&session(&client).await, Escalation::Ticket(given.into()));
            let escalated = client.sessions().escalate_session(request).await.expect("escalates").into_inner();
            assert_eq!((escalated.state(), escalated.ticket.as_str()), (State::Escalated, linked));
        }
        assert!(desk.ingestion.pushed().is_empty());
    }

    async fn a_ticket_that_the_tenant_does_not_have_is_not_linked(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let missing = "tickets/01990000-0000-7000-8000-0000000000ff";
        for (tenant, ticket) in [("acme", missing), ("acme", "tickets/8"), ("other", TICKET), ("other", TICKET_BY_NUMBER)] {
            let client = desk.client(tenant).await;
            let mut sessions = client.sessions();
            let session = session(&client).await;
            let answer = sessions.escalate_session(escalate(&session, Escalation::Ticket(ticket.into()))).await;
            assert_eq!(refusal(answer), (Code::NotFound, "RESOURCE_NOT_FOUND".to_owned()), "{tenant} {ticket}");
            let read = sessions.get_session(GetSessionRequest { name: session.name }).await.expect("reads").into_inner();
            assert_eq!((read.state(), read.ticket.as_str()), (State::Started, ""));
        }
    }

    async fn a_push_that_failed_is_repeated_under_the_same_request_id(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut sessions = client.sessions();
        let session = session(&client).await;
        desk.ingestion.refuses(Status::unavailable("away"));
        let answer = sessions.escalate_session(escalate(&session, contact("help"))).await;
        assert_eq!(refusal(answer).0, Code::Unavailable);
        let name = session.name.clone();
        let still = sessions.get_session(GetSessionRequest { name }).await.expect("reads").into_inner();
        assert_eq!(still.state(), State::Started, "nothing was recorded");
        desk.ingestion.answers(created());
        sessions.escalate_session(escalate(&session, contact("help"))).await.expect("escalates");
        let pushed = desk.ingestion.pushed();
        assert_eq!(pushed.len(), 2);
        assert!(!pushed[0].1.request_id.is_empty());
        assert_eq!(pushed[0].1.request_id, pushed[1].1.request_id);
    }

    async fn what_ingestion_refuses_reaches_the_caller(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut sessions = client.sessions();
        let session = session(&client).await;
        let details = ErrorDetails::with_bad_request_violation("contact.identities", "must not be empty");
        desk.ingestion.refuses(Status::with_error_details(Code::InvalidArgument, "no", details));
        let answer = sessions.escalate_session(escalate(&session, contact("help"))).await;
        assert_eq!(violations(answer), ["contact.identities"]);
        let details = ErrorDetails::with_error_info("REQUEST_ID_REUSED", "vorrang.dev", HashMap::new());
        desk.ingestion.refuses(Status::with_error_details(Code::InvalidArgument, "no", details));
        let answer = sessions.escalate_session(escalate(&session, contact("something else"))).await;
        assert_eq!(violations(answer), ["contact"], "the caller never sent that request_id");

        let answer = sessions.escalate_session(EscalateSessionRequest::default()).await;
        assert_eq!(violations(answer), ["name", "escalation"]);
        for wrong in ["7", "tickets/07", "articles/7"] {
            let answer = sessions.escalate_session(escalate(&session, Escalation::Ticket(wrong.into()))).await;
            assert_eq!(violations(answer), ["ticket"], "{wrong}");
        }
    }

    async fn a_solved_session_pushes_nothing(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut sessions = client.sessions();
        let session = session(&client).await;
        let name = session.name.clone();
        sessions.solve_session(SolveSessionRequest { name, ..Default::default() }).await.expect("solves");
        let answer = sessions.escalate_session(escalate(&session, contact("help"))).await;
        assert_eq!(refusal(answer), (Code::FailedPrecondition, "SESSION_ENDED".to_owned()));
        assert!(desk.ingestion.pushed().is_empty());
    }

    async fn a_ticket_that_comes_later_is_linked_later(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let session = session(&client).await;
        desk.ingestion.answers(PushResult {
            outcome: Outcome::Accepted.into(),
            receipt: "receipts/01990000-0000-7000-8000-00000000000c".into(),
            ..PushResult::default()
        });
        let request = escalate(&session, contact("help"));
        let escalated = client.sessions().escalate_session(request).await.expect("escalates").into_inner();
        assert_eq!((escalated.state(), escalated.ticket.as_str()), (State::Escalated, ""));
        desk.ingestion.delivers(created());
        wait_until(DEADLINE, "the ticket is linked", || async {
            let request = GetSessionRequest { name: session.name.clone() };
            let read = client.sessions().get_session(request).await.expect("reads").into_inner();
            read.ticket == TICKET
        })
        .await;
    }
}
