//! Routing on its real chassis, Redis and database, with a stand-in for ticketing beside it, called over the wire.

mod admin;
mod desktop;
mod faults;
mod queues;
mod replicas;
mod returns;
mod stack;
mod ticketing;
mod waits;
mod work;
