//! Phone calls that another system distributes: what it tells of one, in any order, and what that makes of the ticket.
//!
//! Everything kept of a call is a maximum over its events, so order and repeats do not matter. Until the call is over the ticket waits in
//! no queue of ours. Whoever answered last has it; a call that nobody answered is work left, and waits like a mail.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Change, Ticket};
use crate::words::{AssignSource, CallKind, CallParty, Handling};

/// Something that happened to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    /// What.
    pub kind: CallKind,
    /// When, by the phone system's clock.
    pub at: DateTime<Utc>,
    /// `agents/{agent}`; empty: not known.
    pub agent: String,
    /// The phone system's queue; empty: the ticket's.
    pub queue: String,
    /// Who hung up.
    pub hung_up_by: Option<CallParty>,
    /// How long they talked.
    pub talk_time: Option<TimeDelta>,
    /// How long the caller was on hold.
    pub hold_time: Option<TimeDelta>,
}

/// What is known of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whether it is over.
    pub over: bool,
    /// The last answer by an agent whom we know: when, in microseconds, and who.
    pub answered: Option<(i64, String)>,
}

impl Ticket {
    /// Opened for a call: somebody else distributes it.
    pub fn begin_call(&mut self) {
        self.handling = Handling::External;
        self.queue_entered_at = None;
    }

    /// Takes what the phone system tells. It is told in any case; a ticket that is part of another one is not changed.
    pub fn call_event(&mut self, event: &CallEvent, now: DateTime<Utc>) -> Vec<Change> {
        let mut changes = vec![Change::Call(event.clone())];
        let call = self.call.get_or_insert_default();
        call.over |= matches!(event.kind, CallKind::HungUp | CallKind::WrapUpEnded);
        let over = call.over;
        let before = call.answered.clone();
        if event.kind == CallKind::Answered && !event.agent.is_empty() {
            let answer = Some((event.at.timestamp_micros(), event.agent.clone()));
            call.answered = call.answered.take().max(answer);
        }
        let answered = call.answered.clone().filter(|_| call.answered != before);
        if self.merged_into.is_some() {
            // It waits as work after an unmerge; whom it is given to then is for people to say.
            if over && self.handling == Handling::External {
                self.handling = Handling::Asynchronous;
                let is_work = self.assignee.is_none() && self.state.needs_work();
                self.kept_wait = Some(now).filter(|_| is_work);
            }
            self.touch(now);
            return changes;
        }
        // Only the news that somebody answered gives it to them; whoever got it by other ways keeps it.
        let is_calls = self.assignee.is_none() || self.assignee == before.map(|(_, agent)| agent);
        if let Some((_, agent)) = answered.filter(|(_, agent)| is_calls && self.assignee.as_ref() != Some(agent))
            && self.standing().after(crate::state::Trigger::Assigned).is_ok()
        {
            self.give_to(&agent, AssignSource::Call, event.at.min(now), &mut changes);
        }
        if over && self.handling == Handling::External {
            self.handling = Handling::Asynchronous;
        }
        self.settle_queue(now, &mut changes);
        self.touch(now);
        changes
    }
}

impl Ticket {
    /// A call of which nothing was heard since `before` is over, whatever the phone system forgot to tell.
    pub fn end_silent_call(&mut self, before: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Change> {
        if self.handling != Handling::External || self.updated_at > before {
            return Vec::new();
        }
        self.call.get_or_insert_default().over = true;
        self.handling = Handling::Asynchronous;
        let is_work = self.assignee.is_none() && self.state.needs_work();
        let mut changes = vec![Change::Updated(vec!["handling"])];
        match self.merged_into {
            Some(_) => self.kept_wait = Some(now).filter(|_| is_work),
            None => self.settle_queue(now, &mut changes),
        }
        self.touch(now);
        changes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ticket::tests::{at, opened};
    use crate::words::Channel;

    fn event(kind: CallKind, seconds: i64, agent: &str) -> CallEvent {
        CallEvent {
            kind,
            at: at(seconds),
            agent: agent.to_owned(),
            queue: String::new(),
            hung_up_by: (kind == CallKind::HungUp).then_some(CallParty::Customer),
            talk_time: None,
            hold_time: None,
        }
    }

    fn call() -> Ticket {
        let mut ticket = Ticket {
            channel: Channel::Phone,
            ..opened()
        };
        ticket.begin_call();
        ticket
    }

    #[test]
    fn a_call_waits_in_no_queue_of_ours() {
        let mut ticket = call();
        assert_eq!(ticket.queue_entered_at, None);
        assert_eq!(ticket.call_event(&event(CallKind::Queued, 0, ""), at(0)).len(), 1);
        assert_eq!((ticket.queue_entered_at, ticket.handling), (None, Handling::External));
        // Nobody answers: somebody has to call back.
        let changes = ticket.call_event(&event(CallKind::HungUp, 30, ""), at(31));
        assert!(
            matches!(changes.as_slice(), [Change::Call(_), Change::Queued]),
            "{changes:?}"
        );
        assert_eq!(
            (ticket.queue_entered_at, ticket.handling),
            (Some(at(31)), Handling::Asynchronous)
        );
    }

    #[test]
    fn who_took_it_by_other_ways_keeps_it() {
        let mut ticket = call();
        ticket.call_event(&event(CallKind::Answered, 5, "agents/anna"), at(5));
        ticket.assign(Some("agents/ben"), None, at(6)).expect("by hand");
        ticket.call_event(&event(CallKind::Answered, 9, "agents/carl"), at(9));
        assert_eq!(ticket.assignee.as_deref(), Some("agents/ben"));
    }

    #[test]
    fn what_the_agent_gave_back_stays_given_back() {
        let mut ticket = call();
        ticket.call_event(&event(CallKind::Answered, 5, "agents/anna"), at(5));
        ticket.call_event(&event(CallKind::HungUp, 9, ""), at(9));
        ticket.assign(None, None, at(20)).expect("given back");
        ticket.call_event(&event(CallKind::WrapUpEnded, 30, "agents/anna"), at(30));
        assert_eq!((ticket.assignee, ticket.queue_entered_at), (None, Some(at(20))));
    }

    #[test]
    fn a_call_that_ends_while_it_is_merged_is_over() {
        let mut ticket = call();
        ticket.merged_into = Some(uuid::Uuid::from_u128(7));
        assert_eq!(ticket.call_event(&event(CallKind::HungUp, 9, ""), at(9)).len(), 1);
        assert_eq!(
            (ticket.handling, ticket.queue_entered_at, ticket.kept_wait),
            (Handling::Asynchronous, None, Some(at(9)))
        );
    }

    proptest! {
        #[test]
        fn order_and_repeats_do_not_matter(order in Just((0..7_usize).collect::<Vec<_>>()).prop_shuffle(), again in 0..7_usize, most in 1..=7_usize) {
            let events = [
                event(CallKind::Queued, 0, ""),
                event(CallKind::Answered, 10, "agents/anna"),
                event(CallKind::HoldBegan, 12, "agents/anna"),
                event(CallKind::HoldEnded, 14, "agents/anna"),
                event(CallKind::Answered, 20, "agents/ben"),
                event(CallKind::HungUp, 30, ""),
                event(CallKind::WrapUpEnded, 40, "agents/ben"),
            ];
            // What is there of them, in the right order and in any other.
            let mut there: Vec<usize> = order[..most].to_vec();
            let result = |order: &[usize]| {
                let mut ticket = call();
                for index in order {
                    ticket.call_event(&events[*index], at(100));
                }
                (ticket.assignee, ticket.handling, ticket.queue_entered_at, ticket.call)
            };
            let mut doubled = there.clone();
            doubled.push(there[again % most]);
            let any = result(&doubled);
            there.sort_unstable();
            prop_assert_eq!(any, result(&there));
        }
    }
}
