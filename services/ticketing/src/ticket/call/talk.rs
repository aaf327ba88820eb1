//! How long was talked and held in a call, by its events. Pure.

use chrono::TimeDelta;

use super::{Call, Told};
use crate::words::CallKind;

impl Call {
    /// How long the last agent `agent`, or whoever had it last, talked, and held the caller, by what was told so far. None: it is not known when
    /// that began or ended.
    pub fn talked(&self, agent: &str) -> Option<(TimeDelta, TimeDelta)> {
        let theirs = |told: &Told| told.kind == CallKind::Answered && (agent.is_empty() || told.agent == agent);
        let begin = self.told.iter().rposition(theirs)?;
        let (mut talked, mut held) = (0, 0);
        let mut since = self.told[begin].at;
        let mut holds = false;
        for told in &self.told[begin + 1..] {
            let passed = told.at - since;
            match told.kind {
                CallKind::HoldBegan | CallKind::HoldEnded => {}
                // It is over, somebody else has it, or it waits again.
                CallKind::HungUp | CallKind::Answered | CallKind::Queued => {
                    *if holds { &mut held } else { &mut talked } += passed;
                    return Some((TimeDelta::microseconds(talked), TimeDelta::microseconds(held)));
                }
                CallKind::WrapUpEnded => continue,
            }
            *if holds { &mut held } else { &mut talked } += passed;
            holds = told.kind == CallKind::HoldBegan;
            since = told.at;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(events: &[(CallKind, i64, &str)]) -> Call {
        let mut call = Call::default();
        for (kind, seconds, agent) in events {
            call.hear(*kind, seconds * 1_000_000, agent);
        }
        call
    }

    fn seconds(talked: Option<(TimeDelta, TimeDelta)>) -> Option<(i64, i64)> {
        talked.map(|(talked, held)| (talked.num_seconds(), held.num_seconds()))
    }

    #[test]
    fn talk_is_what_is_no_hold() {
        use CallKind::{Answered, HoldBegan, HoldEnded, HungUp, Queued};
        let whole = [
            (Queued, 0, ""),
            (Answered, 10, "agents/anna"),
            (HoldBegan, 20, ""),
            (HoldEnded, 25, ""),
            (Queued, 40, ""),
            (Answered, 60, "agents/ben"),
            (HoldBegan, 70, ""),
            (HungUp, 100, ""),
        ];
        let call = call(&whole);
        assert_eq!(seconds(call.talked("agents/anna")), Some((25, 5)));
        assert_eq!(
            seconds(call.talked("agents/ben")),
            Some((10, 30)),
            "the caller gave up on hold"
        );
        assert_eq!(call.talked(""), call.talked("agents/ben"), "whoever had it last");
        assert_eq!(call.talked("agents/carl"), None);
    }

    #[test]
    fn what_is_not_over_has_no_length() {
        assert_eq!(call(&[(CallKind::Answered, 10, "agents/anna")]).talked(""), None);
        assert_eq!(call(&[(CallKind::HungUp, 10, "")]).talked(""), None);
    }

    #[test]
    fn events_may_come_in_any_order() {
        use CallKind::{Answered, HungUp, WrapUpEnded};
        let any = call(&[
            (HungUp, 30, ""),
            (WrapUpEnded, 50, "agents/anna"),
            (Answered, 10, "agents/anna"),
            (HungUp, 30, ""),
        ]);
        assert_eq!(seconds(any.talked("agents/anna")), Some((20, 0)));
    }
}
