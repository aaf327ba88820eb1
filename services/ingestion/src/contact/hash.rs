use sha2::{Digest, Sha256};

use super::Contact;

pub(super) fn content(contact: &Contact) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut field = |name: &str, value: &str| {
        // Lengths in front, so that moving a character from one field to the next changes the hash.
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name.as_bytes());
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value.as_bytes());
    };
    if contact.call.is_some() {
        // What happened to a call is known by its id alone, whoever else is found out to have called.
        field("call", &contact.external_id);
        return hash.finalize().into();
    }
    field("subject", contact.subject.trim());
    field("text", contact.text.trim());
    field("quoted", contact.quoted_text.trim());
    for identity in &contact.identities {
        field("identity", &identity.value);
    }
    for attachment in &contact.attachments {
        field("file", &attachment.file_name);
        field("sha256", &attachment.sha256);
    }
    hash.finalize().into()
}
