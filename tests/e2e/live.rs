//! Customers who wait on the line: where they stand, how they leave, who types, and what happens while nobody is there.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};
use vorrang_api::ingestion::v1::converse_request::Request;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::ingestion::v1::{Leave, Typing, said::Answer};
use vorrang_api::routing::v1::{
    AcceptOffer, Agent, ChannelCapacity, CreateAgentRequest, GetRoutingPolicyRequest, Hello,
    UpdateRoutingPolicyRequest, WorkRequest, WorkResponse, work_request, work_response,
};
use vorrang_api::ticketing::v1::ticket::{Handling, State};
use vorrang_api::ticketing::v1::{
    Channel, CreateScheduleRequest, GetTicketRequest, ListTicketsRequest, Schedule, Ticket,
};
use vorrang_client::Client;
use vorrang_testkit::{DEADLINE, wait_for};

use crate::stack::Stack;
use crate::window::{Window, answer, say};

async fn ticket(client: &Client, name: &str) -> Ticket {
    let request = GetTicketRequest { name: name.to_owned() };
    client
        .tickets()
        .get_ticket(request)
        .await
        .expect("is there")
        .into_inner()
}

/// An agent's desktop for chats.
struct Desk {
    say: mpsc::Sender<WorkRequest>,
    responses: Streaming<WorkResponse>,
}

impl Desk {
    async fn open(client: &Client, id: &str) -> Self {
        let request = CreateAgentRequest {
            agent_id: id.to_owned(),
            agent: Some(Agent::default()),
            ..CreateAgentRequest::default()
        };
        client.agents().create_agent(request).await.expect("is made known");
        let (say, requests) = mpsc::channel(16);
        let hello = Hello {
            agent: format!("agents/{id}"),
            capacities: vec![ChannelCapacity {
                channel: Channel::Chat.into(),
                max_concurrent: 1,
            }],
            queues: Vec::new(),
        };
        let hello = WorkRequest {
            request: Some(work_request::Request::Hello(hello)),
        };
        say.send(hello).await.expect("is open");
        let work = client.work().work(ReceiverStream::new(requests)).await;
        let responses = work.expect("works").into_inner();
        Self { say, responses }
    }

    async fn say(&self, request: work_request::Request) {
        let request = WorkRequest { request: Some(request) };
        self.say.send(request).await.expect("is open");
    }

    async fn next(&mut self) -> work_response::Response {
        let response = tokio::time::timeout(DEADLINE, self.responses.message()).await;
        let response = response.expect("in time").expect("goes on").expect("does not end");
        response.response.expect("says something")
    }

    /// Takes the next offer; gives the ticket.
    async fn take(&mut self) -> String {
        loop {
            match self.next().await {
                work_response::Response::Offer(offer) => {
                    let offer = offer.offer;
                    self.say(work_request::Request::Accept(AcceptOffer { offer })).await;
                }
                work_response::Response::Assigned(assigned) => return assigned.ticket.expect("a ticket").name,
                _ => {}
            }
        }
    }
}

impl Window {
    /// The next event that `wanted` makes something of.
    async fn until<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.event().await.expect("goes on")) {
                return found;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_told_where_they_stand_until_an_agent_has_them_and_leaves_on_the_embedded_default() {
    waiting_and_leaving(Stack::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_told_where_they_stand_until_an_agent_has_them_and_leaves_on_postgresql() {
    waiting_and_leaving(Stack::production().await).await;
}

async fn waiting_and_leaving(stack: Stack) {
    let client = stack.client("acme").await;
    let mut heard = Vec::new();
    let mut first = Window::open(&client, "first", "").await;
    let firsts = first.say("1", "Hello", &mut heard).await.ticket;
    let mut second = Window::open(&client, "second", "").await;
    let seconds = second.say("1", "Hello", &mut heard).await.ticket;
    let position = |event| match event {
        Event::QueueUpdate(update) => Some(update.position),
        _ => None,
    };
    assert_eq!(first.until(position).await, 0);
    assert_eq!(
        second
            .until(|event| position(event).filter(|position| *position == 1))
            .await,
        1
    );

    // The first one goes: answered later. The second one moves up.
    first.send(Request::Leave(Leave { close: false })).await;
    let left = first.until(|event| match event {
        Event::Left(left) => Some(left),
        Event::QueueUpdate(_) => None,
        other => panic!("{other:?}"),
    });
    let left = left.await;
    assert_eq!((left.ticket.as_str(), left.closed), (firsts.as_str(), false));
    assert!(first.ended().await, "the stream ends");
    let after = ticket(&client, &firsts).await;
    assert_eq!(
        (after.handling(), after.state(), after.queue_entered_at.is_some()),
        (Handling::Asynchronous, State::New, true)
    );
    assert_eq!(
        second
            .until(|event| position(event).filter(|position| *position == 0))
            .await,
        0
    );

    // The desk for chats gets the one on the line, and nobody is told any more where they stand.
    let mut anna = Desk::open(&client, "anna").await;
    assert_eq!(anna.take().await, seconds);
    let joined = second.until(|event| match event {
        Event::AgentJoined(joined) => Some(joined.agent),
        _ => None,
    });
    assert_eq!(joined.await, "agents/anna");

    // Who types is told to the other side, and to nobody else.
    let mut again = tokio::time::interval(Duration::from_millis(1_100));
    let told = tokio::time::timeout(DEADLINE, async {
        loop {
            tokio::select! {
                _ = again.tick() => second.send(Request::Typing(Typing { typing: true })).await,
                response = anna.next() => match response {
                    work_response::Response::Typing(typing) => return typing,
                    other => panic!("{other:?}"),
                },
            }
        }
    });
    let told = told.await.expect("the agent is told");
    assert_eq!((told.ticket.as_str(), told.typing), (seconds.as_str(), true));
    let typing = vorrang_api::routing::v1::Typing {
        ticket: seconds.clone(),
        typing: true,
    };
    let told = tokio::time::timeout(DEADLINE, async {
        loop {
            tokio::select! {
                _ = again.tick() => anna.say(work_request::Request::Typing(typing.clone())).await,
                event = second.event() => match event.expect("goes on") {
                    Event::Typing(typing) => return typing.typing,
                    other => panic!("after the agent came nobody is told of the queue: {other:?}"),
                },
            }
        }
    });
    assert!(told.await.expect("the customer is told"));
    // Their own word closes it, whoever has it.
    second.send(Request::Leave(Leave { close: true })).await;
    let closed = second.until(|event| match event {
        Event::Left(left) => Some(left.closed),
        _ => None,
    });
    assert!(closed.await);
    assert_eq!(ticket(&client, &seconds).await.state(), State::Closed);

    // The first one is back: somebody waits on the line again.
    let mut back = Window::open(&client, "first", &first.token).await;
    assert_eq!(back.say("2", "Still there?", &mut heard).await.ticket, firsts);
    assert_eq!(ticket(&client, &firsts).await.handling(), Handling::ByChannel);
    assert_eq!(back.until(position).await, 0);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_is_there_what_is_written_is_taken_and_answered_later() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    // Never open.
    let schedule = Schedule {
        display_name: "Chat".to_owned(),
        time_zone: "UTC".to_owned(),
        ..Schedule::default()
    };
    let request = CreateScheduleRequest {
        schedule: Some(schedule),
        ..CreateScheduleRequest::default()
    };
    let schedule = client
        .schedules()
        .create_schedule(request)
        .await
        .expect("is made")
        .into_inner()
        .name;
    let policy = client
        .agents()
        .get_routing_policy(GetRoutingPolicyRequest {})
        .await
        .expect("is there");
    let mut policy = policy.into_inner();
    policy.live_schedule = schedule;
    let request = UpdateRoutingPolicyRequest {
        routing_policy: Some(policy),
        ..UpdateRoutingPolicyRequest::default()
    };
    client
        .agents()
        .update_routing_policy(request)
        .await
        .expect("is changed");

    let mut window = Window::open(&client, "night", "").await;
    let closed = window.until(|event| match event {
        Event::DeskClosed(closed) => Some(closed),
        _ => None,
    });
    let closed = closed.await;
    assert_eq!((closed.opens_at, closed.offered_address.as_str()), (None, ""));
    let said = window.say("1", "My order", &mut Vec::new()).await;
    let taken = ticket(&client, &said.ticket).await;
    assert_eq!(
        (taken.handling(), taken.queue_entered_at.is_some()),
        (Handling::Asynchronous, true)
    );
    answer(&client, &said.ticket, "Good morning").await;
    let message = window.until(|event| match event {
        Event::Message(message) => Some(message.text),
        Event::QueueUpdate(update) => panic!("nobody stands in a queue: {update:?}"),
        _ => None,
    });
    assert_eq!(message.await, "Good morning");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_line_is_cut_and_who_does_not_come_back_has_left() {
    let clock = vorrang_clock::ManualClock::new(vorrang_clock::system().now());
    let stack = Stack::embedded_at(clock.shared()).await;
    let client = stack.client("acme").await;
    let mut window = Window::open(&client, "cut", "").await;
    let name = window.say("1", "Hello", &mut Vec::new()).await.ticket;
    let position = window.until(|event| match event {
        Event::QueueUpdate(update) => Some(update.position),
        _ => None,
    });
    assert_eq!(position.await, 0);
    let token = window.cut();
    // Time passes: three minutes of it, and then some.
    let mut minutes = tokio::time::interval(Duration::from_secs(1));
    let left = tokio::time::timeout(DEADLINE, async {
        loop {
            minutes.tick().await;
            clock.advance(chrono::TimeDelta::minutes(1));
            let found = ticket(&client, &name).await;
            if found.handling() == Handling::Asynchronous {
                return found;
            }
        }
    });
    let left = left.await.expect("they have left");
    assert_eq!(left.state(), State::New, "and are still owed an answer");
    let mut back = Window::open(&client, "cut", &token).await;
    let told = back.until(|event| match event {
        Event::Left(left) => Some(left),
        _ => None,
    });
    assert_eq!(told.await.ticket, name);
    stack.stop().await;
}

/// The only ticket there is, once `wanted` holds for it.
async fn ticket_when(client: &Client, what: &str, wanted: impl Fn(&Ticket) -> bool) -> Ticket {
    wait_for(DEADLINE, what, || async {
        let listed = client
            .tickets()
            .list_tickets(ListTicketsRequest::default())
            .await
            .ok()?;
        listed.into_inner().tickets.into_iter().find(|ticket| wanted(ticket))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_something_and_goes_at_once_has_gone() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let window = Window::open(&client, "burst", "").await;
    window.send(Request::Say(say("1", "Never mind"))).await;
    window.send(Request::Leave(Leave { close: true })).await;
    // It has come; how far its answer is nobody knows.
    ticket_when(&client, "the ticket", |_| true).await;
    drop(window);
    let closed = ticket_when(&client, "the ticket to be closed", |ticket| {
        ticket.state() == State::Closed
    })
    .await;
    assert_eq!(closed.message_count, 1);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_something_and_is_cut_at_once_has_left_after_a_while() {
    let clock = vorrang_clock::ManualClock::new(vorrang_clock::system().now());
    let stack = Stack::embedded_at(clock.shared()).await;
    let client = stack.client("acme").await;
    let window = Window::open(&client, "burst", "").await;
    window.send(Request::Say(say("1", "Hello"))).await;
    ticket_when(&client, "the ticket", |_| true).await;
    drop(window);
    let mut minutes = tokio::time::interval(Duration::from_secs(1));
    let left = tokio::time::timeout(DEADLINE, async {
        loop {
            minutes.tick().await;
            clock.advance(chrono::TimeDelta::minutes(1));
            let listed = client
                .tickets()
                .list_tickets(ListTicketsRequest::default())
                .await
                .expect("lists");
            let mut tickets = listed.into_inner().tickets.into_iter();
            if tickets.any(|ticket| ticket.handling() == Handling::Asynchronous) {
                return;
            }
        }
    });
    left.await.expect("they have left");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_takes_sixty_messages_a_minute() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let mut window = Window::open(&client, "fast", "").await;
    for n in 0..61 {
        window.send(Request::Say(say(&n.to_string(), "Hello"))).await;
    }
    let mut refused = Vec::new();
    for _ in 0..61 {
        let said = window.until(|event| match event {
            Event::Said(said) => Some(said),
            _ => None,
        });
        let said = said.await;
        if let Some(Answer::Error(error)) = said.answer {
            refused.push((said.message_id, error.code, error.details.len()));
        }
    }
    assert_eq!(refused.len(), 1, "{refused:?}");
    let (message, code, details) = refused.remove(0);
    assert_eq!((message.as_str(), Code::from(code)), ("60", Code::ResourceExhausted));
    assert!(details >= 2, "a reason and when to say it again");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_phone_system_distributes_is_measured_and_offered_to_nobody() {
    use vorrang_api::ingestion::v1::{Outcome, RecordCallEventRequest};
    use vorrang_api::ticketing::v1::CallEvent;
    use vorrang_api::ticketing::v1::call_event::{Kind, Party};

    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let at = |seconds: i64| {
        let at = chrono::DateTime::from_timestamp(1_767_000_000 + seconds, 0).expect("a time");
        Some(vorrang_api::timestamp(at))
    };
    let tell = async |call: &str, kind: Kind, seconds: i64, agent: &str| {
        let request = RecordCallEventRequest {
            call_id: call.to_owned(),
            started_at: at(0),
            caller: "+4930123456".to_owned(),
            event: Some(CallEvent {
                kind: kind.into(),
                occurred_at: at(seconds),
                agent: agent.to_owned(),
                hung_up_by: if kind == Kind::HungUp {
                    Party::Customer.into()
                } else {
                    0
                },
                ..CallEvent::default()
            }),
            ..RecordCallEventRequest::default()
        };
        client
            .calls()
            .record_call_event(request)
            .await
            .expect("is taken")
            .into_inner()
            .result
            .expect("a result")
    };
    // Told backwards, and twice.
    let mut tickets = Vec::new();
    for (kind, seconds, agent) in [
        (Kind::WrapUpEnded, 90, "agents/anna"),
        (Kind::HungUp, 60, ""),
        (Kind::Answered, 20, "agents/anna"),
        (Kind::Queued, 0, ""),
    ] {
        tickets.push(tell("1", kind, seconds, agent).await.ticket);
        assert_eq!(tell("1", kind, seconds, agent).await.outcome(), Outcome::Duplicate);
    }
    tickets.dedup();
    assert_eq!(tickets.len(), 1);
    let one = ticket(&client, &tickets[0]).await;
    assert_eq!(
        (one.channel(), one.assignee.as_str(), one.message_count),
        (Channel::Phone, "agents/anna", 1)
    );
    assert_eq!(one.opened_at.map(|at| at.seconds), at(0).map(|at| at.seconds));
    // Another call of the same customer is another ticket; while it is on nothing offers it.
    let on = tell("2", Kind::Queued, 100, "").await.ticket;
    let two = ticket(&client, &on).await;
    assert_eq!(
        (two.handling(), two.queue_entered_at, &two.customer),
        (Handling::External, None, &one.customer)
    );
    tell("2", Kind::HungUp, 130, "").await;
    let over = ticket(&client, &on).await;
    assert_eq!(
        (over.handling(), over.queue_entered_at.is_some()),
        (Handling::Asynchronous, true)
    );
    let wait = wait_for(DEADLINE, "the figures to be there", || async {
        let request = vorrang_api::analytics::v1::QueryKpisRequest {
            kpis: vec!["queue_wait_time".to_owned()],
            from: at(-3_600),
            to: at(3_600),
            wait_for_latest: true,
            ..vorrang_api::analytics::v1::QueryKpisRequest::default()
        };
        client.kpis().query_kpis(request).await.ok()
    });
    let row = wait.await.into_inner().rows.remove(0);
    assert_eq!(
        (row.value, row.count, row.open_count),
        (Some(20.0), 1, 0),
        "who hung up is in neither"
    );
    stack.stop().await;
}
