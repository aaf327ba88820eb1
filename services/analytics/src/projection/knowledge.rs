//! Knowledge's events as facts: self-service sessions. What was searched and read stays there.

use vorrang_api::feed::v1::EventHead;
use vorrang_api::knowledge::v1::event::Payload;
use vorrang_api::knowledge::v1::{Event as Told, Session};

use super::FeedEvent;
use crate::buckets::Micros;
use crate::facts::Event;

impl FeedEvent for Told {
    fn head(&self) -> Option<&EventHead> {
        self.head.as_ref()
    }

    fn tell(&self, at: Micros, tell: &mut dyn FnMut(Micros, Event<'_>)) {
        let Some(session) = self.payload.as_ref().and_then(session) else {
            return;
        };
        tell(
            at,
            Event::SessionSeen {
                session: &session.name,
                customer: &session.customer,
            },
        );
        match &self.payload {
            Some(Payload::SessionSolved(_)) => tell(at, Event::SessionSolved { session: &session.name }),
            Some(Payload::SessionEscalated(_)) => tell(at, Event::SessionEscalated { session: &session.name }),
            _ => {}
        }
    }
}

fn session(payload: &Payload) -> Option<&Session> {
    match payload {
        Payload::SessionStarted(event) => event.session.as_ref(),
        Payload::SessionSearched(event) => event.session.as_ref(),
        Payload::SessionViewed(event) => event.session.as_ref(),
        Payload::SessionSolved(event) => event.session.as_ref(),
        Payload::SessionEscalated(event) => event.session.as_ref(),
        _ => None,
    }
}
