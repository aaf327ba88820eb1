//! Background work that is not search. Each loop has a `tick` that tests call.

pub(crate) mod forget_answers;
pub(crate) mod link_tickets;
