//! What of an event is personal. It is stored sealed beside the rest, which stays readable for ever: key figures are
//! computed from it after an erasure as before.
//!
//! Protobuf merges what is concatenated, so the two parts need no fitting together: the bytes of the one followed by those
//! of the other are the whole event. That is why a repeated field is personal as a whole or not at all;
//! of a map each entry is.
//!
//! **A new field** that holds personal data gets its name in a line below. `tests.rs` knows every text field that events
//! can reach, and fails for one that is neither here nor in its list of what is not personal.

use std::collections::BTreeMap;

use prost::Message as _;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::custom_field_value;
use vorrang_api::ticketing::v1::event::Payload;

/// A message that may hold personal data.
trait Personal: Sized {
    /// Moves what is personal into a message of its own; none when there is nothing.
    fn split(&mut self) -> Option<Self>;

    /// Says that what was personal is erased.
    fn mark_erased(&mut self) {}
}

/// The personal fields of messages: `fields` are moved, `parts` are messages that may hold some. `others` are messages about something else
/// than the event: they hold none, and are not erased with it.
macro_rules! personal {
    ($($message:ident { fields: [$($field:ident),*], parts: [$($part:ident),*]
        $(, others: [$($other:ident),*])? $(, values: $values:ident)? $(, erased: $erased:ident)? })+) => {
        $(impl Personal for pb::$message {
            #[allow(unused_mut, reason = "some messages have fields, some parts")]
            fn split(&mut self) -> Option<Self> {
                let mut personal = Self::default();
                let mut any = false;
                $(
                    personal.$field = std::mem::take(&mut self.$field);
                    any |= personal.$field != Self::default().$field;
                )*
                $(
                    personal.$part = self.$part.as_mut().and_then(Personal::split);
                    any |= personal.$part.is_some();
                )*
                $($(
                    personal.$other = self.$other.as_mut().and_then(Personal::split);
                    any |= personal.$other.is_some();
                )*)?
                $(
                    personal.$values = split_values(&mut self.$values);
                    any |= !personal.$values.is_empty();
                )?
                any.then_some(personal)
            }

            fn mark_erased(&mut self) {
                $(self.$erased = true;)?
                $(if let Some(part) = &mut self.$part { part.mark_erased(); })*
            }
        })+

        /// Every personal field as `Message.field`, for the test.
        #[cfg(test)]
        pub const FIELDS: &[&str] = &["CustomFieldValue.text", $($(concat!(stringify!($message), ".", stringify!($field)),)*)+];
    };
}

personal! {
    Ticket { fields: [subject], parts: [], values: custom_fields, erased: erased }
    Message { fields: [text, quoted_text, attachments, external_id, failed_recipients], parts: [], erased: erased }
    Customer { fields: [display_name, identities, attributes], parts: [] }
    Order { fields: [note], parts: [] }
    Milestone { fields: [note], parts: [] }
    CustomerCreated { fields: [], parts: [customer] }
    CustomerUpdated { fields: [], parts: [customer] }
    CustomersMerged { fields: [], parts: [target] }
    CustomersUnmerged { fields: [], parts: [customer] }
    OrderRecorded { fields: [], parts: [order] }
    MilestoneRecorded { fields: [], parts: [milestone] }
    TicketCreated { fields: [], parts: [ticket] }
    TicketUpdated { fields: [], parts: [ticket] }
    TicketStateChanged { fields: [], parts: [ticket] }
    TicketQueued { fields: [], parts: [ticket] }
    TicketQueueLeft { fields: [], parts: [ticket] }
    CallEventRecorded { fields: [], parts: [ticket] }
    TicketAssigned { fields: [], parts: [ticket] }
    MessageCreated { fields: [], parts: [ticket, message] }
    TicketMerged { fields: [], parts: [ticket], others: [target] }
    TicketUnmerged { fields: [], parts: [ticket], others: [target] }
    TicketSplit { fields: [], parts: [ticket], others: [new_ticket] }
    TicketLinked { fields: [], parts: [ticket], others: [other] }
    TicketUnlinked { fields: [], parts: [ticket], others: [other] }
    CustomerErased { fields: [], parts: [customer] }
    TicketTextsErased { fields: [], parts: [ticket] }
    TicketAttachmentsErased { fields: [], parts: [ticket] }
    SlaApplied { fields: [], parts: [ticket] }
    SlaTargetAtRisk { fields: [], parts: [ticket] }
    SlaTargetMissed { fields: [], parts: [ticket] }
    SlaTargetMet { fields: [], parts: [ticket] }
    SlaTargetRevised { fields: [], parts: [ticket] }
    SlaRecalculated { fields: [reason], parts: [ticket] }
    TicketDispositionChanged { fields: [], parts: [ticket] }
    SurveyAnswer { fields: [comment], parts: [] }
    SurveyAnswered { fields: [], parts: [ticket, answer], others: [previous] }
    SurveySent { fields: [], parts: [ticket] }
    Review { fields: [comment], parts: [] }
    ReviewRecorded { fields: [], parts: [ticket, review] }
    MacroApplied { fields: [], parts: [ticket] }
    AgentsNotified { fields: [], parts: [ticket] }
    AutomationApplied { fields: [], parts: [ticket] }
    ProactiveContact { fields: [reason], parts: [] }
    ProactiveContactRecorded { fields: [], parts: [contact] }
    HistoryCustomer { fields: [name, attributes_json], parts: [] }
    HistoryTicketOpened { fields: [subject], parts: [] }
    HistoryMessage { fields: [body], parts: [] }
    HistorySelfService { fields: [query], parts: [] }
    HistoryProactiveContact { fields: [reason], parts: [] }
}

/// Its parts are the choices of a `oneof`.
impl Personal for pb::HistoryRecorded {
    fn split(&mut self) -> Option<Self> {
        use pb::history_recorded::Line;
        let line = match self.line.as_mut()? {
            Line::CustomerChanged(one) => Line::CustomerChanged(one.split()?),
            Line::TicketOpened(one) => Line::TicketOpened(one.split()?),
            Line::Message(one) => Line::Message(one.split()?),
            Line::SelfService(one) => Line::SelfService(one.split()?),
            Line::ProactiveContact(one) => Line::ProactiveContact(one.split()?),
            _ => return None,
        };
        Some(Self {
            line: Some(line),
            ..Self::default()
        })
    }

    fn mark_erased(&mut self) {
        self.erased = true;
    }
}

/// Values of the tenant's own fields that are free text. A map comes apart entry by entry.
fn split_values(values: &mut BTreeMap<String, pb::CustomFieldValue>) -> BTreeMap<String, pb::CustomFieldValue> {
    let is_text = |value: &pb::CustomFieldValue| matches!(value.value, Some(custom_field_value::Value::Text(_)));
    let (personal, public) = std::mem::take(values)
        .into_iter()
        .partition(|(_, value)| is_text(value));
    *values = public;
    personal
}

/// The payloads that hold personal data, by name. All others are stored as they are.
macro_rules! payloads {
    ($($payload:ident),+ $(,)?) => {
        fn split(payload: &mut Payload) -> Option<Payload> {
            match payload {
                $(Payload::$payload(one) => one.split().map(Payload::$payload),)+
                #[allow(unreachable_patterns, reason = "a payload without personal data needs no line")]
                _ => None,
            }
        }

        fn mark_erased(payload: &mut Payload) {
            match payload {
                $(Payload::$payload(one) => one.mark_erased(),)+
                #[allow(unreachable_patterns, reason = "a payload without personal data needs no line")]
                _ => {}
            }
        }
    };
}

payloads! {
    CustomerCreated, CustomerUpdated, CustomersMerged, CustomersUnmerged, OrderRecorded, MilestoneRecorded,
    TicketCreated, TicketUpdated, TicketStateChanged, TicketQueued, TicketAssigned,
    TicketQueueLeft, CallEventRecorded, MessageCreated, SurveyAnswered, TicketMerged, TicketUnmerged, TicketSplit, TicketLinked, TicketUnlinked,
    TicketDispositionChanged, SurveySent, ReviewRecorded,
    MacroApplied, AgentsNotified, AutomationApplied,
    SlaApplied, SlaTargetAtRisk, SlaTargetMissed, SlaTargetMet, SlaTargetRevised, SlaRecalculated,
    CustomerErased, TicketTextsErased, TicketAttachmentsErased,
    ProactiveContactRecorded, HistoryRecorded,
}

/// A ticket without what is personal in it.
pub fn public(mut ticket: pb::Ticket) -> pb::Ticket {
    let _ = ticket.split();
    ticket
}

/// An event in two parts, encoded: what may be read for ever, and what is to be sealed.
pub struct Parts {
    /// Without anything personal.
    pub public: Vec<u8>,
    /// What is personal; empty: nothing.
    pub personal: Vec<u8>,
}

/// Takes an event apart.
pub fn parts(mut event: pb::Event) -> Parts {
    let personal = event.payload.as_mut().and_then(split).map_or_else(Vec::new, |payload| {
        let event = pb::Event {
            head: None,
            cause: None,
            payload: Some(payload),
        };
        event.encode_to_vec()
    });
    Parts {
        public: event.encode_to_vec(),
        personal,
    }
}

/// What of an event was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// All of its personal part.
    All,
    /// The ticket's part; the message is another ticket's now.
    Ticket,
    /// The message's part; it is another ticket's now.
    Message,
}

/// The public part of an event whose personal part was erased, saying so.
pub fn erased(public: &[u8], lost: Lost) -> Result<Vec<u8>, prost::DecodeError> {
    let mut event = pb::Event::decode(public)?;
    match (&mut event.payload, lost) {
        (Some(Payload::MessageCreated(one)), Lost::Ticket) => one.ticket.iter_mut().for_each(Personal::mark_erased),
        (Some(Payload::MessageCreated(one)), Lost::Message) => one.message.iter_mut().for_each(Personal::mark_erased),
        (Some(payload), _) => mark_erased(payload),
        (None, _) => {}
    }
    Ok(event.encode_to_vec())
}

/// Whether an event, by its public part, tells that the message `id` was added.
pub fn tells_of(public: &[u8], id: Uuid) -> bool {
    let Ok(event) = pb::Event::decode(public) else {
        return false;
    };
    let name = match event.payload {
        Some(Payload::MessageCreated(created)) => created.message.map(|message| message.name).unwrap_or_default(),
        Some(Payload::HistoryRecorded(recorded)) => match recorded.line {
            Some(pb::history_recorded::Line::Message(message)) => message.message,
            _ => return false,
        },
        _ => return false,
    };
    name.rsplit('/').next().and_then(|last| last.parse().ok()) == Some(id)
}

/// The personal part of an event that told of a message, without the message, and the message alone; either may be empty.
pub fn without_words(personal: &[u8]) -> Result<(Vec<u8>, Vec<u8>), prost::DecodeError> {
    let event = pb::Event::decode(personal)?;
    let created = match event.payload {
        Some(Payload::MessageCreated(created)) => created,
        // Nothing in it is personal but the words.
        Some(Payload::HistoryRecorded(_)) => return Ok((Vec::new(), personal.to_vec())),
        _ => return Ok((personal.to_vec(), Vec::new())),
    };
    let part = |ticket: Option<pb::Ticket>, message: Option<pb::Message>| match (&ticket, &message) {
        (None, None) => Vec::new(),
        _ => pb::Event {
            head: None,
            cause: None,
            payload: Some(Payload::MessageCreated(pb::MessageCreated { ticket, message })),
        }
        .encode_to_vec(),
    };
    Ok((part(created.ticket, None), part(None, created.message)))
}

#[cfg(test)]
mod tests;
