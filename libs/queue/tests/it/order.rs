//! Who is next: class, then due time, then arrival, over all lanes of an agent.

use vorrang_queue::Peeked;

use crate::desk::{Desk, leave, tickets, wait};

#[tokio::test]
async fn class_then_due_then_arrival_over_all_lanes() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("normal-late", 1, "email", 4, 900, 1),
        wait("normal-soon-second", 1, "email", 4, 500, 3),
        wait("live", 1, "chat", 1, 800, 9),
        wait("normal-soon-first", 1, "web", 4, 500, 2),
        wait("vip-live", 1, "phone", 0, 999, 10),
        wait("vip", 1, "email", 2, 100, 0),
    ])
    .await;
    let expected = [
        "vip-live",
        "live",
        "vip",
        "normal-soon-first",
        "normal-soon-second",
        "normal-late",
    ];
    let Peeked::Contacts(peeked) = desk.queue.peek("acme", "default", &[], 10).await.expect("peeks") else {
        panic!("ready");
    };
    assert_eq!(
        peeked.iter().map(|contact| contact.ticket.as_str()).collect::<Vec<_>>(),
        expected
    );
    let all = [("email", 9), ("chat", 9), ("web", 9), ("phone", 9)];
    let offers = desk.claim("anna", &all, 10).await;
    assert_eq!(tickets(&offers), expected);
    assert_eq!(offers[0].trace, "trace-of-vip-live");
    assert_eq!(offers[0].data, b"vip-live");
    assert_eq!(
        (
            offers[0].place.class,
            offers[0].place.due_ms,
            offers[0].place.arrival_us
        ),
        (0, 999, 10)
    );
    assert!(desk.claim("ben", &all, 10).await.is_empty(), "each is offered once");
}

#[tokio::test]
async fn microseconds_of_arrival_decide_even_today() {
    let desk = Desk::open().await;
    let now = 1_790_000_000_000_000;
    desk.apply(vec![
        wait("second", 1, "email", 0, 5, now + 1),
        wait("first", 1, "email", 0, 5, now),
    ])
    .await;
    assert_eq!(
        tickets(&desk.claim("anna", &[("email", 2)], 2).await),
        ["first", "second"]
    );
}

#[tokio::test]
async fn only_the_agents_queues_and_channels_count() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("chat", 1, "chat", 0, 1, 1),
        wait("mail", 1, "email", 4, 1, 1),
    ])
    .await;
    assert_eq!(tickets(&desk.claim("anna", &[("email", 1)], 5).await), ["mail"]);
    assert!(desk.claim("anna", &[("sms", 1)], 5).await.is_empty());
}

#[tokio::test]
async fn capacity_is_per_channel_and_counts_offers() {
    let desk = Desk::open().await;
    desk.apply((0..6).map(|n| wait(&format!("c{n}"), 1, "chat", 0, n, n)).collect())
        .await;
    desk.apply((0..6).map(|n| wait(&format!("m{n}"), 1, "email", 4, n, n)).collect())
        .await;
    let capacities = [("chat", 2), ("email", 1)];
    assert_eq!(tickets(&desk.claim("anna", &capacities, 10).await), ["c0", "c1", "m0"]);
    assert!(desk.claim("anna", &capacities, 10).await.is_empty());
    assert_eq!(
        tickets(&desk.claim("ben", &capacities, 1).await),
        ["c2"],
        "at most as many as asked for"
    );
}

#[tokio::test]
async fn a_change_of_class_or_queue_moves_the_contact_and_keeps_its_arrival() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 10, 5), wait("b", 1, "email", 3, 10, 6)])
        .await;
    desk.apply(vec![wait("a", 1, "email", 2, 10, 5)]).await;
    assert_eq!(tickets(&desk.claim("anna", &[("email", 5)], 5).await), ["a", "b"]);
    desk.apply(vec![leave("a", 2, None, None), leave("b", 2, None, None)])
        .await;
    let counts = desk.queue.stats("acme", 6, 5).await.expect("counts");
    assert_eq!(counts.lanes.iter().map(|lane| lane.waiting).sum::<u64>(), 0);
    assert_eq!(counts.offered, 0);
}

#[tokio::test]
async fn stats_count_by_lane_and_class() {
    let desk = Desk::open().await;
    desk.apply(vec![
        wait("a", 1, "email", 4, 10, 5),
        wait("b", 1, "email", 0, (1 << 44) - 1, 6),
        wait("c", 1, "email", 0, 0, 7),
        wait("d", 1, "chat", 5, 10, 8),
    ])
    .await;
    let offered = desk.claim("anna", &[("chat", 1)], 1).await;
    assert_eq!(offered.len(), 1);
    let counts = desk.queue.stats("acme", 6, 5).await.expect("counts");
    assert!(counts.complete);
    assert_eq!((counts.offered, counts.parked), (1, 0));
    let email = counts
        .lanes
        .iter()
        .find(|lane| lane.lane.channel() == "email")
        .expect("a lane");
    assert_eq!((email.waiting, email.head_arrival_us), (3, Some(7)));
    assert_eq!(email.by_class, [2, 0, 0, 0, 1, 0]);
}
