//! Reading worked cases.

pub mod expect;
pub mod history;
