//! By which keys a mail looks for its conversation, the best first: what it answers (References, In-Reply-To), then the token
//! in the address that it came to, then the tokens in its subject. A number without a signature is no key.
//!
//! A delivery report looks by the mail that came back.

use sha2::{Digest, Sha256};

use crate::contact::MAX_EXTERNAL_ID;
use crate::mail::{Bounce, Mail};
use crate::outgoing::{in_address, in_message_id, in_subject};
use crate::tokens::{TicketMark, Tokens};

/// Mails before this one by which its conversation is looked for, nearest first. Each has two keys, and ticketing takes a
/// hundred in all.
const MAX_ANCESTORS: usize = 45;
/// Keys by tokens.
const MAX_BY_TOKEN: usize = 10;
/// Most people who have a mail that may answer it.
pub(super) const MAX_SENT_TO: usize = 15;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Threading {
    /// The keys, the best first.
    pub keys: Vec<String>,
    /// What all mails of the conversation share: its oldest mail, else the ticket of a token.
    pub oldest: Option<String>,
    /// Whether this is a mail of ours that came back.
    pub is_ours: bool,
    /// Whether it answers a mail that a machine of ours wrote.
    pub answers_machine: bool,
}

/// Looks at all that a mail says of its conversation.
pub(super) fn find(tokens: &Tokens, tenant: &str, mail: &Mail) -> Threading {
    let mut found = Threading::default();
    let signed = |id: &str| in_message_id(tokens, tenant, id);
    let returned = mail.bounce.iter().flat_map(|bounce| &bounce.returned);
    let own = mail.message_id.as_deref().and_then(signed);
    let named: Vec<&String> = returned.chain(&mail.ancestors).collect();
    let by = mail.from.address.to_lowercase();
    for (at, id) in named.iter().take(MAX_ANCESTORS).enumerate() {
        match signed(id) {
            Some((ticket, by_machine)) => {
                found.answers_machine |= at == 0 && by_machine;
                found.add(ticket.key());
            }
            None => {
                found.add(key(id));
                found.add(key_of(id, &by));
            }
        }
    }
    found.oldest = named
        .last()
        .map(|id| signed(id).map_or_else(|| key(id), |(ticket, _)| ticket.key()));
    let marks = by_tokens(tokens, tenant, mail);
    let mark = tokens.read(tenant, &mail.own_mark);
    let from = in_address(tokens, tenant, &mail.from.address);
    // A report carries marks of the mail in it, not of its own.
    found.is_ours = mail.bounce.is_none() && (own.is_some() || mark.is_some() || from.is_some());
    let own = own.map(|(ticket, _)| ticket);
    for ticket in marks.into_iter().chain(own).chain(mark).chain(from).take(MAX_BY_TOKEN) {
        let key = ticket.key();
        found.oldest.get_or_insert_with(|| key.clone());
        found.add(key);
    }
    found
}

fn by_tokens(tokens: &Tokens, tenant: &str, mail: &Mail) -> Vec<TicketMark> {
    let bounce = mail.bounce.as_ref();
    let came_to = mail.to.iter().chain(&mail.cc).map(|address| &address.address);
    let addresses = came_to
        .chain(&mail.delivered_to)
        .chain(bounce.into_iter().flat_map(|bounce: &Bounce| &bounce.returned_from));
    let subjects = [
        Some(mail.subject.as_str()),
        bounce.map(|bounce| bounce.returned_subject.as_str()),
    ];
    addresses
        .filter_map(|address| in_address(tokens, tenant, address))
        .chain(
            subjects
                .into_iter()
                .flatten()
                .flat_map(|subject| in_subject(tokens, tenant, subject)),
        )
        .collect()
}

impl Threading {
    fn add(&mut self, key: String) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }
}

/// The key under which answers to a mail find its conversation.
pub(super) fn key(message_id: &str) -> String {
    if message_id.chars().count() <= MAX_EXTERNAL_ID {
        format!("mail:<{message_id}>")
    } else {
        format!("mail:sha256:{}", hex::encode(Sha256::digest(message_id.as_bytes())))
    }
}

/// The keys under which answers to a mail find its conversation: its Message-ID, and that together with each who has it.
pub(super) fn keys_of(message_id: &str, mail: &Mail) -> Vec<String> {
    let had_by = sent_to(mail);
    let had_by = had_by.iter().map(|address| key_of(message_id, address));
    std::iter::once(key(message_id)).chain(had_by).collect()
}

/// The key under which one who has a mail, as its sender or because it was sent to them, finds its conversation. Unlike the
/// Message-ID alone it shows that they take part. Hashed, as it is made of an address.
fn key_of(message_id: &str, address: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(message_id.as_bytes());
    hash.update(b"\n");
    hash.update(address.as_bytes());
    format!("mailed:{}", hex::encode(hash.finalize()))
}

/// Who has a mail: its sender and whom it names, each once.
fn sent_to(mail: &Mail) -> Vec<String> {
    let named = mail.reply_to.iter().chain(&mail.to).chain(&mail.cc);
    let mut addresses: Vec<String> = Vec::new();
    for one in std::iter::once(&mail.from).chain(named) {
        let address = one.address.to_lowercase();
        if address.contains('@') && !addresses.contains(&address) && addresses.len() < MAX_SENT_TO {
            addresses.push(address);
        }
    }
    addresses
}

#[cfg(test)]
mod tests;
