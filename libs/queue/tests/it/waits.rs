//! Where one contact stands, and how fast its lane moved.

use vorrang_queue::{Confirmation, Standing};

use crate::desk::{Desk, RETURNS, lease, leave, new_token, wait};

async fn stands(desk: &Desk, ticket: &str) -> (Standing, u64) {
    let wait = desk.queue.wait("acme", ticket).await.expect("reads").expect("ready");
    (wait.standing, wait.before)
}

#[tokio::test]
async fn a_position_counts_whoever_is_served_before_over_all_lanes_of_the_queue() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("first", 1, "chat", 1, 10, 1),
        wait("phone", 1, "phone", 1, 10, 2),
        wait("second", 1, "chat", 1, 10, 3),
        wait("later", 1, "chat", 1, 20, 1),
        wait("mail", 1, "email", 4, 1, 1),
        wait("vip", 1, "chat", 0, 99, 9),
    ])
    .await;
    for (ticket, before) in [
        ("vip", 0),
        ("first", 1),
        ("phone", 2),
        ("second", 3),
        ("later", 4),
        ("mail", 5),
    ] {
        assert_eq!(stands(&desk, ticket).await, (Standing::Waiting, before), "{ticket}");
    }
    assert_eq!(stands(&desk, "nobody").await, (Standing::None, 0));
    let offer = desk.claim("anna", &[("chat", 1)], 1).await.remove(0);
    assert_eq!(stands(&desk, "vip").await, (Standing::Offered, 0));
    assert_eq!(
        stands(&desk, "first").await,
        (Standing::Waiting, 0),
        "what is offered stands before nobody"
    );
    let once = vorrang_queue::Returns { max: 1, ..RETURNS };
    let kind = vorrang_queue::ReleaseKind::Counted;
    desk.queue
        .release("acme", kind, once, &[lease(&offer)])
        .await
        .expect("gives back");
    assert_eq!(stands(&desk, "vip").await, (Standing::Parked, 0));
}

#[tokio::test]
async fn the_pace_of_a_lane_is_kept_once_for_each_acceptance_and_bounded() {
    let desk = Desk::open().await;
    let contacts = (0..30).map(|n| wait(&format!("t{n}"), 1, "chat", 1, n, n)).collect();
    desk.apply(contacts).await;
    for n in 0..24 {
        let offer = desk.claim("anna", &[("chat", 100)], 1).await.remove(0);
        let confirmation = Confirmation {
            ticket: offer.ticket.clone(),
            token: offer.token.clone(),
            agent: "anna".to_owned(),
            channel: "chat".to_owned(),
            generation: 2,
        };
        // Who asked and the feed both say so, in either order.
        if n % 2 == 0 {
            desk.queue
                .confirm("acme", std::slice::from_ref(&confirmation))
                .await
                .expect("confirms");
        }
        desk.apply(vec![leave(&offer.ticket, 2, Some("anna"), Some("chat"))])
            .await;
        desk.queue.confirm("acme", &[confirmation]).await.expect("confirms");
        let found = desk.queue.wait("acme", "t29").await.expect("reads").expect("ready");
        assert_eq!(found.paces.len(), (n + 1).min(20));
    }
    let found = desk.queue.wait("acme", "t29").await.expect("reads").expect("ready");
    assert_eq!(found.before, 5);
    let last = &found.paces[1..];
    assert!(
        last.iter().all(|pace| (0..600_000).contains(&pace.headed_ms)),
        "{last:?}"
    );
    assert!(found.paces.iter().all(|pace| pace.taken_at_ms <= found.now_ms));
    // Another lane has a pace of its own; what was taken by hand has none.
    desk.apply(vec![
        wait("mail", 1, "email", 4, 1, 1),
        leave("t29", 2, Some("boss"), None),
    ])
    .await;
    let mail = desk.queue.wait("acme", "mail").await.expect("reads").expect("ready");
    assert_eq!((mail.before, mail.paces.len()), (5, 0));
    let mark = desk.queue.state("acme").await.expect("reads").complete;
    let token = new_token();
    desk.queue
        .begin_rebuild("acme", &token, mark.as_deref())
        .await
        .expect("begins");
    assert_eq!(
        desk.queue.wait("acme", "mail").await.expect("reads"),
        None,
        "not complete"
    );
    desk.queue.end_rebuild("acme", &token, 0, "").await.expect("ends");
    desk.seq.store(0, std::sync::atomic::Ordering::SeqCst);
    desk.apply(vec![wait("new", 1, "chat", 1, 1, 1)]).await;
    let new = desk.queue.wait("acme", "new").await.expect("reads").expect("ready");
    assert_eq!(new.paces.len(), 20, "a rebuild is no reason to forget it");
}
