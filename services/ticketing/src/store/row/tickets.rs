//! A ticket and its row.

use super::*;

pub(super) fn read_ticket(keyring: &Keyring, row: ticket::Model) -> Result<Ticket, Error> {
    let place = Place("tickets", row.id.as_bytes());
    let (texts, erased) = sealed::open::<TicketTexts>(keyring, place, row.sealed.as_deref())?;
    Ok(Ticket {
        id: row.id,
        number: row.number,
        subject: texts.subject,
        customer: row.customer_id,
        channel: row.channel.parse()?,
        state: row.state.parse()?,
        sub_state: row.sub_state,
        disposition: row.disposition.parse()?,
        priority: row.priority.parse()?,
        tier: row.tier,
        organization: row.organization_id,
        queue: row.queue,
        assignee: row.assignee,
        tags: read_json(&row.tags)?,
        followers: read_json(&row.followers)?,
        custom_fields: {
            let mut values: CustomFields = read_json(&row.custom_fields)?;
            values.extend(texts.fields.into_iter().map(|(id, text)| (id, CustomValue::Text(text))));
            values
        },
        intent: row.intent,
        language: row.language,
        due_at: time(row.due_at),
        queue_entered_at: time(row.queue_entered_at),
        generation: row.generation,
        follow_up_of: row.follow_up_of,
        automated: row.automated,
        message_count: row.message_count,
        last_message: row.last_message,
        opened_at: from_micros(row.opened_at),
        contacted_at: time(row.contacted_at),
        first_replied_at: time(row.first_replied_at),
        solved_at: time(row.solved_at),
        solve_count: row.solve_count,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        revision: row.revision,
        sla: row.sla.as_deref().map(read_json).transpose()?,
        erased: erased || row.erased,
        last_position: row.last_position,
        links: read_json(&row.links)?,
        merged_into: row.merged_into,
        kept_wait: time(row.kept_wait),
        split_from: row.split_from,
        external_id: row.external_id,
        handling: row.handling.parse()?,
        call: row.call.as_deref().map(read_json).transpose()?,
        line_at: time(row.line_at),
        past: row.past.as_deref().map(read_json).transpose()?,
    })
}

/// A ticket as a row.
pub fn ticket_row(keyring: &Keyring, tenant: &str, ticket: &Ticket) -> Result<ticket::Model, Error> {
    let (personal, open): (CustomFields, CustomFields) = ticket
        .custom_fields
        .clone()
        .into_iter()
        .partition(|(_, value)| value.is_personal());
    let texts = TicketTexts {
        subject: ticket.subject.clone(),
        fields: personal
            .into_iter()
            .filter_map(|(id, value)| match value {
                CustomValue::Text(text) => Some((id, text)),
                _ => None,
            })
            .collect(),
    };
    Ok(ticket::Model {
        tenant: tenant.to_owned(),
        id: ticket.id,
        number: ticket.number,
        customer_id: ticket.customer,
        channel: ticket.channel.as_str().to_owned(),
        state: ticket.state.as_str().to_owned(),
        sub_state: ticket.sub_state.clone(),
        disposition: ticket.disposition.as_str().to_owned(),
        priority: ticket.priority.as_str().to_owned(),
        tier: ticket.tier.clone(),
        organization_id: ticket.organization,
        queue: ticket.queue.clone(),
        assignee: ticket.assignee.clone(),
        tags: json(&ticket.tags),
        followers: json(&ticket.followers),
        custom_fields: json(&open),
        intent: ticket.intent.clone(),
        language: ticket.language.clone(),
        due_at: ticket.due_at.map(micros),
        queue_entered_at: ticket.queue_entered_at.map(micros),
        queue_rank: i32::from(ticket.tier != TIER_VIP),
        generation: ticket.generation,
        follow_up_of: ticket.follow_up_of,
        automated: ticket.automated,
        message_count: ticket.message_count,
        last_message: ticket.last_message,
        opened_at: micros(ticket.opened_at),
        contacted_at: ticket.contacted_at.map(micros),
        first_replied_at: ticket.first_replied_at.map(micros),
        solved_at: ticket.solved_at.map(micros),
        solve_count: ticket.solve_count,
        created_at: micros(ticket.created_at),
        updated_at: micros(ticket.updated_at),
        revision: ticket.revision,
        last_position: ticket.last_position,
        links: json(&ticket.links),
        merged_into: ticket.merged_into,
        kept_wait: ticket.kept_wait.map(micros),
        split_from: ticket.split_from,
        external_id: ticket.external_id.clone(),
        handling: ticket.handling.as_str().to_owned(),
        call: ticket.call.as_ref().map(json),
        line_at: ticket.line_at.map(micros),
        past: ticket.past.as_ref().map(json),
        sla: ticket.sla.as_ref().map(json),
        next_sla_at: ticket.sla.as_ref().and_then(|sla| sla.watch.wake_at()).map(micros),
        erased: ticket.erased,
        sealed: sealed::seal(keyring, ticket.id, Place("tickets", ticket.id.as_bytes()), &texts)?,
    })
}
