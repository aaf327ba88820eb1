//! The live queues in Redis: what waits, who was offered what, and how many slots each agent has taken.
//!
//! Nothing here is the truth. Ticketing decides who has a ticket; everything in these keys can be rebuilt from its list of
//! waiting tickets and its feed. Every change is one Lua script, so any number of routing processes may share one Redis.
//!
//! - **Order**: class first, then due time, then arrival, over all lanes that an agent serves. A contact that comes back keeps its place.
//! - **Capacity**: a slot is taken in the script that leases and given back in the script that ends it.
//! - **Leases** end by the server's clock. [`Queue::expire`] puts the contact back; after too many returns it is parked, never dropped.
//! - **Loss**: without the `complete` mark, written last by a rebuild, [`Queue::claim`] and [`Queue::apply`] say *not ready*
//!   instead of showing an empty queue.

mod apply;
mod claim;
mod connection;
mod held;
mod keys;
mod lane;
mod leases;
mod rebuild;
mod reply;
mod script;
mod stats;
mod wait;
mod withdraw;

pub use apply::{Applied, Batch, Change, Held, Operation, Waiting};
pub use claim::{Claim, Claimed, Offer};
pub use connection::Queue;
pub use held::{Confirmation, Confirmed, Holder};
pub use lane::{Lane, Place};
pub use leases::{Expired, LeaseRef, Outcome, ReleaseKind, Returns, Swept};
pub use rebuild::{Begin, State};
pub use stats::{Counts, LaneCounts, Peeked, Stored};
pub use wait::{Pace, Standing, Wait};

/// Most operations in one call of a script: keeps Redis busy for a few milliseconds at most.
pub const BATCH_MAX: usize = 500;
