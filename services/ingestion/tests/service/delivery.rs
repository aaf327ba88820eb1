//! What waits in the inbox against a ticketing that is there, and takes some things and not others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tonic::{Code, Request, Response, Status};
use vorrang_api::ingestion::v1::{Outcome, PushTicketsRequest, receipt};
use vorrang_api::ticketing::v1::internal_service_server::{InternalService, InternalServiceServer};
use vorrang_api::ticketing::v1::{
    AcceptTicketRequest, FindHistoryRequest, FindHistoryResponse, InboundContact, ListQueuedTicketsRequest,
    ListQueuedTicketsResponse, ListTenantsRequest, ListTenantsResponse, RecordContactsRequest, RecordContactsResponse,
    RecordHistoryRequest, RecordHistoryResponse, Ticket,
};
use vorrang_service::{Bind, Bound, Config, Context, Suite, configured};
use vorrang_testkit::{DEADLINE, data_folder, wait_until};

use crate::stack::{Stack, TENANT, contact};
use crate::ticketing::{FakeTicketing, Mode};

/// A tenant whose contacts ticketing does not take.
const BUSY: &str = "busy";

/// What ticketing does with a whole call.
enum Verdict {
    Take,
    Refuse(Code),
    Hang,
}

type Rule = fn(&str, &[InboundContact]) -> Verdict;

/// Ticketing that treats whole calls by a rule, as soon as it is [`Fussy::open`].
#[derive(Clone)]
struct Fussy {
    ticketing: FakeTicketing,
    open: Arc<AtomicBool>,
    rule: Rule,
}

impl Fussy {
    /// Ingestion with a ticketing that is down.
    async fn stack(rule: Rule) -> (Stack, Self) {
        let fussy = Self {
            ticketing: FakeTicketing::new(),
            open: Arc::default(),
            rule,
        };
        fussy.ticketing.set(Mode::Down);
        let folder = data_folder();
        let service = fussy.clone();
        let ticketing = Bind::new("ticketing", move |context: Context| async move {
            Ok(Bound::new("ticketing").grpc(configured!(InternalServiceServer::new(service), context)))
        });
        let services = vec![Bind::new("ingestion", vorrang_ingestion::bind), ticketing];
        let running = Suite::start(Config::local(folder.path()), vorrang_clock::system(), services)
            .await
            .expect("starts");
        let stack = Stack {
            running,
            ticketing: fussy.ticketing.clone(),
            folder,
        };
        (stack, fussy)
    }

    /// From now on the rule decides.
    fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
        self.ticketing.set(Mode::Up);
    }
}

#[tonic::async_trait]
impl InternalService for Fussy {
    async fn record_contacts(
        &self,
        request: Request<RecordContactsRequest>,
    ) -> Result<Response<RecordContactsResponse>, Status> {
        if self.open.load(Ordering::SeqCst) {
            let tenant = vorrang_service::tenant(&request).map_err(vorrang_service::status)?;
            match (self.rule)(&tenant, &request.get_ref().contacts) {
                Verdict::Take => {}
                Verdict::Refuse(code) => return Err(Status::new(code, "not these")),
                Verdict::Hang => std::future::pending().await,
            }
        }
        self.ticketing.record_contacts(request).await
    }

    async fn record_history(
        &self,
        _: Request<RecordHistoryRequest>,
    ) -> Result<Response<RecordHistoryResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn find_history(&self, _: Request<FindHistoryRequest>) -> Result<Response<FindHistoryResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn accept_ticket(&self, _: Request<AcceptTicketRequest>) -> Result<Response<Ticket>, Status> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn list_queued_tickets(
        &self,
        _: Request<ListQueuedTicketsRequest>,
    ) -> Result<Response<ListQueuedTicketsResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }

    async fn list_tenants(&self, _: Request<ListTenantsRequest>) -> Result<Response<ListTenantsResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }
}

/// Pushes while ticketing is down, and gives the names of the receipts.
async fn park(stack: &Stack, tenant: &str, texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let items: Vec<PushTicketsRequest> = texts
        .into_iter()
        .enumerate()
        .map(|(n, text)| PushTicketsRequest {
            request_id: format!("r{n}"),
            contact: Some(contact(&text)),
            ..PushTicketsRequest::default()
        })
        .collect();
    let mut client = stack.pushes(tenant);
    let mut answers = client
        .push_tickets(futures::stream::iter(items))
        .await
        .expect("begins")
        .into_inner();
    let mut receipts = Vec::new();
    while let Some(answer) = answers.message().await.expect("answers") {
        use vorrang_api::ingestion::v1::push_tickets_response::Answer;
        match answer.answer.expect("an answer") {
            Answer::Result(result) => {
                assert_eq!(result.outcome(), Outcome::Accepted);
                receipts.push(result.receipt);
            }
            Answer::Error(error) => panic!("{}", error.message),
        }
    }
    receipts
}

fn has(contacts: &[InboundContact], text: &str) -> bool {
    contacts
        .iter()
        .any(|contact| contact.message.as_ref().is_some_and(|message| message.text == text))
}

/// Together they are more than a server takes in one call.
#[tokio::test]
async fn many_large_contacts_leave_the_inbox_and_so_do_those_behind_them() {
    let stack = Stack::start().await;
    stack.ticketing.set(Mode::Down);
    let large = (0..20).map(|n| format!("{n} {}", "x".repeat((1 << 20) - 10)));
    let small = (20..25).map(|n| n.to_string());
    let receipts = park(&stack, TENANT, large.chain(small)).await;
    stack.ticketing.set(Mode::Up);
    for receipt in &receipts {
        assert_eq!(stack.delivered(receipt).await.outcome(), Outcome::Created);
    }
    assert_eq!(stack.ticketing.tickets(), 25);
}

async fn one_that_spoils_its_batch_waits_alone(rule: Rule) {
    let (stack, ticketing) = Fussy::stack(rule).await;
    let mut texts: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    texts.insert(33, "poison".to_owned());
    let receipts = park(&stack, TENANT, texts).await;
    ticketing.open();
    for (n, receipt) in receipts.iter().enumerate() {
        if n != 33 {
            assert_eq!(stack.delivered(receipt).await.outcome(), Outcome::Created);
        }
    }
    let poison = stack.receipt(&receipts[33]).await;
    assert_eq!(poison.state(), receipt::State::Pending, "it is never given up");
    wait_until(DEADLINE, "the one alone to count as tried", || async {
        stack.receipt(&receipts[33]).await.attempts > 0
    })
    .await;
}

#[tokio::test]
async fn one_that_ticketing_fails_over_waits_alone() {
    one_that_spoils_its_batch_waits_alone(|_, contacts| match has(contacts, "poison") {
        true => Verdict::Refuse(Code::Internal),
        false => Verdict::Take,
    })
    .await;
}

#[tokio::test]
async fn one_that_no_call_can_hold_waits_alone() {
    one_that_spoils_its_batch_waits_alone(|_, contacts| match has(contacts, "poison") {
        true => Verdict::Refuse(Code::OutOfRange),
        false => Verdict::Take,
    })
    .await;
}

#[tokio::test]
async fn one_that_takes_ticketing_too_long_waits_alone() {
    one_that_spoils_its_batch_waits_alone(|_, contacts| match has(contacts, "poison") {
        true => Verdict::Refuse(Code::DeadlineExceeded),
        false => Verdict::Take,
    })
    .await;
}

/// Otherwise the first thing that is wrong with a contact itself would make it wait for minutes.
#[tokio::test]
async fn an_outage_does_not_count_as_tries() {
    let (stack, ticketing) = Fussy::stack(|_, _| Verdict::Take).await;
    let receipts = park(&stack, TENANT, ["Hallo".to_owned()]).await;
    let before = ticketing.ticketing.calls();
    wait_until(DEADLINE, "three tries in vain", || async {
        ticketing.ticketing.calls() >= before + 3
    })
    .await;
    assert_eq!(stack.receipt(&receipts[0]).await.attempts, 0);
    ticketing.open();
    stack.delivered(&receipts[0]).await;
    assert_eq!(stack.receipt(&receipts[0]).await.attempts, 1);
}

async fn a_tenant_holds_up_no_other(rule: Rule) {
    let (stack, ticketing) = Fussy::stack(rule).await;
    park(&stack, BUSY, (0..450).map(|n| n.to_string())).await;
    let own = park(&stack, TENANT, ["Hallo".to_owned()]).await;
    ticketing.open();
    assert_eq!(stack.delivered(&own[0]).await.outcome(), Outcome::Created);
}

#[tokio::test]
async fn a_tenant_at_its_limit_holds_up_no_other() {
    a_tenant_holds_up_no_other(|tenant, _| match tenant {
        BUSY => Verdict::Refuse(Code::ResourceExhausted),
        _ => Verdict::Take,
    })
    .await;
}

#[tokio::test]
async fn a_tenant_for_which_ticketing_hangs_holds_up_no_other() {
    a_tenant_holds_up_no_other(|tenant, _| match tenant {
        BUSY => Verdict::Hang,
        _ => Verdict::Take,
    })
    .await;
}
