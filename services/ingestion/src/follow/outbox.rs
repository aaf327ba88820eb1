//! What of ticketing's feed is to be mailed: its cursor moves with the row that says so.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message as _;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vorrang_api::feed::v1::GetHeadRequest;
use vorrang_api::feed::v1::actor::Kind as ActorKind;
use vorrang_api::from_timestamp;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::feed_service_client::FeedServiceClient;
use vorrang_api::ticketing::v1::message::Visibility;
use vorrang_api::ticketing::v1::{Channel, Event, FollowResponse, MessageCreated, SurveySending, SurveySent};
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};
use vorrang_feed::{Follower, Incoming};
use vorrang_service::{Peers, peer_error};

use crate::outbox::EXPIRES;
use crate::outbox::question::{Choice, Question};
use crate::seal::Seal;
use crate::store::{Outgoing, Store};

/// Before the feed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a cursor is kept that moved over nothing.
const KEEP: Duration = Duration::from_secs(60);
/// A reply that was written so long before it was recorded was said elsewhere: it is history.
const HISTORY: TimeDelta = TimeDelta::hours(1);

/// Follows the feed of one tenant.
pub struct Following {
    /// Where what is to be mailed is noted.
    pub store: Store,
    /// Where the feed is.
    pub peers: Peers,
    /// Keeps the links of surveys.
    pub seal: Seal,
    /// The time.
    pub clock: SharedClock,
    /// Rung when something is.
    pub bell: Arc<Notify>,
    /// Whose.
    pub tenant: String,
}

impl Following {
    /// Goes on until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            let error = tokio::select! {
                () = shutdown.cancelled() => return,
                error = self.follow_on() => error,
            };
            tracing::warn!(
                tenant = self.tenant,
                error = error.chain(),
                "what is to be mailed is not known now; trying again"
            );
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn follow_on(&self) -> Error {
        match self.try_follow().await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn try_follow(&self) -> Result<Infallible, Error> {
        let tenant = self.tenant.as_str();
        let (cursor, began_at) = match self.store.outgoing_cursor(tenant).await? {
            Some(known) => known,
            None => self.begin().await?,
        };
        let client = FeedServiceClient::new(self.peers.ticketing(Some(tenant)));
        let open = move |request| {
            let mut client = client.clone();
            async move { client.follow(request).await }
        };
        let mut follower = Follower::<FollowResponse>::one(open, tenant, Some(cursor).filter(|one| !one.is_empty()))
            .types(["message_created", "survey_sent"]);
        let mut kept = Instant::now();
        loop {
            match follower.next().await {
                Ok(Incoming::Batch { events, cursor, .. }) => {
                    // When the log is read once more: neither what is too old to help, nor what was written before there was a mailbox.
                    let since = began_at.max(self.clock.now() - EXPIRES);
                    let messages = events.iter().filter_map(|event| outgoing(event, &self.seal));
                    let messages: Vec<Outgoing> = messages.filter(|one| one.written_at >= since).collect();
                    if messages.is_empty() && kept.elapsed() < KEEP {
                        continue;
                    }
                    kept = Instant::now();
                    self.store
                        .take_outgoing(tenant, &messages, &cursor, self.clock.now())
                        .await?;
                    self.bell.notify_one();
                }
                Ok(Incoming::CaughtUp { .. }) => {}
                Err(error) => {
                    // The log is another one, or its oldest part is gone: it is read from its beginning, or from what is left of it.
                    // What was mailed is known by name.
                    if matches!(error.kind(), Kind::Precondition | Kind::OutOfRange | Kind::Invalid) {
                        let oldest = error.metadata().iter().find(|(key, _)| *key == "oldest_cursor");
                        let oldest = oldest.map_or("", |(_, cursor)| cursor.as_str());
                        self.store.take_outgoing(tenant, &[], oldest, self.clock.now()).await?;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Begins with what is written from now on.
    async fn begin(&self) -> Result<(String, DateTime<Utc>), Error> {
        let tenant = self.tenant.as_str();
        let mut client = FeedServiceClient::new(self.peers.ticketing(Some(tenant)));
        let head = client.get_head(GetHeadRequest::default()).await;
        let cursor = head
            .map_err(|status| peer_error("ticketing", status))?
            .into_inner()
            .cursor;
        let now = self.clock.now();
        self.store.take_outgoing(tenant, &[], &cursor, now).await?;
        Ok((cursor, now))
    }
}

/// What an event tells of, if it is to be mailed.
fn outgoing(event: &Event, seal: &Seal) -> Option<Outgoing> {
    match event.payload.as_ref()? {
        Payload::MessageCreated(created) => message(created),
        Payload::SurveySent(sent) => survey(sent, seal),
        _ => None,
    }
}

/// A message that is public, by an agent or a machine of ours, on a ticket that goes by e-mail, and said just now.
fn message(created: &MessageCreated) -> Option<Outgoing> {
    let (ticket, message) = (created.ticket.as_ref()?, created.message.as_ref()?);
    let actor = message.actor.as_ref()?;
    // A bounce or an absence note is by a machine, too, but not by ours.
    let ours = matches!(actor.kind(), ActorKind::Agent | ActorKind::Automation)
        && !actor.id.starts_with("customers/")
        && message.external_id.is_empty();
    let written_at = from_timestamp(message.occurred_at.as_ref()?)?;
    let recorded_at = from_timestamp(message.created_at.as_ref()?)?;
    let fits = ours
        && message.visibility() == Visibility::Public
        && message.channel() == Channel::Email
        && !message.erased
        && recorded_at - written_at < HISTORY;
    fits.then(|| Outgoing {
        message: message.name.clone(),
        ticket: ticket.name.clone(),
        written_at: recorded_at,
        attempts: 0,
        sealed: None,
    })
}

/// A survey about a ticket that came by e-mail. Ticketing tells the links once, here.
fn survey(sent: &SurveySent, seal: &Seal) -> Option<Outgoing> {
    let (ticket, sending) = (sent.ticket.as_ref()?, sent.sending.as_ref()?);
    let fits = ticket.channel() == Channel::Email && !ticket.erased && sending.invitation.is_some();
    let written_at = from_timestamp(sending.sent_at.as_ref()?)?;
    fits.then(|| Outgoing {
        message: sending.name.clone(),
        ticket: ticket.name.clone(),
        written_at,
        attempts: 0,
        sealed: Some(seal.seal_bytes(&sending.name, &sending.encode_to_vec())),
    })
}

/// What a survey asks, from what was sealed of it; none when it is nothing of the kind.
pub fn question(opened: &[u8]) -> Option<Question> {
    let sending = SurveySending::decode(opened).ok()?;
    let invitation = sending.invitation?;
    let choices = invitation.choices.into_iter().map(|choice| Choice {
        score: choice.score,
        label: choice.label,
        url: choice.url,
    });
    Some(Question {
        language: invitation.language,
        introduction: invitation.introduction,
        question: invitation.question,
        choices: choices.collect(),
        url: invitation.url,
        closes_at: sending.closes_at.as_ref().and_then(from_timestamp),
    })
}

#[cfg(test)]
mod tests;
