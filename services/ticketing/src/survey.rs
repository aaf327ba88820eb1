//! Surveys: what customers are asked, when, and what their answers are worth. Pure: reads no clock and no store.
//!
//! - [`Kind`] fixes a scale and which end of it is good; nothing else may.
//! - [`Survey`] is a definition; [`rule`] decides whether a solve is asked about.
//! - [`Sending`] is one question to one customer; [`answer`] decides which answer to it holds.
//! - [`Links`] makes and reads the signed addresses by which customers answer.

pub mod answer;
mod definition;
mod kind;
mod link;
pub mod phrases;
pub mod rule;
mod sending;

pub use answer::Answer;
pub use definition::{Field, SURVEYS_MAX, Survey, Text, VALID_FOR};
pub use kind::{Kind, Repeats};
pub use link::{Links, Token};
pub use phrases::{Phrases, accepted};
pub use rule::{Rule, Trigger};
pub use sending::{Cancelled, Invitation, Sending, State};

#[cfg(test)]
mod tests;
