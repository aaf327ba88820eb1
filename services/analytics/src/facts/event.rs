//! What can happen, in the words of the KPI catalogue: the common ground of the three feeds and of
//! imported histories. Ids are the owner's own strings, borrowed from the event being read.

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
    /// The agent who opened it; empty when a customer or an automation did.
    pub agent: &'a str,
}

/// One thing that happened. Empty strings mean "not given".
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A customer is known, or changed. None: the tier is as it was; empty: none.
    Customer { customer: &'a str, tier: Option<&'a str> },
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
    /// Somebody wrote. A customer's message is always public.
    Message {
        ticket: &'a str,
        actor: ActorKind,
        id: &'a str,
        public: bool,
    },
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
    WrapUpEnded { ticket: &'a str, agent: &'a str },
    /// A message that was told before belongs to another ticket, from the beginning. Told with the time at which it was written, after it
    /// and by the same feed; one that was never told (the log began later) is taken as told now.
    Moved {
        from: &'a str,
        to: &'a str,
        actor: ActorKind,
        id: &'a str,
        public: bool,
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
    /// Somebody is in the help centre.
    SessionSeen { session: &'a str, customer: &'a str },
    /// The session ended with the problem solved.
    SessionSolved { session: &'a str },
    /// The session was handed over to people.
    SessionEscalated { session: &'a str },
}
