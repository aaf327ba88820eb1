//! The tables. One file each; never seen outside `store`.

pub mod contact_key;
pub mod customer;
pub mod identity;
pub mod message;
pub mod number;
pub mod personal_key;
pub mod solve;
pub mod survey_answer;
pub mod thread_key;
pub mod ticket;
