//! The tables. One file each; never seen outside `store`.

pub mod contact_key;
pub mod customer;
pub mod customer_merge;
pub mod customer_merge_part;
pub mod customer_milestone;
pub mod customer_order;
pub mod identity;
pub mod merge_suggestion;
pub mod message;
pub mod number;
pub mod organization;
pub mod organization_key;
pub mod personal_key;
pub mod schedule;
pub mod schedule_version;
pub mod sla_policy;
pub mod sla_terms;
pub mod solve;
pub mod sub_state;
pub mod survey_answer;
pub mod thread_key;
pub mod ticket;
pub mod ticket_field;
pub mod ticket_state;
pub mod ticket_value;
