//! Between the domain and the generated types of the contract: [`output`] writes them, [`input`] reads and checks them.

pub mod input;
mod output;
mod words;

pub use output::{contact_result, customer, event, message, survey_answer, ticket};
