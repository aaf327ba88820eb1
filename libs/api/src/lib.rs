//! The generated contracts of proto/: messages, clients and servers, and the descriptor set they were made from.
//!
//! Nothing is written by hand here except the conversions between the two clocks of protobuf and Rust, and [`raw`].
//! Services use these types at their edge only (`grpc.rs`, `rpc/`, `convert.rs`).

pub mod raw;
mod time;

pub use time::{duration, from_duration, from_timestamp, timestamp};

/// All contracts with their imports, comments and options, as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! package {
    ($name:ident) => {
        #[allow(
            clippy::all,
            missing_docs,
            reason = "generated; its documentation is in proto/"
        )]
        pub mod $name {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/vorrang.", stringify!($name), ".v1.rs"));
            }
        }
    };
}

package!(analytics);
package!(feed);
package!(ingestion);
package!(knowledge);
package!(routing);
package!(ticketing);
