//! Time sets automations off: once for each thing that it counts from, and never when that has changed.

use pb::automation::{Anchor, OnTime};
use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::super::sla::{HOUR, second, usual};
use super::*;

pub fn after(anchor: Anchor, seconds: i64) -> OnTime {
    OnTime {
        anchor: anchor.into(),
        seconds,
        ..OnTime::default()
    }
}

fn timed(time: OnTime, condition: &str, actions: Vec<Action>) -> pb::Automation {
    automation(Some(Trigger::OnTime(time)), condition, actions)
}

fn note(text: &str) -> Action {
    Action::Note(words(&[("", text)]))
}

both_engines! {
    async fn silence_reminds_once_then_solves_and_an_answer_prevents_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.automate(timed(after(Anchor::CustomerSilent, HOUR), "state = PENDING", vec![reply("Are you there?")])).await;
        desk.automate(timed(after(Anchor::CustomerSilent, 2 * HOUR), "state = PENDING", vec![become_state(State::Solved)])).await;
        let (silent, talks) = (desk.asked().await, desk.record(vec![written_by("talks", "<t1>")]).await);
        let talks = desk.get(&talks[0].ticket).await;
        for ticket in [&silent, &talks] {
            desk.reply(ticket, None).await;
            desk.state(ticket, State::Pending).await.expect("waits");
        }
        desk.work().await;
        desk.wait(HOUR - 1);
        desk.work().await;
        assert_eq!(desk.get(&silent.name).await.message_count, 2, "not yet");
        desk.wait(1);
        desk.work().await;
        desk.work().await;
        assert_eq!(desk.get(&silent.name).await.message_count, 3, "once");
        assert_eq!(desk.get(&talks.name).await.message_count, 3);
        // The customer of the other one answers; the log was not followed since.
        desk.record(vec![written_by("talks", "<t2>")]).await;
        desk.wait(HOUR);
        desk.work().await;
        desk.work().await;
        let (silent, talks) = (desk.get(&silent.name).await, desk.get(&talks.name).await);
        assert_eq!((silent.state(), talks.state()), (State::Solved, State::Open));
        let run = &desk.runs(&silent).await[0];
        assert_eq!((run.anchor(), run.event_id.as_str(), run.event()), (Anchor::CustomerSilent, "", Event::Unspecified));
    }

    async fn after_a_downtime_what_still_holds_fires_and_the_rest_does_not(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.automate(timed(after(Anchor::AgentSilent, HOUR), "", vec![Action::SetPriority(pb::Priority::Urgent.into())])).await;
        let (waits, answered) = (desk.asked().await, desk.asked().await);
        desk.work().await;
        desk.reply(&answered, None).await;
        desk.wait(5 * HOUR);
        let desk = Fixture::restarted(&db, desk.clock).await;
        desk.work().await;
        assert_eq!(desk.get(&waits.name).await.priority(), pb::Priority::Urgent);
        assert_eq!(desk.get(&answered.name).await.priority(), pb::Priority::Normal);
        // Another message of the same turn is no new turn; an answer and a question are.
        assert_eq!(desk.runs(&waits).await.len(), 1);
    }

    async fn age_and_time_in_a_state_count_from_their_beginning(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.automate(timed(after(Anchor::Opened, 100), "", vec![note("old")])).await;
        desk.automate(timed(after(Anchor::InState, 50), "state = ON_HOLD", vec![note("held")])).await;
        let ticket = desk.ticket().await;
        desk.wait(20);
        desk.state(&ticket, State::OnHold).await.expect("holds");
        desk.work().await;
        desk.wait(49);
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 0);
        desk.wait(1);
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 1, "held");
        desk.wait(30);
        desk.work().await;
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 2, "old");
        desk.state(&ticket, State::Open).await.expect("opens");
        desk.state(&ticket, State::OnHold).await.expect("holds again");
        desk.work().await;
        desk.wait(50);
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 3, "each time once");
    }

    async fn before_and_after_a_due_time_on_either_clock(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let due = |seconds, before| OnTime {
            metric: pb::SlaMetric::FirstResponse.into(),
            before,
            ..after(Anchor::SlaDue, seconds)
        };
        desk.automate(timed(due(600, true), "", vec![tag("soon")])).await;
        desk.automate(timed(due(0, false), "", vec![tag("due")])).await;
        desk.automate(timed(due(600, false), "", vec![tag("late")])).await;
        let (late, kept) = (desk.asked().await, desk.asked().await);
        desk.work().await;
        desk.wait(HOUR - 600);
        desk.work().await;
        assert_eq!(desk.get(&late.name).await.tags, ["soon"]);
        desk.reply(&kept, None).await;
        desk.wait(600);
        desk.wake().await;
        desk.work().await;
        assert_eq!(desk.get(&late.name).await.tags, ["due", "soon"]);
        desk.wait(600);
        desk.work().await;
        assert_eq!(desk.get(&late.name).await.tags, ["due", "late", "soon"]);
        assert_eq!(desk.get(&kept.name).await.tags, ["soon"], "it was kept");
    }

    async fn open_time_is_that_of_the_tickets_schedule(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let business = OnTime { clock: pb::SlaClock::Business.into(), ..after(Anchor::AgentSilent, HOUR) };
        desk.automate(timed(business, "", vec![tag("waits")])).await;
        let without = desk.asked().await;
        let schedule = desk.schedule(super::super::schedules::office()).await;
        desk.policy(pb::SlaPolicy { schedule: schedule.name.clone(), ..usual() }).await;
        let ticket = desk.asked().await;
        desk.work().await;
        // It is Tuesday evening in Berlin; an hour of Wednesday ends at ten.
        let ten = 1_700_002_800 - START + 10 * HOUR;
        desk.set(ten, -1);
        desk.work().await;
        assert!(desk.get(&ticket.name).await.tags.is_empty());
        desk.set(ten, 0);
        desk.work().await;
        assert_eq!(desk.get(&ticket.name).await.tags, ["waits"]);
        assert!(desk.get(&without.name).await.tags.is_empty(), "it has no schedule to wait by");
    }

    async fn what_began_before_it_was_enabled_never_fires(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let before = desk.asked().await;
        desk.wait(10);
        let one = desk.automate(timed(after(Anchor::AgentSilent, HOUR), "", vec![tag("waits")])).await;
        let with = desk.asked().await;
        // Something happens to the old one: its time still began before.
        desk.state(&before, State::Open).await.expect("opens");
        desk.work().await;
        desk.wait(HOUR + 10);
        let request = pb::DisableAutomationRequest { name: one.name.clone(), ..pb::DisableAutomationRequest::default() };
        disable_automation::handle(&desk.app, acme(request)).await.expect("rests");
        desk.work().await;
        assert!(desk.get(&with.name).await.tags.is_empty(), "it rests");
        desk.enable(&one).await;
        desk.work().await;
        assert!(desk.told_runs().await.is_empty());
        assert_eq!(second(&desk.get(&with.name).await.opened_at), Some(10));
    }

    /// Its note is still there, and is of before.
    async fn what_began_before_it_was_enabled_again_does_not_fire_either(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let one = desk.automate(timed(after(Anchor::AgentSilent, HOUR), "", vec![tag("waits")])).await;
        let ticket = desk.asked().await;
        desk.work().await;
        desk.wait(60);
        let request = pb::DisableAutomationRequest { name: one.name.clone(), ..pb::DisableAutomationRequest::default() };
        disable_automation::handle(&desk.app, acme(request)).await.expect("rests");
        desk.enable(&one).await;
        desk.wait(HOUR);
        desk.work().await;
        assert!(desk.get(&ticket.name).await.tags.is_empty());
        assert!(desk.told_runs().await.is_empty());
    }

    async fn times_that_set_each_other_off_stop(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.automate(timed(after(Anchor::InState, 60), "state = OPEN", vec![become_state(State::Pending)])).await;
        desk.automate(timed(after(Anchor::InState, 60), "state = PENDING", vec![become_state(State::Open)])).await;
        let ticket = desk.ticket().await;
        desk.state(&ticket, State::Open).await.expect("opens");
        for _ in 0..10 {
            desk.work().await;
            desk.wait(61);
        }
        desk.work().await;
        let told: Vec<(Vec<String>, String)> = desk.told_runs().await.into_iter().map(|(run, _)| (run.chain, run.reason)).collect();
        assert_eq!(told.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(), ["", "", "OWN_DOING"]);
        assert_eq!(told[1].0.len(), 2);
        assert_eq!(desk.get(&ticket.name).await.state(), State::Open);
    }
}

fn written_by(who: &str, id: &str) -> pb::InboundContact {
    let mut contact = mail(&format!("{who}@example.org"), id);
    contact.thread_keys.push(format!("conversation:{who}"));
    contact.reference_keys = vec![format!("conversation:{who}")];
    contact
}
