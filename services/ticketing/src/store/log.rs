//! Events on their way into the log and out of it: the personal part is sealed.
//!
//! A stored payload is the sealed part as field [`SEALED`] of the event, then the public part. Whoever decodes it as it
//! is gets the public part alone, since the field is unknown. What was written in a message that moved to another ticket is
//! field [`MOVED`], sealed with the key of the ticket it belongs to now: so it is erased with whose matter it is, and what is
//! left of the event with whose ticket it was.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use prost::encoding::{decode_varint, encode_varint};
use sea_orm::ConnectionTrait;
use uuid::Uuid;
use vorrang_database::event_log::StoredEvent;
use vorrang_error::Error;
use vorrang_feed::Opener;

use super::Store;
use super::personal::{self, Keyring, Personal, Place};
use crate::convert::{self, EventParts, Lost};
use crate::event::Event;

/// Number of the field that holds the sealed part; reserved in the contract.
const SEALED: u64 = 2047;
/// Number of the field that holds the words of a message that moved; reserved in the contract.
const MOVED: u64 = 2046;
/// Both are length-delimited. As bytes their tags begin as no field of an event with a payload does.
const fn tag(field: u64) -> u64 {
    field << 3 | 2
}

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
    let sealed = keyring.seal(owner, Place(EVENTS, event.id.as_bytes()), &personal)?;
    let stored = Stored {
        sealed: Some(&sealed),
        moved: None,
        public: &public,
    };
    Ok(stored.bytes())
}

/// The parts of a stored payload.
struct Stored<'a> {
    sealed: Option<&'a [u8]>,
    moved: Option<&'a [u8]>,
    public: &'a [u8],
}

impl<'a> Stored<'a> {
    fn of(payload: &'a [u8]) -> Self {
        let (sealed, rest) = take(payload, SEALED);
        let (moved, public) = take(rest, MOVED);
        Self { sealed, moved, public }
    }

    fn bytes(&self) -> Vec<u8> {
        let sealed = [(SEALED, self.sealed), (MOVED, self.moved)];
        let length = |part: &Option<&[u8]>| part.map_or(0, |part| part.len() + 8);
        let mut bytes = Vec::with_capacity(self.public.len() + length(&self.sealed) + length(&self.moved));
        for (field, part) in sealed {
            if let Some(part) = part {
                encode_varint(tag(field), &mut bytes);
                encode_varint(part.len() as u64, &mut bytes);
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(self.public);
        bytes
    }

    /// The whole event. What is erased stays away, and the event says so.
    fn open(&self, keyring: &Keyring, id: Uuid) -> Result<Vec<u8>, Error> {
        let part = |of: &'static str, part: Option<&[u8]>| {
            part.map_or(Ok(Some(Vec::new())), |part| {
                keyring.open(Place(of, id.as_bytes()), part)
            })
        };
        let (personal, moved) = (part(EVENTS, self.sealed)?, part(WORDS, self.moved)?);
        let lost = match (&personal, &moved, self.moved) {
            (Some(_), Some(_), _) => None,
            (None, _, None) | (None, None, Some(_)) => Some(Lost::All),
            (None, Some(_), Some(_)) => Some(Lost::Ticket),
            (Some(_), None, _) => Some(Lost::Message),
        };
        let mut whole = match lost {
            None => self.public.to_vec(),
            Some(lost) => convert::erased_event(self.public, lost)
                .map_err(|cause| Error::internal("an event cannot be decoded").caused_by(cause))?,
        };
        for part in [personal, moved].into_iter().flatten().filter(|part| !part.is_empty()) {
            whole = convert::merged(&whole, &part).ok_or_else(|| Error::internal("an event cannot be put together"))?;
        }
        Ok(whole)
    }
}

/// Where the personal part of an event stands, and the words of a message that moved.
const EVENTS: &str = "events";
const WORDS: &str = "events/words";

/// The sealed part that is the field `field` at the beginning, and what follows it.
fn take(payload: &[u8], field: u64) -> (Option<&[u8]>, &[u8]) {
    let mut rest = payload;
    let found = decode_varint(&mut rest).is_ok_and(|read| read == tag(field));
    let parts = found.then_some(()).and_then(|()| {
        let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
        rest.split_at_checked(length)
    });
    match parts {
        Some((part, rest)) => (Some(part), rest),
        None => (None, payload),
    }
}

/// The keys under which the parts of a stored payload are sealed.
pub(super) fn keys(payload: &[u8]) -> impl Iterator<Item = Uuid> {
    let stored = Stored::of(payload);
    [stored.sealed, stored.moved]
        .into_iter()
        .flatten()
        .filter_map(personal::key_id)
}

/// The payload of the event that told of the message `message`, which is `to`'s now, with its words sealed for that ticket. None: it
/// tells of something else, or what there was is erased.
///
/// # Errors
/// When it is not what was stored, or `to` is erased.
pub(super) fn hand_over(
    keyring: &Keyring,
    event: Uuid,
    payload: &[u8],
    message: Uuid,
    to: Uuid,
) -> Result<Option<Vec<u8>>, Error> {
    let stored = Stored::of(payload);
    if !convert::tells_of(stored.public, message) {
        return Ok(None);
    }
    let (events, words) = (Place(EVENTS, event.as_bytes()), Place(WORDS, event.as_bytes()));
    if let Some(moved) = stored.moved {
        let Some(plain) = keyring.open(words, moved)? else {
            return Ok(None);
        };
        let moved = Some(keyring.seal(to, words, &plain)?);
        let moved = moved.as_deref();
        return Ok(Some(Stored { moved, ..stored }.bytes()));
    }
    let Some((owner, sealed)) = stored
        .sealed
        .and_then(|sealed| Some((personal::key_id(sealed)?, sealed)))
    else {
        return Ok(None);
    };
    let Some(plain) = keyring.open(events, sealed)? else {
        return Ok(None);
    };
    let (rest, moved) = convert::without_words(&plain)
        .map_err(|cause| Error::internal("the personal part of an event cannot be decoded").caused_by(cause))?;
    if moved.is_empty() {
        return Ok(None);
    }
    let sealed = match rest.is_empty() {
        true => None,
        false => Some(keyring.seal(owner, events, &rest)?),
    };
    let moved = keyring.seal(to, words, &moved)?;
    let stored = Stored {
        sealed: sealed.as_deref(),
        moved: Some(&moved),
        ..stored
    };
    Ok(Some(stored.bytes()))
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
        let mut ids: Vec<Uuid> = events.iter().flat_map(|event| keys(&event.payload)).collect();
        ids.sort_unstable();
        ids.dedup();
        let keyring = self.keyring(conn, tenant, &ids).await?;
        for event in events {
            let stored = Stored::of(&event.payload);
            if stored.sealed.is_some() || stored.moved.is_some() {
                event.payload = stored.open(&keyring, event.id)?;
            }
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
