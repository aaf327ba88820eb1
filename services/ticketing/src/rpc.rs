//! One file per RPC: reads the whole request into a command, decides in one store call, answers.

pub mod accept_ticket;
pub mod answer_survey;
pub mod archive_schedule;
pub mod assign_ticket;
pub mod change_ticket_state;
pub mod compute_business_time;
pub mod create_customer;
pub mod create_message;
pub mod create_organization;
pub mod create_schedule;
pub mod create_ticket;
pub mod delete_organization;
pub mod dismiss_merge_suggestion;
pub mod follow;
pub mod get_customer;
pub mod get_head;
pub mod get_lifetime_values;
pub mod get_organization;
pub mod get_schedule;
pub mod get_ticket;
pub mod import_holidays;
pub mod link_tickets;
pub mod list_customer_merges;
pub mod list_customers;
pub mod list_merge_suggestions;
pub mod list_messages;
pub mod list_milestones;
pub mod list_orders;
pub mod list_organizations;
pub mod list_queued_tickets;
pub mod list_schedule_versions;
pub mod list_schedules;
pub mod list_tenants;
pub mod list_tickets;
pub mod lookup_customer;
pub mod merge_customers;
pub mod merge_tickets;
pub mod move_identity;
pub mod record_contacts;
pub mod record_milestones;
pub mod record_orders;
pub mod restore_schedule;
pub mod split_ticket;
pub mod unlink_tickets;
pub mod unmerge_customer;
pub mod unmerge_ticket;
pub mod unverify_identity;
pub mod update_customer;
pub mod update_organization;
pub mod update_schedule;
pub mod update_ticket;
pub mod verify_identity;

mod fit;

#[cfg(test)]
mod tests;
