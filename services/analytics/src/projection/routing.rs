//! Routing's events as facts. Offers and accepts are not among them: that a ticket was accepted is what ticketing
//! recorded, never what routing believed.

use vorrang_api::feed::v1::EventHead;
use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::{Agent, Event as Told, Presence as ApiPresence, PresenceChanged};

use super::FeedEvent;
use super::ticketing::word;
use crate::buckets::Micros;
use crate::facts::{Event, Presence};

impl FeedEvent for Told {
    fn head(&self) -> Option<&EventHead> {
        self.head.as_ref()
    }

    fn tell(&self, at: Micros, tell: &mut dyn FnMut(Micros, Event<'_>)) {
        match &self.payload {
            Some(Payload::AgentCreated(created)) => agent(at, created.agent.as_ref(), tell),
            Some(Payload::AgentUpdated(updated)) => agent(at, updated.agent.as_ref(), tell),
            Some(Payload::WrapUpEnded(ended)) => {
                tell(
                    at,
                    Event::WrapUpEnded {
                        ticket: &ended.ticket,
                        agent: &ended.agent,
                        talk: ended.talk_time.as_ref().map(seconds),
                        hold: ended.hold_time.as_ref().map(seconds),
                    },
                );
            }
            Some(Payload::PresenceChanged(changed)) => present(at, changed, tell),
            _ => {}
        }
    }
}

fn seconds(duration: &prost_types::Duration) -> f64 {
    duration.seconds as f64 + f64::from(duration.nanos) / 1e9
}

/// What an agent does from now on; without any channel named, whoever is there is there for all.
fn present(at: Micros, changed: &PresenceChanged, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let presence = match changed.presence() {
        ApiPresence::Available => Presence::Available,
        ApiPresence::Busy => Presence::Busy,
        ApiPresence::Away => Presence::Away,
        ApiPresence::Offline => Presence::Offline,
        ApiPresence::Unspecified => return,
    };
    let named = changed
        .capacities
        .iter()
        .map(|capacity| word(capacity.channel().as_str_name(), "CHANNEL_"));
    let channels: Vec<String> = named.collect();
    let channels: Vec<&str> = channels.iter().map(String::as_str).collect();
    let event = Event::Presence {
        agent: &changed.agent,
        presence,
        channels: Some(channels.as_slice()).filter(|channels| !channels.is_empty()),
    };
    tell(at, event);
}

fn agent(at: Micros, agent: Option<&Agent>, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let Some(agent) = agent {
        tell(
            at,
            Event::Agent {
                agent: &agent.name,
                team: Some(&agent.team),
            },
        );
    }
}
