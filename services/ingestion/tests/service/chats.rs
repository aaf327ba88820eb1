//! Customers who wait in a chat and are not heard of.

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use vorrang_api::ingestion::v1::chat_service_client::ChatServiceClient;
use vorrang_api::ingestion::v1::converse_request::Request;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::ingestion::v1::{
    ConverseRequest, ConverseResponse, Left, Say, StartConversation, StillHere, Typing, said::Answer,
};
use vorrang_api::ticketing::v1::{Customer, Identity, LeaveQueueRequest, Ticket, identity, ticket};
use vorrang_api::timestamp;
use vorrang_clock::ManualClock;
use vorrang_testkit::{DEADLINE, data_folder, wait_for, wait_until};

use crate::stack::{Stack, TENANT};
use crate::ticketing::{FakeTicketing, Mode};

/// A customer's side of the conversation `c`.
struct Window {
    say: mpsc::Sender<ConverseRequest>,
    responses: Streaming<ConverseResponse>,
}

impl Window {
    async fn open(stack: &Stack, idle_after: Option<i64>) -> Self {
        let (say, requests) = mpsc::channel(16);
        let mut client = ChatServiceClient::new(stack.running.peers().ingestion(Some(TENANT)));
        let responses = client.converse(ReceiverStream::new(requests)).await.expect("is served");
        let window = Self {
            say,
            responses: responses.into_inner(),
        };
        let identity = Identity {
            kind: identity::Kind::Email.into(),
            value: "mara@x.example".to_owned(),
            verified: true,
        };
        let start = StartConversation {
            conversation_id: "c".to_owned(),
            identities: vec![identity],
            idle_after: idle_after.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
            ..StartConversation::default()
        };
        window.send(Request::Start(start)).await;
        window
    }

    async fn send(&self, request: Request) {
        let request = ConverseRequest { request: Some(request) };
        self.say.send(request).await.expect("the stream is open");
    }

    async fn say(&self, id: &str) {
        let say = Say {
            message_id: id.to_owned(),
            text: "Hello".to_owned(),
            occurred_at: None,
        };
        self.send(Request::Say(say)).await;
    }

    async fn event(&mut self) -> Result<Event, Status> {
        let response = tokio::time::timeout(DEADLINE, self.responses.message()).await;
        let response = response.expect("something is heard")?.expect("does not end");
        Ok(response.event.expect("an event"))
    }

    /// The next event that `wanted` makes something of; nobody has left before.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = self.event().await.expect("goes on");
            match wanted(&event) {
                Some(found) => return found,
                None => assert!(!matches!(event, Event::Left(_)), "nobody has left"),
            }
        }
    }

    async fn is_said(&mut self) {
        let said = |event: &Event| match event {
            Event::Said(said) => Some(matches!(said.answer, Some(Answer::Result(_)))),
            _ => None,
        };
        assert!(self.until(said).await, "it was taken");
    }

    async fn is_asked(&mut self) -> i64 {
        let asked = |event: &Event| match event {
            Event::IdleWarning(warning) => Some(warning.leaves_at.expect("a time").seconds),
            _ => None,
        };
        self.until(asked).await
    }
}

/// A desk with one chat that waits, at a time of its own.
async fn desk() -> (Stack, ManualClock) {
    let clock = ManualClock::new(vorrang_clock::system().now());
    let stack = Stack::at(data_folder(), FakeTicketing::new(), clock.shared()).await;
    let waiting = Ticket {
        name: "tickets/1".to_owned(),
        customer: "customers/1".to_owned(),
        state: ticket::State::New.into(),
        handling: ticket::Handling::ByChannel.into(),
        queue_entered_at: Some(timestamp(clock.shared().now())),
        ..Ticket::default()
    };
    stack.ticketing.desk().set(waiting, Customer::default());
    (stack, clock)
}

fn told(leave: &LeaveQueueRequest) -> (&str, i64, bool) {
    let at = leave.left_at.as_ref().expect("a time").seconds;
    (leave.conversation.as_str(), at, leave.close)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_no_sign_of_life_is_asked_and_has_left_then_and_may_come_back() {
    let (stack, clock) = desk().await;
    let begin = clock.shared().now().timestamp();
    let mut window = Window::open(&stack, None).await;
    window.say("1").await;
    window.is_said().await;
    clock.advance(TimeDelta::minutes(8));
    assert_eq!(window.is_asked().await, begin + 600);
    // They are there: all begins anew.
    window.send(Request::Here(StillHere {})).await;
    window.send(Request::Typing(Typing { typing: true })).await;
    window.say("2").await;
    window.is_said().await;
    clock.advance(TimeDelta::minutes(8));
    assert_eq!(window.is_asked().await, begin + 480 + 600);
    clock.advance(TimeDelta::minutes(2));
    let left = |event: &Event| match event {
        Event::Left(left) => Some(left.clone()),
        _ => None,
    };
    let expected = Left {
        ticket: "tickets/1".to_owned(),
        closed: false,
        idle: true,
    };
    assert_eq!(window.until(left).await, expected);
    // This clock jumps by more than the patience of those whose line was cut, so whoever looks for them may have come before the stream said that
    // they are there.
    let leaves = stack.ticketing.desk().leaves();
    let last = leaves.last().map(told);
    assert_eq!(
        last,
        Some(("conversation:grpc:c", begin + 480, false)),
        "at their last sign of life"
    );
    // The same stream goes on: who says something waits anew.
    window.say("3").await;
    window.is_said().await;
    clock.advance(TimeDelta::minutes(8));
    assert_eq!(window.is_asked().await, begin + 480 + 600 + 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_somebody_may_be_silent_is_for_the_window_to_say() {
    let (stack, clock) = desk().await;
    let begin = clock.shared().now().timestamp();
    for wrong in [0, 119, 24 * 3_600 + 1] {
        let mut window = Window::open(&stack, Some(wrong)).await;
        let refused = window.event().await.expect_err("is refused");
        assert_eq!(refused.code(), Code::InvalidArgument, "{wrong}");
    }
    let mut window = Window::open(&stack, Some(3_600)).await;
    window.say("1").await;
    window.is_said().await;
    clock.advance(TimeDelta::minutes(58));
    assert_eq!(window.is_asked().await, begin + 3_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_something_to_a_process_that_died_has_left_when_they_do_not_come_back() {
    let (stack, clock) = desk().await;
    let begin = clock.shared().now().timestamp();
    // Ticketing records it, and its answer never comes.
    stack.ticketing.set(Mode::NeverAnswers);
    let window = Window::open(&stack, None).await;
    window.say("1").await;
    wait_until(DEADLINE, "the ticket", || async { stack.ticketing.tickets() == 1 }).await;
    let Stack {
        running,
        ticketing,
        folder,
    } = stack;
    drop(running);
    ticketing.set(Mode::Up);
    let stack = Stack::at(folder, ticketing, clock.shared()).await;
    // Nobody could be heard of until now: everybody has their patience once more.
    clock.advance(TimeDelta::minutes(3));
    let leaves = wait_for(DEADLINE, "that they have left", || async {
        Some(stack.ticketing.desk().leaves()).filter(|leaves| !leaves.is_empty())
    })
    .await;
    let leaves: Vec<_> = leaves.iter().map(told).collect();
    assert_eq!(leaves, [("conversation:grpc:c", begin, false)]);
}
