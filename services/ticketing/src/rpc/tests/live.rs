//! Leaving the queue, coming back, and calls that another system distributes.

use pb::event::Payload;
use pb::ticket::{Handling, State};
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    /// Somebody writes in a chat; gives the ticket.
    async fn chat(&self, id: &str, asynchronous: bool) -> pb::Ticket {
        let contact = pb::InboundContact {
            channel: pb::Channel::Chat.into(),
            thread_keys: vec!["conversation:grpc:chat".into()],
            reference_keys: vec!["conversation:grpc:chat".into()],
            asynchronous,
            ..mail("mara@example.org", id)
        };
        let recorded = self.record(vec![contact]).await.remove(0);
        self.get(&recorded.ticket).await
    }

    async fn leave(&self, ticket: &pb::Ticket, at: i64, close: bool) -> pb::LeaveQueueResponse {
        let request = pb::LeaveQueueRequest {
            request_id: format!("{}/{at}/{close}", ticket.name),
            name: ticket.name.clone(),
            left_at: Some(prost_types::Timestamp { seconds: at, nanos: 0 }),
            close,
            ..pb::LeaveQueueRequest::default()
        };
        leave_queue::handle(&self.app, acme(request)).await.expect("is noted")
    }

    /// What the phone system tells of a call; gives its ticket.
    async fn call(&self, call: &str, kind: pb::call_event::Kind, at: i64, agent: &str) -> pb::ContactResult {
        let key = format!("conversation:grpc:call:{call}");
        let contact = pb::InboundContact {
            channel: pb::Channel::Phone.into(),
            thread_keys: vec![key.clone()],
            reference_keys: vec![key],
            call: Some(pb::CallEvent {
                kind: kind.into(),
                occurred_at: Some(prost_types::Timestamp { seconds: at, nanos: 0 }),
                agent: agent.into(),
                ..pb::CallEvent::default()
            }),
            ..mail("mara@example.org", &format!("{call}/{kind:?}/{at}"))
        };
        self.record(vec![contact]).await.remove(0)
    }
}

both_engines! {
    async fn a_customer_who_leaves_is_answered_later(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.chat("1", false).await;
        assert_eq!(ticket.handling(), Handling::ByChannel);
        desk.wait(60);
        let skip = desk.kinds(0).await.len();
        let response = desk.leave(&ticket, START + 40, false).await;
        assert!(response.left);
        let left = response.ticket.clone().expect("a ticket");
        assert_eq!((left.handling(), left.generation), (Handling::Asynchronous, ticket.generation + 1));
        assert_eq!(left.queue_entered_at.map(|at| at.seconds), Some(START + 60), "it waits anew, as work");
        assert_eq!(desk.kinds(skip).await, ["ticket_queue_left", "ticket_queued"]);
        let event = desk.events("acme").await.remove(skip);
        let head = event.head.clone().expect("filled in");
        assert_eq!(head.actor.as_ref().map(|actor| actor.id.as_str()), Some(ticket.customer.as_str()));
        assert_eq!(head.occurred_at.map(|at| at.seconds), Some(START + 40));
        let Some(Payload::TicketQueueLeft(told)) = event.payload else { panic!("another kind") };
        let seconds = |at: Option<prost_types::Timestamp>| at.map(|at| at.seconds);
        assert_eq!((seconds(told.queue_entered_at), seconds(told.left_at)), (Some(START), Some(START + 40)));
        // Told once more, and by another who found it: nothing new.
        assert_eq!(desk.leave(&ticket, START + 40, false).await, response);
        assert!(!desk.leave(&ticket, START + 41, false).await.left);
        assert_eq!(desk.kinds(skip).await.len(), 2);
        // Who was offered somebody on the line does not get them; the work can be had.
        assert_eq!(desk.accept(&ticket, "agents/anna").await.expect_err("was left").reason(), "GENERATION_CHANGED");
        // The customer is back before anybody answered.
        let back = desk.chat("2", false).await;
        assert_eq!((back.name.as_str(), back.handling(), back.generation), (ticket.name.as_str(), Handling::ByChannel, 3));
        assert_eq!(desk.kinds(skip + 2).await, ["message_created", "ticket_queued"]);
        desk.accept(&back, "agents/anna").await.expect("accepts");
        assert!(!desk.leave(&back, START + 61, false).await.left, "somebody has it");
    }

    async fn only_the_customers_word_closes(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.chat("1", false).await;
        let skip = desk.kinds(0).await.len();
        let response = desk.leave(&ticket, START + 3, true).await;
        assert!(response.left);
        let closed = response.ticket.expect("a ticket");
        assert_eq!((closed.state(), closed.queue_entered_at), (State::Closed, None));
        assert_eq!(desk.kinds(skip).await, ["ticket_queue_left", "ticket_state_changed"]);
        let actor = desk.events("acme").await.pop().and_then(|event| event.head?.actor).expect("an actor");
        assert_eq!(actor.kind(), feed::actor::Kind::Customer);
    }

    async fn an_acceptance_and_a_departure_at_once_have_one_winner(db: TestDatabase) {
        for round in 0..8 {
            let desk = Fixture::new(&db).await;
            let key = format!("race-{round}");
            let contact = pb::InboundContact {
                channel: pb::Channel::Chat.into(),
                ..mail(&format!("{key}@example.org"), &key)
            };
            let recorded = desk.record(vec![contact]).await.remove(0);
            let ticket = desk.get(&recorded.ticket).await;
            let (accepted, left) = tokio::join!(desk.accept(&ticket, "agents/anna"), desk.leave(&ticket, START, false));
            assert_ne!(accepted.is_ok(), left.left, "exactly one of them: {accepted:?}");
        }
    }

    async fn what_is_written_while_nobody_is_there_is_no_abandonment(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.chat("1", true).await;
        assert_eq!((ticket.handling(), ticket.queue_entered_at.is_some()), (Handling::Asynchronous, true));
        assert_eq!(desk.chat("2", true).await.handling(), Handling::Asynchronous);
        assert!(!desk.leave(&ticket, START + 9, false).await.left);
        assert_eq!(desk.chat("3", false).await.handling(), Handling::ByChannel);
        // The desk closes over it.
        let skip = desk.kinds(0).await.len();
        assert_eq!(desk.chat("4", true).await.handling(), Handling::Asynchronous);
        assert_eq!(desk.kinds(skip).await, ["ticket_queue_left", "ticket_queued", "message_created"]);
    }

    async fn a_call_is_one_ticket_in_whatever_order_it_is_told(db: TestDatabase) {
        use pb::call_event::Kind::{Answered, HungUp, Queued, WrapUpEnded};
        let desk = Fixture::new(&db).await;
        desk.wait(100);
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]];
        for (call, order) in orders.iter().enumerate() {
            let call = call.to_string();
            let events = [(Queued, 0, ""), (Answered, 20, "agents/anna"), (HungUp, 50, ""), (WrapUpEnded, 60, "agents/anna")];
            let mut tickets = Vec::new();
            for index in order {
                let (kind, at, agent) = events[*index];
                let told = desk.call(&call, kind, START + at, agent).await;
                let again = desk.call(&call, kind, START + at, agent).await;
                assert_eq!(again.outcome(), pb::contact_result::Outcome::Duplicate);
                assert_eq!((&again.ticket, &again.message), (&told.ticket, &told.message));
                tickets.push(told.ticket);
                let ticket = desk.get(&tickets[0]).await;
                assert_eq!(ticket.handling() == Handling::External, ticket.handling() != Handling::Asynchronous);
                assert_ne!(ticket.handling() == Handling::External, order[..=tickets.len() - 1].iter().any(|at| *at > 1));
            }
            tickets.dedup();
            assert_eq!(tickets.len(), 1, "one call, one ticket");
            let ticket = desk.get(&tickets[0]).await;
            assert_eq!((ticket.assignee.as_str(), ticket.queue_entered_at, ticket.message_count), ("agents/anna", None, 1));
            let told: Vec<(i64, i32)> = desk.events("acme").await.into_iter().filter_map(|event| {
                let at = event.head.as_ref()?.occurred_at.as_ref()?.seconds - START;
                match event.payload {
                    Some(Payload::CallEventRecorded(one)) if one.ticket.as_ref()?.name == ticket.name => Some((at, one.call_event?.kind)),
                    _ => None,
                }
            }).collect();
            let mut told = told;
            told.sort_unstable();
            let kinds = [Queued, Answered, HungUp, WrapUpEnded].map(i32::from);
            assert_eq!(told, [(0, kinds[0]), (20, kinds[1]), (50, kinds[2]), (60, kinds[3])]);
        }
    }

    async fn a_call_that_nobody_answered_is_work(db: TestDatabase) {
        use pb::call_event::Kind::{HungUp, Queued};
        let desk = Fixture::new(&db).await;
        let ticket = desk.call("1", Queued, START, "").await.ticket;
        let waiting = desk.get(&ticket).await;
        assert_eq!((waiting.handling(), waiting.queue_entered_at), (Handling::External, None));
        assert_eq!(desk.accept(&waiting, "agents/anna").await.expect_err("is not ours to give").reason(), "GENERATION_CHANGED");
        desk.call("1", HungUp, START, "").await;
        let over = desk.get(&ticket).await;
        assert_eq!((over.handling(), over.queue_entered_at.is_some()), (Handling::Asynchronous, true));
        desk.accept(&over, "agents/anna").await.expect("calls back");
    }

    async fn a_call_that_is_never_ended_does_not_keep_its_ticket_for_ever(db: TestDatabase) {
        use pb::call_event::Kind::Queued;
        let desk = Fixture::new(&db).await;
        let ticket = desk.call("1", Queued, START, "").await.ticket;
        let tick = async || {
            let clock = desk.clock.shared();
            crate::loops::calls::tick(&desk.app.store, &clock).await.expect("looks");
            desk.get(&ticket).await
        };
        desk.wait(12 * 3_600 - 1);
        assert_eq!(tick().await.handling(), Handling::External);
        desk.wait(1);
        let skip = desk.kinds(0).await.len();
        let over = tick().await;
        assert_eq!((over.handling(), over.queue_entered_at.is_some()), (Handling::Asynchronous, true));
        tick().await;
        assert_eq!(desk.kinds(skip).await, ["ticket_updated", "ticket_queued"]);
    }

    async fn messages_are_read_from_one_on(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut ticket = desk.chat("1", false).await;
        for id in ["2", "3"] {
            ticket = desk.chat(id, false).await;
        }
        let all = desk.messages(&ticket.name, false).await;
        let list = async |after: &str| {
            let request = pb::ListMessagesRequest {
                parent: ticket.name.clone(),
                page_size: 1,
                after: after.into(),
                ..pb::ListMessagesRequest::default()
            };
            list_messages::handle(&desk.app, acme(request)).await
        };
        let page = list(&all[0].name).await.expect("a page");
        assert_eq!(page.messages, [all[1].clone()]);
        assert!(!page.next_page_token.is_empty());
        assert_eq!(list(&all[2].name).await.expect("a page").messages, []);
        let unknown = format!("{}/messages/{}", ticket.name, uuid::Uuid::nil());
        assert_eq!(list(&unknown).await.expect_err("none").kind(), vorrang_error::Kind::NotFound);
        assert_eq!(list("messages/1").await.expect_err("no name").kind(), vorrang_error::Kind::Invalid);
    }

    async fn who_is_known_by_their_conversation_only_is_left_too(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let leave = async |conversation: &str| {
            let request = pb::LeaveQueueRequest { conversation: conversation.into(), ..pb::LeaveQueueRequest::default() };
            leave_queue::handle(&desk.app, acme(request)).await
        };
        let unknown = leave("conversation:grpc:chat").await.expect_err("nothing was said in it");
        assert_eq!(unknown.kind(), vorrang_error::Kind::NotFound);
        let ticket = desk.chat("1", false).await;
        let left = leave("conversation:grpc:chat").await.expect("is noted");
        assert!(left.left);
        assert_eq!(left.ticket.expect("a ticket").name, ticket.name);
        let both = pb::LeaveQueueRequest { name: ticket.name, conversation: "x".into(), ..pb::LeaveQueueRequest::default() };
        for wrong in [both, pb::LeaveQueueRequest::default()] {
            let error = leave_queue::handle(&desk.app, acme(wrong)).await.expect_err("one of them");
            assert_eq!(error.kind(), vorrang_error::Kind::Invalid);
        }
    }

    async fn what_is_delivered_late_brings_nobody_back(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let said = async |id: &str, at: i64| {
            let contact = pb::InboundContact {
                channel: pb::Channel::Chat.into(),
                thread_keys: vec!["conversation:grpc:chat".into()],
                reference_keys: vec!["conversation:grpc:chat".into()],
                received_at: Some(prost_types::Timestamp { seconds: START + at, nanos: 0 }),
                ..mail("mara@example.org", id)
            };
            let recorded = desk.record(vec![contact]).await.remove(0);
            desk.get(&recorded.ticket).await
        };
        let ticket = said("1", 0).await;
        desk.wait(100);
        assert!(!desk.leave(&ticket, START - 1, false).await.left, "they were there later");
        assert!(desk.leave(&ticket, START + 50, false).await.left);
        assert_eq!(said("2", 40).await.handling(), Handling::Asynchronous, "it was said before they left");
        assert_eq!(said("3", 60).await.handling(), Handling::ByChannel);
        assert!(!desk.leave(&ticket, START + 59, false).await.left, "they are back since");
    }

    async fn a_merged_chat_is_left_with_the_ticket_that_it_is_part_of(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let chat = desk.chat("1", false).await;
        let other = desk.record(vec![mail("mara@example.org", "<2>")]).await.remove(0);
        let other = desk.get(&other.ticket).await;
        desk.merge(&other, &[&chat]).await.expect("merges");
        desk.wait(60);
        assert!(!desk.leave(&chat, START + 30, false).await.left, "nobody waits on the line of a mail");
        assert_eq!(desk.get(&chat.name).await.handling(), Handling::Asynchronous);
        let own = desk.unmerge(&chat).await.expect("is its own again").ticket.expect("a ticket");
        assert_eq!((own.handling(), own.queue_entered_at.map(|at| at.seconds)), (Handling::Asynchronous, Some(START + 60)));
        assert!(!desk.leave(&own, START + 61, false).await.left, "they had left");
    }

    async fn who_calls_may_be_found_out_later(db: TestDatabase) {
        use pb::call_event::Kind::{Answered, HungUp, Queued};
        let desk = Fixture::new(&db).await;
        let tell = async |call: &str, kind: pb::call_event::Kind, who: pb::Identity| {
            let key = format!("conversation:grpc:call:{call}");
            let contact = pb::InboundContact {
                channel: pb::Channel::Phone.into(),
                thread_keys: vec![key.clone()],
                reference_keys: vec![key],
                identities: vec![who],
                call: Some(pb::CallEvent {
                    kind: kind.into(),
                    occurred_at: Some(prost_types::Timestamp { seconds: START, nanos: 0 }),
                    ..pb::CallEvent::default()
                }),
                ..mail("unused@example.org", &format!("{call}/{kind:?}"))
            };
            let recorded = desk.record(vec![contact]).await.remove(0);
            desk.get(&recorded.ticket).await
        };
        let who = |kind: pb::identity::Kind, value: &str, verified| pb::Identity { kind: kind.into(), value: value.into(), verified };
        let withheld = |call: &str| who(pb::identity::Kind::External, &format!("call:{call}"), false);
        let number = who(pb::identity::Kind::Phone, "+4930123456", false);
        // Nobody has the number: it is the caller's.
        let first = tell("1", Queued, withheld("1")).await;
        let named = tell("1", Answered, number.clone()).await;
        assert_eq!((&named.name, &named.customer), (&first.name, &first.customer));
        let mara = desk.read(&first.customer).await;
        assert!(mara.identities.contains(&number), "{mara:?}");
        // Somebody has it: the ticket is theirs, and goes when they are erased.
        let second = tell("2", Queued, withheld("2")).await;
        assert_ne!(second.customer, first.customer);
        let corrected = tell("2", HungUp, number).await;
        assert_eq!((&corrected.name, &corrected.customer), (&second.name, &first.customer));
        desk.erase(&first.customer).await.expect("is erased");
        assert!(desk.get(&second.name).await.erased);
    }

    async fn what_a_source_knows_of_a_customer_is_kept_as_far_as_it_may_say_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let push = async |id: &str, verified: bool, tier: &str, owner: &str, plan: &str| {
            let value = Some(pb::attribute_value::Value::Text(plan.into()));
            let mut contact = pb::InboundContact {
                tier: tier.into(),
                profile: Some(pb::CustomerProfile {
                    owner: owner.into(),
                    language: "fr".into(),
                    country: "fr".into(),
                    attributes: [("plan".into(), pb::AttributeValue { value })].into(),
                }),
                ..mail("mara@example.org", id)
            };
            contact.identities[0].verified = verified;
            let recorded = desk.record(vec![contact]).await.remove(0);
            let customer = desk.read(&recorded.customer).await;
            let plan = match customer.attributes.get("plan").and_then(|value| value.value.clone()) {
                Some(pb::attribute_value::Value::Text(plan)) => plan,
                other => panic!("{other:?}"),
            };
            assert_eq!((customer.language.as_str(), customer.country.as_str()), ("fr", "FR"));
            (customer.tier, customer.owner, plan)
        };
        let expected = |tier: &str, owner: &str, plan: &str| (tier.to_owned(), owner.to_owned(), plan.to_owned());
        assert_eq!(push("<1>", false, "vip", "agents/anna", "a").await, expected("vip", "agents/anna", "a"));
        assert_eq!(push("<2>", true, "gold", "agents/ben", "b").await, expected("gold", "agents/ben", "b"));
        assert_eq!(push("<3>", false, "vip", "agents/anna", "a").await, expected("gold", "agents/ben", "b"));
        assert_eq!(push("<4>", true, "vip", "no agent", "c").await, expected("vip", "agents/ben", "c"), "what cannot be is left out");
    }
}
