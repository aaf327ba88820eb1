//! The suite as its users meet it: all five services in one process, real stores, real connections.

mod apart;
mod automations;
mod converse;
mod desktop;
mod dynamic;
mod erasure;
mod faults;
mod history;
mod isolation;
mod journey;
mod live;
mod mailbox;
mod redelivery;
mod stack;
mod surface;
mod surveys;
mod window;
