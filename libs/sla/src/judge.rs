//! All targets of a ticket by its whole history: the rules as they are written, one after the other.

use chrono::{DateTime, TimeDelta, Utc};

use crate::fact::{Fact, Status, What};
use crate::goal::{Goal, Metric};
use crate::target::{End, How, Standing, Target};
use crate::terms::Terms;

/// Every target of a ticket that was opened at `opened_at` under `terms`, as it stands at `now`: resolution first, then by
/// turn. Facts may come in any order; those of one instant count in the given one, those after `now` not at all.
pub fn judge(terms: &Terms, opened_at: DateTime<Utc>, facts: &[Fact], now: DateTime<Utc>) -> Vec<Target> {
    let mut facts: Vec<Fact> = facts.iter().copied().filter(|fact| fact.at <= now).collect();
    facts.sort_by_key(|fact| fact.at);
    let history = History::of(&facts);
    let mut targets = Vec::new();
    if let Some(goal) = terms.goal(Metric::Resolution) {
        // The opening comes before everything else in its instant; what lies before it happened to another clock.
        let from = Moment {
            at: opened_at,
            place: 0,
        };
        targets.push(history.target(terms, goal, 0, from, history.first_solve, now));
    }
    for (index, turn) in history.turns.iter().enumerate() {
        let metric = if index == 0 {
            Metric::FirstResponse
        } else {
            Metric::NextResponse
        };
        if let Some(goal) = terms.goal(metric) {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            targets.push(history.target(terms, goal, number, turn.from, turn.end, now));
        }
    }
    targets
}

/// A fact's time and its place in the sorted history, from 1; place 0 is before all facts.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: DateTime<Utc>,
    place: usize,
}

struct Turn {
    from: Moment,
    end: Option<(Moment, How)>,
}

#[derive(Default)]
struct History {
    /// Every change of status, in order.
    statuses: Vec<(Moment, Status)>,
    turns: Vec<Turn>,
    first_solve: Option<(Moment, How)>,
}

impl History {
    fn of(facts: &[Fact]) -> Self {
        let mut history = Self::default();
        let (mut status, mut solved) = (Status::New, false);
        for (index, fact) in facts.iter().enumerate() {
            let here = Moment {
                at: fact.at,
                place: index + 1,
            };
            let ended = match fact.what {
                What::CustomerWrote => {
                    if history.turns.last().is_none_or(|turn| turn.end.is_some()) {
                        history.turns.push(Turn { from: here, end: None });
                    }
                    None
                }
                What::Replied => Some(How::Replied),
                What::Became(next) => {
                    let solve = next == Status::Solved && !solved;
                    let close = next == Status::Closed && status != Status::Closed;
                    solved = next == Status::Solved || (next == Status::Closed && solved);
                    status = next;
                    history.statuses.push((here, next));
                    if solve {
                        history.first_solve.get_or_insert((here, How::Solved));
                        Some(How::Solved)
                    } else {
                        close.then_some(How::Closed)
                    }
                }
            };
            if let (Some(how), Some(turn)) = (ended, history.turns.last_mut()) {
                turn.end.get_or_insert((here, how));
            }
        }
        history
    }

    /// The status after everything up to and including `at`.
    fn status_at(&self, at: DateTime<Utc>) -> Status {
        let last = self.statuses.iter().rev().find(|(moment, _)| moment.at <= at);
        last.map_or(Status::New, |(_, status)| *status)
    }

    fn target(
        &self,
        terms: &Terms,
        goal: &Goal,
        turn: u32,
        from: Moment,
        end: Option<(Moment, How)>,
        now: DateTime<Utc>,
    ) -> Target {
        let clock = self.clock(terms, goal, from, end.map(|(moment, _)| moment), now);
        let by_due = |at: DateTime<Utc>| clock.due_at.is_none_or(|due| at <= due);
        let passed = clock.due_at.filter(|due| *due < now);
        let standing = match (end, passed) {
            (Some((moment, How::Replied)), _) if by_due(moment.at) => Standing::Met,
            (Some((moment, How::Solved)), _) if by_due(moment.at) && goal.metric == Metric::Resolution => Standing::Met,
            (Some((moment, _)), _) if by_due(moment.at) => Standing::NotOwed,
            (_, Some(due)) if self.status_at(due).is_over() => Standing::NotOwed,
            (_, Some(_)) => Standing::Missed,
            (_, None) if self.status_at(now).is_over() => Standing::NotOwed,
            (_, None) if clock.stands_still => Standing::Paused,
            (_, None) => Standing::Running,
        };
        Target {
            metric: goal.metric,
            turn,
            seconds: goal.seconds,
            clock: goal.clock,
            started_at: from.at,
            due_at: clock.due_at,
            warn_at: clock.warn_at,
            standing,
            end: end.map(|(moment, how)| End { at: moment.at, how }),
            left: if standing.is_open() {
                clock.left
            } else {
                TimeDelta::zero()
            },
            since: (standing == Standing::Running).then_some(now),
            warned: false,
        }
    }

    /// The clock of a target from its start to its end, or to `now`; if it stands still there, as if it went on there.
    fn clock(&self, terms: &Terms, goal: &Goal, from: Moment, end: Option<Moment>, now: DateTime<Utc>) -> Clock {
        let last_place = end.map_or(usize::MAX, |end| end.place);
        let until = end.map_or(now, |end| end.at);
        // The changes of status in between cut its life into stretches in which it runs or stands still.
        let before = self.statuses.iter().rev().find(|(moment, _)| moment.place < from.place);
        let mut status = before.map_or(Status::New, |(_, status)| *status);
        let within = |moment: &Moment| moment.place > from.place && moment.place < last_place;
        let mut clock = Clock {
            left: goal.allowance(),
            due_at: None,
            warn_at: None,
            stands_still: false,
        };
        let mut begin = from.at;
        for (moment, next) in self.statuses.iter().filter(|(moment, _)| within(moment)) {
            let stop = moment.at.max(from.at);
            if !goal.pauses_in(status) {
                clock.run(terms, goal, begin, stop);
            }
            (begin, status) = (stop, *next);
        }
        clock.stands_still = goal.pauses_in(status) && clock.due_at.is_none();
        if clock.stands_still {
            begin = until;
        }
        if clock.due_at.is_none() {
            let margin = goal.margin();
            clock.due_at = terms.used_up(goal.clock, begin, clock.left);
            let used_by_warning = (clock.left - margin).max(TimeDelta::zero());
            clock.warn_at = clock
                .warn_at
                .or_else(|| terms.used_up(goal.clock, begin, used_by_warning));
            clock.left -= terms.used(goal.clock, begin, until.max(begin));
            clock.left = clock.left.max(TimeDelta::zero());
        }
        clock
    }
}

struct Clock {
    left: TimeDelta,
    due_at: Option<DateTime<Utc>>,
    warn_at: Option<DateTime<Utc>>,
    stands_still: bool,
}

impl Clock {
    /// Runs in `[begin, stop)`.
    fn run(&mut self, terms: &Terms, goal: &Goal, begin: DateTime<Utc>, stop: DateTime<Utc>) {
        if self.due_at.is_some() {
            return;
        }
        let used_by_warning = (self.left - goal.margin()).max(TimeDelta::zero());
        let warn = terms.used_up(goal.clock, begin, used_by_warning);
        self.warn_at = self.warn_at.or(warn.filter(|warn| *warn <= stop));
        let due = terms.used_up(goal.clock, begin, self.left);
        match due.filter(|due| *due <= stop) {
            Some(due) => {
                self.due_at = Some(due);
                self.left = TimeDelta::zero();
            }
            None => self.left -= terms.used(goal.clock, begin, stop),
        }
    }
}
