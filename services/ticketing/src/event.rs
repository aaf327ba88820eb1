//! What is told to the world: every change with the resource as it is after it. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::automation::{Automation, Cause};
use crate::custom::Definition;
use crate::customer::Customer;
use crate::macros::Macro;
use crate::names;
use crate::organization::Organization;
use crate::past::{self, Recorded};
use crate::privacy::Erasure;
use crate::record::{Milestone, Order, ProactiveContact};
use crate::review::{Review, Rubric};
use crate::schedule::{self, Schedule};
use crate::sla::SlaPolicy;
use crate::sub_state::SubState;
use crate::survey::{Answer, Invitation, Sending, Survey};
use crate::ticket::{Change, Ticket};
use crate::webhook::{Webhook, WebhookChange};
use crate::words::Actor;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Unique over all tenants.
    pub id: Uuid,
    /// When it happened, by the clock of whoever did it.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// W3C traceparent of the call; empty: none.
    pub trace_parent: String,
    /// The automations that led to it.
    pub cause: Cause,
    /// What happened.
    pub fact: Fact,
}

/// What happened, to what.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A customer became known.
    CustomerCreated(Customer),
    /// A customer was changed.
    CustomerUpdated(Customer),
    /// Two customers became one.
    CustomersMerged {
        /// The one that stays.
        target: Box<Customer>,
        /// The one that was merged.
        source: Uuid,
        /// The merge.
        merge: Uuid,
        /// Orders that stayed with the tombstone.
        kept_orders: Vec<String>,
    },
    /// A merge was undone.
    CustomersUnmerged {
        /// The one that is its own again.
        customer: Box<Customer>,
        /// The one it had been merged into.
        former_target: Uuid,
        /// The merge.
        merge: Uuid,
        /// Orders that moved back.
        returned_orders: Vec<String>,
    },
    /// An order of this customer was recorded.
    OrderRecorded(Uuid, Order),
    /// A milestone of this customer was recorded.
    MilestoneRecorded(Uuid, Milestone),
    /// A proactive contact to this customer was recorded.
    ContactMade(Uuid, ProactiveContact),
    /// A line of an imported history was recorded.
    History(Box<Recorded>),
    /// An organisation became known.
    OrganizationCreated(Organization),
    /// An organisation was changed.
    OrganizationUpdated(Organization),
    /// An organisation was removed; as it was.
    OrganizationDeleted(Organization),
    /// A sub-state was defined or changed; whether it was deleted.
    SubState(SubState, bool),
    /// A tenant's own field was defined or changed.
    TicketField(Box<Definition>),
    /// A policy was made, changed or removed; as it is after it, or was.
    SlaPolicy(Box<SlaPolicy>, PolicyChange),
    /// A customer was erased; the proof.
    CustomerErased(Customer, Box<Erasure>),
    /// A macro was made, changed, archived or restored.
    Macro(Box<Macro>),
    /// An automation was made, changed, moved, enabled, disabled or archived.
    Automation(Box<Automation>),
    /// A ticket was changed; the ticket as it is after the whole operation.
    Ticket(Box<Ticket>, Change),
    /// A schedule was made, changed or archived.
    Schedule(Box<ScheduleFact>),
    /// A survey was made or changed.
    SurveyDefined(Box<Survey>),
    /// A survey was sent.
    SurveySent(Box<SurveySent>),
    /// A survey was answered.
    SurveyAnswered(Box<SurveyAnswered>),
    /// A rubric got a version.
    RubricDefined(Rubric),
    /// A review was made, or replaces what it said before.
    Reviewed(Box<Ticket>, Box<Review>, bool),
    /// A webhook as it is after a change, or was.
    Webhook(Box<Webhook>, WebhookChange),
}

/// A schedule after a change, at a time: the version that counts depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleFact {
    /// With all versions.
    pub schedule: Schedule,
    /// What changed.
    pub change: schedule::Change,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was done to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyChange {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was removed.
    Deleted,
}

/// A survey was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveySent {
    /// The ticket it is about.
    pub ticket: Option<Ticket>,
    /// The sending.
    pub sending: Sending,
    /// What the customer gets.
    pub invitation: Invitation,
}

/// A survey was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyAnswered {
    /// The ticket it is about.
    pub ticket: Option<Ticket>,
    /// The answer.
    pub answer: Answer,
    /// The one it replaces.
    pub previous: Option<Answer>,
}

impl Fact {
    /// The name of the payload field in the contract.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CustomerCreated(_) => "customer_created",
            Self::CustomerUpdated(_) => "customer_updated",
            Self::CustomersMerged { .. } => "customers_merged",
            Self::CustomersUnmerged { .. } => "customers_unmerged",
            Self::OrderRecorded(..) => "order_recorded",
            Self::MilestoneRecorded(..) => "milestone_recorded",
            Self::ContactMade(..) => "proactive_contact_recorded",
            Self::History(_) => past::KIND,
            Self::OrganizationCreated(_) => "organization_created",
            Self::OrganizationUpdated(_) => "organization_updated",
            Self::OrganizationDeleted(_) => "organization_deleted",
            Self::Schedule(_) => "schedule_updated",
            Self::SubState(..) => "sub_state_changed",
            Self::TicketField(_) => "ticket_field_changed",
            Self::SlaPolicy(..) => "sla_policy_changed",
            Self::CustomerErased(..) => "customer_erased",
            Self::Webhook(_, change) => match change {
                WebhookChange::Created => "webhook_created",
                WebhookChange::Updated(_) => "webhook_updated",
                WebhookChange::Deleted => "webhook_deleted",
                WebhookChange::Disabled => "webhook_disabled",
            },
            Self::Macro(_) => "macro_changed",
            Self::Automation(_) => "automation_changed",
            Self::Ticket(_, change) => match change {
                Change::Created => "ticket_created",
                Change::Updated(_) => "ticket_updated",
                Change::StateChanged(_) => "ticket_state_changed",
                Change::Queued => "ticket_queued",
                Change::Assigned(_) => "ticket_assigned",
                Change::Message(_) => "message_created",
                Change::Merged(_) => "ticket_merged",
                Change::Unmerged(..) => "ticket_unmerged",
                Change::Split(..) => "ticket_split",
                Change::Linked(..) => "ticket_linked",
                Change::Unlinked(..) => "ticket_unlinked",
                Change::DispositionChanged(_) => "ticket_disposition_changed",
                Change::Sla(change) => change.kind(),
                Change::TextsErased => "ticket_texts_erased",
                Change::AttachmentsErased(_) => "ticket_attachments_erased",
                Change::MacroApplied(_) => "macro_applied",
                Change::Notified(_) => "agents_notified",
                Change::Automated(_) => "automation_applied",
                Change::QueueLeft(_) => "ticket_queue_left",
                Change::Call(_) => "call_event_recorded",
            },
            Self::SurveyDefined(_) => "survey_defined",
            Self::SurveySent(_) => "survey_sent",
            Self::SurveyAnswered(_) => "survey_answered",
            Self::RubricDefined(_) => "rubric_defined",
            Self::Reviewed(..) => "review_recorded",
        }
    }

    /// Resource name of what changed.
    pub fn subject(&self) -> String {
        match self {
            Self::CustomerCreated(customer) | Self::CustomerUpdated(customer) | Self::CustomerErased(customer, _) => {
                names::customer(customer.id)
            }
            Self::CustomersMerged { target, .. } => names::customer(target.id),
            Self::CustomersUnmerged { customer, .. } => names::customer(customer.id),
            Self::OrderRecorded(customer, _)
            | Self::MilestoneRecorded(customer, _)
            | Self::ContactMade(customer, _) => names::customer(*customer),
            Self::History(one) => match (one.ticket, one.customer) {
                (Some(ticket), _) => names::ticket(ticket),
                (None, Some(customer)) => names::customer(customer),
                (None, None) => one.import.clone(),
            },
            Self::OrganizationCreated(one) | Self::OrganizationUpdated(one) | Self::OrganizationDeleted(one) => {
                names::organization(one.id)
            }
            Self::SubState(sub_state, _) => names::sub_state(&sub_state.id),
            Self::TicketField(field) => names::ticket_field(&field.id),
            Self::SlaPolicy(policy, _) => names::sla_policy(policy.id),
            Self::Macro(one) => names::macro_name(one.id),
            Self::Automation(one) => names::automation(one.id),
            Self::Schedule(fact) => names::schedule(fact.schedule.id),
            Self::Ticket(ticket, _) | Self::Reviewed(ticket, ..) => names::ticket(ticket.id),
            Self::SurveyDefined(survey) => names::survey(&survey.id),
            Self::SurveySent(sent) => ticket_or_customer(sent.ticket.as_ref(), sent.sending.customer),
            Self::SurveyAnswered(given) => ticket_or_customer(given.ticket.as_ref(), given.answer.customer),
            Self::RubricDefined(rubric) => names::rubric(&rubric.id, None),
            Self::Webhook(webhook, _) => names::webhook(webhook.id),
        }
    }

    /// Whose key seals what is personal in it: the ticket's, or the customer's. None: nothing is.
    pub fn owner(&self) -> Option<Uuid> {
        match self {
            Self::CustomerCreated(customer) | Self::CustomerUpdated(customer) | Self::CustomerErased(customer, _) => {
                Some(customer.id)
            }
            Self::CustomersMerged { target, .. } => Some(target.id),
            Self::CustomersUnmerged { customer, .. } => Some(customer.id),
            Self::OrderRecorded(customer, _)
            | Self::MilestoneRecorded(customer, _)
            | Self::ContactMade(customer, _) => Some(*customer),
            Self::History(one) => one.ticket.or(one.customer),
            Self::SubState(..) | Self::TicketField(_) => None,
            Self::OrganizationCreated(_) | Self::OrganizationUpdated(_) | Self::OrganizationDeleted(_) => None,
            Self::Schedule(_) | Self::Webhook(..) => None,
            Self::Ticket(ticket, _) | Self::Reviewed(ticket, ..) => Some(ticket.id),
            Self::SurveySent(sent) => Some(sent.sending.owner()),
            Self::SurveyAnswered(given) => Some(given.answer.owner()),
            Self::SurveyDefined(_) | Self::RubricDefined(_) => None,
            Self::SlaPolicy(..) | Self::Macro(_) | Self::Automation(_) => None,
        }
    }

    /// When it happened, if the change itself knows better than the clock.
    pub fn occurred_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Ticket(ticket, Change::Created) => ticket.opened_at,
            Self::Ticket(_, Change::Message(message)) => message.occurred_at,
            Self::Ticket(_, Change::Assigned(assignment)) => assignment.accepted_at,
            Self::Ticket(_, Change::Sla(change)) => change.occurred_at(now),
            Self::Ticket(_, Change::QueueLeft(left)) => left.left_at,
            Self::Ticket(_, Change::Call(event)) => event.at.min(now),
            Self::SurveyAnswered(given) => given.answer.answered_at,
            Self::Reviewed(_, review, _) => review.reviewed_at,
            Self::ContactMade(_, contact) => contact.at.min(now),
            Self::History(one) => one.line.at,
            _ => now,
        }
    }
}

fn ticket_or_customer(ticket: Option<&Ticket>, customer: Uuid) -> String {
    ticket.map_or_else(|| names::customer(customer), |ticket| names::ticket(ticket.id))
}
