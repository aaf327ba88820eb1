mod customers;
mod delivery;
mod dispositions;
mod events;
mod live;
mod promises;
mod relations;

use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::ticketing::v1 as ticketing;

use super::*;

const SECOND: Micros = 1_000_000;

fn head(seq: i64, second: i64, actor: Option<Actor>) -> EventHead {
    EventHead {
        seq,
        occurred_at: time(second),
        actor,
        ..EventHead::default()
    }
}

fn time(second: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds: second,
        nanos: 0,
    })
}

fn agent(id: &str) -> Actor {
    Actor {
        kind: actor::Kind::Agent.into(),
        id: id.to_owned(),
    }
}

fn ticketing_event(seq: i64, second: i64, payload: ticketing::event::Payload) -> ticketing::Event {
    ticketing::Event {
        cause: None,
        head: Some(head(seq, second, None)),
        payload: Some(payload),
    }
}

fn opened(seq: i64, second: i64, name: &str) -> ticketing::Event {
    let ticket = ticketing::Ticket {
        name: name.to_owned(),
        state: ticketing::ticket::State::New.into(),
        channel: ticketing::Channel::Chat.into(),
        opened_at: time(second),
        ..ticketing::Ticket::default()
    };
    let created = ticketing::TicketCreated { ticket: Some(ticket) };
    ticketing_event(seq, second, ticketing::event::Payload::TicketCreated(created))
}

#[test]
fn an_event_has_its_effect_once_however_often_it_is_delivered() {
    let mut facts = TenantFacts::default();
    let events = [opened(1, 10, "tickets/a"), opened(2, 20, "tickets/b")];
    facts.apply(Owner::Ticketing, &events).expect("in order");
    facts.apply(Owner::Ticketing, &events).expect("the same again");
    facts.apply(Owner::Ticketing, &events[1..]).expect("a part of it again");
    assert_eq!(facts.facts().tickets().len(), 2);
    assert_eq!(facts.position(Owner::Ticketing).seq, 2);
    assert_eq!(facts.position(Owner::Knowledge).seq, 0);
}

#[test]
fn a_hole_is_an_error_and_adds_nothing_after_it() {
    let mut facts = TenantFacts::default();
    let events = [opened(1, 10, "tickets/a"), opened(3, 20, "tickets/c")];
    let error = facts.apply(Owner::Ticketing, &events).expect_err("event 2 is missing");
    assert!(error.message().contains("event 3 follows event 1"), "{error}");
    assert_eq!(
        (facts.facts().tickets().len(), facts.position(Owner::Ticketing).seq),
        (1, 1)
    );
    let headless = [ticketing::Event::default()];
    assert!(facts.apply(Owner::Ticketing, &headless).is_err());
}

#[test]
fn figures_wait_until_every_feed_was_read_to_its_end() {
    let projection = Projection::new();
    assert_eq!(projection.loading(), OWNERS);
    projection.caught_up(Owner::Ticketing, 5);
    projection.caught_up(Owner::Routing, 6);
    assert_eq!(projection.loading(), [Owner::Knowledge]);
    projection.caught_up(Owner::Knowledge, 7);
    assert!(projection.loading().is_empty());
    // A tenant nobody heard of has no events; what is in is everything.
    let [ticketing, ..] = projection.positions("new");
    assert_eq!(
        ticketing,
        Position {
            seq: 0,
            caught_up_at: Some(5)
        }
    );
    projection
        .apply(Owner::Ticketing, "new", &[opened(1, 10, "tickets/a")], (Some(9), ""))
        .expect("in order");
    assert_eq!(
        projection.positions("new")[0],
        Position {
            seq: 1,
            caught_up_at: Some(9)
        }
    );
    projection.clear();
    assert_eq!(projection.loading(), OWNERS);
    assert!(projection.tenant("new").is_none());
}

#[tokio::test]
async fn a_waiter_goes_on_when_the_last_of_the_heads_is_in() {
    let projection = Projection::new();
    OWNERS.into_iter().for_each(|owner| projection.caught_up(owner, 1));
    let waiting = tokio::spawn({
        let projection = projection.clone();
        async move { projection.reached("acme", [2, 0, 0]).await }
    });
    projection
        .apply(Owner::Ticketing, "acme", &[opened(1, 10, "tickets/a")], (None, ""))
        .expect("in order");
    projection
        .apply(
            Owner::Ticketing,
            "other",
            &[opened(1, 10, "tickets/a"), opened(2, 11, "tickets/b")],
            (None, ""),
        )
        .expect("in order");
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "another tenant's events are not ours");
    projection
        .apply(Owner::Ticketing, "acme", &[opened(2, 20, "tickets/b")], (None, ""))
        .expect("in order");
    tokio::time::timeout(std::time::Duration::from_secs(10), waiting)
        .await
        .expect("in time")
        .expect("no panic");
}

#[test]
fn tenants_never_see_each_other() {
    let projection = Projection::new();
    projection
        .apply(Owner::Ticketing, "acme", &[opened(1, 10, "tickets/a")], (None, ""))
        .expect("in order");
    projection
        .apply(Owner::Ticketing, "brot", &[opened(1, 10, "tickets/a")], (None, ""))
        .expect("in order");
    let acme = projection.tenant("acme").expect("known");
    let brot = projection.tenant("brot").expect("known");
    assert!(!Arc::ptr_eq(&acme, &brot));
    assert_eq!(acme.read().expect("not poisoned").facts().tickets().len(), 1);
    assert_eq!(brot.read().expect("not poisoned").facts().tickets().len(), 1);
}
