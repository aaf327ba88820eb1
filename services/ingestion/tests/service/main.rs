//! The whole service over the wire.

mod crashes;
mod inbox;
mod mails;
mod pushes;
mod stack;
mod ticketing;
mod webhooks;
