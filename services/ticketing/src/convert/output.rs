//! From the domain to the contract. Cannot fail.

mod customers;

use chrono::{DateTime, Utc};
use prost::Message as _;
use vorrang_api::feed::v1 as feed;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_error::Error;

use super::{action, automation, custom, schedule, sla, words};
use crate::contact::{Outcome, Recorded};
use crate::event::{Event, Fact};
use crate::message::Message;
use crate::names;
use crate::ticket::{CallEvent, Change, Link, Moved, Ticket};
use crate::words::Actor;

pub use customers::{
    customer, customer_merge, lifetime_value, merge_suggestion, milestone, order, organization, proactive_contact,
    record_result,
};

pub(super) fn time(at: DateTime<Utc>) -> Option<prost_types::Timestamp> {
    Some(vorrang_api::timestamp(at))
}

pub(super) fn maybe(at: Option<DateTime<Utc>>) -> Option<prost_types::Timestamp> {
    at.map(vorrang_api::timestamp)
}

/// A ticket.
pub fn ticket(ticket: &Ticket) -> pb::Ticket {
    pb::Ticket {
        name: names::ticket(ticket.id),
        number: ticket.number,
        subject: ticket.subject.clone(),
        customer: names::customer(ticket.customer),
        channel: words::channel(ticket.channel).into(),
        state: words::state(ticket.state).into(),
        priority: words::priority(ticket.priority).into(),
        tier: ticket.tier.clone(),
        queue: ticket.queue.clone(),
        assignee: ticket.assignee.clone().unwrap_or_default(),
        tags: ticket.tags.clone(),
        intent: ticket.intent.clone(),
        language: ticket.language.clone(),
        due_at: maybe(ticket.due_at),
        queue_entered_at: maybe(ticket.queue_entered_at),
        generation: ticket.generation,
        follow_up_of: ticket.follow_up_of.map(names::ticket).unwrap_or_default(),
        automated: ticket.automated,
        message_count: ticket.message_count,
        opened_at: time(ticket.opened_at),
        first_replied_at: maybe(ticket.first_replied_at),
        solved_at: maybe(ticket.solved_at),
        solve_count: ticket.solve_count,
        created_at: time(ticket.created_at),
        updated_at: time(ticket.updated_at),
        etag: vorrang_service::etag(ticket.revision),
        sub_state: ticket.sub_state.as_deref().map(names::sub_state).unwrap_or_default(),
        custom_fields: custom::values(&ticket.custom_fields),
        followers: ticket.followers.clone(),
        disposition: words::disposition(ticket.disposition).into(),
        sla_targets: sla::sla_targets(ticket),
        sla_policy: ticket
            .sla
            .as_ref()
            .map(|sla| names::sla_policy(sla.policy))
            .unwrap_or_default(),
        schedule: ticket
            .sla
            .as_ref()
            .and_then(|sla| sla.schedule.clone())
            .unwrap_or_default(),
        erased: ticket.erased,
        links: ticket.links.iter().map(link).collect(),
        merged_into: ticket.merged_into.map(names::ticket).unwrap_or_default(),
        split_from: ticket.split_from.map(names::ticket).unwrap_or_default(),
        organization: ticket.organization.map(names::organization).unwrap_or_default(),
        external_id: ticket.external_id.clone().unwrap_or_default(),
        handling: words::handling(ticket.handling).into(),
    }
}

fn call_event(event: &CallEvent) -> pb::CallEvent {
    pb::CallEvent {
        kind: words::call_kind(event.kind).into(),
        occurred_at: time(event.at),
        agent: event.agent.clone(),
        queue: event.queue.clone(),
        hung_up_by: event.hung_up_by.map_or(0, |party| words::call_party(party).into()),
        talk_time: event.talk_time.map(vorrang_api::duration),
        hold_time: event.hold_time.map(vorrang_api::duration),
    }
}

fn link(link: &Link) -> pb::TicketLink {
    pb::TicketLink {
        r#type: words::link_kind(link.kind).into(),
        ticket: names::ticket(link.ticket),
        created_at: time(link.at),
    }
}

/// A message.
pub fn message(message: &Message) -> pb::Message {
    pb::Message {
        name: names::message(message.ticket, message.id),
        actor: Some(actor(&message.actor)),
        visibility: words::visibility(message.visibility).into(),
        text: message.text.clone(),
        quoted_text: message.quoted_text.clone(),
        channel: words::channel(message.channel).into(),
        attachments: message
            .attachments
            .iter()
            .map(|file| pb::Attachment {
                file_name: file.file_name.clone(),
                content_type: file.content_type.clone(),
                size_bytes: file.size_bytes,
                sha256: file.sha256.clone(),
                name: file
                    .of
                    .map(|customer| names::attachment(customer, &file.sha256))
                    .unwrap_or_default(),
                content_id: file.content_id.clone(),
            })
            .collect(),
        occurred_at: time(message.occurred_at),
        created_at: time(message.created_at),
        external_id: message.external_id.clone(),
        automated: message.automated,
        r#macro: message.from_macro.map(names::macro_name).unwrap_or_default(),
        erased: message.erased,
        failed_recipients: message
            .failed_recipients
            .iter()
            .map(|one| pb::FailedRecipient {
                address: one.address.clone(),
                failed: one.failed,
                status: one.status.clone(),
                diagnostic: one.diagnostic.clone(),
            })
            .collect(),
    }
}

/// A message for whom it is enough to know what it is about: the first `bytes` of the text, nothing quoted, no files.
pub fn message_in_short(one: &Message, bytes: usize) -> pb::Message {
    const MARK: &str = "…";
    let text = if one.text.len() <= bytes {
        one.text.clone()
    } else {
        let end = one.text.floor_char_boundary(bytes.saturating_sub(MARK.len()));
        format!("{}{MARK}", &one.text[..end])
    };
    pb::Message {
        text,
        quoted_text: String::new(),
        attachments: Vec::new(),
        external_id: String::new(),
        failed_recipients: Vec::new(),
        ..message(one)
    }
}

/// A ticket beside another one: without what is personal, which is told and kept with the ticket itself only, under its own key.
pub fn ticket_in_brief(one: &Ticket) -> pb::Ticket {
    super::personal::public(ticket(one))
}

/// An event as it is stored at `now`: with an empty head, which the feed fills in.
pub fn event(event: &Event, now: DateTime<Utc>) -> pb::Event {
    let payload = match &event.fact {
        Fact::CustomerCreated(one) => Payload::CustomerCreated(pb::CustomerCreated {
            customer: Some(customer(one, now)),
        }),
        Fact::CustomerUpdated(one) => Payload::CustomerUpdated(pb::CustomerUpdated {
            customer: Some(customer(one, now)),
        }),
        Fact::CustomersMerged {
            target,
            source,
            merge,
            kept_orders,
        } => Payload::CustomersMerged(pb::CustomersMerged {
            target: Some(customer(target, now)),
            source: names::customer(*source),
            merge: names::customer_merge(*merge),
            kept_orders: kept_orders.clone(),
        }),
        Fact::CustomersUnmerged {
            customer: own,
            former_target,
            merge,
            returned_orders,
        } => Payload::CustomersUnmerged(pb::CustomersUnmerged {
            customer: Some(customer(own, now)),
            former_target: names::customer(*former_target),
            merge: names::customer_merge(*merge),
            returned_orders: returned_orders.clone(),
        }),
        Fact::OrderRecorded(whose, one) => Payload::OrderRecorded(pb::OrderRecorded {
            customer: names::customer(*whose),
            order: Some(order(one)),
        }),
        Fact::MilestoneRecorded(whose, one) => Payload::MilestoneRecorded(pb::MilestoneRecorded {
            customer: names::customer(*whose),
            milestone: Some(milestone(one)),
        }),
        Fact::ContactMade(whose, one) => Payload::ProactiveContactRecorded(pb::ProactiveContactRecorded {
            customer: names::customer(*whose),
            contact: Some(proactive_contact(one)),
        }),
        Fact::History(one) => Payload::HistoryRecorded(super::history::recorded(one, &event.actor)),
        Fact::OrganizationCreated(one) => Payload::OrganizationCreated(pb::OrganizationCreated {
            organization: Some(organization(one)),
        }),
        Fact::OrganizationUpdated(one) => Payload::OrganizationUpdated(pb::OrganizationUpdated {
            organization: Some(organization(one)),
        }),
        Fact::OrganizationDeleted(one) => Payload::OrganizationDeleted(pb::OrganizationDeleted {
            organization: Some(organization(one)),
        }),
        Fact::SubState(one, deleted) => Payload::SubStateChanged(pb::SubStateChanged {
            sub_state: Some(custom::sub_state(one)),
            deleted: *deleted,
        }),
        Fact::TicketField(one) => Payload::TicketFieldChanged(pb::TicketFieldChanged {
            ticket_field: Some(custom::ticket_field(one)),
        }),
        Fact::SlaPolicy(policy, change) => sla::sla_policy_changed(policy, *change),
        Fact::CustomerErased(one, proof) => Payload::CustomerErased(pb::CustomerErased {
            customer: Some(customer(one, now)),
            erasure: Some(super::privacy::erasure(proof)),
        }),
        Fact::Macro(one) => Payload::MacroChanged(pb::MacroChanged {
            r#macro: Some(action::macro_resource(one)),
        }),
        Fact::Automation(one) => Payload::AutomationChanged(pb::AutomationChanged {
            automation: Some(automation::automation(one)),
        }),
        Fact::Ticket(after, change) => of_ticket(after, change, now),
        Fact::Schedule(fact) => Payload::ScheduleUpdated(schedule::updated(fact)),
        Fact::SurveyDefined(one) => Payload::SurveyDefined(pb::SurveyDefined {
            survey: Some(super::survey(one)),
        }),
        Fact::SurveySent(sent) => Payload::SurveySent(pb::SurveySent {
            ticket: sent.ticket.as_ref().map(ticket),
            sending: Some(super::survey_sending(&sent.sending, Some(&sent.invitation))),
        }),
        Fact::SurveyAnswered(given) => Payload::SurveyAnswered(pb::SurveyAnswered {
            ticket: given.ticket.as_ref().map(ticket),
            answer: Some(super::survey_answer(&given.answer)),
            replaced: given.previous.is_some(),
            previous: given.previous.as_ref().map(super::survey_answer_in_brief),
        }),
        Fact::RubricDefined(one) => Payload::RubricDefined(pb::RubricDefined {
            rubric: Some(super::rubric(one)),
        }),
        Fact::Reviewed(after, one, replaced) => Payload::ReviewRecorded(pb::ReviewRecorded {
            ticket: Some(ticket(after)),
            review: Some(super::review(one)),
            replaced: *replaced,
        }),
        Fact::Webhook(after, change) => super::webhook::webhook_event(after, change),
    };
    pb::Event {
        head: None,
        cause: automation::cause(&event.cause),
        payload: Some(payload),
    }
}

fn of_ticket(after: &Ticket, change: &Change, now: DateTime<Utc>) -> Payload {
    let full = Some(ticket(after));
    match change {
        Change::Created => Payload::TicketCreated(pb::TicketCreated { ticket: full }),
        Change::Updated(fields) => Payload::TicketUpdated(pb::TicketUpdated {
            ticket: full,
            changed_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        }),
        Change::StateChanged(previous) => Payload::TicketStateChanged(pb::TicketStateChanged {
            ticket: full,
            previous_state: words::state(*previous).into(),
        }),
        Change::Queued => Payload::TicketQueued(pb::TicketQueued { ticket: full }),
        Change::Assigned(assignment) => Payload::TicketAssigned(pb::TicketAssigned {
            ticket: full,
            source: words::assign_source(assignment.source).into(),
            previous_assignee: assignment.previous.clone().unwrap_or_default(),
            queue_entered_at: maybe(assignment.queue_entered_at),
            accepted_at: time(assignment.accepted_at),
        }),
        Change::Message(added) => Payload::MessageCreated(pb::MessageCreated {
            ticket: full,
            message: Some(message(added)),
        }),
        Change::DispositionChanged(previous) => Payload::TicketDispositionChanged(pb::TicketDispositionChanged {
            ticket: full,
            previous_disposition: words::disposition(*previous).into(),
        }),
        Change::Sla(change) => sla::sla_payload(after, change),
        Change::MacroApplied(used) => action::macro_applied(after, used),
        Change::Notified(notice) => action::agents_notified(after, notice),
        Change::Automated(run) => automation::automation_applied(after, run, now),
        Change::Merged(target) => Payload::TicketMerged(pb::TicketMerged {
            ticket: full,
            target: Some(ticket_in_brief(target)),
        }),
        Change::Unmerged(target, direct) => Payload::TicketUnmerged(pb::TicketUnmerged {
            ticket: full,
            target: Some(ticket_in_brief(target)),
            merged_into: names::ticket(*direct),
        }),
        Change::Split(new, moved) => Payload::TicketSplit(pb::TicketSplit {
            ticket: full,
            new_ticket: Some(ticket_in_brief(new)),
            messages: moved.iter().map(|one| moved_message(new, one)).collect(),
        }),
        Change::Linked(other, kind) => Payload::TicketLinked(pb::TicketLinked {
            ticket: full,
            other: Some(ticket_in_brief(other)),
            r#type: words::link_kind(*kind).into(),
        }),
        Change::Unlinked(other, kind) => Payload::TicketUnlinked(pb::TicketUnlinked {
            ticket: full,
            other: Some(ticket_in_brief(other)),
            r#type: words::link_kind(*kind).into(),
        }),
        Change::QueueLeft(left) => Payload::TicketQueueLeft(pb::TicketQueueLeft {
            ticket: full,
            queue_entered_at: time(left.queue_entered_at),
            left_at: time(left.left_at),
        }),
        Change::Call(event) => Payload::CallEventRecorded(pb::CallEventRecorded {
            ticket: full,
            call_event: Some(call_event(event)),
        }),
        Change::TextsErased => Payload::TicketTextsErased(pb::TicketTextsErased { ticket: full }),
        Change::AttachmentsErased(count) => Payload::TicketAttachmentsErased(pb::TicketAttachmentsErased {
            ticket: full,
            attachments: *count,
        }),
    }
}

fn moved_message(new: &Ticket, moved: &Moved) -> pb::MovedMessage {
    pb::MovedMessage {
        name: names::message(new.id, moved.id),
        actor: Some(actor(&moved.actor)),
        visibility: words::visibility(moved.visibility).into(),
        occurred_at: time(moved.occurred_at),
        automated: moved.automated,
    }
}

fn actor(actor: &Actor) -> feed::Actor {
    feed::Actor {
        kind: words::actor_kind(actor.kind).into(),
        id: actor.id.clone(),
    }
}

/// What became of a contact.
pub fn contact_result(result: Result<Recorded, Error>) -> pb::ContactResult {
    match result {
        Ok(recorded) => pb::ContactResult {
            outcome: match recorded.outcome {
                Outcome::Created => pb::contact_result::Outcome::Created,
                Outcome::Appended => pb::contact_result::Outcome::Appended,
                Outcome::Duplicate => pb::contact_result::Outcome::Duplicate,
            }
            .into(),
            ticket: names::ticket(recorded.ticket),
            message: names::message(recorded.ticket, recorded.message),
            number: recorded.number,
            error: None,
            customer: names::customer(recorded.customer),
        },
        Err(error) => pb::ContactResult {
            error: Some(item_error(error)),
            ..pb::ContactResult::default()
        },
    }
}

/// The error of an item with all the details that a call's error has.
fn item_error(error: Error) -> tonic_types::Status {
    let status = vorrang_service::status(error);
    match tonic_types::Status::decode(status.details()) {
        Ok(full) if !status.details().is_empty() => full,
        _ => tonic_types::Status {
            code: status.code().into(),
            message: status.message().to_owned(),
            details: Vec::new(),
        },
    }
}
