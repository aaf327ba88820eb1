#![doc = include_str!("../README.md")]

mod address;
mod failure;
mod policy;
mod resolve;
mod send;
mod target;

pub use address::is_public;
pub use failure::Failure;
pub use policy::{Network, Policy};
pub use resolve::{Resolve, SystemResolver};
pub use send::{Answer, Egress};
pub use target::{TARGET_MAX, Target};
