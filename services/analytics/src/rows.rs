//! What one ticket's history amounts to: flat rows with fixed fields, from which every key figure is added up.
//!
//! Here the rules are applied once for all figures: what a solve and a reopen are (D6), what a turn, a contact and a reply are
//! (D9–D11), how a queue stay runs (D26), what a transfer is (D29), whose figure it is (D35), how targets stand (D31–D34).
//!
//! Guarantees: rows follow from the events of the ticket and of what is merged into it, from what is known of its customer
//! and from the policies and schedules, as of a moment; nothing else. So an event costs the recomputing of one ticket, and
//! [`Ledger`] says which. Pure.

mod conversation;
mod days;
mod derive;
mod due;
mod ledger;
mod life;
mod targets;
mod teams;
mod voice;
mod voices;
mod work;

use vorrang_sla::Metric;

pub use ledger::{All, Ledger, derive_all, derive_some};
pub use teams::Teams;
pub use voice::Voice;
pub use voices::is_bad;

use crate::buckets::Micros;
use crate::facts::{ActorKind, Order, Survey, Symbol, TicketIndex, Workflow};

/// A duration on both clocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Took {
    /// All of it.
    pub elapsed: Micros,
    /// What of it the ticket's calendar was open; None: the ticket has no calendar.
    pub business: Option<Micros>,
}

/// Who did something to a ticket, or had it, and in which queue it was then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holder {
    /// The agent; None: nobody.
    pub agent: Option<Symbol>,
    /// The queue.
    pub queue: Option<Symbol>,
}

/// What does not change with the event that is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// The channel the ticket came over.
    pub channel: Option<Symbol>,
    /// The customer's tier at the opening.
    pub tier: Option<Symbol>,
    /// The priority at the opening.
    pub priority: Option<Symbol>,
    /// The queue at the opening.
    pub queue: Option<Symbol>,
    /// The customer, as named at the opening.
    pub customer: Option<Symbol>,
    /// The customer's language at the opening.
    pub language: Option<Symbol>,
    /// The customer's country at the opening.
    pub country: Option<Symbol>,
    /// The customer's organization at the opening.
    pub organization: Option<Symbol>,
    /// What it is about.
    pub intent: Option<Symbol>,
    /// The policy it was opened under.
    pub policy: Option<Symbol>,
    /// Free marks.
    pub tags: Box<[Symbol]>,
}

/// Everything about one ticket that counts, as of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketRows {
    /// Which ticket.
    pub index: TicketIndex,
    /// When it was opened.
    pub opened_at: Micros,
    /// Who opened it.
    pub opened_by: ActorKind,
    /// The agent who opened it, when one is named.
    pub opening_agent: Option<Symbol>,
    /// What does not change.
    pub base: Base,
    /// Who the customer is now: the one that stays when customers were merged; none of those who were erased.
    pub customer: Option<Symbol>,
    /// The teams of all agents who are named.
    pub teams: Teams,
    /// Whether it has business hours.
    pub has_calendar: bool,
    /// The ticket that it is part of now; itself when it is merged into none.
    pub root: TicketIndex,
    /// Whether it is merged into another.
    pub merged: bool,
    /// Its statuses.
    pub life: Life,
    /// Its conversation with everything merged into it; empty for a merged ticket.
    pub conversation: Conversation,
    /// Turns of its own, whatever it is merged into.
    pub contacts: Vec<Contact>,
    /// Public messages of its own.
    pub messages: Vec<Spoken>,
    /// Times at which the customer wrote in it.
    pub written: Vec<Micros>,
    /// Tickets that it is linked to now.
    pub linked: Vec<TicketIndex>,
    /// Transfers, by time.
    pub transfers: Vec<Micros>,
    /// Whether an agent handled it (D41).
    pub handled: bool,
    /// What was promised.
    pub targets: Vec<TargetRow>,
    /// Promises that stand still while the ticket waits for the customer: they fall due the later the longer it waits. What is remembered
    /// knows only that there are some; as of a moment they are derived again.
    pub paused: Vec<TargetRow>,
    /// Whether there are any of those.
    pub rests: bool,
    /// Waits in queues.
    pub stays: Vec<Stay>,
    /// Ended wrap-ups.
    pub wrap_ups: Vec<WrapUp>,
    /// When and by whom it was accepted without a wrap-up yet, the ticket not being over.
    pub unwrapped: Vec<(Micros, Holder)>,
    /// Answers that hold.
    pub answers: Vec<Answer>,
    /// Questions sent.
    pub sendings: Vec<Sending>,
    /// Reviews.
    pub reviews: Vec<Reviewed>,
    /// What was applied to it and to everything merged into it; empty for a merged ticket.
    pub uses: Vec<Use>,
    /// Whether the customer ended it before any solve (D28); None: it consists of short abandons only.
    pub given_up: Option<bool>,
}

/// What the statuses of a ticket amount to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Life {
    /// Every solve, the first is number 1.
    pub solves: Vec<Solve>,
    /// Whether it is solved now. `closed` after a solve leaves it so.
    pub solved: bool,
    /// Whether the last status is `closed`.
    pub closed: bool,
    /// Every change between over (solved or closed) and not, with whether it is solved: from the opening, where it is neither.
    pub turns: Vec<LifeChange>,
    /// When it was open, by who had it where: neither over nor out of every figure.
    pub backlog: Vec<Level>,
    /// Time in new and open until the last solve.
    pub work: Took,
    /// Time on hold until the last solve.
    pub on_hold: Took,
}

/// A change of whether a ticket is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeChange {
    /// When.
    pub at: Micros,
    /// Position among events of the same instant.
    pub order: Order,
    /// Solved or closed from then on.
    pub over: bool,
    /// Solved from then on.
    pub solved: bool,
}

/// A time at which the ticket became solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solve {
    /// When.
    pub at: Micros,
    /// Who it was assigned to then, and where it was.
    pub by: Holder,
    /// Since the opening.
    pub took: Took,
    /// Whether it was reopened after it.
    pub reopened: bool,
}

/// A stretch in which a ticket was open: it is counted at an instant when `from` is before it and `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// When it began.
    pub from: Micros,
    /// When it ended; the end of time when it has not.
    pub to: Micros,
    /// Who had it where.
    pub by: Holder,
}

/// How long somebody waited for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Pace {
    /// Nobody did.
    #[default]
    Nothing,
    /// Not answered.
    Waiting,
    /// Answered by an agent at a time.
    Done { took: Took, at: Micros, by: Holder },
}

/// What a conversation amounts to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    /// From the first message of the customer to the first reply after it.
    pub first_response: Pace,
    /// From the first handoff to the first reply after it.
    pub since_handoff: Pace,
    /// From the first message of the customer to the first message of a machine.
    pub first_automated: Option<Took>,
    /// Its turns.
    pub turns: Vec<Turn>,
    /// Every reply.
    pub replies: Vec<(Micros, Holder)>,
    /// Whether the customer wrote after the first reply.
    pub wrote_again: bool,
    /// Contacts of all its tickets.
    pub contact_count: u32,
}

/// A run of messages of the customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// Its first message.
    pub begun_at: Micros,
    /// Where the ticket was then.
    pub queue: Option<Symbol>,
    /// How it ended.
    pub end: TurnEnd,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TurnEnd {
    /// By a reply.
    Replied { took: Took, at: Micros, by: Holder },
    /// By a solve or close.
    Over,
    /// Not yet.
    Waiting,
}

/// A turn in one ticket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// Its first message.
    pub at: Micros,
    /// Position among events of the same instant.
    pub order: Order,
    /// The message's channel, else the ticket's.
    pub channel: Option<Symbol>,
    /// Where the ticket was.
    pub queue: Option<Symbol>,
}

/// A public message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoken {
    /// When.
    pub at: Micros,
    /// The message's channel, else the ticket's.
    pub channel: Option<Symbol>,
    /// The agent who wrote it, and where the ticket was.
    pub by: Holder,
}

/// How one promise stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetRow {
    /// What was promised.
    pub metric: Metric,
    /// When it is due.
    pub due_at: Micros,
    /// None: still running.
    pub met: Option<bool>,
    /// Whose it is.
    pub by: Holder,
    /// When that was read.
    pub read_at: Micros,
}

/// One wait: from entering a queue until an agent accepted or the customer left. Moving to another queue
/// meanwhile belongs to the same wait, which then counts for the last queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    /// When the wait began.
    pub entered_at: Micros,
    /// The queue it counts for.
    pub queue: Option<Symbol>,
    /// How it ended.
    pub end: StayEnd,
}

/// How a stay ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StayEnd {
    /// An agent took the contact.
    Accepted {
        at: Micros,
        took: Took,
        agent: Option<Symbol>,
    },
    /// The customer gave up; `short`: so soon that it counts as never come.
    Left { at: Micros, short: bool },
    /// Not yet.
    Waiting,
}

/// An ended wrap-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrapUp {
    /// When.
    pub at: Micros,
    /// Who, and where the ticket was.
    pub by: Holder,
    /// Since the accept that it belongs to; None without one.
    pub took: Option<Took>,
    /// Seconds of talking, as the source says.
    pub talk: Option<f64>,
    /// Seconds of letting wait, as the source says.
    pub hold: Option<f64>,
}

/// An answer that holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// When.
    pub at: Micros,
    /// Which question.
    pub survey: Survey,
    /// The answer.
    pub score: f64,
    /// Who is rated, and where the ticket was.
    pub by: Holder,
}

/// A question sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sending {
    /// When.
    pub at: Micros,
    /// Which question.
    pub survey: Survey,
    /// Whether it was answered before the next one was sent.
    pub answered: bool,
    /// Where the ticket was.
    pub queue: Option<Symbol>,
}

/// A review.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reviewed {
    /// When.
    pub at: Micros,
    /// Who was reviewed, and where the ticket was.
    pub by: Holder,
    /// In percent.
    pub quality: Option<f64>,
    /// 1–5.
    pub connection: Option<f64>,
}

/// A use of a macro, automation or policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Use {
    /// When.
    pub at: Micros,
    /// Of what kind.
    pub workflow: Workflow,
    /// Which.
    pub id: Symbol,
    /// Where the ticket was.
    pub queue: Option<Symbol>,
}

impl TicketRows {
    /// A ticket of which nothing is counted.
    pub fn nothing() -> Self {
        Self {
            index: 0,
            opened_at: 0,
            opened_by: ActorKind::Customer,
            opening_agent: None,
            base: Base::default(),
            customer: None,
            teams: Teams::default(),
            has_calendar: false,
            root: 0,
            merged: false,
            life: Life::default(),
            conversation: Conversation::default(),
            contacts: Vec::new(),
            messages: Vec::new(),
            written: Vec::new(),
            linked: Vec::new(),
            transfers: Vec::new(),
            handled: false,
            targets: Vec::new(),
            paused: Vec::new(),
            rests: false,
            stays: Vec::new(),
            wrap_ups: Vec::new(),
            unwrapped: Vec::new(),
            answers: Vec::new(),
            sendings: Vec::new(),
            reviews: Vec::new(),
            uses: Vec::new(),
            given_up: None,
        }
    }

    /// Whether it counts as a ticket: it is not merged into another.
    pub fn is_ticket(&self) -> bool {
        !self.merged
    }

    /// Gives back what lists hold in reserve: there are many tickets, and few change.
    pub fn shrink(&mut self) {
        self.life.solves.shrink_to_fit();
        self.life.turns.shrink_to_fit();
        self.life.backlog.shrink_to_fit();
        self.conversation.turns.shrink_to_fit();
        self.conversation.replies.shrink_to_fit();
        self.contacts.shrink_to_fit();
        self.messages.shrink_to_fit();
        self.written.shrink_to_fit();
        self.linked.shrink_to_fit();
        self.transfers.shrink_to_fit();
        self.targets.shrink_to_fit();
        self.paused.shrink_to_fit();
        self.stays.shrink_to_fit();
        self.wrap_ups.shrink_to_fit();
        self.unwrapped.shrink_to_fit();
        self.answers.shrink_to_fit();
        self.sendings.shrink_to_fit();
        self.reviews.shrink_to_fit();
        self.uses.shrink_to_fit();
    }

    /// Whether nothing more is to be expected: solved or closed.
    pub fn over(&self) -> bool {
        self.life.solved || self.life.closed
    }

    /// The solve that counts: the last one, if the ticket is solved now.
    pub fn standing_solve(&self) -> Option<&Solve> {
        self.life.solves.last().filter(|_| self.life.solved)
    }

    /// Whether it was ever reopened.
    pub fn reopened(&self) -> bool {
        self.life.solves.iter().any(|solve| solve.reopened)
    }
}
