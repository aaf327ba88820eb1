//! Between batches and the three owners' response types.

use chrono::{DateTime, Utc};
use prost::Message;
use prost::bytes::{BufMut as _, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use vorrang_api::feed::v1::EventHead;
use vorrang_api::{from_timestamp, raw, timestamp};
use vorrang_database::event_log::StoredEvent;

use crate::{Batch, head};

/// Number of the field `head` in the `Event` of every owner.
const HEAD: u32 = 1;

/// The response that carries `batch`, the same bytes for every owner.
pub(crate) fn pack(batch: Batch) -> raw::FollowResponse {
    raw::FollowResponse {
        events: batch.events.iter().map(encoded).collect(),
        tenant: batch.tenant,
        cursor: batch.cursor,
        caught_up: batch.caught_up,
        as_of: Some(timestamp(batch.as_of)),
    }
}

/// The owner's `Event` with its head, encoded. What is stored is the same message without its head, and encoded messages are
/// put together by putting one behind the other.
pub fn encoded(event: &StoredEvent) -> Bytes {
    let head = head(event);
    let length = head.encoded_len();
    let whole = key_len(HEAD) + encoded_len_varint(length as u64) + length + event.payload.len();
    let mut bytes = BytesMut::with_capacity(whole);
    encode_key(HEAD, WireType::LengthDelimited, &mut bytes);
    encode_varint(length as u64, &mut bytes);
    head.encode_raw(&mut bytes);
    bytes.put_slice(&event.payload);
    bytes.freeze()
}

/// The `FollowResponse` of an owner: ticketing's, routing's or knowledge's.
pub trait Response: Sized + Send + 'static {
    /// The owner's typed event.
    type Event: Send + 'static;

    /// What the response carries. A missing or impossible `as_of` is the beginning of time.
    fn unpack(self) -> Unpacked<Self::Event>;

    /// What every event carries.
    fn head(event: &Self::Event) -> Option<&EventHead>;
}

/// The parts of a response.
pub struct Unpacked<E> {
    pub tenant: String,
    pub events: Vec<E>,
    pub cursor: String,
    pub caught_up: bool,
    pub as_of: DateTime<Utc>,
}

macro_rules! owner {
    ($package:ident) => {
        impl Response for vorrang_api::$package::v1::FollowResponse {
            type Event = vorrang_api::$package::v1::Event;

            fn unpack(self) -> Unpacked<Self::Event> {
                Unpacked {
                    tenant: self.tenant,
                    events: self.events,
                    cursor: self.cursor,
                    caught_up: self.caught_up,
                    as_of: self.as_of.as_ref().and_then(from_timestamp).unwrap_or_default(),
                }
            }

            fn head(event: &Self::Event) -> Option<&EventHead> {
                event.head.as_ref()
            }
        }
    };
}

owner!(ticketing);
owner!(routing);
owner!(knowledge);
