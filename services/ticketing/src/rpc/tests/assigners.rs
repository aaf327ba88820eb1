//! Many who would give one ticket to somebody: routing, a rule, people, and whoever solves and reopens it meanwhile.

use futures::future::{BoxFuture, FutureExt, join_all};
use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

/// Rounds of the daily run, and of the full one (`VORRANG_FULL=1`).
const ROUNDS: usize = 25;
const ROUNDS_FULL: usize = 10_000;

/// Who assigns at once: offers that agents accept, a rule that assigns what it saw, people, and two who solve and reopen.
const AUTO: usize = 4;
const RULES: usize = 3;
const MANUAL: usize = 3;
const REOPEN: usize = 2;

both_engines! {
    /// Twelve at once on one ticket: one of those who assign by hand has it in the end, and the log tells one assignment after the other.
    async fn twelve_assigners_end_with_one_assignee(db: TestDatabase) {
        let rounds = if std::env::var_os("VORRANG_FULL").is_some() { ROUNDS_FULL } else { ROUNDS };
        let desks = [Fixture::new(&db).await, Fixture::restarted(&db, manual_clock()).await];
        let mara = desks[0].customer("mara@example.org").await;
        for round in 0..rounds {
            let ticket = desks[round % 2].ticket_of(&mara).await;
            // Half of them begin as what had been solved before.
            let ticket = if round % 2 == 0 {
                ticket
            } else {
                desks[0].state(&ticket, State::Solved).await.expect("solves");
                desks[0].state(&ticket, State::Open).await.expect("reopens")
            };
            let results = join_all(assigners(&desks, &ticket, round)).await;
            let refused: Vec<&str> = results.iter().filter_map(|result| result.as_ref().err()).map(Error::reason).collect();
            assert!(refused.iter().all(|reason| ["GENERATION_CHANGED", "ETAG_MISMATCH", "TICKET_SOLVED"].contains(reason)), "{refused:?}");
            let after = desks[0].get(&ticket.name).await;
            assert!(after.assignee.starts_with("agents/boss-"), "a hand wins: {}", after.assignee);
            assert_eq!((after.state(), after.queue_entered_at), (State::Open, None));
        }
        desks[0].check_history().await;
        let events = desks[0].events("acme").await;
        let mut last: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        let mut by_routing: std::collections::HashMap<String, u32> = std::collections::HashMap::new();
        for event in &events {
            if let Some(pb::event::Payload::TicketAssigned(assigned)) = &event.payload {
                let ticket = assigned.ticket.as_ref().expect("the ticket");
                if assigned.source() == pb::ticket_assigned::Source::Routing {
                    let before = last.get(&ticket.name);
                    assert_eq!(before, None, "no offer beats a hand: {event:?}");
                    *by_routing.entry(ticket.name.clone()).or_default() += 1;
                }
                last.insert(ticket.name.clone(), ticket.assignee.clone());
            }
        }
        assert!(by_routing.values().all(|accepted| *accepted == 1), "one acceptance a ticket");
        assert_eq!(last.len(), rounds);
    }
}

fn manual_clock() -> ManualClock {
    ManualClock::new(chrono::DateTime::from_timestamp(START, 0).expect("valid"))
}

/// The twelve, in an order that differs from round to round.
fn assigners<'a>(
    desks: &'a [Fixture; 2],
    ticket: &'a pb::Ticket,
    round: usize,
) -> Vec<BoxFuture<'a, Result<(), Error>>> {
    let all = AUTO + RULES + MANUAL + REOPEN;
    (0..all)
        .map(|index| {
            let who = (index * 5 + round) % all;
            let desk = &desks[index % 2];
            async move {
                match who {
                    who if who < AUTO => desk.accept(ticket, &format!("agents/auto-{who}")).await.map(drop),
                    who if who < AUTO + RULES => {
                        assign(desk, ticket, &format!("agents/rule-{who}"), &ticket.etag).await
                    }
                    who if who < AUTO + RULES + MANUAL => by_hand(desk, ticket, who).await,
                    _ => reopen(desk, ticket).await,
                }
            }
            .boxed()
        })
        .collect()
}

async fn assign(desk: &Fixture, ticket: &pb::Ticket, agent: &str, etag: &str) -> Result<(), Error> {
    let request = pb::AssignTicketRequest {
        name: ticket.name.clone(),
        agent: agent.into(),
        etag: etag.into(),
        ..pb::AssignTicketRequest::default()
    };
    assign_ticket::handle(&desk.app, acme(request)).await.map(drop)
}

/// Somebody who means it: what is solved is reopened first.
async fn by_hand(desk: &Fixture, ticket: &pb::Ticket, who: usize) -> Result<(), Error> {
    loop {
        match assign(desk, ticket, &format!("agents/boss-{who}"), "").await {
            Err(error) if error.reason() == "TICKET_SOLVED" => {
                desk.state(ticket, State::Open).await?;
            }
            done => return done,
        }
    }
}

async fn reopen(desk: &Fixture, ticket: &pb::Ticket) -> Result<(), Error> {
    desk.state(ticket, State::Solved).await?;
    desk.state(ticket, State::Open).await.map(drop)
}
