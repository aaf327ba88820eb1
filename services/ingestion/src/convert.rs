//! Between the contracts' types and ours.

use std::collections::BTreeMap;

use prost::Message as _;
use vorrang_api::ingestion::v1 as api;
use vorrang_api::ticketing::v1 as ticketing;
use vorrang_api::{from_timestamp, timestamp};
use vorrang_error::Violations;

use crate::contact::{
    Attribute, CallEvent, CallKind, CallParty, Channel, Contact, Identity, IdentityKind, Priority, Profile,
};
use crate::import::{Import, ImportState};
use crate::intake::GRPC;
use crate::language;
use crate::names;
use crate::outcome::{Outcome, PushResult};
use crate::presets::NotUnderstood;
use crate::store::{QuarantineItem, QuarantineState, Receipt, Source};

/// Reads a pushed contact. What cannot be read at all goes to `violations`; limits are checked later.
pub fn read_contact(contact: Option<api::Contact>, violations: &mut Violations) -> Contact {
    let Some(contact) = contact else {
        violations.add("contact", "must be set");
        return Contact::default();
    };
    let channel = match contact.channel() {
        _ if ticketing::Channel::try_from(contact.channel).is_err() => {
            violations.add("contact.channel", "must be one of the channels");
            Channel::Api
        }
        ticketing::Channel::Unspecified | ticketing::Channel::Api => Channel::Api,
        ticketing::Channel::Email => Channel::Email,
        ticketing::Channel::Chat => Channel::Chat,
        ticketing::Channel::Phone => Channel::Phone,
        ticketing::Channel::Social => Channel::Social,
        ticketing::Channel::Sms => Channel::Sms,
        ticketing::Channel::Messaging => Channel::Messaging,
        ticketing::Channel::Web => Channel::Web,
    };
    let priority = match ticketing::Priority::try_from(contact.priority) {
        Ok(ticketing::Priority::Unspecified) => Priority::Unspecified,
        Ok(ticketing::Priority::Low) => Priority::Low,
        Ok(ticketing::Priority::Normal) => Priority::Normal,
        Ok(ticketing::Priority::High) => Priority::High,
        Ok(ticketing::Priority::Urgent) => Priority::Urgent,
        Err(_) => {
            violations.add("contact.priority", "must be one of the priorities");
            Priority::Unspecified
        }
    };
    let mut time = |field: &str, at: Option<prost_types::Timestamp>| {
        let at = at?;
        violations.take(
            field,
            from_timestamp(&at).ok_or("must be a time in the years 1 to 9999"),
        )
    };
    let occurred_at = time("contact.occurred_at", contact.occurred_at);
    let due_at = time("contact.due_at", contact.due_at);
    let identities = contact
        .identities
        .into_iter()
        .enumerate()
        .filter_map(|(index, identity)| read_identity(index, identity, violations))
        .collect();
    // In whose name it is pushed; whether that source is the tenant's own is checked by who can look.
    let named = match contact.source.as_str() {
        "" => None,
        name => violations.take("contact.source", names::parse_source(name)),
    };
    let source = named.as_deref().map_or(GRPC.to_owned(), names::source);
    let mut read = Contact {
        source,
        whole: named.is_some(),
        external_id: contact.external_id,
        channel,
        identities,
        display_name: contact.display_name,
        // The words of the suite are lower case, `vip` above all.
        tier: contact.tier.trim().to_lowercase(),
        profile: contact
            .profile
            .map(|profile| read_profile(profile, violations))
            .unwrap_or_default(),
        subject: contact.subject,
        text: contact.text,
        priority,
        queue: contact.queue,
        tags: contact.tags,
        intent: contact.intent,
        language: contact.language,
        occurred_at,
        due_at,
        same_person: contact.same_person,
        ..Contact::default()
    };
    read.strip_nul();
    read.join_conversation(&contact.conversation_id);
    if !read.external_id.is_empty() {
        read.thread_keys
            .push(format!("contact:{}:{}", read.source, read.external_id));
    }
    read
}

fn read_profile(profile: ticketing::CustomerProfile, violations: &mut Violations) -> Profile {
    use ticketing::attribute_value::Value;
    let mut attributes = BTreeMap::new();
    for (key, value) in profile.attributes {
        let read = match value.value {
            Some(Value::Text(text)) => Some(Attribute::Text(text)),
            Some(Value::Number(number)) => Attribute::number(number),
            Some(Value::Boolean(yes)) => Some(Attribute::Boolean(yes)),
            Some(Value::Time(at)) => from_timestamp(&at).map(Attribute::Time),
            None => None,
        };
        match read {
            Some(read) => drop(attributes.insert(key, read)),
            None => violations.add(
                "contact.profile.attributes",
                "each must have a value: a text, a finite number, a boolean or a time in the years 1 to 9999",
            ),
        }
    }
    Profile {
        owner: profile.owner,
        language: profile.language,
        country: profile.country.to_ascii_uppercase(),
        attributes,
    }
}

fn write_profile(profile: &Profile) -> ticketing::CustomerProfile {
    use ticketing::attribute_value::Value;
    let value = |attribute: &Attribute| ticketing::AttributeValue {
        value: match attribute {
            Attribute::Text(text) => Some(Value::Text(text.clone())),
            Attribute::Number(number) => number.parse().ok().map(Value::Number),
            Attribute::Boolean(yes) => Some(Value::Boolean(*yes)),
            Attribute::Time(at) => Some(Value::Time(timestamp(*at))),
        },
    };
    let attributes = profile.attributes.iter();
    ticketing::CustomerProfile {
        owner: profile.owner.clone(),
        language: profile.language.clone(),
        country: profile.country.clone(),
        attributes: attributes.map(|(key, one)| (key.clone(), value(one))).collect(),
    }
}

/// Reads a pushed contact from the bytes it was kept as.
///
/// # Errors
/// [`NotUnderstood`] when they are no contact: it was readable when it came, so another build kept it.
pub fn read_kept_contact(kept: &[u8]) -> Result<Contact, NotUnderstood> {
    let mut violations = Violations::new();
    let contact = api::Contact::decode(kept).ok();
    let read = read_contact(contact, &mut violations);
    match violations.into_result() {
        Ok(()) => Ok(read),
        Err(error) => Err(NotUnderstood {
            reason: "CONTACT_INVALID",
            detail: error.message().to_owned(),
        }),
    }
}

fn read_identity(
    index: usize,
    identity: vorrang_api::ticketing::v1::Identity,
    violations: &mut Violations,
) -> Option<Identity> {
    use ticketing::identity::Kind;
    let kind = match Kind::try_from(identity.kind) {
        Ok(Kind::Email) => IdentityKind::Email,
        Ok(Kind::Phone) => IdentityKind::Phone,
        Ok(Kind::Social) => IdentityKind::Social,
        Ok(Kind::External) => IdentityKind::External,
        Ok(Kind::Unspecified) | Err(_) => {
            violations.add(
                format!("contact.identities[{index}].kind"),
                "must be EMAIL, PHONE, SOCIAL or EXTERNAL",
            );
            return None;
        }
    };
    let value = identity.value.trim();
    let value = if kind == IdentityKind::Email {
        value.to_lowercase()
    } else {
        value.to_owned()
    };
    Some(Identity {
        kind,
        value,
        verified: identity.verified,
    })
}

/// A contact as ticketing takes it.
pub fn inbound(request_id: &str, contact: &Contact, trace_parent: &str) -> ticketing::InboundContact {
    let channel = channel(contact.channel);
    ticketing::InboundContact {
        request_id: request_id.to_owned(),
        source: contact.source.clone(),
        external_id: contact.external_id.clone(),
        content_hash: contact.content_hash().to_vec().into(),
        channel: channel.into(),
        identities: contact.identities.iter().map(write_identity).collect(),
        display_name: contact.display_name.clone(),
        tier: contact.tier.clone(),
        profile: (!contact.profile.is_empty()).then(|| write_profile(&contact.profile)),
        subject: contact.subject.clone(),
        message: Some(ticketing::Message {
            text: contact.text.clone(),
            quoted_text: contact.quoted_text.clone(),
            channel: channel.into(),
            attachments: contact
                .attachments
                .iter()
                .map(|file| ticketing::Attachment {
                    file_name: file.file_name.clone(),
                    content_type: file.content_type.clone(),
                    size_bytes: file.size_bytes,
                    sha256: file.sha256.clone(),
                    name: String::new(),
                    content_id: file.content_id.clone(),
                })
                .collect(),
            occurred_at: contact.occurred_at.map(timestamp),
            external_id: contact.external_id.clone(),
            automated: contact.automated,
            failed_recipients: contact
                .failed_recipients
                .iter()
                .map(|one| ticketing::FailedRecipient {
                    address: one.address.clone(),
                    failed: one.failed,
                    status: one.status.clone(),
                    diagnostic: one.diagnostic.clone(),
                })
                .collect(),
            ..ticketing::Message::default()
        }),
        thread_keys: contact.thread_keys.clone(),
        reference_keys: contact.reference_keys.clone(),
        priority: priority(contact.priority).into(),
        queue: contact.queue.clone(),
        tags: contact.tags.clone(),
        intent: contact.intent.clone(),
        language: language(contact).to_owned(),
        due_at: contact.due_at.map(timestamp),
        automated: contact.automated,
        same_person: contact.same_person,
        trace_parent: trace_parent.to_owned(),
        call: contact.call.as_ref().map(call_event),
        asynchronous: contact.asynchronous,
        received_at: contact.received_at.map(timestamp),
    }
}

fn call_event(event: &CallEvent) -> ticketing::CallEvent {
    use ticketing::call_event::{Kind, Party};
    let seconds = |seconds: u32| vorrang_api::duration(chrono::TimeDelta::seconds(seconds.into()));
    let kind = match event.kind {
        CallKind::Queued => Kind::Queued,
        CallKind::Answered => Kind::Answered,
        CallKind::HoldBegan => Kind::HoldBegan,
        CallKind::HoldEnded => Kind::HoldEnded,
        CallKind::HungUp => Kind::HungUp,
        CallKind::WrapUpEnded => Kind::WrapUpEnded,
    };
    let party = |party| match party {
        CallParty::Customer => Party::Customer,
        CallParty::Agent => Party::Agent,
        CallParty::System => Party::System,
    };
    ticketing::CallEvent {
        kind: kind.into(),
        occurred_at: Some(timestamp(event.at)),
        agent: event.agent.clone(),
        queue: event.queue.clone(),
        hung_up_by: event.hung_up_by.map_or(0, |by| party(by).into()),
        talk_time: event.talk_seconds.map(seconds),
        hold_time: event.hold_seconds.map(seconds),
    }
}

/// As the source says; else what the text shows. A machine's words say nothing about the customer.
fn language(contact: &Contact) -> &str {
    match contact.language.as_str() {
        "" if !contact.automated => language::detect(&contact.subject, &contact.text),
        said => said,
    }
}

fn channel(channel: Channel) -> ticketing::Channel {
    match channel {
        Channel::Email => ticketing::Channel::Email,
        Channel::Chat => ticketing::Channel::Chat,
        Channel::Phone => ticketing::Channel::Phone,
        Channel::Social => ticketing::Channel::Social,
        Channel::Sms => ticketing::Channel::Sms,
        Channel::Messaging => ticketing::Channel::Messaging,
        Channel::Web => ticketing::Channel::Web,
        Channel::Api => ticketing::Channel::Api,
    }
}

fn priority(priority: Priority) -> ticketing::Priority {
    match priority {
        Priority::Unspecified => ticketing::Priority::Unspecified,
        Priority::Low => ticketing::Priority::Low,
        Priority::Normal => ticketing::Priority::Normal,
        Priority::High => ticketing::Priority::High,
        Priority::Urgent => ticketing::Priority::Urgent,
    }
}

fn write_identity(identity: &Identity) -> ticketing::Identity {
    use ticketing::identity::Kind;
    let kind = match identity.kind {
        IdentityKind::Email => Kind::Email,
        IdentityKind::Phone => Kind::Phone,
        IdentityKind::Social => Kind::Social,
        IdentityKind::External => Kind::External,
    };
    ticketing::Identity {
        kind: kind.into(),
        value: identity.value.clone(),
        verified: identity.verified,
    }
}

/// What ticketing made of a contact; `None` for an outcome that this build does not know.
pub fn recorded(result: ticketing::ContactResult) -> Option<PushResult> {
    use ticketing::contact_result::Outcome as Theirs;
    let outcome = match result.outcome() {
        Theirs::Created => Outcome::Created,
        Theirs::Appended => Outcome::Appended,
        Theirs::Duplicate => Outcome::Duplicate,
        Theirs::Unspecified => return None,
    };
    Some(PushResult {
        outcome,
        ticket: result.ticket,
        ticket_number: result.number,
        message: result.message,
        customer: result.customer,
        quarantine_item: String::new(),
        receipt: String::new(),
    })
}

/// A result as the contract has it.
pub fn push_result(result: PushResult) -> api::PushResult {
    let outcome = match result.outcome {
        Outcome::Created => api::Outcome::Created,
        Outcome::Appended => api::Outcome::Appended,
        Outcome::Duplicate => api::Outcome::Duplicate,
        Outcome::Quarantined => api::Outcome::Quarantined,
        Outcome::Accepted => api::Outcome::Accepted,
        Outcome::NeedsEnrichment => api::Outcome::NeedsEnrichment,
    };
    api::PushResult {
        outcome: outcome.into(),
        ticket: result.ticket,
        ticket_number: result.ticket_number,
        message: result.message,
        quarantine_item: result.quarantine_item,
        receipt: result.receipt,
        customer: result.customer,
    }
}

/// A receipt as the contract has it.
pub fn receipt(receipt: Receipt) -> api::Receipt {
    let state = match receipt.result {
        Some(_) => api::receipt::State::Delivered,
        None => api::receipt::State::Pending,
    };
    api::Receipt {
        name: names::receipt(receipt.id),
        state: state.into(),
        result: receipt.result.map(push_result),
        accepted_at: Some(timestamp(receipt.accepted_at)),
        delivered_at: receipt.delivered_at.map(timestamp),
        attempts: receipt.attempts,
    }
}

/// A quarantine item as the contract has it; `raw` is what came.
pub fn quarantine_item(item: QuarantineItem, raw: Vec<u8>) -> api::QuarantineItem {
    let state = match item.state {
        QuarantineState::Waiting => api::quarantine_item::State::Waiting,
        QuarantineState::Released => api::quarantine_item::State::Released,
        QuarantineState::Discarded => api::quarantine_item::State::Discarded,
        QuarantineState::NeedsEnrichment => api::quarantine_item::State::NeedsEnrichment,
    };
    api::QuarantineItem {
        name: names::quarantine_item(item.id),
        state: state.into(),
        source: item.source,
        reason: item.reason,
        detail: item.detail,
        content_type: item.content_type,
        raw: raw.into(),
        size_bytes: item.size_bytes,
        received_at: Some(timestamp(item.received_at)),
        result: item.result.map(push_result),
        external_ids: item.awaits,
    }
}

/// A source as the contract has it; `secret` is empty in all answers but those that may carry it.
pub fn source(source: Source, secret: String, rejected_count: u64) -> api::Source {
    api::Source {
        name: names::source(&source.id),
        display_name: source.display_name,
        preset: source.preset,
        secret,
        events_path: format!("/v1/{}/events", names::source(&source.id)),
        queue: source.queue,
        disabled: source.disabled,
        rejected_count: i64::try_from(rejected_count).unwrap_or(i64::MAX),
        etag: vorrang_service::etag(source.revision),
        created_at: Some(timestamp(source.created_at)),
    }
}

/// An error inside an answer, as the status that the call itself would have had.
pub fn status(error: vorrang_error::Error) -> tonic_types::Status {
    use prost::Message as _;
    let status = vorrang_service::status(error);
    tonic_types::Status::decode(status.details()).unwrap_or_else(|_| tonic_types::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

/// An import.
pub fn import(import: &Import) -> api::Import {
    use api::import::State;
    let state = match import.state {
        ImportState::Receiving => State::Receiving,
        ImportState::Running => State::Running,
        ImportState::Done => State::Done,
        ImportState::Refused => State::Refused,
    };
    api::Import {
        name: names::import(import.id),
        state: state.into(),
        source: import.source.clone(),
        strict: import.strict,
        display_name: import.display_name.clone(),
        line_count: import.line_count,
        recorded_count: import.recorded,
        duplicate_count: import.duplicates,
        bad_count: import.bad,
        created_at: Some(timestamp(import.created_at)),
        received_at: import.received_at.map(timestamp),
        ended_at: import.ended_at.map(timestamp),
    }
}

/// A time that a peer told.
pub fn instant(at: Option<&prost_types::Timestamp>) -> Option<chrono::DateTime<chrono::Utc>> {
    from_timestamp(at?)
}
