//! Events as the feed carries them.

use prost::Message as _;
use vorrang_api::routing::v1 as pb;
use vorrang_api::routing::v1::event::Payload;
use vorrang_api::{duration, timestamp};

use super::{agent, capacity, channel, contact, policy, presence, reason};
use crate::decision::What;
use crate::event::Event;
use crate::names::{agent_name, ticket_name};

/// The payload to be stored: the contract's `Event` with an empty head. Contacts go without the customer's text.
pub(crate) fn payload(event: &Event) -> Vec<u8> {
    pb::Event {
        head: None,
        payload: of(event),
    }
    .encode_to_vec()
}

fn of(event: &Event) -> Option<Payload> {
    match event {
        Event::AgentCreated(created) => Some(Payload::AgentCreated(pb::AgentCreated {
            agent: Some(agent(created)),
        })),
        Event::AgentUpdated(updated) => Some(Payload::AgentUpdated(pb::AgentUpdated {
            agent: Some(agent(updated)),
        })),
        Event::PolicyUpdated(updated) => Some(Payload::PolicyUpdated(pb::PolicyUpdated {
            routing_policy: Some(policy(updated)),
        })),
        Event::Decided(what) => decided(what),
    }
}

fn decided(what: &What) -> Option<Payload> {
    Some(match what.clone() {
        What::Presence {
            agent,
            presence: now,
            reason,
            capacities,
            ..
        } => Payload::PresenceChanged(pb::PresenceChanged {
            agent: agent_name(&agent),
            presence: presence(now).into(),
            reason,
            capacities: capacities.iter().map(capacity).collect(),
        }),
        What::Offered {
            offer,
            agent,
            contact: offered,
        } => Payload::OfferMade(pb::OfferMade {
            offer,
            agent: agent_name(&agent),
            contact: Some(contact(&offered.without_text())),
        }),
        What::Accepted {
            offer,
            agent,
            contact: accepted,
        } => Payload::OfferAccepted(pb::OfferAccepted {
            offer,
            agent: agent_name(&agent),
            contact: Some(contact(&accepted.without_text())),
        }),
        What::Returned {
            offer,
            agent,
            ticket,
            reason: why,
            decline_reason,
        } => Payload::OfferReturned(pb::OfferReturned {
            offer,
            agent: agent_name(&agent),
            ticket: ticket_name(&ticket),
            reason: reason(why).into(),
            decline_reason,
        }),
        What::WrappedUp {
            agent,
            ticket,
            talk_time,
            hold_time,
        } => Payload::WrapUpEnded(pb::WrapUpEnded {
            agent: agent_name(&agent),
            ticket: ticket_name(&ticket),
            talk_time: talk_time.map(duration),
            hold_time: hold_time.map(duration),
        }),
        What::Abandoned {
            ticket,
            queue,
            channel: by,
            queue_entered_at,
            left_at,
        } => Payload::ContactAbandoned(pb::ContactAbandoned {
            ticket: ticket_name(&ticket),
            queue,
            channel: channel(by).into(),
            queue_entered_at: Some(timestamp(queue_entered_at)),
            left_at: Some(timestamp(left_at)),
            waited: Some(duration(left_at - queue_entered_at)),
        }),
        What::Left { .. } => return None,
    })
}
