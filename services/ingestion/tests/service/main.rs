//! The whole service over the wire.

mod bodies;
mod crashes;
mod inbox;
mod mails;
mod pushes;
mod raw;
mod stack;
mod ticketing;
mod webhooks;
