//! Background work. Each loop has a `tick` that tests call.

pub mod automations;
pub mod calls;
pub mod sla;
