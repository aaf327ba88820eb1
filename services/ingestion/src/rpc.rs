//! One file per RPC: parse the whole request, decide once, answer. `record_contacts`, `record_history`, `read_letter`, `read_hours` and
//! `leave_queue` are what we call ourselves.

pub(crate) mod converse;
pub(crate) mod create_source;
pub(crate) mod delete_import;
pub(crate) mod discard_quarantine_item;
pub(crate) mod get_import;
pub(crate) mod get_quarantine_item;
pub(crate) mod get_receipt;
pub(crate) mod get_source;
pub(crate) mod import_history;
pub(crate) mod leave_queue;
pub(crate) mod list_import_errors;
pub(crate) mod list_imports;
pub(crate) mod list_presets;
pub(crate) mod list_quarantine_items;
pub(crate) mod list_sources;
pub(crate) mod push_email;
pub(crate) mod push_ticket;
pub(crate) mod push_tickets;
pub(crate) mod read_hours;
pub(crate) mod read_letter;
pub(crate) mod record_call_event;
pub(crate) mod record_contacts;
pub(crate) mod record_history;
pub(crate) mod retry_quarantine_item;
pub(crate) mod update_source;
