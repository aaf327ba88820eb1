//! Nothing personal is forgotten.

use std::collections::{BTreeSet, HashMap};

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use vorrang_api::feed::v1::EventHead;

use super::*;

/// Text and bytes fields that events can reach and that are not personal: names of resources, words of the tenant or of
/// ours, and what key figures are grouped by. They are kept in the clear, and for ever.
const NOT_PERSONAL: &[&str] = &[
    // Pseudonyms: what a `customers/{uuid}` stood for is gone with its key.
    "Ticket.customer",
    "Ticket.follow_up_of",
    "Ticket.name",
    "Message.name",
    "Customer.name",
    "SurveyAnswer.name",
    "MovedMessage.name",
    "Ticket.merged_into",
    "Ticket.split_from",
    "TicketLink.ticket",
    "TicketUnmerged.merged_into",
    "SurveyAnswer.customer",
    "SurveyAnswer.sending",
    "SurveyAnswer.ticket",
    "SurveySending.customer",
    "SurveySending.name",
    "SurveySending.ticket",
    "Review.name",
    "Review.ticket",
    // The proof of an erasure; its reference is the tenant's word.
    "Erasure.name",
    "Erasure.customer",
    "Erasure.reference",
    "Erasure.sha256",
    "Erasure.previous_sha256",
    "Erasure.merged_customers",
    "Actor.id",
    "Customer.merged_into",
    "CustomersMerged.merge",
    "CustomersMerged.source",
    "CustomersUnmerged.former_target",
    "CustomersUnmerged.merge",
    "MilestoneRecorded.customer",
    "OrderRecorded.customer",
    "ProactiveContactRecorded.customer",
    "ProactiveContact.ticket",
    "HistoryRecorded.customer",
    "HistoryRecorded.ticket",
    "HistoryRecorded.other_ticket",
    "HistoryRecorded.import_name",
    "HistoryRecorded.source",
    "HistoryMessage.message",
    "HistoryTicketOpened.external_id",
    "Ticket.external_id",
    // What they stand for lies at the shop.
    "CustomersMerged.kept_orders",
    "CustomersUnmerged.returned_orders",
    "Order.id",
    // Agents.
    "Ticket.assignee",
    "CallEvent.agent",
    "CallEvent.queue",
    "TicketAssigned.previous_assignee",
    "Customer.owner",
    "SurveyAnswer.agent",
    "Ticket.followers",
    "SurveySending.agent",
    "Review.agent",
    "Review.reviewer",
    // Words of the tenant.
    "CustomFieldValue.choice",
    "CustomFieldValue.code",
    "CustomFieldsEntry.key",
    "Choices.values",
    "Choice.display_name",
    "Choice.value",
    "SubState.display_name",
    "SubState.name",
    "Ticket.sub_state",
    "TicketField.description",
    "TicketField.display_name",
    "TicketField.name",
    "Ticket.intent",
    "Ticket.queue",
    "Ticket.tags",
    "Ticket.tier",
    "Customer.tier",
    "Customer.tier_source",
    "Milestone.name",
    "Milestone.source",
    "Order.currency",
    "Order.source",
    // Of companies.
    "Customer.organization",
    "Organization.display_name",
    "Organization.domains",
    "Organization.external_ids",
    "Organization.name",
    "Organization.tier",
    "Ticket.organization",
    "SurveyAnswer.survey",
    "SurveyAnswer.asked_by",
    "SurveySending.survey",
    "Survey.display_name",
    "Survey.name",
    "SurveyRule.condition",
    "SurveyText.introduction",
    "SurveyText.language",
    "SurveyText.question",
    "SurveyText.thanks",
    "SurveyInvitation.introduction",
    "SurveyInvitation.question",
    "Review.rubric",
    "ReviewItem.id",
    "Rubric.display_name",
    "Rubric.name",
    "RubricItem.description",
    "RubricItem.display_name",
    "RubricItem.id",
    "TicketUpdated.changed_fields",
    // Of another desk's past: words of that system and of the format, its agents, companies, and what an id of it stands for lies there.
    "ExceptionsEntry.key",
    "HistoryAgent.agent",
    "HistoryAgent.name",
    "HistoryAgent.team",
    "HistoryAgentPresence.agent",
    "HistoryAgentPresence.channels",
    "HistoryAgentPresence.state",
    "HistoryAssigned.agent",
    "HistoryAssigned.queue",
    "HistoryAutomationApplied.id",
    "HistoryBenchmark.kpi",
    "HistoryBenchmark.label",
    "HistoryBenchmark.valid_from",
    "HistoryCustomer.country",
    "HistoryCustomer.language",
    "HistoryCustomer.organization",
    "HistoryCustomer.tier",
    "HistoryHours.spans",
    "HistoryMacroApplied.id",
    "HistoryMessage.channel",
    "HistoryMessage.macro_id",
    "HistoryOrder.currency",
    "HistoryOrder.id",
    "HistoryQueueAccepted.agent",
    "HistoryQueueAccepted.queue",
    "HistoryQueueEntered.agent",
    "HistoryQueueEntered.queue",
    "HistoryQueueLeft.agent",
    "HistoryQueueLeft.queue",
    "HistoryReview.agent",
    "HistorySchedule.id",
    "HistorySchedule.time_zone",
    "HistorySchedule.valid_from",
    "HistorySelfService.article",
    "HistorySelfService.session",
    "HistorySelfService.step",
    "HistorySlaApplied.id",
    "HistorySlaPolicy.channels",
    "HistorySlaPolicy.id",
    "HistorySlaPolicy.priorities",
    "HistorySlaPolicy.schedule",
    "HistorySlaPolicy.tiers",
    "HistoryStatus.status",
    "HistorySurveyAnswered.agent",
    "HistorySurveyAnswered.survey",
    "HistorySurveySent.survey",
    "HistoryTarget.metric",
    "HistoryTicketOpened.channel",
    "HistoryTicketOpened.intent",
    "HistoryTicketOpened.opened_by",
    "HistoryTicketOpened.priority",
    "HistoryTicketOpened.queue",
    "HistoryTicketOpened.tags",
    "HistoryWrapUpEnded.agent",
    "RubricEntry.key",
    "WeeklyEntry.key",
    "ProactiveContact.agent",
    "ProactiveContact.id",
    "ProactiveContact.source",
    // Of a desk, not of a customer.
    "Schedule.name",
    "Schedule.display_name",
    "Schedule.time_zone",
    "Schedule.valid_from",
    "Schedule.etag",
    "ScheduleVersion.time_zone",
    "ScheduleVersion.valid_from",
    "ScheduleException.date",
    "ScheduleException.hours",
    "ScheduleException.name",
    "ScheduleException.uid",
    "ScheduleUpdated.changed_fields",
    "WeeklyHours.monday",
    "WeeklyHours.tuesday",
    "WeeklyHours.wednesday",
    "WeeklyHours.thursday",
    "WeeklyHours.friday",
    "WeeklyHours.saturday",
    "WeeklyHours.sunday",
    // Of many people.
    "Ticket.language",
    "Customer.language",
    "Customer.country",
    "CustomFieldValue.date",
    "SurveySending.language",
    "SurveyInvitation.language",
    // Ours.
    "SubState.etag",
    "TicketField.etag",
    "SlaPolicy.condition",
    "SlaPolicy.display_name",
    "Match.tiers",
    // Where the tenant's own systems listen, without the query; the secret is never in an event.
    "Webhook.display_name",
    "Webhook.filter",
    "Webhook.secret",
    "Webhook.url",
    "WebhookUpdated.changed_fields",
    // Ours.
    "Webhook.etag",
    "Webhook.name",
    "SlaPolicy.name",
    "SlaPolicy.schedule",
    "SlaPolicy.etag",
    // The tenant's words, for everybody whom they are used on.
    "AgentsNotified.agents",
    "AgentsNotified.text",
    "Assign.agent",
    "Automation.condition",
    "Automation.description",
    "Automation.display_name",
    "Automation.etag",
    "Automation.name",
    "AutomationRun.automation",
    "AutomationRun.chain",
    "AutomationRun.event_id",
    "AutomationRun.name",
    "AutomationRun.reason",
    "AutomationRun.ticket",
    "Become.sub_state",
    "Cause.automations",
    "Field.field",
    "LocalizedText.language",
    "LocalizedText.text",
    "Macro.description",
    "Macro.display_name",
    "Macro.etag",
    "Macro.name",
    "MacroApplied.macro",
    "MacroApplied.messages",
    "Message.macro",
    "Notify.agents",
    "Notify.text",
    "Tags.tags",
    "Step.action",
    "Step.reason",
    "AutomationApplied.webhooks",
    "TicketAction.apply_macro",
    "TicketAction.send_survey",
    "TicketAction.send_to_webhook",
    "TicketAction.set_intent",
    "TicketAction.set_queue",
    "SlaRecalculated.previous_policy",
    "Ticket.sla_policy",
    "Ticket.schedule",
    "Ticket.etag",
    "Customer.etag",
    "Organization.etag",
    "Survey.etag",
    "Rubric.etag",
    "Review.etag",
    "SurveySending.cancel_reason",
    "SurveyChoice.label",
    // Say nothing about a person, and lead nowhere once the customer is erased.
    "SurveyChoice.url",
    "SurveyInvitation.url",
];

/// Messages behind fields that are personal as a whole. An organisation has attributes, too, which are not.
const PERSONAL_MESSAGES: &[&str] = &[
    "Attachment",
    "AttributeValue",
    "AttributesEntry",
    "FailedRecipient",
    "Identity",
];

fn event() -> MessageDescriptor {
    DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET)
        .expect("our own descriptors")
        .get_message_by_name("vorrang.ticketing.v1.Event")
        .expect("the event")
}

fn walk(message: &MessageDescriptor, seen: &mut BTreeSet<String>, found: &mut BTreeSet<String>) {
    if !message.package_name().starts_with("vorrang.") || !seen.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        match field.kind() {
            Kind::String | Kind::Bytes => {
                found.insert(format!("{}.{}", message.name(), field.name()));
            }
            Kind::Message(part) => walk(&part, seen, found),
            _ => {}
        }
    }
}

#[test]
fn every_text_of_an_event_is_known_to_be_personal_or_not() {
    let mut found = BTreeSet::new();
    walk(&event(), &mut BTreeSet::new(), &mut found);
    // The head is made from the log's own columns, which hold no customers' text.
    found.retain(|field| !field.starts_with("EventHead."));
    let unknown: Vec<&String> = found
        .iter()
        .filter(|field| !FIELDS.contains(&field.as_str()) && !NOT_PERSONAL.contains(&field.as_str()))
        .filter(|field| !PERSONAL_MESSAGES.contains(&field.split('.').next().unwrap_or_default()))
        .collect();
    assert!(
        unknown.is_empty(),
        "say of these fields whether they are personal, in convert/personal.rs or here: {unknown:?}"
    );
    let gone: Vec<&&str> = NOT_PERSONAL.iter().filter(|field| !found.contains(**field)).collect();
    assert!(gone.is_empty(), "no event has these fields: {gone:?}");
}

/// A field that is listed as personal but in no message that [`split`] reaches would still be stored in the clear.
#[test]
fn whatever_is_filled_in_comes_apart() {
    for payload in event().oneofs().next().expect("the payload").fields() {
        let Kind::Message(kind) = payload.kind() else {
            panic!("{} is no message", payload.name())
        };
        for choice in 0..choices(&kind) {
            let mut filled = DynamicMessage::new(event());
            filled.set_field(&payload, Value::Message(fill(&kind, choice)));
            comes_apart(payload.name(), &filled.transcode_to().expect("an event"));
        }
    }
}

/// How many ways there are to fill it: the most that a `oneof` of it has.
fn choices(kind: &MessageDescriptor) -> usize {
    kind.oneofs().map(|oneof| oneof.fields().len()).max().unwrap_or(1)
}

fn comes_apart(payload: &str, whole: &pb::Event) {
    let parts = parts(whole.clone());
    let public = pb::Event::decode(parts.public.as_slice()).expect("an event");
    let text = format!("{public:?}");
    for field in FIELDS {
        assert!(!text.contains(&canary(field)), "{field} of {payload} is in the clear");
    }
    // One behind the other they are the whole event again.
    let joined = [parts.public, parts.personal].concat();
    let joined = pb::Event::decode(joined.as_slice()).expect("an event");
    assert_eq!(&joined, whole, "{payload}");
}

fn canary(field: &str) -> String {
    format!("canary of {field}.")
}

/// A message with something in every field; each text says where it stands. Of a `oneof` only one can be filled: this `choice`.
fn fill(kind: &MessageDescriptor, choice: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(kind.clone());
    for field in kind.fields() {
        let oneof = field.containing_oneof().map(|oneof| oneof.fields().collect::<Vec<_>>());
        if oneof.is_some_and(|others| others[choice % others.len()] != field) {
            continue;
        }
        if field.is_map() {
            if field.name() == "custom_fields" {
                message.set_field(&field, Value::Map(values(&field)));
                continue;
            }
            let key = canary(&format!("{}.{}", kind.name(), field.name()));
            let Kind::Message(entry) = field.kind() else {
                panic!("a map has entries")
            };
            let Kind::Message(value) = entry.map_entry_value_field().kind() else {
                panic!("a map of messages")
            };
            let entries = [(MapKey::String(key), Value::Message(fill(&value, choice)))];
            message.set_field(&field, Value::Map(entries.into()));
            continue;
        }
        let value = match field.kind() {
            Kind::String => Value::String(canary(&format!("{}.{}", kind.name(), field.name()))),
            Kind::Bytes => Value::Bytes(vec![1].into()),
            Kind::Bool => Value::Bool(true),
            Kind::Enum(_) => Value::EnumNumber(1),
            Kind::Message(part) => Value::Message(fill(&part, choice)),
            Kind::Int64 => Value::I64(7),
            Kind::Int32 => Value::I32(7),
            Kind::Double => Value::F64(7.0),
            other => panic!("what is a {other:?}?"),
        };
        let value = if field.is_list() {
            Value::List(vec![value])
        } else {
            value
        };
        message.set_field(&field, value);
    }
    message
}

/// A text and a code.
fn values(map: &FieldDescriptor) -> HashMap<MapKey, Value> {
    let Kind::Message(entry) = map.kind() else {
        panic!("{} is no map", map.name())
    };
    let Kind::Message(kind) = entry.map_entry_value_field().kind() else {
        panic!("{} has plain values", map.name())
    };
    let value = |field: &str, text: String| {
        let mut value = DynamicMessage::new(kind.clone());
        value.set_field_by_name(field, Value::String(text));
        Value::Message(value)
    };
    HashMap::from([
        (
            MapKey::String("note".into()),
            value("text", canary("CustomFieldValue.text")),
        ),
        (MapKey::String("order".into()), value("code", "A-1".into())),
    ])
}

#[test]
fn what_was_erased_says_so() {
    let whole = pb::Event {
        head: None,
        cause: None,
        payload: Some(Payload::MessageCreated(pb::MessageCreated {
            ticket: Some(pb::Ticket {
                number: 7,
                subject: "Help".into(),
                ..pb::Ticket::default()
            }),
            message: Some(pb::Message {
                text: "Hello".into(),
                ..pb::Message::default()
            }),
        })),
    };
    let erased = erased(&parts(whole).public, Lost::All).expect("an event");
    let Some(Payload::MessageCreated(left)) = pb::Event::decode(erased.as_slice()).expect("an event").payload else {
        panic!("another kind of event")
    };
    let (ticket, message) = (left.ticket.expect("facts stay"), left.message.expect("facts stay"));
    assert_eq!((ticket.number, ticket.subject.as_str(), ticket.erased), (7, "", true));
    assert_eq!((message.text.as_str(), message.erased), ("", true));
}

#[test]
fn an_event_without_anything_personal_is_one_part() {
    let event = pb::Event {
        head: Some(EventHead::default()),
        cause: None,
        payload: Some(Payload::TicketQueued(pb::TicketQueued {
            ticket: Some(pb::Ticket {
                number: 7,
                ..pb::Ticket::default()
            }),
        })),
    };
    let parts = parts(event.clone());
    assert!(parts.personal.is_empty());
    assert_eq!(pb::Event::decode(parts.public.as_slice()).expect("an event"), event);
}
