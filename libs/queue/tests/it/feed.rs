//! What the feed does to the queues, and that repeating it does nothing.

use vorrang_queue::{Applied, BATCH_MAX, Batch, Change, Held};

use crate::desk::{Desk, leave, tickets, wait};

const MAIL: [(&str, u32); 1] = [("email", 1)];

fn held(ticket: &str, token: &str, agent: &str) -> Held {
    Held {
        ticket: ticket.to_owned(),
        token: token.to_owned(),
        agent: agent.to_owned(),
    }
}

#[tokio::test]
async fn a_batch_counts_once_and_a_gap_names_the_position_to_go_on_from() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let batch = |from, to| Batch {
        from,
        to,
        cursor: format!("cursor-{to}"),
        mark: None,
        operations: vec![],
    };
    assert_eq!(
        desk.queue.apply("acme", &batch(0, 1)).await.expect("applies"),
        Applied::Seen
    );
    assert_eq!(
        desk.queue.apply("acme", &batch(2, 3)).await.expect("applies"),
        Applied::Gap {
            seq: 1,
            cursor: "cursor-1".to_owned()
        }
    );
    assert_eq!(
        desk.queue.apply("acme", &batch(1, 1)).await.expect("applies"),
        Applied::Seen
    );
    let state = desk.queue.state("acme").await.expect("reads");
    assert_eq!((state.seq, state.cursor.as_str()), (1, "cursor-1"));
    assert!(state.complete.is_some());
}

#[tokio::test]
async fn an_overlapping_batch_applies_only_what_is_new() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1), leave("a", 2, None, None)])
        .await;
    let mut operations = vec![wait("a", 1, "email", 4, 1, 1), wait("b", 1, "email", 4, 1, 1)];
    for (operation, at) in operations.iter_mut().zip([2, 3]) {
        if let vorrang_queue::Operation::Wait { seq, .. } = operation {
            *seq = at;
        }
    }
    let batch = Batch {
        from: 1,
        to: 3,
        cursor: "cursor-3".to_owned(),
        mark: None,
        operations,
    };
    assert_eq!(
        desk.queue.apply("acme", &batch).await.expect("applies"),
        Applied::Done(vec![])
    );
    assert_eq!(tickets(&desk.claim("anna", &[("email", 9)], 9).await), ["b"]);
}

#[tokio::test]
async fn a_batch_larger_than_a_script_takes_goes_in_several() {
    let desk = Desk::open().await;
    let count = BATCH_MAX as i64 * 2 + 1;
    desk.apply(
        (0..count)
            .map(|n| wait(&format!("t{n}"), 1, "email", 4, n, n))
            .collect(),
    )
    .await;
    let counts = desk.queue.stats("acme", 6, 0).await.expect("counts");
    assert_eq!(counts.lanes[0].waiting, count as u64);
    let state = desk.queue.state("acme").await.expect("reads");
    assert_eq!((state.seq, state.cursor), (count, format!("cursor-{count}")));
}

#[tokio::test]
async fn an_assignment_by_hand_ends_the_offer_to_somebody_else() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1), wait("b", 1, "email", 4, 2, 2)])
        .await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let changes = desk.apply(vec![leave("a", 2, Some("boss"), None)]).await;
    assert_eq!(changes, [Change::Revoked(held("a", &offer.token, "anna"))]);
    assert_eq!(
        tickets(&desk.claim("anna", &MAIL, 1).await),
        ["b"],
        "anna's slot is free"
    );
}

#[tokio::test]
async fn news_of_an_accepted_offer_confirms_it_when_the_reply_was_lost() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let changes = desk.apply(vec![leave("a", 2, Some("anna"), Some("email"))]).await;
    assert_eq!(changes, [Change::Assigned(held("a", &offer.token, "anna"))]);
    assert_eq!(desk.queue.stats("acme", 6, 0).await.expect("counts").offered, 0);
    assert_eq!(
        desk.queue
            .finish("acme", "anna", &["a".to_owned()])
            .await
            .expect("finishes"),
        [true]
    );
}

#[tokio::test]
async fn older_news_never_takes_a_finished_slot_again() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let confirmation = vorrang_queue::Confirmation {
        ticket: "a".to_owned(),
        token: offer.token,
        agent: "anna".to_owned(),
        channel: "email".to_owned(),
        generation: 2,
    };
    desk.queue.confirm("acme", &[confirmation]).await.expect("confirms");
    desk.queue
        .finish("acme", "anna", &["a".to_owned()])
        .await
        .expect("finishes");
    let changes = desk
        .apply(vec![
            leave("a", 2, Some("anna"), Some("email")),
            wait("b", 1, "email", 4, 1, 1),
        ])
        .await;
    assert_eq!(changes, []);
    assert_eq!(tickets(&desk.claim("anna", &MAIL, 1).await), ["b"]);
}

#[tokio::test]
async fn a_solved_ticket_frees_the_slot_of_who_held_it() {
    let desk = Desk::open().await;
    desk.apply(vec![
        leave("a", 2, Some("anna"), Some("email")),
        wait("b", 1, "email", 4, 1, 1),
    ])
    .await;
    assert!(desk.claim("anna", &MAIL, 1).await.is_empty());
    let changes = desk.apply(vec![leave("a", 2, None, None)]).await;
    assert_eq!(changes, [Change::Freed(held("a", "", "anna"))]);
    assert_eq!(tickets(&desk.claim("anna", &MAIL, 1).await), ["b"]);
}

#[tokio::test]
async fn a_newer_generation_ends_the_offer_and_waits_anew() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let offer = desk.claim("anna", &MAIL, 1).await.remove(0);
    let changes = desk.apply(vec![wait("a", 3, "email", 4, 1, 1)]).await;
    assert_eq!(changes, [Change::Revoked(held("a", &offer.token, "anna"))]);
    assert_eq!(desk.claim("anna", &MAIL, 1).await[0].generation, 3);
}

#[tokio::test]
async fn a_change_while_offered_keeps_the_offer_and_the_first_trace() {
    let desk = Desk::open().await;
    desk.apply(vec![wait("a", 1, "email", 4, 1, 1)]).await;
    let offer = desk.claim_for("anna", &MAIL, 1, 0).await.remove(0);
    let mut change = wait("a", 1, "email", 0, 1, 1);
    if let vorrang_queue::Operation::Wait { waiting, .. } = &mut change {
        waiting.trace = "trace-of-the-change".to_owned();
    }
    assert_eq!(desk.apply(vec![change]).await, []);
    assert!(desk.claim("ben", &MAIL, 1).await.is_empty(), "still anna's");
    desk.expire(10, crate::desk::RETURNS).await;
    let again = desk.claim("ben", &MAIL, 1).await.remove(0);
    assert_eq!((again.place.class, again.trace), (0, offer.trace));
}

#[tokio::test]
async fn a_batch_followed_from_other_queues_is_a_gap() {
    let desk = Desk::open().await;
    let mark = desk.queue.state("acme").await.expect("reads").complete;
    let batch = |mark: Option<String>| Batch {
        from: 0,
        to: 1,
        cursor: "cursor-1".to_owned(),
        mark,
        operations: vec![],
    };
    let gap = Applied::Gap {
        seq: 0,
        cursor: String::new(),
    };
    let other = Some("of-another-rebuild".to_owned());
    assert_eq!(desk.queue.apply("acme", &batch(other)).await.expect("applies"), gap);
    assert_eq!(
        desk.queue.apply("acme", &batch(mark)).await.expect("applies"),
        Applied::Done(vec![])
    );
}
