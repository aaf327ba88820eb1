//! How the promises to a ticket stand (D23, D24, D31–D35).

use vorrang_calendar::Calendar;
use vorrang_sla::{Fact, Metric, Standing, Status as SlaStatus, Subject, Terms, What, judge};

use super::life::Holders;
use super::{Solve, TargetRow, Turn, TurnEnd};
use crate::buckets::Micros;
use crate::facts::{ActorKind, Entry, Facts, NORMAL_PRIORITY, Opening, STANDARD_TIER, Status, Step, Symbol, instant};

/// What a ticket was opened under.
pub struct Promised {
    /// The policy.
    pub policy: Option<Symbol>,
    /// Its goals, with the hours that were known at the opening.
    pub terms: Terms,
}

impl Promised {
    /// Reads the policy in force at the opening, or the one that the owner says it applied.
    pub fn of(facts: &Facts, opening: &Opening, tier: Option<Symbol>, steps: &[Entry]) -> Self {
        let text =
            |symbol: Option<Symbol>, none: &'static str| symbol.map_or(none, |symbol| facts.strings().text(symbol));
        let subject = Subject {
            tier: text(tier, STANDARD_TIER),
            channel: text(opening.channel, ""),
            priority: text(opening.priority, NORMAL_PRIORITY),
        };
        let told = steps.iter().rev().find_map(|entry| match entry.step {
            Step::Promised { policy } => Some((policy, entry.at)),
            _ => None,
        });
        let promise = match told {
            Some((policy, at)) => policy.and_then(|policy| facts.desk().policy(policy, at)),
            None if opening.told_promise => None,
            None => facts.desk().promise(&subject, opening.at),
        };
        let Some(promise) = promise else {
            return Self {
                policy: told.and_then(|(policy, _)| policy),
                terms: Terms::default(),
            };
        };
        let schedule = promise.policy.schedule.as_deref();
        let schedule = schedule.and_then(|id| facts.desk().schedule(facts.strings().find(id)?, opening.at));
        Self {
            policy: Some(promise.id),
            terms: Terms::new(promise.policy.goals.clone(), schedule),
        }
    }

    /// The ticket's business clock.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.terms.calendar()
    }
}

/// From when until when (both included) what was judged holds without any further event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    pub from: Micros,
    pub until: Micros,
}

impl Holds {
    /// Time changes nothing.
    pub const ALWAYS: Self = Self {
        from: Micros::MIN,
        until: Micros::MAX,
    };
}

/// Every target that counts or runs, as it stands at `now`; and those that stand still: their due time moves with the clock.
pub fn targets(
    promised: &Promised,
    opened_at: Micros,
    conversation: &[Entry],
    (turns, solves): (&[Turn], &[Solve]),
    holders: &Holders,
    (now, holds): (Micros, &mut Holds),
) -> (Vec<TargetRow>, Vec<TargetRow>) {
    if Metric::ALL.iter().all(|metric| promised.terms.goal(*metric).is_none()) {
        return Default::default();
    }
    let mut told = Vec::new();
    for entry in conversation {
        let what = match entry.step {
            Step::Message {
                actor: ActorKind::Customer,
                ..
            } => What::CustomerWrote,
            Step::Message {
                actor: ActorKind::Agent,
                public: true,
                ..
            } => What::Replied,
            Step::Status { status, .. } => match sla_status(status) {
                Some(status) => What::Became(status),
                None => continue,
            },
            _ => continue,
        };
        told.push(Fact::new(instant(entry.at), what));
    }
    let (mut rows, mut paused) = (Vec::new(), Vec::new());
    for target in judge(&promised.terms, instant(opened_at), &told, instant(now)) {
        let met = match target.standing {
            Standing::Met => Some(true),
            Standing::Missed => Some(false),
            Standing::Running | Standing::Paused => None,
            Standing::NotOwed => continue,
        };
        let Some(due_at) = target.due_at.map(|due| due.timestamp_micros()) else {
            continue;
        };
        match target.standing {
            Standing::Running => holds.until = holds.until.min(due_at),
            Standing::Missed => holds.from = holds.from.max(due_at + 1),
            Standing::Met | Standing::Paused | Standing::NotOwed => {}
        }
        // Who answered, or who had it: at the solve, when it was due, or now.
        let turn = usize::try_from(target.turn)
            .ok()
            .and_then(|turn| turns.get(turn.checked_sub(1)?));
        let (by, read_at) = match (turn.map(|turn| turn.end), target.metric, solves.first()) {
            (Some(TurnEnd::Replied { at, by, .. }), ..) => (by, at),
            (_, Metric::Resolution, Some(solve)) => (solve.by, solve.at),
            _ => {
                let at = due_at.min(now);
                (holders.at(at), at)
            }
        };
        let list = if target.standing == Standing::Paused {
            &mut paused
        } else {
            &mut rows
        };
        list.push(TargetRow {
            metric: target.metric,
            due_at,
            met,
            by,
            read_at,
        });
    }
    (rows, paused)
}

fn sla_status(status: Status) -> Option<SlaStatus> {
    Some(match status {
        Status::New => SlaStatus::New,
        Status::Open => SlaStatus::Open,
        Status::Pending => SlaStatus::Pending,
        Status::OnHold => SlaStatus::OnHold,
        Status::Solved => SlaStatus::Solved,
        Status::Closed => SlaStatus::Closed,
        Status::Spam | Status::Deleted => return None,
    })
}
