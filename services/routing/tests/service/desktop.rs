//! An agent's desktop.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use vorrang_api::routing::v1::work_request::Request;
use vorrang_api::routing::v1::work_response::Response;
use vorrang_api::routing::v1::{
    AcceptOffer, Assigned, ChannelCapacity, DeclineOffer, Finished, Heartbeat, Hello, Offer, Presence, Ready,
    Rescinded, SetPresence, Typing, WorkRequest, WorkResponse, WrapUp,
};
use vorrang_api::ticketing::v1::Channel;
use vorrang_testkit::DEADLINE;

use crate::stack::{Stack, TENANT};

pub struct Desktop {
    to: mpsc::Sender<WorkRequest>,
    from: Streaming<WorkResponse>,
    /// What came while something else was waited for.
    seen: VecDeque<Response>,
    pub ready: Ready,
}

impl Desktop {
    pub async fn open(stack: &Stack, agent: &str, capacities: &[(Channel, i32)]) -> Self {
        let (to, mut from) = connect(stack).await;
        send(&to, Request::Hello(hello(agent, capacities))).await;
        let first = from.message().await.expect("is welcome").expect("does not end");
        let Some(Response::Ready(ready)) = first.response else {
            panic!("not ready: {first:?}");
        };
        Self {
            to,
            from,
            seen: VecDeque::new(),
            ready,
        }
    }

    /// What the stream ends with when it begins with `request`.
    pub async fn refused(stack: &Stack, request: Request) -> Status {
        let (to, mut from) = connect(stack).await;
        send(&to, request).await;
        from.message().await.expect_err("is refused")
    }

    /// The next response, whatever it is.
    pub async fn next(&mut self) -> Response {
        match self.seen.pop_front() {
            Some(response) => response,
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> Response {
        tokio::time::timeout(DEADLINE, self.from.message())
            .await
            .expect("something comes")
            .expect("goes on")
            .expect("does not end")
            .response
            .expect("says something")
    }

    /// The next response that is not an offer; offers that come before it are kept.
    async fn answer(&mut self) -> Response {
        loop {
            match self.receive().await {
                offer @ Response::Offer(_) => self.seen.push_back(offer),
                other => return other,
            }
        }
    }

    pub async fn offer(&mut self) -> Offer {
        match self.next().await {
            Response::Offer(offer) => offer,
            other => panic!("no offer: {other:?}"),
        }
    }

    pub async fn assigned(&mut self) -> Assigned {
        match self.answer().await {
            Response::Assigned(assigned) => assigned,
            other => panic!("not assigned: {other:?}"),
        }
    }

    pub async fn rescinded(&mut self) -> Rescinded {
        match self.answer().await {
            Response::Rescinded(rescinded) => rescinded,
            other => panic!("not rescinded: {other:?}"),
        }
    }

    pub async fn typing(&mut self) -> Typing {
        match self.answer().await {
            Response::Typing(typing) => typing,
            other => panic!("nobody types: {other:?}"),
        }
    }

    pub async fn types(&self, ticket: &str, typing: bool) {
        let ticket = format!("tickets/{ticket}");
        send(&self.to, Request::Typing(Typing { ticket, typing })).await;
    }

    pub async fn finished(&mut self) -> Finished {
        match self.answer().await {
            Response::Finished(finished) => finished,
            other => panic!("not finished: {other:?}"),
        }
    }

    /// The word of a refusal.
    pub async fn refusal(&mut self) -> String {
        match self.answer().await {
            Response::Refused(refused) => refused.reason,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub async fn accept(&self, offer: &Offer) {
        send(
            &self.to,
            Request::Accept(AcceptOffer {
                offer: offer.offer.clone(),
            }),
        )
        .await;
    }

    pub async fn decline(&self, offer: &Offer, reason: &str) {
        let decline = DeclineOffer {
            offer: offer.offer.clone(),
            reason: reason.to_owned(),
        };
        send(&self.to, Request::Decline(decline)).await;
    }

    pub async fn heartbeat(&self) {
        send(&self.to, Request::Heartbeat(Heartbeat {})).await;
    }

    pub async fn wrap_up(&self, ticket: &str) {
        let wrap_up = WrapUp {
            ticket: format!("tickets/{ticket}"),
            ..WrapUp::default()
        };
        send(&self.to, Request::WrapUp(wrap_up)).await;
    }

    pub async fn set_presence(&self, presence: Presence) {
        let set = SetPresence {
            presence: presence.into(),
            reason: "lunch".to_owned(),
        };
        send(&self.to, Request::SetPresence(set)).await;
    }

    /// Accepts the next offer and gives the ticket's id.
    pub async fn take(&mut self) -> String {
        let offer = self.offer().await;
        self.accept(&offer).await;
        let assigned = self.assigned().await;
        assert_eq!(assigned.offer, offer.offer);
        id_of(&offer)
    }

    /// Accepts offers until one becomes this desktop's, whatever is taken back on the way; gives the ticket's id. The desktop has a
    /// capacity of one: a second offer beside one that was neither answered nor taken back would break it.
    pub async fn take_one(&mut self) -> String {
        let mut open: Option<Offer> = None;
        loop {
            match self.next().await {
                Response::Offer(offer) => {
                    assert!(open.is_none(), "two offers at once: {open:?} and {offer:?}");
                    self.accept(&offer).await;
                    open = Some(offer);
                }
                Response::Assigned(assigned) => {
                    let offer = open.take().expect("was offered");
                    assert_eq!(assigned.offer, offer.offer);
                    return id_of(&offer);
                }
                Response::Rescinded(rescinded) => {
                    let offer = open.take().expect("was offered");
                    assert_eq!(rescinded.offer, offer.offer);
                }
                // The accept crossed the news that the offer was taken back.
                Response::Refused(refused) => assert_eq!(refused.reason, "OFFER_UNKNOWN"),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }

    /// Nothing comes as long as the desktop is asked something else and answers.
    pub async fn has_nothing(&mut self) {
        self.wrap_up("no-ticket").await;
        assert_eq!(self.refusal().await, "TICKET_NAME_INVALID");
        assert!(self.seen.is_empty(), "{:?}", self.seen);
    }

    /// What the stream ends with.
    pub async fn end(mut self) -> Status {
        self.from.message().await.expect_err("the stream ends")
    }
}

/// The id of the offered ticket.
pub fn id_of(offer: &Offer) -> String {
    let contact = offer.contact.as_ref().expect("has a contact");
    contact.ticket.trim_start_matches("tickets/").to_owned()
}

pub fn hello(agent: &str, capacities: &[(Channel, i32)]) -> Hello {
    Hello {
        agent: format!("agents/{agent}"),
        capacities: capacities
            .iter()
            .map(|(channel, max)| ChannelCapacity {
                channel: (*channel).into(),
                max_concurrent: *max,
            })
            .collect(),
        queues: Vec::new(),
    }
}

async fn connect(stack: &Stack) -> (mpsc::Sender<WorkRequest>, Streaming<WorkResponse>) {
    let (to, requests) = mpsc::channel(16);
    let from = stack
        .work(TENANT)
        .work(ReceiverStream::new(requests))
        .await
        .expect("connects")
        .into_inner();
    (to, from)
}

async fn send(to: &mpsc::Sender<WorkRequest>, request: Request) {
    to.send(WorkRequest { request: Some(request) })
        .await
        .expect("the stream is open");
}
