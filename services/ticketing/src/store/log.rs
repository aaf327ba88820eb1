//! Events on their way into the log and out of it: the personal part is sealed.
//!
//! A stored payload is the sealed part as field [`SEALED`] of the event, then the public part. Whoever decodes it as it
//! is gets the public part alone, since the field is unknown.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use prost::encoding::{decode_varint, encode_varint};
use sea_orm::ConnectionTrait;
use vorrang_database::event_log::StoredEvent;
use vorrang_error::Error;
use vorrang_feed::Opener;

use super::Store;
use super::personal::{Keyring, Personal, Place};
use crate::convert::{self, EventParts};
use crate::event::Event;

/// Number of the field that holds the sealed part; reserved in the contract.
const SEALED: u64 = 2047;
/// Its tag: length-delimited.
const TAG: u64 = SEALED << 3 | 2;
/// Its tag as bytes: no field of an event with a payload begins with them.
const TAG_BYTES: [u8; 2] = [0xfa, 0x7f];

/// An event as it is stored.
pub(super) fn payload(keyring: &Keyring, event: &Event, now: DateTime<Utc>) -> Result<Vec<u8>, Error> {
    let EventParts { public, personal } = convert::event_parts(event, now);
    if personal.is_empty() {
        return Ok(public);
    }
    let owner = event
        .fact
        .owner()
        .ok_or_else(|| Error::internal("an event of nobody has personal data in it"))?;
    let sealed = keyring.seal(owner, Place("events", event.id.as_bytes()), &personal)?;
    let mut payload = Vec::with_capacity(public.len() + sealed.len() + 8);
    encode_varint(TAG, &mut payload);
    encode_varint(sealed.len() as u64, &mut payload);
    payload.extend_from_slice(&sealed);
    payload.extend_from_slice(&public);
    Ok(payload)
}

/// The sealed and the public part of a stored payload.
fn split(payload: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let parts = payload.strip_prefix(&TAG_BYTES).and_then(|mut rest| {
        let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
        rest.split_at_checked(length)
    });
    match parts {
        Some((sealed, public)) => (Some(sealed), public),
        None => (None, payload),
    }
}

impl Personal {
    /// Opens the payloads of events of one tenant, so that each is a whole event again. What is erased stays away, and
    /// the event says so.
    ///
    /// # Errors
    /// When the keys cannot be read, or a payload is not what was stored.
    pub async fn open_events<C: ConnectionTrait>(
        &self,
        conn: &C,
        tenant: &str,
        events: &mut [StoredEvent],
    ) -> Result<(), Error> {
        let keyring = self
            .keyring_for(conn, tenant, events.iter().filter_map(|event| split(&event.payload).0))
            .await?;
        for event in events {
            let (Some(sealed), public) = split(&event.payload) else {
                continue;
            };
            let mut personal = Vec::with_capacity(sealed.len());
            let whole = if keyring.open_into(Place("events", event.id.as_bytes()), sealed, &mut personal)? {
                convert::merged(public, &personal).ok_or_else(|| Error::internal("an event cannot be put together"))?
            } else {
                convert::erased_event(public)
                    .map_err(|cause| Error::internal("an event cannot be decoded").caused_by(cause))?
            };
            event.payload = whole;
        }
        Ok(())
    }
}

impl Opener for Store {
    fn open<'a>(
        &'a self,
        tenant: &'a str,
        mut events: Vec<StoredEvent>,
    ) -> BoxFuture<'a, Result<Vec<StoredEvent>, Error>> {
        Box::pin(async move {
            self.open_events(tenant, &mut events).await?;
            Ok(events)
        })
    }
}

impl Store {
    /// [`Personal::open_events`] with this store's keys.
    ///
    /// # Errors
    /// When the keys cannot be read, or a payload is not what was stored.
    pub async fn open_events(&self, tenant: &str, events: &mut [StoredEvent]) -> Result<(), Error> {
        self.personal.open_events(self.db.reader(), tenant, events).await
    }
}
