//! Who types in a chat: told to all processes over Redis pub/sub, never kept. What is lost is lost: the next key press says it again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vorrang_error::Error;

/// The channel of an installation, before the number of its database: channels are common to all databases of a Redis. Changes when notes change,
/// so that old and new processes do not misunderstand each other.
const CHANNEL: &str = "vorrang:typing:1";
/// Notes that a listener may have before it; of one that is slower the oldest are dropped.
const BEFORE_MAX: usize = 1_024;
/// Between attempts while Redis is away.
const RETRY: Duration = Duration::from_secs(1);
/// A note that takes longer is worth nothing.
const TELL_MAX: Duration = Duration::from_millis(500);
/// Notes of one side are at least this far apart.
const EVERY: Duration = Duration::from_secs(1);

/// Which side of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The customer.
    Customer,
    /// The agent.
    Agent,
}

/// Somebody begins or stops to type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Whose chat.
    pub tenant: String,
    /// `tickets/{uuid}`.
    pub ticket: String,
    /// `agents/{agent}` who has it.
    pub agent: String,
    /// Who types.
    pub side: Side,
    /// Or has stopped.
    pub typing: bool,
}

/// Tells and hears. Clones share the connection.
#[derive(Clone)]
pub struct Typing {
    /// None: there is no Redis, and nobody hears anything.
    line: Option<(Client, ConnectionManager)>,
    /// Its name in Redis.
    channel: Arc<str>,
    heard: broadcast::Sender<Note>,
}

impl std::fmt::Debug for Typing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typing")
    }
}

impl Typing {
    /// Uses the Redis at `url`. Does not wait until it is there.
    ///
    /// # Errors
    /// Invalid when `url` is none.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let bad = |why: RedisError| {
            // The URL may hold a password: it is not repeated.
            Error::invalid_field("redis.url", "is not a Redis URL such as redis://127.0.0.1:6379/0").caused_by(why)
        };
        let client = Client::open(url).map_err(bad)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_response_timeout(Some(TELL_MAX))
            .set_connection_timeout(Some(TELL_MAX));
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(bad)?;
        let database = client.get_connection_info().redis_settings().db();
        Ok(Self {
            line: Some((client, manager)),
            channel: format!("{CHANNEL}:{database}").into(),
            ..Self::nowhere()
        })
    }

    /// Tells nobody and hears nothing: for a process without a Redis.
    pub fn nowhere() -> Self {
        Self {
            line: None,
            channel: Arc::from(CHANNEL),
            heard: broadcast::channel(BEFORE_MAX).0,
        }
    }

    /// Tells everybody, in the background; whether it arrives is not known.
    pub fn tell(&self, note: &Note) {
        let (Some((_, manager)), Ok(body)) = (&self.line, serde_json::to_string(note)) else {
            return;
        };
        let (mut manager, channel) = (manager.clone(), self.channel.clone());
        tokio::spawn(async move {
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(&*channel).arg(body);
            let told = tokio::time::timeout(TELL_MAX, publish.query_async::<i64>(&mut manager)).await;
            if !matches!(told, Ok(Ok(_))) {
                tracing::debug!("who types was not told");
            }
        });
    }

    /// What is told from now on, by whichever process.
    pub fn listen(&self) -> broadcast::Receiver<Note> {
        self.heard.subscribe()
    }

    /// Hears until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let Some((client, _)) = self.line.clone() else {
            return shutdown.cancelled().await;
        };
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                heard = self.hear(&client) => if heard.is_err() {
                    tracing::debug!("who types is not heard; trying again");
                },
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn hear(&self, client: &Client) -> Result<(), RedisError> {
        let mut line = client.get_async_pubsub().await?;
        line.subscribe(&*self.channel).await?;
        let mut messages = line.on_message();
        while let Some(message) = messages.next().await {
            if let Ok(note) = serde_json::from_slice(message.get_payload_bytes()) {
                // Nobody may listen.
                let _ = self.heard.send(note);
            }
        }
        Ok(())
    }
}

/// Bounds how often one side is told of: once a second, and a stop at once after a start.
#[derive(Debug, Default)]
pub struct Throttle {
    last: Option<(Instant, bool)>,
    stopped: Option<Instant>,
}

impl Throttle {
    /// Whether it is to be told now.
    pub fn passes(&mut self, typing: bool, now: Instant) -> bool {
        let recent = |at: Instant| now.saturating_duration_since(at) < EVERY;
        let passes = match self.last {
            None => true,
            // A stop is told at once, but stops are no way around the bound.
            Some((_, true)) if !typing => !self.stopped.is_some_and(recent),
            Some((at, _)) => !recent(at),
        };
        if passes {
            self.last = Some((now, typing));
            if !typing {
                self.stopped = Some(now);
            }
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_one_process_tells_all_hear() {
        let redis = vorrang_testkit::redis().await;
        let (one, other) = (
            Typing::connect(redis.url()).expect("a URL"),
            Typing::connect(redis.url()).expect("a URL"),
        );
        let stop = CancellationToken::new();
        let mut heard = other.listen();
        let task = tokio::spawn(other.run(stop.clone()));
        let note = Note {
            tenant: "acme".to_owned(),
            ticket: "tickets/1".to_owned(),
            agent: "agents/anna".to_owned(),
            side: Side::Customer,
            typing: true,
        };
        // It may be told before the other listens, and is lost then.
        let told = tokio::time::timeout(Duration::from_secs(20), async {
            let mut again = tokio::time::interval(Duration::from_millis(50));
            loop {
                tokio::select! {
                    _ = again.tick() => one.tell(&note),
                    heard = heard.recv() => return heard.expect("open"),
                }
            }
        });
        assert_eq!(told.await.expect("in time"), note);
        stop.cancel();
        task.await.expect("ends");
    }

    #[test]
    fn once_a_second_and_a_stop_at_once() {
        let mut throttle = Throttle::default();
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        assert!(throttle.passes(true, at(0)));
        assert!(!throttle.passes(true, at(900)));
        assert!(throttle.passes(false, at(901)));
        assert!(!throttle.passes(true, at(902)));
        assert!(throttle.passes(true, at(1_901)));
        let passed = (0..10_000)
            .filter(|ms| throttle.passes(ms % 2 == 0, at(2_000 + ms)))
            .count();
        assert!(passed <= 21, "{passed}");
    }
}
