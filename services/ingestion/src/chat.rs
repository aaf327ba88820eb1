//! Where the customer's side of a live chat stands, and the token that says it. Pure.
//!
//! What is told is a prefix of the conversation's transcript: a [`Place`] names its last message. What the customer said and
//! was answered may lie beyond, where others wrote meanwhile; it is remembered until the prefix has reached it, so that it
//! is never told to the one who said it.

pub mod idle;

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use vorrang_error::Error;

/// Bytes of the tag that ends a token.
const TAG: usize = 16;

/// Own messages that are remembered; whoever says more without hearing anything may hear the oldest once more.
const OWN_MAX: usize = 200;

/// How far a conversation was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The customer's ticket, `tickets/{uuid}`: the one that they wrote to, or that of theirs which is merged into it. Empty: not known
    /// yet.
    pub ticket: String,
    /// The ticket whose messages are told: another one while the first is merged into it.
    pub told_of: String,
    /// The last message of it that was told; empty: from `since` on.
    pub last: String,
    /// Only what was stored later counts, in microseconds: before it the conversation was somebody else's.
    pub since_us: i64,
    /// What the customer said and was told the outcome of, beyond `last`.
    pub own: VecDeque<String>,
    /// What the customer said that is no ticket yet: its receipts, while the ticket is not known.
    pub receipts: VecDeque<String>,
    /// The state of the ticket that was told last, as a word; empty: none.
    pub state: String,
    /// The agent that was told last; empty: none.
    pub agent: String,
    /// Whether the customer was told that they are not waiting any more. Missing in tokens of before.
    #[serde(default)]
    pub left: bool,
}

impl Place {
    /// Whether the customer's messages in `ticket` belong here.
    pub fn is_of(&self, ticket: &str) -> bool {
        self.ticket == ticket || self.told_of == ticket
    }

    /// The customer's message is recorded in `ticket`. True: that is another ticket than before.
    pub fn said(&mut self, ticket: &str, message: &str) -> bool {
        let moved = !self.is_of(ticket);
        if moved {
            *self = Self {
                ticket: ticket.to_owned(),
                told_of: ticket.to_owned(),
                // Nobody could have answered before it.
                last: message.to_owned(),
                ..Self::default()
            };
        } else if self.last != message && !self.own.iter().any(|own| own == message) {
            self.own.push_back(message.to_owned());
            if self.own.len() > OWN_MAX {
                self.own.pop_front();
            }
        }
        moved
    }

    /// Goes on to the next message of the transcript. True: it is to be told.
    pub fn pass(&mut self, message: &str, stored_at_us: i64) -> bool {
        if self.last == message {
            return false;
        }
        message.clone_into(&mut self.last);
        self.since_us = self.since_us.max(stored_at_us);
        let own = self.own.iter().position(|own| own == message);
        own.map(|at| self.own.remove(at)).is_none()
    }

    /// The conversation goes on in another ticket, of which nothing before `at_us` is the customer's to see.
    pub fn move_to(&mut self, ticket: &str, at_us: i64) {
        ticket.clone_into(&mut self.told_of);
        self.last.clear();
        self.since_us = at_us;
    }

    /// What of a list of the ticket's messages, given as name and time of storing, comes after this place: the index of the first.
    pub fn next_in<'a>(&self, messages: impl IntoIterator<Item = (&'a str, i64)>) -> usize {
        let (mut after_last, mut later, mut count) = (None, None, 0);
        for (index, (name, stored_at_us)) in messages.into_iter().enumerate() {
            count = index + 1;
            if name == self.last {
                after_last = Some(count);
            }
            // Without a time it begins where `last` is, or nowhere: what was there before may be somebody else's.
            if later.is_none() && self.since_us > 0 && stored_at_us > self.since_us {
                later = Some(index);
            }
        }
        after_last.or(later).unwrap_or(count)
    }
}

/// Makes and reads resume tokens: good for one conversation of one tenant.
#[derive(Clone)]
pub struct Tokens(Hmac<Sha256>);

impl Tokens {
    /// The same internal key always reads the same tokens.
    pub fn new(internal_key: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(internal_key).expect("an HMAC takes keys of any length");
        mac.update(b"vorrang ingestion: resume tokens of conversations, 1\n");
        Self(mac)
    }

    /// The token of a place; empty while there is nothing to go on from.
    pub fn write(&self, tenant: &str, conversation: &str, place: &Place) -> String {
        if place.ticket.is_empty() && place.receipts.is_empty() {
            return String::new();
        }
        let body = serde_json::to_vec(place).expect("plain texts are always JSON");
        let mut token = self.tag(tenant, conversation, &body).to_vec();
        token.extend(body);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The place of a token; an empty one is the beginning.
    ///
    /// # Errors
    /// Invalid `RESUME_TOKEN_INVALID`: not ours, changed, or of another conversation.
    pub fn read(&self, tenant: &str, conversation: &str, token: &str) -> Result<Place, Error> {
        if token.is_empty() {
            return Ok(Place::default());
        }
        let wrong = || {
            Error::new(
                vorrang_error::Kind::Invalid,
                "RESUME_TOKEN_INVALID",
                "the resume token is not one of this conversation: take the last one that was received in it, or none",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
        let (tag, body) = bytes.split_at_checked(TAG).ok_or_else(wrong)?;
        let expected = self.tag(tenant, conversation, body);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], tag)) {
            return Err(wrong());
        }
        serde_json::from_slice(body).map_err(|_| wrong())
    }

    fn tag(&self, tenant: &str, conversation: &str, body: &[u8]) -> [u8; TAG] {
        let mut mac = self.0.clone();
        for part in [tenant.as_bytes(), conversation.as_bytes(), body] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&full[..TAG]);
        tag
    }
}

#[cfg(test)]
mod tests;
