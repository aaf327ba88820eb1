//! The life of an offer.

use vorrang_queue::{Confirmation, Confirmed, LeaseRef, Outcome, ReleaseKind, Returns};

use crate::desk::{Desk, LONG_MS, RETURNS, lease, leave, tickets, wait};

const MAIL: [(&str, u32); 1] = [("email", 1)];

fn confirmation(ticket: &str, token: &str, agent: &str, generation: i64) -> Confirmation {
    Confirmation {
        ticket: ticket.to_owned(),
        token: token.to_owned(),
        agent: agent.to_owned(),
        channel: "email".to_owned(),
        generation,
    }
}

#[tokio::test]
async fn a_released_contact_keeps_its_place_and_frees_the_slot() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("old", 1, "email", 4, 10, 1),
        wait("new", 1, "email", 4, 10, 2),
    ])
    .await;
    let offers = desk.claim("anna", &MAIL, 1).await;
    let released = desk
        .queue
        .release("acme", ReleaseKind::Counted, RETURNS, &[lease(&offers[0])])
        .await
        .expect("releases");
    assert_eq!(released, [Outcome::Requeued]);
    let again = desk.claim("ben", &MAIL, 1).await;
    assert_eq!(tickets(&again), ["old"]);
    assert_eq!((again[0].place, again[0].returns), (offers[0].place, 1));
    assert_eq!(
        tickets(&desk.claim("anna", &MAIL, 1).await),
        ["new"],
        "anna's slot is free"
    );
}

#[tokio::test]
async fn a_release_counts_once_and_only_for_its_holder() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 10, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let stranger = LeaseRef {
        token: "other".to_owned(),
        ..lease(&offer)
    };
    let release = |lease: LeaseRef| {
        let desk = &desk;
        async move {
            desk.queue
                .release("acme", ReleaseKind::Counted, RETURNS, &[lease])
                .await
                .expect("releases")
        }
    };
    assert_eq!(release(stranger).await, [Outcome::Gone]);
    assert_eq!(release(lease(&offer)).await, [Outcome::Requeued]);
    assert_eq!(release(lease(&offer)).await, [Outcome::Gone]);
    assert_eq!(desk.claim("anna", &MAIL, 1).await[0].returns, 1);
}

#[tokio::test]
async fn who_let_it_go_does_not_get_it_before_others() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("first", 1, "email", 4, 10, 1),
        wait("second", 1, "email", 4, 10, 2),
    ])
    .await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let returns = Returns {
        max: 9,
        cooldown_ms: LONG_MS,
    };
    desk.queue
        .release("acme", ReleaseKind::Counted, returns, &[lease(&offer)])
        .await
        .expect("releases");
    assert_eq!(tickets(&desk.claim("anna", &MAIL, 1).await), ["second"]);
    assert_eq!(tickets(&desk.claim("ben", &MAIL, 1).await), ["first"]);
}

#[tokio::test]
async fn too_many_returns_park_a_contact_where_people_see_it_until_it_queues_anew() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("poison", 1, "email", 4, 10, 1)]).await;
    for round in 1..=3 {
        let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
        let outcome = desk
            .queue
            .release("acme", ReleaseKind::Counted, RETURNS, &[lease(&offer)])
            .await
            .expect("releases");
        let expected = if round < 3 { Outcome::Requeued } else { Outcome::Parked };
        assert_eq!(outcome, [expected], "round {round}");
    }
    assert!(desk.claim("anna", &MAIL, 1).await.is_empty());
    // A change that does not make it wait anew leaves it parked.
    desk.apply(vec![wait("poison", 1, "email", 2, 10, 1)]).await;
    let counts = desk.queue.stats("acme", 6, 5).await.expect("counts");
    assert_eq!((counts.parked, counts.lanes[0].waiting), (1, 0));
    assert_eq!(counts.parked_contacts[0].ticket, "poison");
    assert_eq!(counts.parked_contacts[0].returns, 3);
    desk.apply(vec![wait("poison", 2, "email", 4, 10, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    assert_eq!((offer.generation, offer.returns), (2, 0));
    assert_eq!(desk.queue.stats("acme", 6, 5).await.expect("counts").parked, 0);
}

#[tokio::test]
async fn releases_that_are_not_the_contacts_fault_never_park_it() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 10, 1)]).await;
    for _ in 0..10 {
        let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
        assert_eq!(offer.returns, 0);
        let outcome = desk
            .queue
            .release("acme", ReleaseKind::Uncounted, RETURNS, &[lease(&offer)])
            .await
            .expect("releases");
        assert_eq!(outcome, [Outcome::Requeued]);
    }
}

#[tokio::test]
async fn expiry_is_bounded_and_ends_each_lease_once() {
    let desk = Desk::open().await;
    desk.apply((0..5).map(|n| wait(&format!("t{n}"), 1, "email", 4, n, n)).collect())
        .await;
    let silent = desk.claim_for("anna", &[("email", 9)], 5, 0).await;
    assert_eq!(silent.len(), 5);
    let first = desk.expire(2, RETURNS).await;
    assert_eq!(first.len(), 2);
    assert!(
        first
            .iter()
            .all(|expired| expired.agent == "anna" && expired.outcome == Outcome::Requeued)
    );
    assert_eq!(desk.expire(10, RETURNS).await.len(), 3);
    assert!(desk.expire(10, RETURNS).await.is_empty());
    assert_eq!(desk.claim("anna", &[("email", 9)], 9).await.len(), 5);
}

#[tokio::test]
async fn an_extended_lease_does_not_expire_and_a_lost_one_is_not_extended() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1), wait("b", 1, "email", 4, 2, 2)])
        .await;
    let offers = desk.claim_for("anna", &[("email", 2)], 2, 0).await;
    let extended = desk
        .queue
        .extend("acme", LONG_MS, &[lease(&offers[0])])
        .await
        .expect("extends");
    assert_eq!(extended, [Some(LONG_MS)]);
    let expired = desk.expire(10, RETURNS).await;
    assert_eq!(
        expired.iter().map(|e| e.lease.ticket.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    let late = desk
        .queue
        .extend("acme", LONG_MS, &[lease(&offers[1])])
        .await
        .expect("extends");
    assert_eq!(late, [None]);
}

#[tokio::test]
async fn a_confirmed_contact_keeps_its_slot_until_it_is_finished() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1), wait("b", 1, "email", 4, 2, 2)])
        .await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let confirmed = [confirmation("a", &offer.token, "anna", 2)];
    for _ in 0..2 {
        let done = desk.queue.confirm("acme", &confirmed).await.expect("confirms");
        assert_eq!(done, [Confirmed::Held { ended: None }], "a repeat changes nothing");
    }
    assert!(desk.claim("anna", &MAIL, 1).await.is_empty(), "the slot is taken");
    assert_eq!(desk.queue.stats("acme", 6, 0).await.expect("counts").offered, 0);
    assert_eq!(
        desk.queue
            .finish("acme", "ben", &["a".to_owned()])
            .await
            .expect("finishes"),
        [false]
    );
    assert_eq!(
        desk.queue
            .finish("acme", "anna", &["a".to_owned()])
            .await
            .expect("finishes"),
        [true]
    );
    assert_eq!(
        desk.queue
            .finish("acme", "anna", &["a".to_owned()])
            .await
            .expect("finishes"),
        [false]
    );
    assert_eq!(tickets(&desk.claim("anna", &MAIL, 1).await), ["b"]);
}

#[tokio::test]
async fn a_confirmation_beats_a_later_lease_of_somebody_else() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let slow = desk.claim_for("anna", &MAIL, 1, 0).await.remove(0);
    desk.expire(10, RETURNS).await;
    let other = desk.claim("ben", &MAIL, 1).await.remove(0);
    let done = desk
        .queue
        .confirm("acme", &[confirmation("a", &slow.token, "anna", 2)])
        .await
        .expect("confirms");
    let [Confirmed::Held { ended: Some(ended) }] = done.as_slice() else {
        panic!("{done:?}");
    };
    assert_eq!((ended.agent.as_str(), &ended.token), ("ben", &other.token));
    desk.apply(vec![wait("b", 1, "email", 4, 1, 1)]).await;
    assert!(desk.claim("anna", &MAIL, 1).await.is_empty());
    assert_eq!(tickets(&desk.claim("ben", &MAIL, 1).await), ["b"]);
}

#[tokio::test]
async fn a_confirmation_older_than_the_feed_is_stale() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    desk.apply(vec![leave("a", 2, Some("anna"), None), wait("a", 3, "email", 4, 1, 1)])
        .await;
    let done = desk
        .queue
        .confirm("acme", &[confirmation("a", &offer.token, "anna", 2)])
        .await
        .expect("confirms");
    assert_eq!(done, [Confirmed::Stale]);
    assert_eq!(desk.claim("anna", &MAIL, 1).await[0].generation, 3);
}

#[tokio::test]
async fn a_refused_generation_is_not_offered_again() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let outcome = desk
        .queue
        .release("acme", ReleaseKind::Discard, RETURNS, &[lease(&offer)])
        .await
        .expect("releases");
    assert_eq!(outcome, [Outcome::Discarded]);
    assert!(desk.claim("ben", &MAIL, 1).await.is_empty());
    desk.apply(vec![wait("a", 2, "email", 4, 1, 1)]).await;
    assert_eq!(tickets(&desk.claim("ben", &MAIL, 1).await), ["a"]);
}

#[tokio::test]
async fn withdrawing_ends_all_offers_of_one_agent_and_nothing_else() {
    const CAPACITIES: [(&str, u32); 2] = [("email", 3), ("chat", 1)];
    let desk = Desk::open().await;
    let waiting = ["a", "b", "c", "d"].into_iter().zip(1..);
    desk.apply(waiting.map(|(id, at)| wait(id, 1, "email", 4, 10, at)).collect())
        .await;
    let held = desk.claim("anna", &CAPACITIES, 1).await.remove(0);
    desk.queue
        .confirm("acme", &[confirmation("a", &held.token, "anna", 2)])
        .await
        .expect("confirms");
    let offers = desk.claim("anna", &CAPACITIES, 2).await;
    assert_eq!(tickets(&offers), ["b", "c"]);
    // Her name is part of anna's: told apart all the same.
    let other = desk.claim("ann", &CAPACITIES, 1).await;
    assert_eq!(tickets(&other), ["d"]);

    let withdraw = async || {
        let ended = desk
            .queue
            .withdraw("acme", "anna", RETURNS.max)
            .await
            .expect("withdraws");
        ended
            .into_iter()
            .map(|one| (one.outcome, one.lease))
            .collect::<Vec<_>>()
    };
    let expected = offers.iter().map(|offer| (Outcome::Requeued, lease(offer)));
    assert_eq!(withdraw().await, expected.collect::<Vec<_>>());
    assert_eq!(withdraw().await, [], "once");
    // At once, to the same agent, in the old order, and the contact that is hers still takes a slot.
    let again = desk.claim("anna", &CAPACITIES, 5).await;
    assert_eq!(tickets(&again), ["b", "c"]);
    assert!(again.iter().all(|offer| offer.returns == 0));
    let extended = desk
        .queue
        .extend("acme", LONG_MS, &[lease(&other[0])])
        .await
        .expect("extends");
    assert!(extended[0].is_some(), "ann's offer holds");
}
