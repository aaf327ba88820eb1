//! What the ledger remembers must not tell of an earlier moment.

use super::random::policy;
use super::*;
use crate::rows::Ledger;

const MINUTE: Micros = 60_000_000;

#[test]
fn a_target_that_still_runs_is_in_the_team_of_now() {
    let mut facts = Facts::default();
    let terms = policy(0);
    let agent = |team| Event::Agent {
        agent: "ann",
        team: Some(team),
    };
    let opened = Opened {
        ticket: "t",
        customer: "c",
        channel: "email",
        ..Opened::default()
    };
    let events = [
        (
            0,
            Event::Policy {
                policy: "p",
                terms: Some(&terms),
            },
        ),
        (0, agent("north")),
        (1, Event::Opened(opened)),
        (
            1,
            Event::Assigned {
                ticket: "t",
                agent: "ann",
                queue: "",
            },
        ),
        (5, agent("south")),
    ];
    for (seq, (minute, event)) in (1..).zip(events) {
        facts.apply(minute * MINUTE, Order::new(0, seq), event);
    }
    let kpi = find("sla_attainment").expect("a figure");
    let query = Query {
        kpi,
        variant: kpi.variant("resolution").expect("a variant"),
        clock: Clock::Elapsed,
        from: 0,
        to: 60 * MINUTE,
        zone: Tz::UTC,
        grain: None,
        by: &[Dimension::Team],
        filters: &[],
    };
    let ledger = Ledger::default();
    // Asked in between, so that rows are remembered from before the change; the target is due at minute 11.
    for (minute, team) in [(3, "north"), (4, "north"), (7, "south")] {
        let view = View::with(&ledger, &facts, minute * MINUTE);
        let rows = run(&view, &query).rows;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.key[0].as_deref(), row.figures.open))
            .collect();
        assert_eq!(told, [(Some(team), 1)], "minute {minute}");
        assert_eq!(rows, run(&View::new(&facts, minute * MINUTE), &query).rows);
    }
}
