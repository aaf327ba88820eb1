//! The whole service over the wire.

mod bodies;
mod chats;
mod checks;
mod crashes;
mod delivery;
mod desk;
mod hostile;
mod imports;
mod inbox;
mod mailboxes;
mod mails;
mod outgoing;
mod past;
mod posting;
mod presets;
mod pushes;
mod raw;
mod smtp;
mod stack;
mod stuck;
mod threads;
mod ticketing;
mod tokens;
mod vendors;
mod webhooks;
