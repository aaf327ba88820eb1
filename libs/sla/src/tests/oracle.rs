//! The rules told second by second: nothing is computed, everything is waited for.

use proptest::prelude::*;
use vorrang_calendar::Calendar;

use super::*;
use crate::goal::Warning;
use crate::judge::judge;
use crate::target::Standing;

/// A target whose seconds are counted down one by one.
struct Waiting {
    goal: Goal,
    turn: u32,
    started: i64,
    used: i64,
    due: Option<i64>,
    standing: Option<Standing>,
}

struct Oracle<'a> {
    goals: &'a [Goal],
    calendar: Option<Calendar>,
    waiting: Vec<Waiting>,
    status: Status,
    solved: bool,
    open_turn: Option<u32>,
    turns: u32,
}

impl Oracle<'_> {
    fn begin(&mut self, metric: Metric, turn: u32, now: i64) {
        let exists = |goal: &&Goal| goal.clock == ClockKind::Elapsed || self.calendar.is_some();
        if let Some(goal) = self.goals.iter().find(|goal| goal.metric == metric).filter(exists) {
            let goal = goal.clone();
            self.waiting.push(Waiting {
                goal,
                turn,
                started: now,
                used: 0,
                due: None,
                standing: None,
            });
        }
    }

    fn end(&mut self, turn: u32, standing: Standing) {
        for target in self.waiting.iter_mut().filter(|target| target.turn == turn) {
            target.standing.get_or_insert(standing);
        }
    }

    fn take(&mut self, what: What, now: i64) {
        match what {
            What::CustomerWrote => {
                if self.open_turn.is_none() {
                    self.turns += 1;
                    self.open_turn = Some(self.turns);
                    let first = self.turns == 1;
                    self.begin(
                        if first {
                            Metric::FirstResponse
                        } else {
                            Metric::NextResponse
                        },
                        self.turns,
                        now,
                    );
                }
            }
            What::Replied => {
                if let Some(turn) = self.open_turn.take() {
                    self.end(turn, Standing::Met);
                }
            }
            What::Became(next) => {
                let ends = match next {
                    Status::Solved => !self.solved,
                    Status::Closed => self.status != Status::Closed,
                    _ => false,
                };
                if ends && let Some(turn) = self.open_turn.take() {
                    self.end(turn, Standing::NotOwed);
                }
                if next == Status::Solved && !self.solved {
                    self.end(0, Standing::Met);
                }
                self.solved = next == Status::Solved || next == Status::Closed && self.solved;
                self.status = next;
            }
        }
    }

    /// Lives through `[0, now]`.
    fn live(&mut self, facts: &[(i64, What)], now: i64) {
        self.begin(Metric::Resolution, 0, 0);
        for second in 0..=now {
            // What fell due a second ago was not kept in that second.
            for target in self.waiting.iter_mut().filter(|target| target.due == Some(second - 1)) {
                let owed = if self.status.is_over() {
                    Standing::NotOwed
                } else {
                    Standing::Missed
                };
                target.standing.get_or_insert(owed);
            }
            for (_, what) in facts.iter().filter(|(at, _)| *at == second) {
                self.take(*what, second);
            }
            let open = self
                .calendar
                .as_ref()
                .is_some_and(|calendar| calendar.is_open(at(second)));
            for target in self.waiting.iter_mut().filter(|target| target.due.is_none()) {
                let counts = target.goal.clock == ClockKind::Elapsed || open;
                if counts && !target.goal.pauses.contains(&self.status) && target.standing.is_none() {
                    target.used += 1;
                    if target.used == target.goal.seconds {
                        target.due = Some(second + 1);
                    }
                }
            }
        }
    }

    fn standing(&self, target: &Waiting, now: i64) -> Standing {
        let used_up = target.due.is_some_and(|due| due <= now);
        match target.standing {
            Some(standing) => standing,
            None if self.status.is_over() => Standing::NotOwed,
            None if target.goal.pauses.contains(&self.status) && !used_up => Standing::Paused,
            None => Standing::Running,
        }
    }
}

pub fn status() -> impl Strategy<Value = Status> {
    proptest::sample::select(vec![
        Status::New,
        Status::Open,
        Status::Pending,
        Status::OnHold,
        Status::Solved,
        Status::Closed,
    ])
}

pub fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        3 => Just(What::CustomerWrote),
        2 => Just(What::Replied),
        3 => status().prop_map(What::Became),
    ]
}

pub fn goals(most: i64) -> impl Strategy<Value = Vec<Goal>> {
    let one = move |metric: Metric| {
        let pauses = proptest::sample::subsequence(vec![Status::Pending, Status::OnHold], 0..=2);
        (1..most, any::<bool>(), pauses, 1..99u8, any::<bool>()).prop_map(
            move |(seconds, open, pauses, share, left)| Goal {
                metric,
                seconds,
                clock: if open { ClockKind::Business } else { ClockKind::Elapsed },
                warning: if left {
                    Warning::SecondsLeft((seconds / 2).max(1))
                } else {
                    Warning::Percent(share)
                },
                pauses,
            },
        )
    };
    (
        one(Metric::FirstResponse),
        one(Metric::NextResponse),
        one(Metric::Resolution),
    )
        .prop_flat_map(|(first, next, resolution)| proptest::sample::subsequence(vec![first, next, resolution], 1..=3))
}

/// Open and closed by the minute, or no calendar at all.
pub fn hours() -> impl Strategy<Value = Option<Schedule>> {
    proptest::sample::select(vec![
        None,
        Some(schedule(&["00:00-00:01", "00:02-00:03", "00:04-00:06"])),
        Some(schedule(&["00:01-00:02"])),
        Some(schedule(&["00:00-24:00"])),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What is computed is what waiting gives, at every moment of asking.
    #[test]
    fn judging_is_what_waiting_gives(
        goals in goals(200),
        hours in hours(),
        mut facts in proptest::collection::vec((0..400i64, what()), 0..14),
        now in 0..420i64,
    ) {
        facts.sort_by_key(|(second, _)| *second);
        let terms = Terms::new(goals.clone(), hours.clone());
        let mut oracle = Oracle {
            goals: &goals,
            calendar: hours.as_ref().map(Calendar::new),
            waiting: Vec::new(),
            status: Status::New,
            solved: false,
            open_turn: None,
            turns: 0,
        };
        oracle.live(&facts, now);
        let facts: Vec<Fact> = facts.iter().map(|(second, what)| Fact::new(at(*second), *what)).collect();
        let judged = judge(&terms, at(0), &facts, at(now));
        prop_assert_eq!(judged.len(), oracle.waiting.len());
        for (target, waited) in judged.iter().zip(&oracle.waiting) {
            prop_assert_eq!((target.metric, target.turn, target.started_at), (waited.goal.metric, waited.turn, at(waited.started)));
            prop_assert_eq!(target.standing, oracle.standing(waited, now), "{:?} of {:?} at {}", target, facts, now);
            if let Some(due) = waited.due.filter(|due| *due <= now) {
                prop_assert_eq!(target.due_at, Some(at(due)), "{:?} of {:?} at {}", target, facts, now);
            }
            if target.standing.is_open() {
                prop_assert!(target.due_at.is_none_or(|due| due >= at(now)));
                let used = waited.used - i64::from(counts_beyond(waited, &oracle, now));
                prop_assert_eq!(target.left.num_seconds(), waited.goal.seconds - used, "{:?}", target);
            }
        }
    }
}

/// Whether the oracle counted the second that begins at `now`, which is not over yet.
fn counts_beyond(target: &Waiting, oracle: &Oracle<'_>, now: i64) -> bool {
    if target.due.is_some_and(|due| due <= now) {
        return false;
    }
    let open = oracle
        .calendar
        .as_ref()
        .is_some_and(|calendar| calendar.is_open(at(now)));
    (target.goal.clock == ClockKind::Elapsed || open) && !target.goal.pauses.contains(&oracle.status)
}
