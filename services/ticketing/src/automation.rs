//! Automations: what is done to tickets when something happens, or when nothing does. Pure: reads no clock and no store.
//!
//! - [`definition`]: what a tenant defines, and when it is enabled.
//! - [`trigger`]: what can set one off, and [`anchor`]: from when a time counts.
//! - [`cause`]: the chain of automations that led to something, and what stops one.
//! - [`decide`]: what one does to a ticket. The dry run and the real run both ask it, and nothing else decides.
//! - [`turn`]: all of them on one ticket, in order, each on the ticket as those before it left it.

pub mod anchor;
pub mod cause;
pub mod decide;
pub mod definition;
pub mod trigger;
pub mod turn;

pub use anchor::{Anchor, Moments, Spoken};
pub use cause::Cause;
pub use decide::{Decided, Guard, Run, SetOff, Setting, Step, StepOutcome, actor, decide, untouched};
pub use definition::{AUTOMATIONS_MAX, Automation, Field, Profile, Ready, reorder};
pub use trigger::{AnchorKind, EventKind, Happening, Outcome, TimeTrigger, Trigger};
pub use turn::{Taken, take_turn};

#[cfg(test)]
mod tests;
