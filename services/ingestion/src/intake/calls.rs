//! Phone calls as contacts: every event of a call is one, and all of them are one conversation. Pure.

use chrono::{DateTime, Utc};

use crate::contact::{CallEvent, Channel, Contact, Identity, IdentityKind};

/// What the customer's message says: that there was a call. What was said in it nobody has written down.
pub const TEXT: &str = "Phone call";

/// A call that something happened to.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who tells it: `grpc` or `sources/{source}`.
    pub source: String,
    /// Its id there.
    pub id: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Who calls, as far as it is known.
    pub identities: Vec<Identity>,
    /// The caller's name; may be empty.
    pub display_name: String,
}

/// What happened to `call`, as a contact.
pub fn contact(call: Call, event: CallEvent) -> Contact {
    let mut identities = call.identities;
    if identities.is_empty() {
        // A withheld number: nobody else than this caller, who may be found out later.
        identities.push(Identity {
            kind: IdentityKind::External,
            value: format!("call:{}", call.id),
            verified: false,
        });
    }
    let mut contact = Contact {
        source: call.source,
        external_id: event.external_id(&call.id),
        channel: Channel::Phone,
        identities,
        display_name: call.display_name,
        text: TEXT.to_owned(),
        queue: event.queue.clone(),
        occurred_at: Some(call.started_at),
        call: Some(event),
        ..Contact::default()
    };
    contact.join_conversation(&format!("call:{}", call.id));
    contact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::CallKind;

    #[test]
    fn all_events_of_a_call_are_one_conversation() {
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid");
        let event = |kind, seconds| CallEvent {
            kind,
            at: at(seconds),
            agent: "agents/anna".to_owned(),
            queue: String::new(),
            hung_up_by: None,
            talk_seconds: None,
            hold_seconds: None,
        };
        let contact = |kind, seconds| {
            let call = Call {
                source: "grpc".to_owned(),
                id: "77".to_owned(),
                started_at: at(0),
                identities: Vec::new(),
                display_name: String::new(),
            };
            contact(call, event(kind, seconds))
        };
        let (one, two) = (contact(CallKind::Queued, 0), contact(CallKind::Answered, 9));
        assert_eq!(one.conversation, two.conversation);
        assert_eq!(one.reference_keys, two.thread_keys);
        assert_ne!(one.external_id, two.external_id);
        assert_eq!(two, contact(CallKind::Answered, 9), "told again it is the same");
        assert_eq!((one.occurred_at, two.occurred_at), (Some(at(0)), Some(at(0))));
        assert_eq!(one.identities[0].value, "call:77");
    }
}
