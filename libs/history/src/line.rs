//! One line of a history: something that happened at a time, in the words of the system it comes from.
//!
//! Every type and field is named as in the format. Ids are the source's own and mean something only within their kind. A
//! field that a line may leave out is an `Option` (or empty), so that "not said" stays apart from every value.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use vorrang_calendar::Version;
use vorrang_sla::{Goal, Match};

use crate::words::{ActorKind, Presence, Priority, Status, Step, Survey, Tier, Visibility};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// Its number in the file, from 1.
    pub number: u64,
    /// What.
    pub what: What,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Id; nobody in particular without it.
    pub id: Option<String>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A version of business hours: its `at` is the line's, its `valid_from` the line's when it names one.
    Schedule {
        /// Of which schedule.
        id: String,
        /// `time_zone`, `weekly`, `exceptions`, `valid_from`, checked; overlaps are joined.
        version: Version,
    },
    /// What is promised to some tickets from now on.
    SlaPolicy {
        /// Its id; a later line with it replaces it.
        id: String,
        /// The schedule of its business clocks.
        schedule: Option<String>,
        /// What is promised; at least one goal, at most one of a metric.
        targets: Vec<Goal>,
        /// `match`: to which tickets; nothing named: all.
        matching: Match,
        /// Lower comes first; none comes last.
        position: Option<i32>,
    },
    /// A customer: won with the first line and after having left, else changed in the fields that are named.
    Customer {
        /// Id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Organisation.
        organization: Option<String>,
        /// Tier.
        tier: Option<Tier>,
        /// Language, such as `de`.
        language: Option<String>,
        /// Country, such as `DE`.
        country: Option<String>,
        /// Anything else.
        attributes: Option<Map<String, Value>>,
    },
    /// A customer is lost.
    CustomerLeft {
        /// Who.
        customer: String,
    },
    /// An agent, or a change of the fields that are named.
    Agent {
        /// Id.
        id: String,
        /// Name.
        name: Option<String>,
        /// Team.
        team: Option<String>,
    },
    /// An agent's presence, until the agent's next line.
    AgentPresence {
        /// Who.
        agent: String,
        /// Which.
        state: Presence,
        /// For which channels; not given: for all.
        channels: Option<Vec<String>>,
    },
    /// A ticket begins. It carries no message of its own.
    TicketOpened {
        /// Id.
        ticket: String,
        /// Whose.
        customer: String,
        /// Channel, any word.
        channel: String,
        /// Subject.
        subject: Option<String>,
        /// Priority; not given: normal.
        priority: Option<Priority>,
        /// Tags.
        tags: Vec<String>,
        /// Intent.
        intent: Option<String>,
        /// Its first queue.
        queue: Option<String>,
        /// Who opened it; not given: the customer.
        opened_by: Option<ActorKind>,
    },
    /// Somebody wrote.
    Message {
        /// In which ticket.
        ticket: String,
        /// Who.
        actor: Actor,
        /// Who could read it. A customer's message is always public.
        visibility: Visibility,
        /// Text.
        body: Option<String>,
        /// Channel; not given: the ticket's.
        channel: Option<String>,
        /// `macro`: the macro it was written with.
        macro_id: Option<String>,
    },
    /// A ticket is given a status.
    Status {
        /// Which ticket.
        ticket: String,
        /// Which status.
        status: Status,
        /// By whom.
        actor: Option<Actor>,
    },
    /// A ticket is given to somebody.
    Assigned {
        /// Which ticket.
        ticket: String,
        /// To whom; nobody: back to the queue.
        agent: Option<String>,
        /// Which queue; not given: as before.
        queue: Option<String>,
    },
    /// A contact begins to wait.
    QueueEntered {
        /// Which ticket.
        ticket: String,
        /// Where.
        queue: String,
        /// The agent it waits for.
        agent: Option<String>,
    },
    /// An agent takes a contact that waited.
    QueueAccepted {
        /// Which ticket.
        ticket: String,
        /// From where.
        queue: String,
        /// Who.
        agent: Option<String>,
    },
    /// The customer gave up waiting.
    QueueLeft {
        /// Which ticket.
        ticket: String,
        /// Where.
        queue: String,
        /// The agent it waited for.
        agent: Option<String>,
    },
    /// Automation hands over to people.
    Handoff {
        /// Which ticket.
        ticket: String,
    },
    /// An agent is done with a contact.
    WrapUpEnded {
        /// Which ticket.
        ticket: String,
        /// Who.
        agent: String,
        /// Seconds of talk, 0 or more.
        talk_seconds: Option<f64>,
        /// Seconds on hold, 0 or more.
        hold_seconds: Option<f64>,
    },
    /// An SLA policy was applied.
    SlaApplied {
        /// To which ticket.
        ticket: String,
        /// The policy.
        id: String,
    },
    /// A macro was applied.
    MacroApplied {
        /// To which ticket.
        ticket: String,
        /// The macro.
        id: String,
    },
    /// An automation was applied.
    AutomationApplied {
        /// To which ticket.
        ticket: String,
        /// The automation.
        id: String,
    },
    /// An answer. About a ticket, or from a customer without one.
    SurveyAnswered {
        /// About which ticket.
        ticket: Option<String>,
        /// From whom; at least one of the two is there.
        customer: Option<String>,
        /// To which question.
        survey: Survey,
        /// Within the survey's scale.
        score: f64,
        /// Who is rated.
        agent: Option<String>,
        /// Which solve it is about, from 1; not given: the number of solves before the answer.
        solve: Option<u32>,
    },
    /// A question was asked.
    SurveySent {
        /// About which ticket.
        ticket: Option<String>,
        /// Whom; at least one of the two is there.
        customer: Option<String>,
        /// Which question.
        survey: Survey,
    },
    /// A review of somebody's work.
    Review {
        /// In which ticket.
        ticket: String,
        /// Whose.
        agent: String,
        /// Points, and out of how many (above 0), by item; at least one item.
        rubric: BTreeMap<String, (f64, f64)>,
        /// Weights by item, 0 or more; an item that is not named has 1. At least one item weighs something.
        weights: BTreeMap<String, f64>,
    },
    /// A ticket becomes part of another.
    Merged {
        /// Which ticket.
        ticket: String,
        /// Of which.
        into: String,
    },
    /// A merge is undone.
    Unmerged {
        /// Which ticket.
        ticket: String,
        /// From which.
        into: String,
    },
    /// A ticket belongs to the same episode as another.
    Linked {
        /// Which ticket.
        ticket: String,
        /// As which.
        to: String,
    },
    /// A step of a self-service session.
    SelfService {
        /// Which session.
        session: String,
        /// Which step.
        step: Step,
        /// Who, when known.
        customer: Option<String>,
        /// What was searched for.
        query: Option<String>,
        /// What was read.
        article: Option<String>,
        /// The ticket that followed.
        ticket: Option<String>,
    },
    /// We wrote or called before the customer did.
    ProactiveContact {
        /// Whom.
        customer: String,
        /// The ticket of it.
        ticket: Option<String>,
        /// Why.
        reason: String,
    },
    /// An order.
    Order {
        /// Whose.
        customer: String,
        /// Id; it counts once a customer.
        id: String,
        /// Amount.
        amount: Option<f64>,
        /// Currency, ISO 4217.
        currency: Option<String>,
    },
    /// An outside figure.
    Benchmark {
        /// Beside which KPI it stands.
        kpi: String,
        /// Whose it is.
        label: String,
        /// The figure.
        value: f64,
        /// From which local date it counts.
        valid_from: Option<NaiveDate>,
    },
}

impl Line {
    /// Where it stands among lines of its instant: what the desk is like takes effect first, then openings, then the rest.
    pub fn rank(&self) -> u8 {
        match self.what {
            What::Schedule { .. }
            | What::SlaPolicy { .. }
            | What::Customer { .. }
            | What::Agent { .. }
            | What::Benchmark { .. } => 0,
            What::TicketOpened { .. } => 1,
            _ => 2,
        }
    }

    /// By this the lines of a history are sorted: instant, rank, number.
    pub fn key(&self) -> (DateTime<Utc>, u8, u64) {
        (self.at, self.rank(), self.number)
    }
}

impl What {
    /// The word of its `type`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Schedule { .. } => "schedule",
            Self::SlaPolicy { .. } => "sla_policy",
            Self::Customer { .. } => "customer",
            Self::CustomerLeft { .. } => "customer_left",
            Self::Agent { .. } => "agent",
            Self::AgentPresence { .. } => "agent_presence",
            Self::TicketOpened { .. } => "ticket_opened",
            Self::Message { .. } => "message",
            Self::Status { .. } => "status",
            Self::Assigned { .. } => "assigned",
            Self::QueueEntered { .. } => "queue_entered",
            Self::QueueAccepted { .. } => "queue_accepted",
            Self::QueueLeft { .. } => "queue_left",
            Self::Handoff { .. } => "handoff",
            Self::WrapUpEnded { .. } => "wrap_up_ended",
            Self::SlaApplied { .. } => "sla_applied",
            Self::MacroApplied { .. } => "macro_applied",
            Self::AutomationApplied { .. } => "automation_applied",
            Self::SurveyAnswered { .. } => "survey_answered",
            Self::SurveySent { .. } => "survey_sent",
            Self::Review { .. } => "review",
            Self::Merged { .. } => "merged",
            Self::Unmerged { .. } => "unmerged",
            Self::Linked { .. } => "linked",
            Self::SelfService { .. } => "self_service",
            Self::ProactiveContact { .. } => "proactive_contact",
            Self::Order { .. } => "order",
            Self::Benchmark { .. } => "benchmark",
        }
    }

    /// Every ticket that it names and that must be open by then; the opening itself names none.
    pub fn tickets(&self) -> Vec<&str> {
        match self {
            Self::Message { ticket, .. }
            | Self::Status { ticket, .. }
            | Self::Assigned { ticket, .. }
            | Self::QueueEntered { ticket, .. }
            | Self::QueueAccepted { ticket, .. }
            | Self::QueueLeft { ticket, .. }
            | Self::Handoff { ticket }
            | Self::WrapUpEnded { ticket, .. }
            | Self::SlaApplied { ticket, .. }
            | Self::MacroApplied { ticket, .. }
            | Self::AutomationApplied { ticket, .. }
            | Self::Review { ticket, .. } => vec![ticket],
            Self::SurveyAnswered { ticket, .. }
            | Self::SurveySent { ticket, .. }
            | Self::SelfService { ticket, .. }
            | Self::ProactiveContact { ticket, .. } => ticket.iter().map(String::as_str).collect(),
            Self::Merged { ticket, into } | Self::Unmerged { ticket, into } => vec![ticket, into],
            Self::Linked { ticket, to } => vec![ticket, to],
            Self::Schedule { .. }
            | Self::SlaPolicy { .. }
            | Self::Customer { .. }
            | Self::CustomerLeft { .. }
            | Self::Agent { .. }
            | Self::AgentPresence { .. }
            | Self::TicketOpened { .. }
            | Self::Order { .. }
            | Self::Benchmark { .. } => Vec::new(),
        }
    }

    /// The customer that it names.
    pub fn customer(&self) -> Option<&str> {
        match self {
            Self::Customer { id: customer, .. }
            | Self::CustomerLeft { customer }
            | Self::TicketOpened { customer, .. }
            | Self::ProactiveContact { customer, .. }
            | Self::Order { customer, .. } => Some(customer),
            Self::SurveyAnswered { customer, .. }
            | Self::SurveySent { customer, .. }
            | Self::SelfService { customer, .. } => customer.as_deref(),
            _ => None,
        }
    }
}
