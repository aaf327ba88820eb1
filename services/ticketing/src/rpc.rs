//! One file per RPC: reads the whole request into a command, decides in one store call, answers.

pub mod accept_ticket;
pub mod answer_survey;
pub mod assign_ticket;
pub mod change_ticket_state;
pub mod create_customer;
pub mod create_message;
pub mod create_ticket;
pub mod follow;
pub mod get_customer;
pub mod get_head;
pub mod get_ticket;
pub mod link_tickets;
pub mod list_customers;
pub mod list_messages;
pub mod list_queued_tickets;
pub mod list_tenants;
pub mod list_tickets;
pub mod lookup_customer;
pub mod merge_tickets;
pub mod record_contacts;
pub mod split_ticket;
pub mod unlink_tickets;
pub mod unmerge_ticket;
pub mod update_customer;
pub mod update_ticket;

mod fit;

#[cfg(test)]
mod tests;
