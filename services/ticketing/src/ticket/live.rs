//! Live contacts: leaving the queue, and coming back.
//!
//! A customer who leaves is still owed an answer: the ticket waits anew, like a mail, with a new generation, so that nobody can accept who
//! was offered somebody on the line. Only the customer's own word closes it.
//!
//! Words about presence come late and in any order. `line_at` says up to when they count: who was there later has not left, and what was said
//! before they left brings nobody back.

use chrono::{DateTime, Utc};

use super::{Change, Ticket};
use crate::state::State;
use crate::words::{Channel, Disposition, Handling};

/// A customer is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// Since when; none: now.
    pub at: Option<DateTime<Utc>>,
    /// Whether nothing is wanted any more.
    pub close: bool,
}

/// A wait that ended by leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// When it began.
    pub queue_entered_at: DateTime<Utc>,
    /// When it ended; not before it began.
    pub left_at: DateTime<Utc>,
}

impl Channel {
    /// Whether somebody is on the line.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Chat | Self::Phone)
    }
}

impl Ticket {
    /// Whether somebody is on the line and waits for an agent of ours.
    pub fn waits_live(&self) -> bool {
        self.channel.is_live() && self.handling == Handling::ByChannel && self.queue_entered_at.is_some()
    }

    /// Whether the customer is known to have been there later than a leaving says.
    fn was_there_after(&self, leaving: Leaving) -> bool {
        let there = self.line_at.filter(|_| self.handling == Handling::ByChannel);
        there.is_some_and(|there| leaving.at.is_some_and(|at| at < there))
    }

    /// The customer is not there any more. A ticket that does not wait is not left; what is part of another one, or set aside, is
    /// nobody's wait.
    pub fn leave_queue(&mut self, leaving: Leaving, now: DateTime<Utc>) -> Vec<Change> {
        if self.merged_into.is_some() || self.disposition != Disposition::Normal {
            return Vec::new();
        }
        let mut changes = Vec::new();
        // Nobody heard of them, and they are back since: what was concluded then is not so any more.
        if let Some(queue_entered_at) = self
            .queue_entered_at
            .filter(|_| self.waits_live() && !self.was_there_after(leaving))
        {
            self.handling = Handling::Asynchronous;
            self.line_at = Some(leaving.at.map_or(now, |at| at.min(now)));
            self.queue_entered_at = None;
            changes.push(Change::QueueLeft(Left {
                queue_entered_at,
                left_at: leaving.at.map_or(now, |at| at.min(now)).max(queue_entered_at),
            }));
        }
        if leaving.close && !matches!(self.state, State::Solved | State::Closed) {
            self.stand(State::Closed, None, now, &mut changes);
        }
        self.settle_queue(now, &mut changes);
        if !changes.is_empty() {
            self.touch(now);
        }
        changes
    }

    /// The customer of a ticket that is part of another one is not there any more: after an unmerge nobody waits on its line.
    pub fn leave_as_part(&mut self, leaving: Leaving, now: DateTime<Utc>) -> Vec<Change> {
        let is_live = self.channel.is_live() && self.handling == Handling::ByChannel;
        if self.merged_into.is_none() || !is_live || self.was_there_after(leaving) {
            return Vec::new();
        }
        self.handling = Handling::Asynchronous;
        self.line_at = Some(leaving.at.map_or(now, |at| at.min(now)));
        // It waited on the line until then; what it waits for after an unmerge is an answer.
        self.kept_wait = self.kept_wait.map(|_| now);
        self.touch(now);
        vec![Change::Updated(vec!["handling"])]
    }

    /// The desk has closed: whoever waited on the line has waited in vain, and whoever writes from now on does not wait there. What somebody has
    /// goes on.
    pub fn close_over(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        if self.assignee.is_some() || self.merged_into.is_some() {
            return Vec::new();
        }
        let left = self.leave_queue(Leaving { at: None, close: false }, now);
        self.be_answered_later();
        left
    }

    /// Nobody is there to answer; the customer was told so before writing.
    pub fn be_answered_later(&mut self) {
        if self.channel.is_live() && self.handling == Handling::ByChannel {
            self.handling = Handling::Asynchronous;
        }
    }

    /// The customer wrote in a chat, and was there at `heard_at`. One who had left before that is back: somebody waits on the line again, from now
    /// on. What is older than their leaving was only delivered late.
    pub fn come_back(&mut self, heard_at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.channel != Channel::Chat || self.line_at.is_some_and(|known| heard_at <= known) {
            return changes;
        }
        if self.handling == Handling::ByChannel {
            self.line_at = Some(heard_at);
        } else if self.handling == Handling::Asynchronous && self.merged_into.is_none() {
            self.line_at = Some(heard_at);
            self.handling = Handling::ByChannel;
            if self.queue_entered_at.take().is_some() {
                self.settle_queue(now, &mut changes);
            }
            self.touch(now);
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::tests::{at, opened};

    fn chat() -> Ticket {
        Ticket {
            channel: Channel::Chat,
            ..opened()
        }
    }

    fn leaving(seconds: i64) -> Leaving {
        Leaving {
            at: Some(at(seconds)),
            close: false,
        }
    }

    #[test]
    fn who_leaves_is_answered_later() {
        let mut ticket = chat();
        let entered = ticket.queue_entered_at.expect("it waits");
        let changes = ticket.leave_queue(leaving(40), at(60));
        let left = Left {
            queue_entered_at: entered,
            left_at: at(40),
        };
        assert_eq!(changes, [Change::QueueLeft(left), Change::Queued]);
        assert_eq!(
            (ticket.handling, ticket.queue_entered_at, ticket.generation),
            (Handling::Asynchronous, Some(at(60)), 2)
        );
        assert_eq!(ticket.leave_queue(leaving(70), at(80)), [], "only once");
        assert_eq!(
            ticket
                .accept("agents/anna", 1, at(61), at(61))
                .expect_err("was left")
                .reason(),
            "GENERATION_CHANGED"
        );
        ticket.accept("agents/anna", 2, at(90), at(90)).expect("as a mail");
    }

    #[test]
    fn a_time_is_never_before_the_wait_nor_to_come() {
        for (told, expected) in [(-20, 0), (1_000, 60)] {
            let mut ticket = chat();
            let changes = ticket.leave_queue(leaving(told), at(60));
            assert!(
                matches!(&changes[0], Change::QueueLeft(left) if left.left_at == at(expected)),
                "{changes:?}"
            );
        }
    }

    #[test]
    fn only_the_customers_word_closes() {
        let close = Leaving { at: None, close: true };
        let mut waiting = chat();
        let changes = waiting.leave_queue(close, at(3));
        assert!(
            matches!(
                changes.as_slice(),
                [Change::QueueLeft(_), Change::StateChanged(State::New)]
            ),
            "{changes:?}"
        );
        assert_eq!((waiting.state, waiting.queue_entered_at), (State::Closed, None));
        // An agent was faster: nobody left a queue, and still it is over.
        let mut held = chat();
        held.accept("agents/anna", 1, at(1), at(1)).expect("accepts");
        assert_eq!(held.clone().leave_queue(leaving(2), at(2)), []);
        assert_eq!(held.leave_queue(close, at(2)), [Change::StateChanged(State::New)]);
        let mut solved = chat();
        solved.change_state(State::Solved, at(1)).expect("solves");
        assert_eq!(solved.leave_queue(close, at(2)), [], "what is solved stays so");
    }

    #[test]
    fn who_is_back_has_not_left() {
        let mut ticket = chat();
        ticket.leave_queue(leaving(5), at(5));
        ticket.come_back(at(200), at(200));
        assert_eq!(
            ticket.leave_queue(leaving(100), at(280)),
            [],
            "it is told late that they were away"
        );
        assert!(ticket.waits_live());
    }

    #[test]
    fn what_was_said_before_leaving_brings_nobody_back() {
        let mut ticket = chat();
        ticket.leave_queue(leaving(40), at(41));
        for said in [39, 40] {
            assert_eq!(ticket.come_back(at(said), at(60)), [], "delivered late");
            assert_eq!(ticket.handling, Handling::Asynchronous);
        }
        assert_eq!(ticket.come_back(at(41), at(61)), [Change::Queued]);
    }

    #[test]
    fn who_wrote_after_their_line_was_cut_has_not_left() {
        let mut ticket = chat();
        assert_eq!(ticket.come_back(at(50), at(51)), [], "they were there all the time");
        assert_eq!(ticket.leave_queue(leaving(49), at(230)), []);
        assert_eq!(ticket.leave_queue(leaving(50), at(230)).len(), 2);
    }

    #[test]
    fn who_was_moved_to_another_queue_while_away_has_left_all_the_same() {
        let mut ticket = chat();
        let entered = ticket.queue_entered_at.expect("it waits");
        ticket.assign(None, Some("billing"), at(100)).expect("moves");
        let left = Left {
            queue_entered_at: entered,
            left_at: at(40),
        };
        assert_eq!(
            ticket.leave_queue(leaving(40), at(220)),
            [Change::QueueLeft(left), Change::Queued]
        );
    }

    #[test]
    fn a_chat_that_is_part_of_another_ticket_is_left_with_it() {
        let mut part = chat();
        assert_eq!(part.leave_as_part(leaving(9), at(9)), [], "it is one of its own");
        (part.kept_wait, part.queue_entered_at) = (part.queue_entered_at, None);
        part.merged_into = Some(uuid::Uuid::from_u128(7));
        assert_eq!(
            part.leave_as_part(leaving(40), at(60)),
            [Change::Updated(vec!["handling"])]
        );
        assert_eq!(part.leave_as_part(leaving(41), at(61)), [], "only once");
        part.leave(at(90)).expect("is unmerged");
        assert!(!part.waits_live(), "nobody is on the line");
        assert_eq!(
            (part.handling, part.queue_entered_at),
            (Handling::Asynchronous, Some(at(60))),
            "and is still owed an answer"
        );
    }

    #[test]
    fn a_desk_that_closes_ends_the_waits_on_the_line() {
        let mut waiting = chat();
        assert!(matches!(
            waiting.close_over(at(9)).as_slice(),
            [Change::QueueLeft(_), Change::Queued]
        ));
        let mut held = chat();
        held.accept("agents/anna", 1, at(1), at(1)).expect("accepts");
        assert_eq!(held.close_over(at(9)), [], "what somebody has goes on");
        assert_eq!(held.handling, Handling::ByChannel);
        let mut solved = chat();
        solved.change_state(State::Solved, at(1)).expect("solves");
        assert_eq!(solved.close_over(at(9)), []);
        assert_eq!(
            solved.handling,
            Handling::Asynchronous,
            "and does not wait on the line when it is reopened"
        );
    }

    #[test]
    fn mails_are_not_left() {
        let mut mail = opened();
        mail.channel = Channel::Email;
        assert_eq!(mail.leave_queue(leaving(1), at(2)), []);
    }

    #[test]
    fn who_writes_again_waits_anew() {
        let mut ticket = chat();
        ticket.leave_queue(leaving(5), at(5));
        assert_eq!(ticket.come_back(at(99), at(100)), [Change::Queued]);
        assert!(ticket.waits_live());
        assert_eq!((ticket.queue_entered_at, ticket.generation), (Some(at(100)), 3));
        let later = at(107);
        assert!(
            matches!(&ticket.leave_queue(leaving(107), later)[0], Change::QueueLeft(left) if left.queue_entered_at == at(100))
        );
    }
}
