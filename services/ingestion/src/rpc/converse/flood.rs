//! How much a conversation says in a minute. Counted in memory, so each process has its own count: it bounds whoever leans on the keyboard, it need
//! not be exact. What is kept is hashes, for a minute.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_error::Error;

/// Messages of one conversation within [`WINDOW`].
const MOST: usize = 60;
/// How long a message counts.
const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// Conversations that are counted at once. Those beyond are not, until others have been silent.
const CONVERSATIONS_MAX: usize = 100_000;

/// When a message was said, and its hash.
type Said = (DateTime<Utc>, u64);

/// The count. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Flood(Arc<Inner>);

#[derive(Default)]
struct Inner {
    hasher: RandomState,
    said: Mutex<HashMap<u64, VecDeque<Said>>>,
}

impl Flood {
    /// Counts a message. The same one again is no second one: after a cut line everything that was not answered is said once more.
    ///
    /// # Errors
    /// Limited `CONVERSATION_TOO_FAST`, with when the next one is taken.
    pub(super) fn take(
        &self,
        tenant: &str,
        conversation: &str,
        message: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let conversation = self.0.hasher.hash_one((tenant, conversation));
        let message = self.0.hasher.hash_one(message);
        let mut all = self.0.said.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CONVERSATIONS_MAX && !all.contains_key(&conversation) {
            all.retain(|_, said| said.back().is_some_and(|(at, _)| *at > now - WINDOW));
            if all.len() >= CONVERSATIONS_MAX {
                return Ok(());
            }
        }
        let said = all.entry(conversation).or_default();
        while said.front().is_some_and(|(at, _)| *at <= now - WINDOW) {
            said.pop_front();
        }
        if said.iter().any(|(_, known)| *known == message) {
            return Ok(());
        }
        match said.front() {
            Some((first, _)) if said.len() >= MOST => {
                let wait = (*first + WINDOW - now).to_std().unwrap_or(Duration::ZERO);
                Err(Error::limited(
                    "CONVERSATION_TOO_FAST",
                    "a conversation takes 60 messages a minute; say it again later",
                    wait.max(Duration::from_millis(100)),
                ))
            }
            _ => {
                said.push_back((now, message));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_a_minute_and_not_one_more() {
        let flood = Flood::default();
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid");
        for n in 0..60 {
            flood.take("acme", "chat", &n.to_string(), at(n / 2)).expect("taken");
        }
        let error = flood.take("acme", "chat", "60", at(40)).expect_err("too fast");
        assert_eq!(
            (error.reason(), error.retry_after()),
            ("CONVERSATION_TOO_FAST", Some(Duration::from_secs(20)))
        );
        flood
            .take("acme", "chat", "59", at(40))
            .expect("said again, it is the same");
        flood
            .take("acme", "another", "60", at(40))
            .expect("another conversation");
        flood.take("rival", "chat", "60", at(40)).expect("another tenant");
        flood
            .take("acme", "chat", "60", at(60))
            .expect("the first ones are a minute ago");
    }
}
