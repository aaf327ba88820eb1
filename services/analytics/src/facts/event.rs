//! What can happen, in the words of the KPI catalogue: the common ground of the three feeds and of
//! imported histories. Ids are the owner's own strings, borrowed from the event being read.

use vorrang_calendar::Version;
use vorrang_sla::Policy;

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// The customer.
    Customer,
    /// A human agent.
    Agent,
    /// A bot, a macro that fired alone, an auto-reply, an import.
    Automation,
}

/// What a status event sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody has worked on it.
    New,
    /// Somebody works on it.
    Open,
    /// Waits for the customer.
    Pending,
    /// Waits for a third party.
    OnHold,
    /// Answered; the solve KPIs speak of.
    Solved,
    /// Over for good.
    Closed,
    /// No contact at all: in no figure.
    Spam,
    /// In no figure.
    Deleted,
}

/// Which question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Survey {
    /// Satisfaction with the named agent, 1–5.
    Csat,
    /// Effort, 1–5, low is good.
    CesEffort,
    /// Ease, 1–7, high is good.
    CesEase,
    /// Recommendation, 0–10.
    Nps,
    /// Was one contact enough, 0 or 1.
    OneContact,
    /// Personal emotional connection, 1–5.
    Pec,
}

impl Survey {
    /// Whether `score` is an answer to this question: a whole number on its scale.
    pub fn accepts(self, score: f64) -> bool {
        let scale = match self {
            Survey::Csat | Survey::CesEffort | Survey::Pec => 1.0..=5.0,
            Survey::CesEase => 1.0..=7.0,
            Survey::Nps => 0.0..=10.0,
            Survey::OneContact => 0.0..=1.0,
        };
        scale.contains(&score) && score.fract() == 0.0
    }
}

/// What helped an agent, or did the work alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Workflow {
    /// Prepared steps that somebody or something set off.
    Macro,
    /// A rule that fires alone.
    Automation,
    /// A promise that was applied to a ticket.
    SlaPolicy,
}

impl Workflow {
    /// Its word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Workflow::Macro => "macro",
            Workflow::Automation => "automation",
            Workflow::SlaPolicy => "sla_policy",
        }
    }
}

/// Whether an agent can take work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presence {
    /// Takes work.
    Available,
    /// Has work.
    Busy,
    /// Is there and takes none.
    Away,
    /// Is not there.
    Offline,
}

/// What a visitor of the help centre did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionStep {
    /// Came.
    Started,
    /// Searched for something.
    Searched,
    /// Read an article.
    Viewed,
    /// Said that the problem is solved.
    Solved,
    /// Was handed over to people.
    Escalated,
    /// Went.
    Ended,
}

/// One item of a reviewer's rubric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReviewItem<'a> {
    /// Which one; `pec` is the personal emotional connection.
    pub id: &'a str,
    /// Points given.
    pub points: f64,
    /// Points there were.
    pub of: f64,
    /// How much it weighs among the others.
    pub weight: f64,
}

/// Whom a survey asks about what.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// A ticket.
    Ticket(&'a str),
    /// A customer, apart from any ticket.
    Customer(&'a str),
}

/// An answer to a survey.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// What it is about.
    pub about: About<'a>,
    /// Which question.
    pub survey: Survey,
    /// The answer, on the question's scale.
    pub score: f64,
    /// Who is rated; empty: who was assigned at the solve.
    pub agent: &'a str,
    /// The number of the solve it is about, from 1; 0 = the latest before.
    pub solve: u32,
}

/// The beginning of a ticket. Empty strings mean "not given".
#[derive(Debug, Clone, Copy, Default)]
pub struct Opened<'a> {
    /// The ticket.
    pub ticket: &'a str,
    /// Who has the problem.
    pub customer: &'a str,
    /// `email`, `chat`, …
    pub channel: &'a str,
    /// The tier recorded with the ticket; empty = take the customer's at that time.
    pub tier: &'a str,
    /// `low`, `normal`, `high`, `urgent`.
    pub priority: &'a str,
    /// The queue it was opened in.
    pub queue: &'a str,
    /// The agent who opened it; empty when a customer or an automation did, or when it is not told.
    pub agent: &'a str,
    /// Who opened it; None: the customer.
    pub opened_by: Option<ActorKind>,
    /// What it is about.
    pub intent: &'a str,
    /// Free marks.
    pub tags: &'a [&'a str],
    /// The customer's organization recorded with the ticket; empty = take the customer's at that time.
    pub organization: &'a str,
    /// True: the owner tells by [`Event::Promised`] what it was promised. False: the policies in force say so.
    pub told_promise: bool,
}

/// What is known of a customer. None: as it was; empty: none.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomerSeen<'a> {
    /// Who.
    pub customer: &'a str,
    /// How much is promised to them.
    pub tier: Option<&'a str>,
    /// Which language they speak.
    pub language: Option<&'a str>,
    /// Where they are.
    pub country: Option<&'a str>,
    /// For whom they are there.
    pub organization: Option<&'a str>,
    /// Whether being told of says that they are a customer from then on; false: [`Event::CustomerPeriods`] says when.
    pub won: bool,
}

/// A message. A customer's is always public.
#[derive(Debug, Clone, Copy)]
pub struct Wrote<'a> {
    /// Who wrote.
    pub actor: ActorKind,
    /// The agent's id; of others nobody asks for it.
    pub id: &'a str,
    /// Whether the customer can read it.
    pub public: bool,
    /// The channel it came over; empty: the ticket's.
    pub channel: &'a str,
}

/// An outside figure to stand beside ours.
#[derive(Debug, Clone, Copy)]
pub struct BenchmarkSeen<'a> {
    /// The key figure.
    pub kpi: &'a str,
    /// Whose it is: the industry's, a competitor's, the leader's.
    pub label: &'a str,
    /// Its value, in the figure's unit.
    pub value: f64,
    /// From when on it holds, in microseconds.
    pub valid_from: i64,
}

/// One thing that happened. Empty strings mean "not given".
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A customer is known, or changed.
    Customer(CustomerSeen<'a>),
    /// When somebody was a customer, as far as is known from now on: from when until when (None: still).
    CustomerPeriods {
        customer: &'a str,
        periods: &'a [(i64, Option<i64>)],
    },
    /// The customer is none any more.
    CustomerLeft { customer: &'a str },
    /// Two customers turned out to be one.
    CustomersMerged { customer: &'a str, into: &'a str },
    /// The merge was undone.
    CustomersUnmerged { customer: &'a str },
    /// Nobody may be able to tell any more what this customer did: it counts as the deed of somebody unknown.
    CustomerErased { customer: &'a str },
    /// An agent is known, or changed. None: the team is as it was; empty: none.
    Agent { agent: &'a str, team: Option<&'a str> },
    /// A ticket began.
    Opened(Opened<'a>),
    /// What an agent does now. No channels: every channel.
    Presence {
        agent: &'a str,
        presence: Presence,
        channels: Option<&'a [&'a str]>,
    },
    /// Opening hours were written.
    Schedule { schedule: &'a str, version: &'a Version },
    /// A promise was written, or written anew. None: it was taken back.
    Policy { policy: &'a str, terms: Option<&'a Policy> },
    /// An outside figure was stored.
    Benchmark(BenchmarkSeen<'a>),
    /// Somebody wrote.
    Message { ticket: &'a str, message: Wrote<'a> },
    /// The status was set.
    Status {
        ticket: &'a str,
        status: Status,
        actor: Option<ActorKind>,
    },
    /// The ticket counts in no figure from now on, whatever its status; or counts again, with all that ever happened.
    Counts {
        ticket: &'a str,
        counts: bool,
        actor: Option<ActorKind>,
    },
    /// Assigned to an agent (none: to nobody) and, when named, to a queue.
    Assigned {
        ticket: &'a str,
        agent: &'a str,
        queue: &'a str,
    },
    /// The ticket began to wait in a queue, or moved to this one; no queue: it stays in the one it is in.
    QueueEntered { ticket: &'a str, queue: &'a str },
    /// The ticket moved to this queue while it waited, if it still did by then.
    QueueMoved { ticket: &'a str, queue: &'a str },
    /// An agent took it from the queue; by hand: somebody gave it to the agent, which ends the wait but is no act of
    /// the agent's.
    QueueAccepted {
        ticket: &'a str,
        queue: &'a str,
        agent: &'a str,
        by_hand: bool,
    },
    /// The customer gave up waiting.
    QueueLeft { ticket: &'a str },
    /// Automation handed over to people.
    Handoff { ticket: &'a str },
    /// The agent finished the work after the contact.
    WrapUpEnded {
        ticket: &'a str,
        agent: &'a str,
        /// Seconds of talking and of letting wait, as the source says; None: not said.
        talk: Option<f64>,
        hold: Option<f64>,
    },
    /// The owner of the ticket applied this policy to it; empty: none any more.
    Promised { ticket: &'a str, policy: &'a str },
    /// Something that helps was used.
    Applied {
        ticket: &'a str,
        workflow: Workflow,
        id: &'a str,
    },
    /// Two tickets are about one matter.
    Linked { ticket: &'a str, to: &'a str },
    /// They are not.
    Unlinked { ticket: &'a str, to: &'a str },
    /// Somebody reviewed how the agent did it.
    Reviewed {
        ticket: &'a str,
        /// What is told again under an id replaces what it said; empty: it has none.
        id: &'a str,
        agent: &'a str,
        items: &'a [ReviewItem<'a>],
    },
    /// We went to the customer before the customer came to us.
    ProactiveContact { customer: &'a str, id: &'a str },
    /// The customer bought something.
    Ordered { customer: &'a str, id: &'a str },
    /// A message that was told before belongs to another ticket, from the beginning. Told with the time at which it was written, after it
    /// and by the same feed; one that was never told (the log began later) is taken as told now.
    Moved {
        from: &'a str,
        to: &'a str,
        message: Wrote<'a>,
    },
    /// The ticket became part of another.
    Merged { ticket: &'a str, into: &'a str },
    /// The merge was undone.
    Unmerged { ticket: &'a str },
    /// A question was sent.
    SurveySent { about: About<'a>, survey: Survey },
    /// A question was answered.
    SurveyAnswered(Answered<'a>),
    /// An answer that was told before, with this time, counts no more. Told with the time at which it was given, after it and by the same
    /// feed.
    AnswerTakenBack(Answered<'a>),
    /// Somebody did something in the help centre. Empty: nobody known; no ticket.
    Session {
        session: &'a str,
        step: SessionStep,
        customer: &'a str,
        ticket: &'a str,
    },
}
