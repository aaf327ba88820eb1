//! Redis loses everything, ticketing is away, answers are lost.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::rescinded::Reason;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_api::ticketing::v1::internal_service_client::InternalServiceClient;
use vorrang_api::ticketing::v1::{AcceptTicketRequest, Channel, Priority};
use vorrang_error::Error;
use vorrang_testkit::{DEADLINE, RedisServer, wait_until};

use crate::desktop::{Desktop, id_of};
use crate::stack::{Stack, TENANT};
use crate::ticketing::{FakeTicketing, Mode};

const MAIL: [(Channel, i32); 1] = [(Channel::Email, 1)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_flushall_everything_waits_again_in_order_and_capacity_holds() {
    let redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    let mut anna = stack.desktop("anna", &[(Channel::Email, 2)]).await;
    let held = stack.mail(1);
    assert_eq!(anna.take().await, held);
    let offered = stack.mail(2);
    let offer = anna.offer().await;
    let later: Vec<String> = (3..10).map(|at| stack.mail(at)).collect();
    let vip = stack
        .ticketing
        .open(TENANT, Channel::Email, "vip", Priority::Normal, 99);
    stack.waiting(8).await;

    redis.flush_all().await;

    // The offer of before is void, and said to be; the slot of the held contact is still taken, so one new offer comes.
    let rescinded = anna.rescinded().await;
    assert_eq!(
        (rescinded.offer.clone(), rescinded.reason()),
        (offer.offer, Reason::Rebuilt)
    );
    assert_eq!(anna.take().await, vip, "vip first");
    anna.has_nothing().await;
    let mut expected = vec![offered];
    expected.extend(later);
    assert_eq!(stack.waiting(8).await, expected);
    // Following goes on after the rebuild.
    let newest = stack.mail(100);
    expected.push(newest);
    assert_eq!(stack.waiting(9).await, expected);
    anna.wrap_up(&held).await;
    anna.finished().await;
    assert_eq!(anna.take().await, expected[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_redis_comes_back_and_work_goes_on() {
    let mut redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let first = stack.mail(1);
    assert_eq!(anna.take().await, first);
    redis.kill().await;
    let second = stack.mail(2);
    redis.restart().await;
    assert_eq!(stack.waiting(1).await, std::slice::from_ref(&second));
    anna.has_nothing().await;
    stack.ticketing.solve(TENANT, &first);
    assert_eq!(anna.take().await, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_log_rebuilds_the_queues() {
    let stack = Stack::start().await;
    let ticket = stack.mail(1);
    stack.waiting(1).await;
    stack.ticketing.renew_epoch();
    let next = stack.mail(2);
    assert_eq!(stack.waiting(2).await, [ticket, next]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accept_while_ticketing_is_away_puts_the_contact_back() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(1);
    let offer = anna.offer().await;
    stack.ticketing.set_mode(Mode::Down);
    anna.accept(&offer).await;
    let rescinded = anna.rescinded().await;
    assert_eq!(rescinded.reason(), Reason::Unavailable);
    stack.ticketing.set_mode(Mode::Up);
    assert_eq!(anna.take().await, ticket);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accept_that_met_another_change_is_tried_again() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(1);
    stack.ticketing.refuse([
        Error::conflict("DATABASE_CONTENTION", "another change came first"),
        Error::conflict("REQUEST_IN_PROGRESS", "a twin is running"),
    ]);
    assert_eq!(anna.take().await, ticket);
}

/// What is wrong with an accept, or with us, says nothing about the contact.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accept_that_fails_for_any_reason_but_the_ticket_puts_the_contact_back() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(1);
    for error in [
        Error::internal("a defect"),
        Error::invalid_field("accepted_at", "lies in the future"),
        Error::precondition("TENANT_CLOSED", "nobody may work now"),
    ] {
        stack.ticketing.refuse([error]);
        let offer = anna.offer().await;
        assert_eq!(id_of(&offer), ticket);
        anna.accept(&offer).await;
        assert_eq!(anna.rescinded().await.reason(), Reason::Unavailable);
    }
    assert_eq!(anna.take().await, ticket);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_may_not_be_worked_on_is_not_offered_again() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    stack.mail(1);
    let offer = anna.offer().await;
    stack
        .ticketing
        .refuse([Error::precondition("TICKET_SOLVED", "the ticket is solved")]);
    anna.accept(&offer).await;
    assert_eq!(anna.rescinded().await.reason(), Reason::Taken);
    anna.has_nothing().await;
    assert!(stack.waiting(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accept_whose_answer_is_lost_is_told_when_the_feed_says_so() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(1);
    let offer = anna.offer().await;
    stack.ticketing.set_mode(Mode::LosesAnswers);
    anna.accept(&offer).await;
    // The answer is lost, and those to the repeats; the feed tells that the ticket is anna's.
    wait_until(DEADLINE, "ticketing to be asked in vain", || async {
        stack.ticketing.accepts().len() > 3
    })
    .await;
    stack.ticketing.set_mode(Mode::Up);
    let assigned = anna.assigned().await;
    assert_eq!(assigned.ticket.expect("one").name, format!("tickets/{ticket}"));
    assert_eq!(stack.ticketing.ticket(TENANT, &ticket).assignee, "agents/anna");
    stack.mail(2);
    anna.has_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accept_of_an_older_generation_is_refused() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(1);
    let offer = anna.offer().await;
    // Assigned by hand and given back: the same contact, another generation.
    stack.ticketing.assign(TENANT, &ticket, "boss");
    stack.ticketing.requeue(TENANT, &ticket, 1);
    anna.accept(&offer).await;
    let mut seen = Vec::new();
    let newer = loop {
        match anna.next().await {
            Response::Offer(newer) => break newer,
            other => seen.push(other),
        }
    };
    assert!(
        !seen.iter().any(|response| matches!(response, Response::Assigned(_))),
        "{seen:?}"
    );
    assert_eq!(id_of(&newer), ticket);
    assert_eq!(newer.contact.as_ref().expect("one").generation, 3);
    anna.accept(&newer).await;
    loop {
        // A refusal of the first accept may come before.
        if let Response::Assigned(assigned) = anna.next().await {
            assert_eq!(assigned.offer, newer.offer);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_that_are_being_rebuilt_say_so() {
    let redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    stack.mail(1);
    stack.waiting(1).await;
    stack.ticketing.set_mode(Mode::Down);
    redis.flush_all().await;
    wait_until(DEADLINE, "the loss to be noticed", || async {
        let request = vorrang_api::routing::v1::PeekQueueRequest::default();
        let refused = stack.queues(TENANT).peek_queue(request).await.expect_err("is refused");
        assert_eq!(refused.code(), tonic::Code::Unavailable);
        vorrang_service::reason(&refused).as_deref() == Some("QUEUE_REBUILDING")
            && tonic_types::StatusExt::get_details_retry_info(&refused).is_some()
    })
    .await;
    stack.ticketing.set_mode(Mode::Up);
    stack.waiting(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_whose_queues_cannot_be_rebuilt_holds_up_nobody_else() {
    // Before ours in every order.
    const STUCK: &str = "aaa";
    let redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    let open = |at| {
        stack
            .ticketing
            .open(STUCK, Channel::Email, "standard", Priority::Normal, at)
    };
    let stuck = async || {
        let request = vorrang_api::routing::v1::PeekQueueRequest::default();
        stack.queues(STUCK).peek_queue(request).await
    };
    open(1);
    wait_until(DEADLINE, "the other tenant's contact to wait", || async {
        stuck().await.is_ok_and(|peeked| peeked.get_ref().contacts.len() == 1)
    })
    .await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    stack.ticketing.set_listable(STUCK, false);
    redis.flush_all().await;
    for at in 1..4 {
        open(at);
        let ticket = stack.mail(at);
        assert_eq!(anna.take_one().await, ticket);
        anna.wrap_up(&ticket).await;
        anna.finished().await;
    }
    stuck().await.expect_err("is still being rebuilt");
    stack.ticketing.set_listable(STUCK, true);
    wait_until(DEADLINE, "the other tenant to be back", || async {
        stuck().await.is_ok_and(|peeked| peeked.get_ref().contacts.len() == 4)
    })
    .await;
    open(9);
    wait_until(DEADLINE, "the other tenant to be followed", || async {
        stuck().await.is_ok_and(|peeked| peeked.get_ref().contacts.len() == 5)
    })
    .await;
}

/// What is left when a process dies after ticketing has recorded an acceptance and before it could write that down itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acceptance_that_only_ticketing_has_recorded_takes_its_slot_and_is_told() {
    let redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    stack.agent("anna").await;
    let ticket = stack.mail(1);
    stack.waiting(1).await;
    let accept = AcceptTicketRequest {
        request_id: "lost".to_owned(),
        name: format!("tickets/{ticket}"),
        agent: "agents/anna".to_owned(),
        generation: 1,
        accepted_at: Some(prost_types::Timestamp {
            seconds: 1_790_000_000,
            nanos: 0,
        }),
    };
    InternalServiceClient::new(stack.running.peers().ticketing(Some(TENANT)))
        .accept_ticket(accept)
        .await
        .expect("recorded");
    let events = stack
        .log_when(|payload| matches!(payload, Payload::OfferAccepted(_)))
        .await;
    let event = events.last().expect("one");
    let Some(Payload::OfferAccepted(accepted)) = &event.payload else {
        panic!("accepted")
    };
    let contact = accepted.contact.as_ref().expect("a contact");
    assert_eq!(
        (accepted.agent.as_str(), contact.generation, contact.class.as_str()),
        ("agents/anna", 1, "normal")
    );
    // The log comes first, then the queue.
    stack.waiting(0).await;
    let mut anna = Desktop::open(&stack, "anna", &MAIL).await;
    assert_eq!(
        anna.assigned().await.ticket.expect("the ticket").name,
        format!("tickets/{ticket}")
    );

    redis.flush_all().await;
    let next = stack.mail(2);
    assert_eq!(stack.waiting(1).await, std::slice::from_ref(&next));
    anna.has_nothing().await;
    anna.wrap_up(&ticket).await;
    anna.finished().await;
    assert_eq!(anna.take_one().await, next);
    let name = format!("tickets/{next}");
    let of_next = |payload: &Payload| {
        matches!(payload, Payload::OfferAccepted(accepted)
            if accepted.contact.as_ref().is_some_and(|contact| contact.ticket == name))
    };
    let events = stack.log_when(of_next).await;
    let accepted = events.iter().filter_map(|event| match &event.payload {
        Some(Payload::OfferAccepted(accepted)) => Some(accepted.offer.is_empty()),
        _ => None,
    });
    assert_eq!(
        accepted.collect::<Vec<_>>(),
        [true, false],
        "each once, by its offer where one is known"
    );
}

/// Agents work while Redis is emptied again and again: every contact is served once, nobody ever has more than their capacity.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_under_repeated_losses_serves_every_contact_once_within_capacity() {
    const CONTACTS: usize = 60;
    const LOSSES: usize = 5;
    let redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    let opened: BTreeSet<String> = (0..CONTACTS as i64).map(|at| stack.mail(at)).collect();
    stack.waiting(CONTACTS).await;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut workers = Vec::new();
    for agent in ["anna", "ben", "cleo"] {
        let mut desktop = stack.desktop(agent, &MAIL).await;
        let served = served.clone();
        workers.push(tokio::spawn(async move {
            loop {
                let ticket = desktop.take_one().await;
                served.lock().expect("not poisoned").push(ticket.clone());
                desktop.wrap_up(&ticket).await;
                desktop.finished().await;
            }
        }));
    }
    for loss in 1..=LOSSES {
        wait_until(DEADLINE, "work to go on", || async {
            assert!(
                !workers.iter().any(tokio::task::JoinHandle::is_finished),
                "a desktop gave up"
            );
            served.lock().expect("not poisoned").len() >= loss * CONTACTS / (LOSSES + 1)
        })
        .await;
        redis.flush_all().await;
    }
    wait_until(DEADLINE, "every contact to be served", || async {
        assert!(
            !workers.iter().any(tokio::task::JoinHandle::is_finished),
            "a desktop gave up"
        );
        served.lock().expect("not poisoned").len() >= CONTACTS
    })
    .await;
    for worker in workers {
        worker.abort();
    }
    let served = served.lock().expect("not poisoned").clone();
    assert_eq!(served.len(), CONTACTS, "none twice");
    assert_eq!(served.into_iter().collect::<BTreeSet<_>>(), opened, "none lost");
}

/// A promise at risk moves a contact up to class 3, and a rebuild, which knows the list alone, puts it in the same place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_at_risk_moves_a_contact_up_and_a_rebuild_knows_it() {
    let redis = RedisServer::start().await;
    let stack = Stack::on(&redis.url(), "", FakeTicketing::new()).await;
    let open = |tier, priority, at| stack.ticketing.open(TENANT, Channel::Email, tier, priority, at);
    let risky = open("standard", Priority::Low, 4_000);
    let urgent = open("standard", Priority::Urgent, 3_000);
    let normal = open("standard", Priority::Normal, 1_000);
    let vip = open("vip", Priority::Low, 5_000);
    let by_priority = [vip.clone(), urgent.clone(), normal.clone(), risky.clone()];
    assert_eq!(stack.waiting(4).await, by_priority);
    // Due before the urgent one, whose class is due an hour after it entered.
    stack.ticketing.at_risk(TENANT, &risky, 5_000);
    let expected = [vip, risky, urgent, normal];
    stack.waiting_as(&expected).await;
    redis.flush_all().await;
    stack.waiting_as(&expected).await;
}
