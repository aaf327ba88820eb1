//! The servers of the feeds with answers whose events are encoded already.
//!
//! On the wire [`FollowResponse`] is each owner's `FollowResponse`: a test compares their fields. An owner stores its events
//! encoded, so that serving one costs no decoding and no encoding, which is most of what a follower that catches up costs.

use prost::bytes::Bytes;

/// The `FollowResponse` of ticketing, routing and knowledge, with encoded events.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FollowResponse {
    /// The owner's `Event` messages, each encoded.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub events: Vec<Bytes>,
    /// See the contract.
    #[prost(string, tag = "2")]
    pub tenant: String,
    /// See the contract.
    #[prost(string, tag = "3")]
    pub cursor: String,
    /// See the contract.
    #[prost(bool, tag = "4")]
    pub caught_up: bool,
    /// See the contract.
    #[prost(message, optional, tag = "5")]
    pub as_of: Option<prost_types::Timestamp>,
}

macro_rules! owner {
    ($owner:ident) => {
        #[allow(
            clippy::all,
            missing_docs,
            reason = "generated; its documentation is in proto/"
        )]
        pub mod $owner {
            include!(concat!(
                env!("OUT_DIR"),
                "/raw/vorrang.",
                stringify!($owner),
                ".v1.rs"
            ));
        }
    };
}

owner!(knowledge);
owner!(routing);
owner!(ticketing);

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, Kind};

    #[test]
    fn it_is_every_owners_answer_on_the_wire() {
        let pool = DescriptorPool::decode(crate::FILE_DESCRIPTOR_SET).expect("a descriptor set");
        for owner in ["knowledge", "routing", "ticketing"] {
            let name = format!("vorrang.{owner}.v1.FollowResponse");
            let message = pool.get_message_by_name(&name).expect("it is there");
            let fields: Vec<_> = message.fields().collect();
            assert_eq!(fields.len(), 5, "{name} has a field that the raw one does not have");
            for field in fields {
                let as_here = match (field.number(), field.kind()) {
                    (1, Kind::Message(event)) => field.is_list() && event.name() == "Event",
                    (2 | 3, Kind::String) | (4, Kind::Bool) => !field.is_list(),
                    (5, Kind::Message(time)) => time.full_name() == "google.protobuf.Timestamp",
                    _ => false,
                };
                assert!(as_here, "{}", field.full_name());
            }
        }
    }
}
