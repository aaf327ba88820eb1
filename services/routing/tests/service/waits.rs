//! Customers who wait on the line: where they stand, when they leave, and what they type meanwhile.

use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::get_wait_response::State;
use vorrang_api::routing::v1::rescinded::Reason;
use vorrang_api::routing::v1::{GetWaitRequest, GetWaitResponse};
use vorrang_api::ticketing::v1::{Channel, Priority};
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines, wait_for};
use vorrang_typing::{Note, Side, Typing};

use crate::desktop::id_of;
use crate::stack::{Stack, TENANT};

const CHATS: [(Channel, i32); 1] = [(Channel::Chat, 1)];

impl Stack {
    fn chat(&self, entered_at: i64) -> String {
        self.ticketing
            .open(TENANT, Channel::Chat, "standard", Priority::Normal, entered_at)
    }

    async fn stands(&self, ticket: &str) -> GetWaitResponse {
        let request = GetWaitRequest {
            ticket: format!("tickets/{ticket}"),
        };
        self.queues(TENANT)
            .get_wait(request)
            .await
            .expect("is told")
            .into_inner()
    }
}

both_engines! {
    async fn who_leaves_is_taken_out_and_the_offer_withdrawn(db: TestDatabase) {
        let stack = Stack::on_database(&db).await;
        let mut anna = stack.desktop("anna", &[(Channel::Chat, 1), (Channel::Email, 1)]).await;
        let chat = stack.chat(1_000);
        let offer = anna.offer().await;
        assert_eq!(id_of(&offer), chat);
        stack.ticketing.leave(TENANT, &chat, 1_007);
        let rescinded = anna.rescinded().await;
        assert_eq!((rescinded.offer, rescinded.reason), (offer.offer, Reason::Taken.into()));
        let events = stack.log_when(|payload| matches!(payload, Payload::ContactAbandoned(_))).await;
        let Some(Payload::ContactAbandoned(abandoned)) = events.last().and_then(|event| event.payload.clone()) else { panic!("not logged") };
        assert_eq!((abandoned.ticket, abandoned.channel), (format!("tickets/{chat}"), Channel::Chat.into()));
        assert_eq!(abandoned.waited.map(|waited| waited.seconds), Some(7));
        // What is left is work, in a slot of mails.
        let work = anna.offer().await;
        let contact = work.contact.clone().expect("a contact");
        assert_eq!((id_of(&work), contact.class.as_str(), contact.generation), (chat, "normal", 2));
        assert_eq!(contact.channel(), Channel::Chat, "and still a chat");
        let stats = stack.stats_when(|stats| stats.offered_count == 1).await;
        assert!(stats.lanes.iter().any(|lane| lane.channel() == Channel::Email), "{stats:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_customers_come_before_those_who_left() {
    let stack = Stack::start().await;
    let (gone, live) = (stack.chat(1), stack.chat(2));
    stack.ticketing.leave(TENANT, &gone, 3);
    stack.waiting_as(&[live, gone]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_told_where_they_stand_and_how_long_it_takes() {
    let stack = Stack::start().await;
    let chats: Vec<String> = (1..=6).map(|at| stack.chat(at)).collect();
    stack.waiting(6).await;
    let last = stack.stands(&chats[5]).await;
    assert_eq!(
        (last.state(), last.position, last.expected_wait),
        (State::Waiting, Some(5), None)
    );
    assert_eq!(stack.stands(&uuid()).await.state(), State::NotWaiting);
    let mut anna = stack.desktop("anna", &CHATS).await;
    for chat in &chats[..3] {
        assert_eq!(&anna.take().await, chat);
        anna.wrap_up(chat).await;
        anna.finished().await;
    }
    let offered = anna.offer().await;
    let told = stack.stands(&id_of(&offered)).await;
    assert_eq!((told.state(), told.position), (State::Offered, Some(0)));
    let last = wait_for(DEADLINE, "three acceptances to be known", || async {
        let last = stack.stands(&chats[5]).await;
        (last.basis_count == 3).then_some(last)
    })
    .await;
    assert_eq!((last.state(), last.position), (State::Waiting, Some(1)));
    assert!(last.expected_wait.is_some(), "{last:?}");
    let held = stack.stands(&chats[0]).await;
    assert_eq!(
        (held.state(), held.position, held.expected_wait),
        (State::NotWaiting, None, None)
    );
    let wrong = stack.queues(TENANT).get_wait(GetWaitRequest::default()).await;
    assert_eq!(wrong.expect_err("no name").code(), tonic::Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_goes_between_who_has_the_ticket_and_its_customer_and_to_nobody_else() {
    let redis = vorrang_testkit::redis().await;
    let stack = Stack::on(redis.url(), "", crate::ticketing::FakeTicketing::new()).await;
    let customers = Typing::connect(redis.url()).expect("a URL");
    let stop = tokio_util::sync::CancellationToken::new();
    let mut told = customers.listen();
    let hears = tokio::spawn(customers.clone().run(stop.clone()));
    let mut anna = stack.desktop("anna", &CHATS).await;
    let mut ben = stack.desktop("ben", &[(Channel::Email, 1)]).await;
    let chat = stack.chat(1);
    let mut note = Note {
        tenant: TENANT.to_owned(),
        ticket: format!("tickets/{chat}"),
        agent: "agents/anna".to_owned(),
        side: Side::Customer,
        typing: true,
    };
    assert_eq!(anna.take().await, chat);
    // Until everybody listens it may be lost: typed again and again, as people do.
    let mut again = tokio::time::interval(std::time::Duration::from_millis(200));
    let typing = tokio::time::timeout(DEADLINE, async {
        loop {
            tokio::select! {
                _ = again.tick() => customers.tell(&note),
                typing = anna.typing() => return typing,
            }
        }
    });
    let typing = typing.await.expect("the agent is told");
    assert_eq!((&typing.ticket, typing.typing), (&note.ticket, true));
    note.side = Side::Agent;
    let heard = tokio::time::timeout(DEADLINE, async {
        loop {
            tokio::select! {
                _ = again.tick() => anna.types(&chat, true).await,
                heard = told.recv() => match heard.expect("open") {
                    heard if heard.side == Side::Agent => return heard,
                    _ => {}
                },
            }
        }
    });
    assert_eq!(heard.await.expect("the customer is told"), note);
    ben.types(&chat, true).await;
    ben.has_nothing().await;
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(300), async {
        loop {
            if let Ok(heard) = told.recv().await
                && heard.agent == "agents/ben"
            {
                return heard;
            }
        }
    });
    assert!(quiet.await.is_err(), "who does not have it tells nobody");
    stop.cancel();
    hears.await.expect("ends");
}

fn uuid() -> String {
    "01990000-0000-7000-8000-000000000001".to_owned()
}
