//! From what came to checked contacts, whatever it came as. Pure but for the count of who sends too many mails.

use vorrang_error::Violations;

use crate::contact::check;
use crate::convert;
use crate::intake::{CALL_TYPE, CONTACT_TYPE};
use crate::presets::{Mapped, NotUnderstood, Part, Payload, Preset, map};
use crate::rpc::record_call_event;

/// Reads what came. What is not understood, or no contact that could be recorded, is among the problems. `queue` is for contacts
/// that name none.
pub fn read(preset: Option<&Preset>, is_mail: bool, payload: &Payload<'_>, queue: &str) -> Mapped {
    let mail = || {
        let contact = payload
            .mails
            .read(payload.tenant, payload.source, queue, payload.body, payload.now)?;
        Ok(one(contact))
    };
    let read = match preset {
        _ if is_mail => mail(),
        Some(preset) if preset.is_mail() => mail(),
        Some(preset) => map(preset, payload),
        // It was pushed over gRPC, kept while ticketing was down, and then refused.
        None if payload.content_type == CONTACT_TYPE => convert::read_kept_contact(payload.body).map(one),
        None if payload.content_type == CALL_TYPE => record_call_event::read_kept(payload.body, payload.now).map(one),
        None => Err(NotUnderstood {
            reason: "PRESET_UNKNOWN",
            detail: "nothing says how to read it".to_owned(),
        }),
    };
    let mut mapped = read.unwrap_or_else(|problem| Mapped {
        problems: vec![problem],
        ..Mapped::default()
    });
    for mut part in std::mem::take(&mut mapped.contacts) {
        let contact = &mut part.contact;
        if contact.queue.is_empty() {
            contact.queue = queue.to_owned();
        }
        let mut violations = Violations::new();
        check(contact, payload.now, "", &mut violations);
        match violations.into_result() {
            Ok(()) => mapped.contacts.push(part),
            Err(error) => mapped.problems.push(NotUnderstood {
                reason: "CONTACT_INVALID",
                detail: error.message().to_owned(),
            }),
        }
    }
    mapped
}

fn one(contact: crate::contact::Contact) -> Mapped {
    Mapped {
        contacts: vec![Part { position: 0, contact }],
        ..Mapped::default()
    }
}
