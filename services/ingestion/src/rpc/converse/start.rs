//! Who is there, and what they say, as contacts.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message as _;
use tonic::Streaming;
use vorrang_api::from_duration;
use vorrang_api::ingestion::v1 as api;
use vorrang_api::ingestion::v1::converse_request::Request as Said;
use vorrang_api::ticketing::v1::Channel;
use vorrang_error::{Error, Violations};

use crate::app::delivery_id;
use crate::chat::idle;
use crate::contact::{Contact, check, conversation_key};
use crate::convert;
use crate::intake::{CONTACT_TYPE, GRPC};
use crate::recorder::Push;
use crate::store::NewRaw;

/// Characters of a conversation's id.
const CONVERSATION_MAX: usize = 128;
/// Characters of a message's id.
const MESSAGE_MAX: usize = 100;

/// A customer's end of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Start {
    /// Its id at the customer's side.
    pub conversation: String,
    /// Where to go on.
    pub resume_token: String,
    /// After how long without a sign of life somebody who waits has left.
    pub idle_after: TimeDelta,
    /// Everything of a contact but what is said.
    contact: api::Contact,
}

/// Waits for the first request. None: the line was cut before.
pub(super) async fn receive(
    inbound: &mut Streaming<api::ConverseRequest>,
    now: DateTime<Utc>,
) -> Result<Option<Start>, Error> {
    match inbound.message().await {
        Ok(None) => Ok(None),
        Ok(Some(api::ConverseRequest {
            request: Some(Said::Start(start)),
        })) => Start::parse(start, now).map(Some),
        Ok(Some(_)) => Err(Error::invalid_field("request", "the first one must be start")),
        Err(broken) => match vorrang_service::unreadable(&broken) {
            Some(error) => Err(error),
            None => Ok(None),
        },
    }
}

/// Reads and checks what is recorded like any pushed contact; what is wrong is said of the fields that the stream has.
fn read(contact: api::Contact, prefix: &str, now: DateTime<Utc>, violations: &mut Violations) -> Contact {
    let mut found = Violations::new();
    let contact = convert::read_contact(Some(contact), &mut found);
    check(&contact, now, "contact.", &mut found);
    if let Err(error) = found.into_result() {
        for violation in error.violations() {
            let field = violation.field.replacen("contact.", prefix, 1);
            violations.add(field, violation.description.clone());
        }
    }
    contact
}

impl Start {
    fn parse(start: api::StartConversation, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let characters = start.conversation_id.chars().count();
        if characters == 0 || characters > CONVERSATION_MAX {
            violations.add("start.conversation_id", "must have 1 to 128 characters");
        }
        let contact = api::Contact {
            conversation_id: start.conversation_id.clone(),
            channel: Channel::Chat.into(),
            identities: start.identities,
            display_name: start.display_name,
            tier: start.tier,
            subject: start.subject,
            queue: start.queue,
            tags: start.tags,
            intent: start.intent,
            language: start.language,
            ..api::Contact::default()
        };
        // What is wrong with who is there is said now, and not with each message.
        let probe = api::Contact {
            text: "-".to_owned(),
            ..contact.clone()
        };
        read(probe, "start.", now, &mut violations);
        let idle_after = match start.idle_after.as_ref().map(from_duration) {
            None => idle::AFTER,
            Some(Some(after)) if (idle::SHORTEST..=idle::LONGEST).contains(&after) => after,
            Some(_) => {
                violations.add("start.idle_after", "must be 2 minutes to 24 hours");
                idle::AFTER
            }
        };
        violations.into_result()?;
        Ok(Self {
            conversation: start.conversation_id,
            resume_token: start.resume_token,
            idle_after,
            contact,
        })
    }

    /// Something the customer said, as what is recorded; `asynchronous`: nobody is there now, and the customer knows.
    ///
    /// # Errors
    /// Invalid with all violations.
    pub fn push(&self, say: api::Say, asynchronous: bool, now: DateTime<Utc>) -> Result<Push, Error> {
        let mut violations = Violations::new();
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
        if !(1..=MESSAGE_MAX).contains(&say.message_id.len()) || !say.message_id.bytes().all(fits) {
            violations.add(
                "say.message_id",
                "must be 1 to 100 printable ASCII characters without space and /",
            );
        }
        if say.text.is_empty() {
            violations.add("say.text", "must be given");
        }
        let said = api::Contact {
            external_id: self.external_id(&say.message_id),
            text: say.text,
            occurred_at: say.occurred_at,
            ..self.contact.clone()
        };
        let came = said.encode_to_vec();
        let mut contact = read(said, "say.", now, &mut violations);
        contact.asynchronous = asynchronous;
        contact.received_at = Some(now);
        violations.into_result()?;
        Ok(Push {
            weight: contact.weight() + came.len(),
            // Said again, it is found by its external id.
            request_id: delivery_id(""),
            raw: Arc::new(NewRaw::new(GRPC, &contact.external_id, CONTACT_TYPE, came.into())),
            contact,
            trace_parent: vorrang_service::trace_parent(),
        })
    }

    /// How ticketing knows the conversation.
    pub fn key(&self) -> String {
        conversation_key(GRPC, &self.conversation)
    }

    /// How ticketing knows a message of the conversation.
    pub fn external_id(&self, message_id: &str) -> String {
        format!("{}/{message_id}", self.conversation)
    }
}
