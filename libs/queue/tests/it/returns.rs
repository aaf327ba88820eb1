//! What comes back too often, and how often one agent may say so; how long an offer may be kept.

use vorrang_queue::{Outcome, ReleaseKind};

use crate::desk::{Desk, LONG_MS, RETURNS, lease, tickets, wait};

const MAIL: [(&str, u32); 1] = [("email", 1)];

async fn release(desk: &Desk, agent: &str, kind: ReleaseKind) -> Outcome {
    let offer = desk.claim(agent, &MAIL, 1).await.remove(0);
    let released = desk.queue.release("acme", kind, RETURNS, &[lease(&offer)]).await;
    released.expect("releases").remove(0)
}

#[tokio::test]
async fn a_stream_that_is_cut_again_and_again_counts_once_for_each_agent() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 0, 10, 1)]).await;
    for agent in ["anna", "ben"] {
        for _ in 0..10 {
            assert_eq!(release(&desk, agent, ReleaseKind::Lost).await, Outcome::Requeued);
        }
    }
    // So does silence; a third agent is one too many.
    for _ in 0..10 {
        desk.claim_for("anna", &MAIL, 1, 0).await;
        assert_eq!(desk.expire(10, RETURNS).await[0].outcome, Outcome::Requeued);
    }
    assert_eq!(release(&desk, "cleo", ReleaseKind::Lost).await, Outcome::Parked);
}

#[tokio::test]
async fn who_counted_is_remembered_over_changes_of_the_contact() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 10, 1)]).await;
    for class in [4, 2] {
        desk.apply(vec![wait("a", 1, "email", class, 10, 1)]).await;
        release(&desk, "anna", ReleaseKind::Lost).await;
    }
    assert_eq!(desk.claim("ben", &MAIL, 1).await[0].returns, 1);
}

#[tokio::test]
async fn a_parked_contact_waits_again_in_its_old_place_after_a_while() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("old", 1, "email", 4, 10, 1),
        wait("new", 1, "email", 4, 10, 2),
    ])
    .await;
    for _ in 1..RETURNS.max {
        assert_eq!(release(&desk, "anna", ReleaseKind::Counted).await, Outcome::Requeued);
    }
    assert_eq!(release(&desk, "anna", ReleaseKind::Counted).await, Outcome::Parked);
    assert_eq!(desk.sweep(10, RETURNS, LONG_MS).await, (Vec::new(), 0), "not yet");
    assert_eq!(desk.queue.stats("acme", 6, 5).await.expect("counts").parked, 1);
    assert_eq!(desk.sweep(10, RETURNS, 0).await, (Vec::new(), 1));
    assert_eq!(desk.sweep(10, RETURNS, 0).await, (Vec::new(), 0), "once");
    assert_eq!(desk.queue.stats("acme", 6, 5).await.expect("counts").parked, 0);
    let offers = desk.claim("anna", &[("email", 2)], 2).await;
    assert_eq!(tickets(&offers), ["old", "new"]);
    assert_eq!(offers[0].returns, 0);
}

#[tokio::test]
async fn setting_parked_contacts_free_is_bounded() {
    let desk = Desk::open().await;
    desk.apply((0..5).map(|n| wait(&format!("t{n}"), 1, "email", 4, n, n)).collect())
        .await;
    let offers = desk.claim("anna", &[("email", 9)], 9).await;
    let leases: Vec<_> = offers.iter().map(lease).collect();
    let at_once = vorrang_queue::Returns { max: 1, ..RETURNS };
    desk.queue
        .release("acme", ReleaseKind::Counted, at_once, &leases)
        .await
        .expect("releases");
    for freed in [2, 2, 1, 0] {
        assert_eq!(desk.sweep(2, RETURNS, 0).await.1, freed);
    }
}

#[tokio::test]
async fn an_offer_is_kept_no_longer_than_its_limit() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1), wait("b", 1, "email", 4, 2, 2)])
        .await;
    let offers = desk.claim("anna", &[("email", 2)], 2).await;
    let extended = desk
        .queue
        .extend_within(
            "acme",
            LONG_MS,
            &[(lease(&offers[0]), 0), (lease(&offers[1]), 9 * LONG_MS)],
        )
        .await
        .expect("extends");
    assert_eq!(extended, [Some(0), Some(LONG_MS)]);
    let expired = desk.expire(10, RETURNS).await;
    assert_eq!(expired.len(), 1);
    assert_eq!(tickets(&desk.claim("ben", &MAIL, 1).await), ["a"]);
    let gone = [(lease(&offers[0]), LONG_MS)];
    let extended = desk.queue.extend_within("acme", LONG_MS, &gone).await;
    assert_eq!(extended.expect("extends"), [None]);
}
