//! What goes into routing's log. Pure; `convert.rs` turns it into what the feed carries.

use crate::agent::Agent;
use crate::decision::What;
use crate::names;
use crate::policy::Policy;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    AgentCreated(Agent),
    AgentUpdated(Agent),
    PolicyUpdated(Policy),
    Decided(What),
}

impl Event {
    /// The name of the payload field in the contract; empty for what is not logged.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Event::AgentCreated(_) => "agent_created",
            Event::AgentUpdated(_) => "agent_updated",
            Event::PolicyUpdated(_) => "policy_updated",
            Event::Decided(what) => match what {
                What::Presence { .. } => "presence_changed",
                What::Offered { .. } => "offer_made",
                What::Accepted { .. } => "offer_accepted",
                What::Returned { .. } => "offer_returned",
                What::WrappedUp { .. } => "wrap_up_ended",
                What::Abandoned { .. } => "contact_abandoned",
                What::Left { .. } => "",
            },
        }
    }

    /// Resource name of what it is about.
    pub(crate) fn subject(&self) -> String {
        match self {
            Event::AgentCreated(agent) | Event::AgentUpdated(agent) => names::agent_name(&agent.id),
            Event::PolicyUpdated(_) => "routingPolicy".to_owned(),
            Event::Decided(what) => match what {
                What::Presence { agent, .. } => names::agent_name(agent),
                What::Offered { contact, .. } | What::Accepted { contact, .. } => names::ticket_name(&contact.ticket),
                What::Returned { ticket, .. }
                | What::WrappedUp { ticket, .. }
                | What::Abandoned { ticket, .. }
                | What::Left { ticket, .. } => names::ticket_name(ticket),
            },
        }
    }
}
