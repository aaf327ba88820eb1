//! Between batches and the three owners' response types.

use chrono::{DateTime, Utc};
use prost::Message;
use vorrang_api::feed::v1::EventHead;
use vorrang_api::{from_timestamp, timestamp};
use vorrang_error::Error;

use crate::{Batch, head};

/// The `FollowResponse` of an owner: ticketing's, routing's or knowledge's.
pub trait Response: Sized + Send + 'static {
    /// The owner's typed event.
    type Event: Send + 'static;

    /// The response that carries `batch`.
    ///
    /// # Errors
    /// Internal when a stored payload is not an event of this owner.
    fn pack(batch: Batch) -> Result<Self, Error>;

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

            fn pack(batch: Batch) -> Result<Self, Error> {
                let mut events = Vec::with_capacity(batch.events.len());
                for stored in &batch.events {
                    let mut event = Self::Event::decode(stored.payload.as_slice()).map_err(|cause| {
                        Error::internal(format!("the payload of event {} cannot be decoded", stored.id))
                            .caused_by(cause)
                    })?;
                    event.head = Some(head(stored));
                    events.push(event);
                }
                Ok(Self {
                    events,
                    tenant: batch.tenant,
                    cursor: batch.cursor,
                    caught_up: batch.caught_up,
                    as_of: Some(timestamp(batch.as_of)),
                })
            }

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
