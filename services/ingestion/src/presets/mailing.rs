//! Mails that a vendor has taken apart: their headers say what they are, as those of a whole mail do.

use super::file::Fields;
use super::find::Item;
use super::map::Payload;
use crate::contact::{Contact, IdentityKind};
use crate::intake::{believed, mail_id};
use crate::mail;

/// Headers of one mail beyond which the rest is left out.
const MAX_HEADERS: usize = 256 << 10;

/// The headers of the mail, as they stood in it; empty when the payload has none.
pub(super) fn headers(fields: &Fields, item: &Item<'_>) -> String {
    let mut headers = item.text(&fields.mail_headers);
    for (name, value) in &fields.mail_header {
        let value = item.text(value);
        if !value.is_empty() {
            // A value that has lines would begin headers of its own.
            let value = value.replace(['\r', '\n'], " ");
            headers.push_str(&format!("\r\n{name}: {value}"));
        }
    }
    let mut end = headers.len().min(MAX_HEADERS);
    while !headers.is_char_boundary(end) {
        end -= 1;
    }
    headers.truncate(end);
    headers.trim().to_owned()
}

/// Gives a contact what the headers of its mail say: its id, what it answers, when it was written, and whether a machine wrote it.
/// Headers that are none say nothing.
pub(super) fn apply(contact: &mut Contact, headers: &str, payload: &Payload<'_>) {
    let Ok(mut mail) = mail::read(format!("{headers}\r\n\r\n").as_bytes()) else {
        return;
    };
    let sent_at = contact.occurred_at.or(mail.date);
    contact.occurred_at = sent_at.filter(|at| believed(*at, payload.now));
    if let Some(id) = &mail.message_id {
        contact.external_id = mail_id(id);
    }
    if mail.from.address.is_empty() {
        let sender = contact.identities.iter().find(|one| one.kind == IdentityKind::Email);
        mail.from.address = sender.map(|one| one.value.clone()).unwrap_or_default();
    }
    payload.mails.apply(payload.tenant, contact, &mail, payload.now);
}
