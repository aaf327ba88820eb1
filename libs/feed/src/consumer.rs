//! Named consumers: followers whose position is kept here.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vorrang_api::feed::v1::{
    CommitCursorRequest, Consumer, DeleteConsumerRequest, GetConsumerRequest, consumer::State,
};
use vorrang_api::{duration, timestamp};
use vorrang_database::event_log::{self, Standing};
use vorrang_database::idempotency::{self, Begin, REQUEST_ID_MAX};
use vorrang_error::{Error, Violations};

use crate::Feed;
use crate::cursor::Position;
use crate::request::{Tenancy, Wish};

/// Most consumers of a tenant: retention asks each of them.
pub const CONSUMERS_MAX: i64 = 100;

/// Proto name of a consumer, for errors.
const CONSUMER: &str = "vorrang.feed.v1.Consumer";

/// Reads `consumers/{consumer}`; gives the last part.
pub(crate) fn parse_name(name: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match name.strip_prefix("consumers/") {
        Some(id) if (1..=63).contains(&id.len()) && id.bytes().all(fits) => Ok(id.to_owned()),
        _ => Err("must be consumers/{consumer}, the consumer being 1 to 63 of a-z, 0-9 and -"),
    }
}

fn not_found(id: &str) -> Error {
    Error::not_found(CONSUMER, format!("consumers/{id}"))
}

impl Feed {
    /// Notes how far a consumer of `tenant` has come, and gives it as it then is.
    ///
    /// # Errors
    /// Invalid with all violations, Invalid `CURSOR_INVALID`; Precondition `EPOCH_CHANGED`, `CURSOR_AHEAD`,
    /// `CURSOR_BACKWARDS` or `TOO_MANY_CONSUMERS`; OutOfRange `CURSOR_TOO_OLD`.
    pub async fn commit_cursor(&self, tenant: &str, request: CommitCursorRequest) -> Result<Consumer, Error> {
        let mut violations = Violations::new();
        let id = violations.take("name", parse_name(&request.name));
        if request.cursor.is_empty() {
            violations.add("cursor", "must be given");
        }
        violations.into_result()?;
        let id = id.ok_or_else(|| Error::internal("a violation was lost"))?;
        let position = self.position(tenant, &request.cursor).await?;
        self.move_consumer(tenant, &id, position, request.rewind).await?;
        self.consumer(tenant, &id).await
    }

    async fn move_consumer(&self, tenant: &str, id: &str, position: Position, rewind: bool) -> Result<(), Error> {
        let mut tx = self.database.begin().await?;
        match event_log::lock_consumer(&mut tx, tenant, id).await? {
            // Positions of different epochs cannot be compared; the present one counts.
            Some(before) if before.epoch == position.epoch && before.seq > position.seq && !rewind => {
                let committed = Position {
                    epoch: before.epoch,
                    seq: before.seq,
                };
                return Err(Error::precondition(
                    "CURSOR_BACKWARDS",
                    "the consumer has committed a later cursor; set rewind to have events again",
                )
                .with("committed_cursor", self.cursors.write(tenant, committed)));
            }
            Some(_) => {}
            None if event_log::count_consumers(&tx, tenant).await? >= CONSUMERS_MAX => {
                return Err(Error::precondition(
                    "TOO_MANY_CONSUMERS",
                    format!("a tenant has at most {CONSUMERS_MAX} consumers: delete those that are not used any more"),
                ));
            }
            None => {}
        }
        let standing = Standing {
            epoch: position.epoch,
            seq: position.seq,
        };
        event_log::put_consumer(&mut tx, tenant, id, &standing, self.clock.now()).await?;
        tx.commit().await
    }

    /// Where a consumer of `tenant` stands.
    ///
    /// # Errors
    /// Invalid `name`; NotFound.
    pub async fn get_consumer(&self, tenant: &str, request: GetConsumerRequest) -> Result<Consumer, Error> {
        let mut violations = Violations::new();
        let id = violations.take("name", parse_name(&request.name));
        violations.into_result()?;
        self.consumer(tenant, &id.unwrap_or_default()).await
    }

    async fn consumer(&self, tenant: &str, id: &str) -> Result<Consumer, Error> {
        let now = self.clock.now();
        let epoch = event_log::epoch(&self.database).await?;
        let stored = event_log::consumer(&self.database, tenant, id).await?;
        let stored = stored.ok_or_else(|| not_found(id))?;
        Ok(self.describe(tenant, &stored, epoch, now))
    }

    /// At most `limit` consumers of `tenant` with names after `after`, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn consumers(&self, tenant: &str, after: Option<&str>, limit: u64) -> Result<Vec<Consumer>, Error> {
        let now = self.clock.now();
        let epoch = event_log::epoch(&self.database).await?;
        let after = after
            .and_then(|name| name.strip_prefix("consumers/"))
            .unwrap_or_default();
        let stored = event_log::consumers(&self.database, tenant, after, limit).await?;
        Ok(stored
            .iter()
            .map(|stored| self.describe(tenant, stored, epoch, now))
            .collect())
    }

    /// Forgets a consumer. `request_hash` is over the method and the request.
    ///
    /// # Errors
    /// Invalid with all violations; NotFound.
    pub async fn delete_consumer(
        &self,
        tenant: &str,
        request_hash: [u8; 32],
        request: DeleteConsumerRequest,
    ) -> Result<(), Error> {
        let mut violations = Violations::new();
        let id = violations.take("name", parse_name(&request.name)).unwrap_or_default();
        let request_id = request.request_id;
        if request_id.len() > REQUEST_ID_MAX || !request_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            violations.add(
                "request_id",
                format!("must be at most {REQUEST_ID_MAX} printable ASCII characters"),
            );
        }
        violations.into_result()?;
        let mut tx = self.database.begin().await?;
        let now = self.clock.now();
        if let Begin::Same(_) = idempotency::begin(&mut tx, tenant, &request_id, request_hash, now).await? {
            return tx.rollback().await;
        }
        if !event_log::delete_consumer(&mut tx, tenant, &id).await? {
            return Err(not_found(&id));
        }
        idempotency::finish(&mut tx, tenant, &request_id, &[]).await?;
        tx.commit().await
    }

    /// Puts the committed position of the wish's consumer, if it has one, into the wish.
    pub(crate) async fn go_on_from_commit(&self, wish: &mut Wish) -> Result<(), Error> {
        let (Some(id), Tenancy::One(tenant)) = (&wish.consumer, &wish.tenancy) else {
            return Ok(());
        };
        match event_log::consumer(&self.database, tenant, id).await? {
            Some(stored) => {
                let position = Position {
                    epoch: stored.epoch,
                    seq: stored.seq,
                };
                wish.positions.insert(tenant.clone(), position);
            }
            None if !wish.has_start => return Err(not_found(id)),
            None => {}
        }
        Ok(())
    }

    fn describe(&self, tenant: &str, stored: &event_log::Consumer, epoch: Uuid, now: DateTime<Utc>) -> Consumer {
        let position = Position {
            epoch: stored.epoch,
            seq: stored.seq,
        };
        let state = if stored.epoch != epoch {
            State::EpochChanged
        } else if stored.seq < stored.floor {
            State::TooOld
        } else {
            State::Ready
        };
        let waiting = stored.next_recorded_at.map(|at| now - at);
        Consumer {
            name: format!("consumers/{}", stored.name),
            cursor: self.cursors.write(tenant, position),
            seq: stored.seq,
            state: state.into(),
            lag_events: (stored.head - stored.seq).max(0),
            // Another process' clock may be a little ahead of ours.
            lag: Some(duration(waiting.unwrap_or_default().max(TimeDelta::zero()))),
            committed_at: Some(timestamp(stored.committed_at)),
            created_at: Some(timestamp(stored.created_at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(parse_name("consumers/bi-2").as_deref(), Ok("bi-2"));
        let long = format!("consumers/{}", "a".repeat(64));
        for wrong in [
            "",
            "bi",
            "consumers/",
            "consumers/BI",
            "consumers/a/b",
            "consumer/a",
            &long,
        ] {
            assert!(parse_name(wrong).is_err(), "{wrong}");
        }
    }
}
