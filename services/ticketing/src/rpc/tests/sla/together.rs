//! Everything at random: what is kept, what is told and what the whole history says are the same.

use std::collections::BTreeMap;

use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

type Believed = BTreeMap<(String, i32, Option<i64>), Status>;

/// What somebody knows who believes every event.
fn believe(events: &[pb::Event]) -> Believed {
    let mut believed = Believed::new();
    for event in events {
        let (ticket, target) = match event.payload.clone().expect("a payload") {
            Payload::SlaTargetMissed(one) => (one.ticket, one.target),
            Payload::SlaTargetMet(one) => (one.ticket, one.target),
            Payload::SlaTargetRevised(one) => (one.ticket, one.target),
            _ => continue,
        };
        let target = target.expect("a target");
        let key = key(&ticket.expect("a ticket").name, &target);
        match target.status() {
            Status::Cancelled => drop(believed.remove(&key)),
            status => drop(believed.insert(key, status)),
        }
    }
    believed
}

fn key(ticket: &str, target: &pb::SlaTarget) -> (String, i32, Option<i64>) {
    let is_one_of_many = target.metric() == pb::SlaMetric::NextResponse;
    let start = target
        .started_at
        .as_ref()
        .map(|at| at.seconds)
        .filter(|_| is_one_of_many);
    (ticket.to_owned(), target.metric, start)
}

impl Fixture {
    async fn merge_whosever(
        &self,
        target: &pb::Ticket,
        source: &pb::Ticket,
    ) -> Result<pb::MergeTicketsResponse, Error> {
        let request = pb::MergeTicketsRequest {
            target: target.name.clone(),
            sources: vec![source.name.clone()],
            across_customers: true,
            ..pb::MergeTicketsRequest::default()
        };
        merge_tickets::handle(&self.app, acme(request)).await
    }
}

both_engines! {
    async fn whatever_happens_everybody_agrees(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let goals = vec![
            goal(pb::SlaMetric::FirstResponse, 300),
            goal(pb::SlaMetric::NextResponse, 200),
            goal(pb::SlaMetric::Resolution, 1_500),
        ];
        desk.policy(pb::SlaPolicy { goals, ..usual() }).await;
        let mut dice = Dice(7);
        let (mut now, mut merged, mut unmerged) = (1_000, 0, 0);
        for step in 0..300 {
            now += dice.below(60) as i64;
            desk.set(now, 0);
            // What is recorded now may have been written a while ago.
            let wrote = now - if dice.below(3) == 0 { dice.below(300) as i64 } else { 0 };
            let thread = dice.below(4).to_string();
            let list = pb::ListTicketsRequest { show_merged: true, ..Default::default() };
            let tickets = list_tickets::handle(&desk.app, acme(list)).await.expect("a page").tickets;
            let ticket = tickets.get(dice.below(tickets.len().max(1) as u64) as usize).cloned();
            match (dice.below(10), ticket) {
                (0 | 1, _) | (_, None) => {
                    let who = format!("{thread}@example.org");
                    let mut contacts = vec![written(&who, &thread, &format!("<{step}>"), wrote)];
                    if dice.below(3) == 0 {
                        contacts.push(written(&who, &thread, &format!("<{step}-b>"), wrote - dice.below(90) as i64));
                    }
                    desk.record(contacts).await;
                }
                (2 | 3, Some(ticket)) => {
                    let after = wrote.max(second(&ticket.opened_at).expect("a time"));
                    // What is final or part of another one takes none.
                    let _ = desk.try_reply(&ticket, Some(after)).await;
                }
                (4 | 5, Some(ticket)) => {
                    let states = [State::Open, State::Pending, State::OnHold, State::Solved, State::Closed];
                    let rare = if dice.below(12) == 0 { 5 } else { 4 };
                    let _ = desk.state(&ticket, states[dice.below(rare) as usize]).await;
                }
                (6 | 7, Some(ticket)) => {
                    let other = &tickets[dice.below(tickets.len() as u64) as usize];
                    if ticket.merged_into.is_empty() {
                        merged += usize::from(desk.merge_whosever(other, &ticket).await.is_ok());
                    } else {
                        unmerged += usize::from(desk.unmerge(&ticket).await.is_ok());
                    }
                }
                _ => desk.wake().await,
            }
        }
        desk.set(now + 120, 0);
        desk.wake().await;
        let events = desk.events("acme").await;
        let mut believed = believe(&events);
        let list = pb::ListTicketsRequest { page_size: 500, show_merged: true, ..Default::default() };
        let tickets = list_tickets::handle(&desk.app, acme(list)).await.expect("a page").tickets;
        let (mut decided, mut revised) = (0, 0);
        for ticket in &tickets {
            let all = desk.targets(ticket).await;
            for kept in &ticket.sla_targets {
                let judged = all.iter().find(|target| (target.metric, target.turn) == (kept.metric, kept.turn));
                let judged = judged.expect("it is among all");
                assert_eq!((judged.status(), &judged.due_at, &judged.started_at), (kept.status(), &kept.due_at, &kept.started_at));
            }
            for target in &all {
                let known = believed.remove(&key(&ticket.name, target));
                if matches!(target.status(), Status::Met | Status::Missed) {
                    assert_eq!(known, Some(target.status()), "{target:?}");
                    decided += 1;
                } else {
                    let open = |status: Status| matches!(status, Status::Running | Status::Paused);
                    assert!(known.is_none_or(open), "{target:?} was told as {known:?}");
                }
            }
        }
        assert!(believed.is_empty(), "there are none of these: {believed:?}");
        for event in &events {
            revised += usize::from(matches!(event.payload, Some(Payload::SlaTargetRevised(_))));
        }
        let happened = [decided > 20, revised > 10, merged > 5, unmerged > 3];
        assert_eq!(happened, [true; 4], "{decided} decided, {revised} revised, {merged} merged, {unmerged} unmerged");
    }
}
