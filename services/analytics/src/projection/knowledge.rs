//! Knowledge's events as facts: self-service sessions. What was searched and read stays there.

use vorrang_api::feed::v1::EventHead;
use vorrang_api::knowledge::v1::event::Payload;
use vorrang_api::knowledge::v1::{Event as Told, Session};

use super::FeedEvent;
use crate::buckets::Micros;
use crate::facts::{Event, SessionStep};

impl FeedEvent for Told {
    fn head(&self) -> Option<&EventHead> {
        self.head.as_ref()
    }

    fn tell(&self, at: Micros, tell: &mut dyn FnMut(Micros, Event<'_>)) {
        let Some(session) = self.payload.as_ref().and_then(session) else {
            return;
        };
        let step = match &self.payload {
            Some(Payload::SessionSearched(_)) => SessionStep::Searched,
            Some(Payload::SessionViewed(_)) => SessionStep::Viewed,
            Some(Payload::SessionSolved(_)) => SessionStep::Solved,
            Some(Payload::SessionEscalated(_)) => SessionStep::Escalated,
            _ => SessionStep::Started,
        };
        tell(
            at,
            Event::Session {
                session: &session.name,
                step,
                customer: &session.customer,
                ticket: &session.ticket,
            },
        );
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
