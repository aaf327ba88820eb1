//! Merging, splitting and linking while everything else goes on, from two processes: nothing is lost, nothing deadlocks.

use std::collections::BTreeMap;

use futures::future::{BoxFuture, FutureExt, join_all};
use pb::contact_result::Outcome;
use pb::ticket::State;
use pb::ticket_link::Type;
use vorrang_testkit::both_engines;

use super::merge::answer;
use super::*;

/// What a call may be refused for while others change the same tickets. Neither a deadlock nor a defect is among them.
const FAIR: [&str; 13] = [
    "GENERATION_CHANGED",
    "LINK_CIRCLE",
    "LINK_TO_ITSELF",
    "MERGE_CIRCLE",
    "MERGE_INTO_ITSELF",
    "NOT_MERGED",
    "RESOURCE_NOT_FOUND",
    "SPLIT_TAKES_ALL",
    "TICKET_CLOSED",
    "TICKET_MERGED",
    "TICKET_SOLVED",
    "TRANSITION_NOT_ALLOWED",
    "NOT_LINKED",
];

/// Two processes on one database.
async fn two(db: &TestDatabase) -> [Fixture; 2] {
    let one = Fixture::new(db).await;
    let two = Fixture::restarted(db, one.clock.clone()).await;
    [one, two]
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX constants; the upper bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

both_engines! {
    /// Whether the merge comes before an agent's accept or after it: the ticket is merged, and what the agent was told is true.
    async fn a_merge_and_accepts_at_once(db: TestDatabase) {
        let desks = two(&db).await;
        let mara = desks[0].customer("mara@example.org").await;
        for _ in 0..8 {
            let (target, source) = (desks[0].ticket_of(&mara).await, desks[0].ticket_of(&mara).await);
            let agents: Vec<String> = (0..8).map(|index| format!("agents/{index}")).collect();
            let accepts = join_all(agents.iter().enumerate().map(|(index, agent)| desks[index % 2].accept(&source, agent)));
            let merge = async { desks[1].merge(&target, &[&source]).await };
            let (merged, accepts) = tokio::join!(merge, accepts);
            merged.expect("merges");
            let won: Vec<_> = accepts.iter().filter_map(|result| result.as_ref().ok()).collect();
            assert!(won.len() <= 1);
            for error in accepts.iter().filter_map(|result| result.as_ref().err()) {
                assert_eq!(error.reason(), "GENERATION_CHANGED");
            }
            let after = desks[0].get(&source.name).await;
            assert_eq!((&after.merged_into, after.queue_entered_at), (&target.name, None));
            assert_eq!(after.assignee, won.first().map(|ticket| ticket.assignee.clone()).unwrap_or_default());
            let again = desks[0].unmerge(&source).await.expect("unmerges").ticket.expect("the source");
            assert_eq!(again.queue_entered_at.is_some(), won.is_empty());
        }
        desks[0].check_history().await;
    }

    /// A customer goes on writing to what is being merged: every message lands once, in the source or in the target.
    async fn a_merge_while_the_customer_writes(db: TestDatabase) {
        let desks = two(&db).await;
        for round in 0..4 {
            let first = desks[0].record(vec![answer(&format!("<{round}-t>"), &[]), answer(&format!("<{round}-s>"), &[])]).await;
            let (target, source) = (desks[0].get(&first[0].ticket).await, desks[0].get(&first[1].ticket).await);
            let writes = join_all((0..12).map(|index| {
                let contact = answer(&format!("<{round}-{index}>"), &[&format!("<{round}-s>")]);
                desks[index % 2].record(vec![contact])
            }));
            let merges = async {
                desks[1].merge(&target, &[&source]).await.expect("merges");
                desks[0].unmerge(&source).await.expect("unmerges");
                desks[1].merge(&target, &[&source]).await.expect("merges again");
            };
            let (results, ()) = tokio::join!(writes, merges);
            for result in results.into_iter().flatten() {
                assert_eq!(result.outcome(), Outcome::Appended, "{result:?}");
                assert!([&target.name, &source.name].contains(&&result.ticket));
            }
            assert_eq!(desks[0].messages(&target.name, true).await.len(), 14);
        }
        desks[0].check_history().await;
    }

    /// The one into the other and the other into the one: one of the two is done, the other would close a circle.
    async fn merges_the_other_way_round_at_once(db: TestDatabase) {
        let desks = two(&db).await;
        let mara = desks[0].customer("mara@example.org").await;
        for _ in 0..8 {
            let mut ring = Vec::new();
            for _ in 0..4 {
                ring.push(desks[0].ticket_of(&mara).await);
            }
            let (desks, ring) = (&desks, &ring);
            let merges = (0..4).map(|index| async move {
                desks[index % 2].merge(&ring[(index + 1) % 4], &[&ring[index]]).await
            });
            let results = join_all(merges).await;
            let refused: Vec<&str> = results.iter().filter_map(|result| result.as_ref().err()).map(Error::reason).collect();
            assert_eq!(refused, ["MERGE_CIRCLE"], "three of a ring of four");
            // Links likewise: 0 → 1 and 2 → 3 are there, 1 → 2 and 3 → 0 would close the circle, and have no ticket in common.
            let mut round = Vec::new();
            for _ in 0..4 {
                round.push(desks[0].ticket_of(&mara).await);
            }
            for from in [0, 2] {
                desks[0].link(&round[from], Type::CausedBy, &round[from + 1]).await.expect("links");
            }
            let (there, back) = tokio::join!(
                desks[0].link(&round[1], Type::CausedBy, &round[2]),
                desks[1].link(&round[3], Type::CausedBy, &round[0])
            );
            let refused: Vec<&str> = [there, back].iter().filter_map(|result| result.as_ref().err()).map(Error::reason).collect();
            assert_eq!(refused, ["LINK_CIRCLE"]);
        }
        desks[0].check_history().await;
    }

    /// Everything at once on a few tickets, in many orders. Whatever came of it, the history is one that makes sense, and nobody was
    /// refused for anything but what somebody else had done.
    async fn everything_at_once_leaves_a_history_that_makes_sense(db: TestDatabase) {
        let rounds = if std::env::var_os("VORRANG_FULL").is_some() { 200 } else { 6 };
        for seed in 0..rounds {
            let desks = two(&db).await;
            storm(&desks, seed).await;
        }
        let desk = Fixture::restarted(&db, vorrang_clock::ManualClock::new(chrono::DateTime::UNIX_EPOCH)).await;
        desk.check_history().await;
    }
}

/// Sixty calls at once on six tickets.
async fn storm(desks: &[Fixture; 2], seed: u64) {
    let mut tickets = Vec::new();
    for index in 0..6 {
        let result = desks[0]
            .record(vec![answer(&format!("<{seed}-{index}>"), &[])])
            .await
            .remove(0);
        tickets.push(desks[0].get(&result.ticket).await);
    }
    let first = desks[0].messages(&tickets[0].name, false).await.remove(0).name;
    let mut dice = Dice(seed);
    let calls = (0..60).map(|call| {
        let desk = &desks[dice.roll(2)];
        let (one, other) = (&tickets[dice.roll(6)], &tickets[dice.roll(6)]);
        let agent = format!("agents/{}", dice.roll(4));
        let state = [State::Open, State::Pending, State::OnHold, State::Solved][dice.roll(4)];
        let kind = [Type::RelatesTo, Type::CausedBy, Type::Duplicates][dice.roll(3)];
        let deed = dice.roll(10);
        let id = format!("<{seed}-c{call}>");
        let to = format!("<{seed}-{}>", dice.roll(6));
        let first = first.clone();
        let done: BoxFuture<'_, Result<(), Error>> = match deed {
            0 | 1 => async move { desk.merge(one, &[other]).await.map(drop) }.boxed(),
            2 => async move { desk.unmerge(one).await.map(drop) }.boxed(),
            3 => async move { desk.accept(&desk.get(&one.name).await, &agent).await.map(drop) }.boxed(),
            4 => async move { desk.state(one, state).await.map(drop) }.boxed(),
            5 => async move {
                let request = pb::AssignTicketRequest {
                    name: one.name.clone(),
                    agent,
                    ..Default::default()
                };
                assign_ticket::handle(&desk.app, acme(request)).await.map(drop)
            }
            .boxed(),
            6 => async move { desk.link(one, kind, other).await.map(drop) }.boxed(),
            7 => async move { desk.split(&tickets_name(&first), &[first], None).await.map(drop) }.boxed(),
            8 => async move {
                let message = Some(agents_message("Hello"));
                let request = pb::CreateMessageRequest {
                    parent: one.name.clone(),
                    message,
                    ..Default::default()
                };
                create_message::handle(&desk.app, acme(request)).await.map(drop)
            }
            .boxed(),
            _ => async move {
                let result = desk.record(vec![answer(&id, &[&to])]).await.remove(0);
                assert_eq!(result.outcome(), Outcome::Appended, "{result:?}");
                Ok(())
            }
            .boxed(),
        };
        done
    });
    let calls: Vec<_> = calls.collect();
    let mut refused: BTreeMap<&str, u32> = BTreeMap::new();
    for error in join_all(calls).await.into_iter().filter_map(Result::err) {
        *refused.entry(error.reason()).or_default() += 1;
        assert!(FAIR.contains(&error.reason()), "{}", error.chain());
    }
}

/// The ticket's name in a message's.
fn tickets_name(message: &str) -> String {
    message.split("/messages/").next().expect("a name").to_owned()
}
