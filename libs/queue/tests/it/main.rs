//! The queues on a real Redis: each script by itself, many callers at once, faults, and random operations against a model.

mod concurrency;
mod desk;
mod faults;
mod feed;
mod leases;
mod model;
mod order;
mod properties;
mod rebuild;
mod returns;
mod waits;
