//! The whole service over the wire.

mod bodies;
mod checks;
mod crashes;
mod delivery;
mod inbox;
mod mails;
mod presets;
mod pushes;
mod raw;
mod stack;
mod threads;
mod ticketing;
mod webhooks;
