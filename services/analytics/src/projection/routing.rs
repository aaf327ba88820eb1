//! Routing's events as facts. Offers and accepts are not among them: that a ticket was accepted is what ticketing
//! recorded, never what routing believed.

use vorrang_api::feed::v1::EventHead;
use vorrang_api::routing::v1::event::Payload;
use vorrang_api::routing::v1::{Agent, Event as Told};

use super::FeedEvent;
use crate::buckets::Micros;
use crate::facts::Event;

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
                        talk: None,
                        hold: None,
                    },
                );
            }
            _ => {}
        }
    }
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
