//! The main job, from door to figure, on both kinds of stores.

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_api::analytics::v1::{KpiRow, QueryKpisRequest};
use vorrang_api::feed::v1::{Actor, FollowRequest, StartPoint, actor};
use vorrang_api::ingestion::v1::{
    Contact, Outcome, PushEmailRequest, PushResult, PushTicketRequest, PushTicketsRequest,
};
use vorrang_api::knowledge::v1::{SolveSessionRequest, StartSessionRequest};
use vorrang_api::routing::v1::GetQueueStatsRequest;
use vorrang_api::ticketing::v1::{
    AnswerSurveyRequest, Channel, CreateMessageRequest, Identity, Message, identity, ticket,
};
use vorrang_client::Client;
use vorrang_testkit::{DEADLINE, wait_until};

use crate::desktop::{self, Log};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn from_push_to_figure_on_the_embedded_default() {
    from_push_to_figure(Stack::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_push_to_figure_on_postgresql() {
    from_push_to_figure(Stack::production().await).await;
}

async fn from_push_to_figure(stack: Stack) {
    let client = stack.client("acme").await;

    // Three contacts come in, the most urgent last.
    let mail = push_mail(&client, "Invoice", "mail-1").await;
    let web = push(&client, contact("web-1", Channel::Web, "", "Colour of the box")).await;
    let chat = push(&client, contact("chat-1", Channel::Chat, "vip", "Order 77 is missing")).await;
    let all = [&mail, &web, &chat];
    assert!(all.iter().all(|result| result.outcome() == Outcome::Created), "{all:?}");
    // The same chat once more changes nothing.
    let again = push(&client, contact("chat-1", Channel::Chat, "vip", "Order 77 is missing")).await;
    assert_eq!((Outcome::Duplicate, &chat.ticket), (again.outcome(), &again.ticket));
    wait_queued(&client, 3).await;

    // An agent takes them, VIP live first.
    let log = Log::default();
    let desktop = desktop::open(&client, "anna", &log).await;
    wait_until(DEADLINE, "three assignments", || async { log.assigned().len() == 3 }).await;
    drop(desktop);
    assert_eq!(chat.ticket, log.offered()[0].ticket, "the VIP's chat is offered first");
    assert!(log.assigned().iter().all(|ticket| ticket.assignee == "agents/anna"));

    // Two are solved, one customer is content; one customer helps themself.
    for result in [&mail, &chat] {
        reply(&client, &result.ticket, ticket::State::Solved).await;
    }
    let survey = AnswerSurveyRequest {
        ticket: chat.ticket.clone(),
        survey: "csat".to_owned(),
        score: 5,
        ..AnswerSurveyRequest::default()
    };
    client
        .tickets()
        .answer_survey(survey)
        .await
        .expect("the answer is taken");
    let session = client
        .sessions()
        .start_session(StartSessionRequest::default())
        .await
        .expect("starts")
        .into_inner();
    let solved = SolveSessionRequest {
        name: session.name,
        ..SolveSessionRequest::default()
    };
    client.sessions().solve_session(solved).await.expect("is solved");

    // The figures say so.
    let figure = async |kpi: &str| total(&client, kpi).await;
    assert_eq!(Some(3.0), figure("tickets_created").await.value);
    assert_eq!(Some(2.0), figure("tickets_solved").await.value);
    assert_eq!((Some(100.0), 1), {
        let csat = figure("csat").await;
        (csat.value, csat.count)
    });
    assert_eq!(3, figure("queue_wait_time").await.count);
    let first_response = figure("first_response_time").await;
    assert_eq!((2, 1), (first_response.count, first_response.open_count));
    assert_eq!(2, figure("full_resolution_time").await.count);
    assert!(figure("self_service_rate").await.value.is_some_and(|rate| rate > 0.0));

    no_event_is_missing(&client).await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_pushes_is_answered_item_by_item_in_order() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let mut items: Vec<PushTicketsRequest> = (0..100)
        .map(|number| PushTicketsRequest {
            request_id: format!("item-{number}"),
            contact: Some(contact(&format!("item-{number}"), Channel::Api, "", "Hello")),
            ..PushTicketsRequest::default()
        })
        .collect();
    // One bad item spoils no other.
    items[50].contact.as_mut().expect("a contact").identities.clear();
    let answers = client
        .ingestion()
        .push_tickets(tokio_stream::iter(items))
        .await
        .expect("is taken")
        .into_inner();
    let answers: Vec<_> = futures::TryStreamExt::try_collect(answers)
        .await
        .expect("every item is answered");
    use vorrang_api::ingestion::v1::push_tickets_response::Answer;
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(
            (index as i64, format!("item-{index}")),
            (answer.index, answer.request_id.clone())
        );
        match answer.answer.as_ref().expect("an answer") {
            Answer::Result(result) => assert_eq!(Outcome::Created, result.outcome()),
            Answer::Error(status) => assert_eq!((50, tonic::Code::InvalidArgument as i32), (index, status.code)),
        }
    }
    assert_eq!(100, answers.len());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_stops_in_order_and_goes_on_where_it_was() {
    let folder = vorrang_testkit::data_folder();
    let key = {
        let stack = Stack::in_folder(folder.path()).await;
        let client = stack.client("acme").await;
        push(&client, contact("kept-1", Channel::Chat, "vip", "Still here?")).await;
        let key = stack.key("acme", &[vorrang_identity::Scope::Admin]).await;
        stack.stop().await;
        key
    };
    let stack = Stack::in_folder(folder.path()).await;
    let client = Client::connect(&stack.running().url(), &key)
        .await
        .expect("the key is still valid");
    wait_queued(&client, 1).await;
    assert_eq!(
        Outcome::Duplicate,
        push(&client, contact("kept-1", Channel::Chat, "vip", "Still here?"))
            .await
            .outcome()
    );
    assert_eq!(Some(1.0), total(&client, "tickets_created").await.value);
    stack.stop().await;
}

/// Reads ticketing's whole feed: it has no hole.
async fn no_event_is_missing(client: &Client) {
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        ..FollowRequest::default()
    };
    let mut feed = client
        .ticketing_feed()
        .follow(request)
        .await
        .expect("is served")
        .into_inner();
    let mut next = 1;
    loop {
        let batch = feed.message().await.expect("goes on").expect("does not end");
        for event in batch.events {
            let head = event.head.expect("a head");
            assert_eq!((next, "acme"), (head.seq, head.tenant.as_str()));
            next += 1;
        }
        if batch.caught_up {
            break;
        }
    }
    // Three tickets with their messages and customers, three assignments, two solves, one survey at least.
    assert!(next > 12, "{next}");
}

/// A contact whose external id is `id`, by a customer of its own.
pub fn contact(id: &str, channel: Channel, tier: &str, subject: &str) -> Contact {
    Contact {
        external_id: id.to_owned(),
        conversation_id: id.to_owned(),
        channel: channel.into(),
        identities: vec![Identity {
            kind: identity::Kind::Email.into(),
            value: format!("{id}@example.org"),
            verified: true,
        }],
        tier: tier.to_owned(),
        subject: subject.to_owned(),
        text: subject.to_owned(),
        ..Contact::default()
    }
}

/// Pushes one contact by a call.
pub async fn push(client: &Client, contact: Contact) -> PushResult {
    let request = PushTicketRequest {
        contact: Some(contact),
        ..PushTicketRequest::default()
    };
    let response = client.ingestion().push_ticket(request).await.expect("is taken");
    response.into_inner().result.expect("a result")
}

async fn push_mail(client: &Client, subject: &str, id: &str) -> PushResult {
    let raw =
        format!("From: {id}@example.org\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.org>\r\n\r\nHello\r\n");
    let request = PushEmailRequest {
        raw: raw.into_bytes().into(),
        ..PushEmailRequest::default()
    };
    client
        .ingestion()
        .push_email(request)
        .await
        .expect("is taken")
        .into_inner()
        .result
        .expect("a result")
}

/// Waits until `count` contacts wait in the queue.
pub async fn wait_queued(client: &Client, count: i64) {
    wait_until(DEADLINE, &format!("{count} contacts in the queue"), || async {
        let stats = client.queues().get_queue_stats(GetQueueStatsRequest::default()).await;
        stats.is_ok_and(|stats| {
            stats
                .into_inner()
                .lanes
                .iter()
                .map(|lane| lane.waiting_count)
                .sum::<i64>()
                == count
        })
    })
    .await;
}

/// An agent answers, and puts the ticket in `state`.
pub async fn reply(client: &Client, ticket: &str, state: ticket::State) {
    let request = CreateMessageRequest {
        parent: ticket.to_owned(),
        message: Some(Message {
            actor: Some(Actor {
                kind: actor::Kind::Agent.into(),
                id: "agents/anna".to_owned(),
            }),
            text: "Done.".to_owned(),
            ..Message::default()
        }),
        state: state.into(),
        ..CreateMessageRequest::default()
    };
    client
        .tickets()
        .create_message(request)
        .await
        .expect("the answer is taken");
}

/// The value of a key figure over everything, up to this moment.
pub async fn total(client: &Client, kpi: &str) -> KpiRow {
    let now: DateTime<Utc> = vorrang_clock::system().now();
    let request = QueryKpisRequest {
        kpis: vec![kpi.to_owned()],
        from: Some(vorrang_api::timestamp(now - TimeDelta::days(1))),
        to: Some(vorrang_api::timestamp(now + TimeDelta::days(1))),
        wait_for_latest: true,
        ..QueryKpisRequest::default()
    };
    let rows = client
        .kpis()
        .query_kpis(request)
        .await
        .unwrap_or_else(|status| panic!("{kpi}: {status:?}"));
    rows.into_inner().rows.into_iter().next().expect("a row")
}
