//! A service desk's past as JSON Lines: one event a line, in any order.
//!
//! ```text
//! text --read-->  Line | Bad         one line, strictly: what is unknown, missing or impossible is named with its field
//! Value --hash--> 32 bytes           the same event whatever the order of its fields
//! [Line] --key--> the order in which lines count: by instant, then rank, then number
//! Line --References::see--> Ok | Problem   tickets that are named must be open by then, merges make no circles
//! ```
//!
//! Pure: no clock, no IO. What a line means for a figure or a row is decided by others.

mod fields;
mod hash;
mod line;
mod read;
mod references;
mod what;
mod words;

pub use hash::hash;
pub use line::{Actor, Line, What};
pub use read::{BYTES_MAX, Bad, ID_MAX, Problem, Read, Reason, read, read_all};
pub use references::References;
pub use words::{ActorKind, Presence, Priority, Status, Step, Survey, Tier, Visibility};

#[cfg(test)]
mod tests;
