//! What of a ticket is another than before.

use crate::ticket::Ticket;

/// The fields of the contract that actions can change and that differ, in alphabetical order.
pub fn changed_fields(before: &Ticket, after: &Ticket) -> Vec<&'static str> {
    let differs = [
        ("assignee", before.assignee != after.assignee),
        ("custom_fields", before.custom_fields != after.custom_fields),
        ("intent", before.intent != after.intent),
        ("priority", before.priority != after.priority),
        ("queue", before.queue != after.queue),
        ("state", before.state != after.state),
        ("sub_state", before.sub_state != after.sub_state),
        ("tags", before.tags != after.tags),
    ];
    differs
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
}
