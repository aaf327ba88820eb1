//! The agents' stream.

use http::uri::PathAndQuery;
use prost::Message as _;
use tonic::Code;
use tonic_prost::ProstCodec;
use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::rescinded::Reason;
use vorrang_api::routing::v1::work_request::Request;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_api::routing::v1::{Agent, Heartbeat, Presence, UpdateAgentRequest, WorkResponse};
use vorrang_api::ticketing::v1::{Channel, Priority};
use vorrang_service::reason;
use vorrang_testkit::{TestDatabase, both_engines};

use crate::desktop::{Desktop, hello, id_of};
use crate::stack::{Stack, TENANT};
use crate::ticketing::trace_of;

const MAIL: [(Channel, i32); 1] = [(Channel::Email, 1)];

both_engines! {
    /// The whole walk of a contact, on both engines: offered, accepted, recorded by ticketing, logged with its trace, finished.
    async fn an_accepted_contact_is_the_agents_once_ticketing_has_recorded_it(db: TestDatabase) {
        let stack = Stack::on_database(&db).await;
        let mut anna = stack.desktop("anna", &MAIL).await;
        let ticket = stack.mail(1_000);
        let offer = anna.offer().await;
        assert_eq!(id_of(&offer), ticket);
        let contact = offer.contact.clone().expect("a contact");
        assert_eq!((contact.class.as_str(), contact.class_rank, contact.generation), ("normal", 4, 1));
        assert_eq!(contact.subject, "Contact 1");
        anna.accept(&offer).await;
        let assigned = anna.assigned().await.ticket.expect("the ticket");
        assert_eq!((assigned.assignee.as_str(), assigned.generation), ("agents/anna", 2));

        let events = stack.log_when(|payload| matches!(payload, Payload::OfferAccepted(_))).await;
        let kinds: Vec<&str> = events.iter().map(|event| event.head.as_ref().expect("a head").r#type.as_str()).collect();
        assert_eq!(kinds, ["agent_created", "presence_changed", "offer_made", "offer_accepted"]);
        for event in &events[2..] {
            let head = event.head.as_ref().expect("a head");
            assert_eq!(head.trace_parent[3..35], trace_of(&ticket)[3..35], "the trace of the push goes on");
        }
        let Some(Payload::OfferMade(made)) = &events[2].payload else { panic!("an offer") };
        assert_eq!(made.contact.as_ref().expect("a contact").subject, "", "no text of customers in the log");

        anna.wrap_up(&ticket).await;
        anna.finished().await;
        stack.log_when(|payload| matches!(payload, Payload::WrapUpEnded(_))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_the_push_reaches_ticketing_with_the_accept() {
    vorrang_telemetry::init("routing-tests", "error", "").expect("sets up");
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    stack.mail(1);
    let ticket = anna.take().await;
    let (_, trace) = stack.ticketing.accepts().remove(0);
    assert_eq!(trace[3..35], trace_of(&ticket)[3..35]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_follow_capacity_and_come_as_it_is_freed() {
    let stack = Stack::start().await;
    for at in 0..4 {
        stack.mail(at);
        stack
            .ticketing
            .open(TENANT, Channel::Chat, "standard", Priority::Normal, at);
    }
    let waiting = stack.waiting(8).await;
    let mut anna = stack.desktop("anna", &[(Channel::Chat, 2), (Channel::Email, 1)]).await;
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(anna.take().await);
    }
    assert_eq!(taken, [waiting[0].clone(), waiting[1].clone(), waiting[4].clone()]);
    anna.has_nothing().await;
    anna.wrap_up(&taken[0]).await;
    anna.finished().await;
    assert_eq!(anna.take().await, waiting[2], "the next chat");
    // Solving a ticket frees its slot too, and wrapping up afterwards is fine.
    stack.ticketing.solve(TENANT, &taken[2]);
    assert_eq!(anna.take().await, waiting[5], "the next mail");
    anna.wrap_up(&taken[2]).await;
    anna.finished().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_contact_goes_to_somebody_else_with_its_age() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(7);
    let offer = anna.offer().await;
    anna.decline(&offer, "not mine").await;
    let rescinded = anna.rescinded().await;
    assert_eq!(
        (rescinded.offer.as_str(), rescinded.reason()),
        (offer.offer.as_str(), Reason::Declined)
    );
    anna.has_nothing().await;
    let mut ben = stack.desktop("ben", &MAIL).await;
    let again = ben.offer().await;
    assert_eq!(id_of(&again), ticket);
    assert_ne!(again.offer, offer.offer);
    assert_eq!(
        again.contact.expect("one").queue_entered_at,
        offer.contact.expect("one").queue_entered_at
    );
    let events = stack
        .log_when(|payload| matches!(payload, Payload::OfferReturned(_)))
        .await;
    let Some(Payload::OfferReturned(returned)) = &events.last().expect("one").payload else {
        panic!("returned")
    };
    assert_eq!(
        (returned.reason(), returned.decline_reason.as_str()),
        (Reason::Declined, "not mine")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_comes_back_too_often_is_parked_where_people_see_it() {
    let stack = Stack::start().await;
    stack.change_policy(|policy| policy.max_returns = 2).await;
    let ticket = stack.mail(7);
    for agent in ["anna", "ben"] {
        let mut desktop = stack.desktop(agent, &MAIL).await;
        let offer = desktop.offer().await;
        desktop.decline(&offer, "").await;
        desktop.rescinded().await;
    }
    let stats = stack.stats_when(|stats| !stats.parked.is_empty()).await;
    assert_eq!(stats.parked[0].ticket, format!("tickets/{ticket}"));
    assert_eq!(stats.lanes[0].waiting_count, 0);
    let mut cleo = stack.desktop("cleo", &MAIL).await;
    cleo.has_nothing().await;
    // Somebody looked at it and gave it back to its queue.
    stack.ticketing.requeue(TENANT, &ticket, 8);
    assert_eq!(cleo.take().await, ticket);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_stream_gives_its_offers_back_at_once() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &[(Channel::Email, 2)]).await;
    let (first, second) = (stack.mail(1), stack.mail(2));
    assert_eq!(id_of(&anna.offer().await), first);
    assert_eq!(id_of(&anna.offer().await), second);
    drop(anna);
    let mut ben = stack.desktop("ben", &[(Channel::Email, 2)]).await;
    assert_eq!(ben.take().await, first);
    assert_eq!(ben.take().await, second);
    vorrang_testkit::wait_until(vorrang_testkit::DEADLINE, "anna to be offline", || async {
        stack.read_agent("anna").await.presence() == Presence::Offline
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_gives_an_offer_back_and_a_heartbeat_keeps_it() {
    let stack = Stack::start().await;
    stack
        .change_policy(|policy| policy.lease = Some(prost_types::Duration { seconds: 2, nanos: 0 }))
        .await;
    let mut silent = stack.desktop("silent", &MAIL).await;
    assert_eq!(silent.ready.lease.as_ref().map(|lease| lease.seconds), Some(2));
    let ticket = stack.mail(1);
    let offer = silent.offer().await;
    let mut awake = stack.desktop("awake", &MAIL).await;
    // The silent one learns that the offer is gone, the other gets it.
    let rescinded = silent.rescinded().await;
    assert_eq!(
        (rescinded.offer.clone(), rescinded.reason()),
        (offer.offer.clone(), Reason::Expired)
    );
    let again = awake.offer().await;
    assert_eq!(id_of(&again), ticket);
    silent.accept(&offer).await;
    assert_eq!(silent.refusal().await, "OFFER_UNKNOWN");
    // Two leases long, in real time since Redis counts it, by heartbeats; each answer proves that the one before was processed.
    let started = tokio::time::Instant::now();
    while started.elapsed() < std::time::Duration::from_secs(4) {
        awake.heartbeat().await;
        awake.has_nothing().await;
        tokio::time::timeout(std::time::Duration::from_millis(200), std::future::pending::<()>())
            .await
            .expect_err("only waits");
    }
    awake.accept(&again).await;
    awake.assigned().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assignment_by_hand_beats_an_offer() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(1);
    let offer = anna.offer().await;
    stack.ticketing.assign(TENANT, &ticket, "boss");
    let rescinded = anna.rescinded().await;
    assert_eq!(
        (rescinded.offer.clone(), rescinded.reason()),
        (offer.offer, Reason::Taken)
    );
    assert_eq!(stack.ticketing.ticket(TENANT, &ticket).assignee, "agents/boss");
    let next = stack.mail(2);
    assert_eq!(anna.take().await, next, "the slot is free");
}

/// A ticket that becomes part of another one is nobody's any more: an offer of it is void, and who had it is free for the next. After
/// an unmerge it is offered again, with its age.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merged_ticket_leaves_the_queue_and_comes_back() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    let ticket = stack.mail(7);
    let offer = anna.offer().await;
    stack.ticketing.merge(TENANT, &ticket);
    let rescinded = anna.rescinded().await;
    assert_eq!(
        (rescinded.offer.clone(), rescinded.reason()),
        (offer.offer.clone(), Reason::Taken)
    );
    anna.has_nothing().await;
    anna.accept(&offer).await;
    assert_eq!(anna.refusal().await, "OFFER_UNKNOWN");

    stack.ticketing.unmerge(TENANT, &ticket, 7);
    let again = anna.offer().await;
    assert_eq!(id_of(&again), ticket);
    let entered = |offer: &vorrang_api::routing::v1::Offer| offer.contact.clone().expect("one").queue_entered_at;
    assert_eq!(entered(&again), entered(&offer), "it waits since when it had waited");
    anna.accept(&again).await;
    anna.assigned().await;
    stack.ticketing.merge(TENANT, &ticket);
    let next = stack.mail(8);
    assert_eq!(anna.take().await, next, "the slot is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_is_available_gets_offers() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    anna.set_presence(Presence::Away).await;
    assert!(matches!(anna.next().await, Response::PresenceSet(_)));
    assert_eq!(stack.read_agent("anna").await.presence(), Presence::Away);
    let ticket = stack.mail(1);
    stack.waiting(1).await;
    anna.has_nothing().await;
    anna.set_presence(Presence::Offline).await;
    assert_eq!(anna.refusal().await, "PRESENCE_INVALID");
    anna.set_presence(Presence::Available).await;
    assert!(matches!(anna.next().await, Response::PresenceSet(_)));
    assert_eq!(anna.take().await, ticket);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_stream_of_an_agent_replaces_the_older() {
    let stack = Stack::start().await;
    let older = stack.desktop("anna", &MAIL).await;
    let mut newer = Desktop::open(&stack, "anna", &MAIL).await;
    assert_eq!(reason(&older.end().await).as_deref(), Some("SESSION_REPLACED"));
    let ticket = stack.mail(1);
    assert_eq!(newer.take().await, ticket);
    assert_eq!(stack.read_agent("anna").await.presence(), Presence::Available);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_of_a_disabled_agent_ends_and_no_other_begins() {
    let stack = Stack::start().await;
    let anna = stack.desktop("anna", &MAIL).await;
    let request = UpdateAgentRequest {
        request_id: String::new(),
        agent: Some(Agent {
            name: "agents/anna".to_owned(),
            disabled: true,
            ..Agent::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["disabled".to_owned()],
        }),
    };
    stack.agents(TENANT).update_agent(request).await.expect("changed");
    assert_eq!(reason(&anna.end().await).as_deref(), Some("AGENT_DISABLED"));
    let again = Desktop::refused(&stack, Request::Hello(hello("anna", &MAIL))).await;
    assert_eq!(reason(&again).as_deref(), Some("AGENT_DISABLED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_begins_with_a_hello_of_a_known_agent() {
    let stack = Stack::start().await;
    let early = Desktop::refused(&stack, Request::Heartbeat(Heartbeat {})).await;
    assert_eq!(reason(&early).as_deref(), Some("HELLO_MISSING"));
    let stranger = Desktop::refused(&stack, Request::Hello(hello("nobody", &MAIL))).await;
    assert_eq!(stranger.code(), tonic::Code::NotFound);
    let mut wrong = hello(
        "x",
        &[(Channel::Unspecified, 0), (Channel::Email, 1), (Channel::Email, 101)],
    );
    wrong.agent = "anna".to_owned();
    wrong.queues = vec!["Default".to_owned()];
    let wrong = Desktop::refused(&stack, Request::Hello(wrong)).await;
    let details = tonic_types::StatusExt::get_details_bad_request(&wrong).expect("violations");
    let mut fields: Vec<&str> = details.field_violations.iter().map(|one| one.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "hello.agent",
            "hello.capacities[0].channel",
            "hello.capacities[0].max_concurrent",
            "hello.capacities[2].channel",
            "hello.capacities[2].max_concurrent",
            "hello.queues[0]",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_desktop_must_not_say_is_refused_and_the_stream_goes_on() {
    let stack = Stack::start().await;
    let mut anna = stack.desktop("anna", &MAIL).await;
    anna.wrap_up("01990000-0000-7000-8000-00000000000a").await;
    assert_eq!(anna.refusal().await, "TICKET_NOT_HELD");
    let ticket = stack.mail(1);
    let offer = anna.offer().await;
    anna.decline(&offer, &"x".repeat(101)).await;
    assert_eq!(anna.refusal().await, "REASON_TOO_LONG");
    anna.decline(&offer, "no\0").await;
    assert_eq!(anna.refusal().await, "REASON_INVALID");
    // Said twice, recorded once.
    anna.accept(&offer).await;
    anna.accept(&offer).await;
    assert_eq!(
        anna.assigned().await.ticket.expect("one").name,
        format!("tickets/{ticket}")
    );
    anna.wrap_up(&ticket).await;
    let mut answers = vec![anna.next().await];
    if matches!(answers[0], Response::Refused(_)) {
        // The second accept came after the answer to the first.
        answers.push(anna.next().await);
    }
    assert!(matches!(answers.last(), Some(Response::Finished(_))), "{answers:?}");
    assert_eq!(stack.ticketing.accepts().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_cannot_be_read_ends_the_stream_with_the_reason_and_returns_what_was_offered() {
    let stack = Stack::start().await;
    drop(stack.desktop("anna", &MAIL).await);
    let ticket = stack.mail(1);
    for beginning in [vec![], vec![hello("anna", &MAIL).encode_to_vec()]] {
        // On the wire the same as a request: a message of one field, here with bytes that are no hello.
        let requests = beginning.into_iter().chain([b"\xff\xff".to_vec()]);
        let mut client = tonic::client::Grpc::new(stack.running.peers().routing(Some(TENANT)));
        client.ready().await.expect("it is there");
        let path = PathAndQuery::from_static("/vorrang.routing.v1.WorkService/Work");
        let codec = ProstCodec::<Vec<u8>, WorkResponse>::new();
        let requests = tonic::Request::new(futures::stream::iter(requests));
        let mut responses = client
            .streaming(requests, path, codec)
            .await
            .expect("begins")
            .into_inner();
        let status = loop {
            match responses.message().await {
                Ok(response) => assert!(response.is_some(), "it ends with the reason"),
                Err(status) => break status,
            }
        };
        assert_eq!(
            (status.code(), reason(&status).as_deref()),
            (Code::InvalidArgument, Some("REQUEST_MALFORMED"))
        );
    }
    let offer = stack.desktop("ben", &MAIL).await.offer().await;
    assert_eq!(id_of(&offer), ticket);
}
