//! What merging, unmerging and splitting do to promises.

use pb::SlaMetric::{FirstResponse, NextResponse, Resolution};
use pb::ticket::State;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    /// Mara asks at `second`, in a conversation of its own.
    async fn asks(&self, second: i64) -> pb::Ticket {
        self.set(second, 0);
        let thread = format!("{second}");
        let results = self
            .record(vec![written(
                "mara@example.org",
                &thread,
                &format!("<{second}>"),
                second,
            )])
            .await;
        self.get(&results[0].ticket).await
    }
}

both_engines! {
    /// While it is part of another ticket it is owed nothing of its own; the reply there was never its own.
    async fn a_merged_ticket_is_owed_nothing_until_it_is_one_of_its_own_again(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let target = desk.asks(0).await;
        let source = desk.asks(600).await;
        desk.set(700, 0);
        let skip = desk.events("acme").await.len();
        desk.merge(&target, &[&source]).await.expect("merges");
        assert_eq!(desk.told(skip).await, ["cancelled resolution", "cancelled first_response"]);
        let merged = desk.get(&source.name).await;
        assert_eq!((merged.sla_targets.len(), &merged.sla_policy), (0, &source.sla_policy));
        assert!(desk.targets(&source).await.is_empty());
        let refused = pb::RecalculateSlaRequest { name: source.name.clone(), reason: "why".into(), ..Default::default() };
        let refused = recalculate_sla::handle(&desk.app, acme(refused)).await.expect_err("not its own");
        assert_eq!((refused.kind(), refused.reason()), (Kind::Precondition, "TICKET_MERGED"));

        desk.set(1_000, 0);
        let answered = desk.reply(&target, None).await;
        assert_eq!(statuses(&answered), [(FirstResponse, Status::Met), (Resolution, Status::Running)]);
        desk.set(1_100, 0);
        desk.unmerge(&source).await.expect("unmerges");
        let again = desk.get(&source.name).await;
        assert_eq!(statuses(&again), [(FirstResponse, Status::Running), (Resolution, Status::Running)]);
        let first = &again.sla_targets[0];
        assert_eq!((second(&first.started_at), second(&first.due_at)), (Some(600), Some(600 + HOUR)));
        assert_eq!(statuses(&desk.get(&target.name).await), statuses(&answered), "that was the target's own");
        let skip = desk.events("acme").await.len();
        desk.set(600 + HOUR, 1);
        desk.wake().await;
        assert_eq!(desk.told(skip).await, ["missed first_response at 4200 live"]);
    }

    /// The conversation is all that is said in it, whenever it was merged.
    async fn a_merge_counts_for_the_whole_past(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let target = desk.asks(100).await;
        let source = desk.asks(200).await;
        desk.set(2 * HOUR, 0);
        desk.reply(&source, None).await;
        desk.wake().await;
        let skip = desk.events("acme").await.len();
        desk.set(3 * HOUR, 0);
        desk.merge(&target, &[&source]).await.expect("merges");
        let merged = desk.get(&target.name).await;
        assert_eq!(merged.sla_targets[0].status(), Status::Missed);
        assert_eq!(second(&merged.sla_targets[0].ended_at), Some(2 * HOUR), "somebody answered at last");
        // Another one, whose question is older and was answered in time: it was one turn with it.
        let older = desk.asks(3 * HOUR + 10).await;
        desk.set(3 * HOUR + 20, 0);
        desk.reply(&older, None).await;
        desk.set(3 * HOUR + 30, 0);
        desk.merge(&older, &[&target]).await.expect("merges");
        let all = desk.targets(&older).await;
        let turns: Vec<_> = all.iter().map(|target| (target.metric(), second(&target.started_at), target.status())).collect();
        assert_eq!(
            turns,
            [
                (Resolution, Some(3 * HOUR + 10), Status::Running),
                (FirstResponse, Some(100), Status::Missed),
                (NextResponse, Some(3 * HOUR + 10), Status::Met),
            ]
        );
        let told = desk.told(skip).await;
        assert!(told.contains(&"missed first_response at 3700 after met".to_owned()), "{told:?}");
    }

    /// A merge that wakes a solved ticket lets it owe the answer again.
    async fn a_merge_that_wakes_its_target_is_an_answer_owed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let target = desk.asks(0).await;
        desk.set(100, 0);
        desk.state(&target, State::Solved).await.expect("solves");
        let source = desk.asks(200).await;
        desk.set(300, 0);
        desk.merge(&target, &[&source]).await.expect("merges");
        let woken = desk.get(&target.name).await;
        assert_eq!(woken.state(), State::Open);
        let expected = [(FirstResponse, Status::Cancelled), (NextResponse, Status::Running), (Resolution, Status::Met)];
        assert_eq!(statuses(&woken), expected);
        assert_eq!(second(&woken.sla_targets[1].started_at), Some(200));
        // What the merge made of its state is part of its history.
        desk.set(400, 0);
        desk.unmerge(&source).await.expect("unmerges");
        let alone = desk.get(&target.name).await;
        assert_eq!(statuses(&alone), [(FirstResponse, Status::Cancelled), (Resolution, Status::Met)]);
        assert_eq!(desk.targets(&target).await.len(), 2);
    }

    /// Spam is owed nothing and alarms nobody; restored, it counts as if it had never been marked.
    async fn what_is_marked_as_spam_is_owed_nothing_until_it_is_restored(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let ticket = desk.asks(0).await;
        desk.set(100, 0);
        let skip = desk.events("acme").await.len();
        let mark = pb::MarkTicketRequest {
            name: ticket.name.clone(),
            disposition: pb::ticket::Disposition::Spam.into(),
            ..pb::MarkTicketRequest::default()
        };
        let spam = mark_ticket::handle(&desk.app, acme(mark)).await.expect("marks");
        assert!(spam.sla_targets.is_empty() && desk.targets(&ticket).await.is_empty());
        // What is written to it meanwhile begins nothing, and its due time passes unheard.
        desk.set(200, 0);
        desk.record(vec![written("mara@example.org", "0", "<more>", 200)]).await;
        desk.set(2 * HOUR, 0);
        desk.wake().await;
        assert_eq!(desk.told(skip).await, ["cancelled resolution", "cancelled first_response"]);
        let refused = pb::RecalculateSlaRequest { name: ticket.name.clone(), reason: "why".into(), ..Default::default() };
        let refused = recalculate_sla::handle(&desk.app, acme(refused)).await.expect_err("it is aside");
        assert_eq!(refused.reason(), "TICKET_SET_ASIDE");
        let restore = pb::RestoreTicketRequest { name: ticket.name.clone(), ..Default::default() };
        let restored = restore_ticket::handle(&desk.app, acme(restore)).await.expect("restores");
        assert_eq!(statuses(&restored), [(FirstResponse, Status::Missed), (Resolution, Status::Running)]);
        assert_eq!(desk.told(skip).await[2..], ["missed first_response at 3600"], "it alarms nobody any more");
        desk.set(4 * HOUR, 1);
        desk.wake().await;
        assert_eq!(desk.told(skip).await[3..], ["missed resolution at 14400 live"], "what is due from then on does");
    }

    /// A new ticket is promised what its messages are owed since they were written; the original what is left of it.
    async fn a_split_divides_what_is_owed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let ticket = desk.asks(0).await;
        desk.set(600, 0);
        desk.record(vec![written("mara@example.org", "0", "<second>", 600)]).await;
        desk.set(700, 0);
        desk.reply(&ticket, None).await;
        desk.set(800, 0);
        desk.record(vec![written("mara@example.org", "0", "<third>", 800)]).await;
        let messages: Vec<String> = desk.messages(&ticket.name, false).await.into_iter().map(|one| one.name).collect();
        desk.set(1_000, 0);
        let skip = desk.events("acme").await.len();
        let done = desk.split(&ticket.name, &messages[1..2], None).await.expect("splits");
        let new = done.new_ticket.expect("a new one");
        assert_eq!(statuses(&new), [(FirstResponse, Status::Running), (Resolution, Status::Running)]);
        assert_eq!(second(&new.sla_targets[0].started_at), Some(600), "since it was written");
        assert_eq!(desk.told(skip).await, ["applied Usual"]);

        // Without the reply the first question is open again, and so is one turn with the last one.
        let done = desk.split(&ticket.name, &messages[2..3], None).await.expect("splits");
        let original = done.ticket.expect("the original");
        assert_eq!(statuses(&original), [(FirstResponse, Status::Running), (Resolution, Status::Running)]);
        let told = desk.told(skip).await;
        assert_eq!(told[1..], ["applied Usual", "running first_response after met", "cancelled next_response"]);
        let all = desk.targets(&ticket).await;
        assert_eq!(all.len(), 2, "{all:?}");
    }
}
