//! Phone calls that another system distributes: what it tells of one, in any order, and what that makes of the ticket.
//!
//! Everything kept of a call is in the order of its events' times, so order and repeats of telling do not matter; only of one instant the later
//! told is the later. Until the call is over the ticket waits in no queue of ours. Whoever answered last has it; a call that nobody answered
//! is work left, and waits like a mail.

mod talk;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Change, Ticket, replace};
use crate::state::State;
use crate::words::{AssignSource, CallKind, CallParty, Handling};

/// Most events of a call that are remembered: nobody is put on hold oftener.
const TOLD_MAX: usize = 200;

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

/// How much is known of who calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knowing {
    /// The number was withheld.
    Nothing,
    /// A number, or what else is told without proof.
    #[default]
    Told,
    /// A source vouches for who it is.
    Vouched,
}

/// An event as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When, in microseconds.
    pub at: i64,
    /// What.
    pub kind: CallKind,
    /// Who, if known.
    pub agent: String,
}

/// What is known of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whether it is over.
    pub over: bool,
    /// The last answer by an agent whom we know: when, in microseconds, and who.
    pub answered: Option<(i64, String)>,
    /// How well it is known whose call it is. Rows of before knew a number.
    #[serde(default)]
    pub known: Knowing,
    /// When the event happened that decided the queue, in microseconds; none: none has named one.
    #[serde(default)]
    pub queue_at: Option<i64>,
    /// Its events in the order of their times, those of one instant in the order told; at most [`TOLD_MAX`].
    #[serde(default)]
    pub told: Vec<Told>,
}

impl Call {
    /// Remembers an event.
    fn hear(&mut self, kind: CallKind, at: i64, agent: &str) {
        let known = |one: &Told| one.at == at && one.kind == kind && one.agent == agent;
        if self.told.len() < TOLD_MAX && !self.told.iter().any(known) {
            let place = self.told.partition_point(|one| one.at <= at);
            let told = Told {
                at,
                kind,
                agent: agent.to_owned(),
            };
            self.told.insert(place, told);
        }
        let answer = (at, agent.to_owned());
        // Of two at once the one that was told later.
        if kind == CallKind::Answered
            && !agent.is_empty()
            && self.answered.as_ref().is_none_or(|(before, _)| *before <= at)
        {
            self.answered = Some(answer);
        }
    }
}

impl Ticket {
    /// Opened for a call: somebody else distributes it.
    pub fn begin_call(&mut self, known: Knowing) {
        self.handling = Handling::External;
        self.queue_entered_at = None;
        self.call.get_or_insert_default().known = known;
    }

    /// Somebody knows whose call it is. True: it is another customer's than was known before.
    pub fn caller_is(&mut self, customer: Uuid, known: Knowing, now: DateTime<Utc>, changes: &mut Vec<Change>) -> bool {
        let call = self.call.get_or_insert_default();
        if known <= call.known {
            return false;
        }
        call.known = known;
        let changed = self.belong_to(customer, now);
        let is_others = !changed.is_empty();
        changes.extend(changed);
        is_others
    }

    /// Takes what the phone system tells. It is told in any case; a ticket that is part of another one is not changed.
    pub fn call_event(&mut self, event: &CallEvent, now: DateTime<Utc>) -> Vec<Change> {
        let call = self.call.get_or_insert_default();
        call.over |= matches!(event.kind, CallKind::HungUp | CallKind::WrapUpEnded);
        let over = call.over;
        let before = call.answered.clone();
        call.hear(event.kind, event.at.timestamp_micros(), &event.agent);
        let answered = call.answered.clone().filter(|_| call.answered != before);
        let mut changes = vec![Change::Call(call.counted(event))];
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
        let moved = self.queue_is(event, &mut changes);
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
        let waited = self.queue_entered_at.is_some();
        self.settle_queue(now, &mut changes);
        if moved && waited && self.queue_entered_at.is_some() {
            self.generation += 1;
            changes.push(Change::Queued);
        }
        self.touch(now);
        changes
    }

    /// The queue that an event names, if it knows better: nobody did before, or the call is still on and this is later. What is closed stays where it
    /// was, and so does what people moved since the call. True: it is in another queue than before.
    fn queue_is(&mut self, event: &CallEvent, changes: &mut Vec<Change>) -> bool {
        let at = event.at.timestamp_micros();
        let Some(call) = self.call.as_mut().filter(|_| !event.queue.is_empty()) else {
            return false;
        };
        let is_on = self.handling == Handling::External && event.kind == CallKind::Queued;
        let knows_better = match call.queue_at {
            None => true,
            Some(before) => is_on && before <= at,
        };
        if !knows_better {
            return false;
        }
        let undecided = call.queue_at.replace(at).is_none();
        let by_people = undecided && self.handling != Handling::External && self.queue != super::QUEUE_DEFAULT;
        if self.state == State::Closed || by_people || !replace(&mut self.queue, &event.queue) {
            return false;
        }
        changes.push(Change::Updated(vec!["queue"]));
        true
    }
}

impl Call {
    /// An event with the lengths that follow from what was told, where the phone system counts none.
    fn counted(&self, event: &CallEvent) -> CallEvent {
        let mut counted = event.clone();
        let is_missing = event.talk_time.is_none() && event.hold_time.is_none();
        if event.kind == CallKind::WrapUpEnded
            && is_missing
            && let Some((talk, hold)) = self.talked(&event.agent)
        {
            (counted.talk_time, counted.hold_time) = (Some(talk), Some(hold));
        }
        counted
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
        ticket.begin_call(Knowing::Told);
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
    fn of_two_answers_at_once_the_one_told_later_counts() {
        for (first, second) in [("agents/anna", "agents/ben"), ("agents/ben", "agents/anna")] {
            let mut ticket = call();
            ticket.call_event(&event(CallKind::Answered, 5, first), at(5));
            ticket.call_event(&event(CallKind::Answered, 5, second), at(6));
            assert_eq!(ticket.assignee.as_deref(), Some(second));
        }
    }

    #[test]
    fn who_knows_better_says_whose_call_it_is() {
        let (nobody, mara, ben) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let mut ticket = call();
        ticket.customer = nobody;
        ticket.begin_call(Knowing::Nothing);
        let mut says = |customer, known| {
            let mut changes = Vec::new();
            let others = ticket.caller_is(customer, known, at(9), &mut changes);
            (others, changes.len(), ticket.customer)
        };
        assert_eq!(says(mara, Knowing::Nothing), (false, 0, nobody));
        assert_eq!(says(mara, Knowing::Told), (true, 1, mara));
        assert_eq!(says(ben, Knowing::Told), (false, 0, mara), "no better than before");
        assert_eq!(says(mara, Knowing::Vouched), (false, 0, mara), "it is theirs already");
        assert_eq!(says(ben, Knowing::Vouched), (false, 0, mara));
    }

    #[test]
    fn the_queue_is_the_one_that_is_named_last() {
        let named = |kind, seconds, queue: &str| CallEvent {
            queue: queue.to_owned(),
            ..event(kind, seconds, "")
        };
        let mut ticket = call();
        ticket.call_event(&event(CallKind::Answered, 9, "agents/anna"), at(9));
        ticket.call_event(&named(CallKind::Queued, 20, "billing"), at(20));
        assert_eq!(ticket.queue, "billing", "nobody named one before");
        ticket.call_event(&named(CallKind::Queued, 5, "sales"), at(21));
        assert_eq!(ticket.queue, "billing", "told late");
        ticket.call_event(&named(CallKind::Queued, 30, "second-level"), at(30));
        assert_eq!(ticket.queue, "second-level", "transferred");
        ticket.call_event(&event(CallKind::HungUp, 40, ""), at(40));
        ticket.call_event(&named(CallKind::Queued, 35, "sales"), at(41));
        assert_eq!(ticket.queue, "second-level", "the call is over");
        // Told backwards: it waits as work, and moves.
        let mut ticket = call();
        ticket.call_event(&event(CallKind::HungUp, 40, ""), at(40));
        let generation = ticket.generation;
        let changes = ticket.call_event(&named(CallKind::Queued, 5, "billing"), at(41));
        assert!(
            matches!(
                changes.as_slice(),
                [Change::Call(_), Change::Updated(_), Change::Queued]
            ),
            "{changes:?}"
        );
        assert_eq!((ticket.queue.as_str(), ticket.generation), ("billing", generation + 1));
    }

    #[test]
    fn what_the_phone_system_does_not_count_follows_from_its_events() {
        let mut ticket = call();
        ticket.call_event(&event(CallKind::Answered, 10, "agents/anna"), at(10));
        ticket.call_event(&event(CallKind::HoldBegan, 20, ""), at(20));
        ticket.call_event(&event(CallKind::HoldEnded, 24, ""), at(24));
        ticket.call_event(&event(CallKind::HungUp, 30, ""), at(30));
        let told = |changes: &[Change]| match &changes[0] {
            Change::Call(event) => (event.talk_time, event.hold_time),
            other => panic!("{other:?}"),
        };
        let seconds = |seconds| Some(TimeDelta::seconds(seconds));
        let wrap_up = event(CallKind::WrapUpEnded, 50, "agents/anna");
        assert_eq!(
            told(&ticket.clone().call_event(&wrap_up, at(50))),
            (seconds(16), seconds(4))
        );
        let counted = CallEvent {
            talk_time: seconds(15),
            ..wrap_up
        };
        assert_eq!(
            told(&ticket.call_event(&counted, at(50))),
            (seconds(15), None),
            "it counts itself"
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
