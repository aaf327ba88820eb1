//! Tokens by which an answer finds its ticket: in the address that it goes to, in its subject, in the Message-ID that it
//! names. Who has one was written to, or was given the mail by somebody who was; a number alone proves nothing. Pure.
//!
//! A token is `123-abcdefghijklmnopqrstuvwx`: the ticket's number, then in base32 the end of its id, so that a number that a
//! restored database gives out again leads nowhere, and a signature over both and the tenant. It never expires: people
//! answer old mails. Case does not matter, since mail programs change it.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the ticket's id.
const TAIL: usize = 5;
/// Bytes of the signature. Tokens are tried at a mail each, so 80 bits are beyond anybody.
const SIGNATURE: usize = 10;
/// Characters of both.
const CODE: usize = (TAIL + SIGNATURE) * 8 / 5;
/// Digits of a number.
const MAX_DIGITS: usize = 19;

/// Makes and checks tokens. All processes of an installation share the keys; clones are cheap.
#[derive(Clone)]
pub struct Tokens(std::sync::Arc<[Hmac<Sha256>]>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(***)")
    }
}

/// The ticket that a token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketMark {
    /// Its number.
    pub number: i64,
    /// The last bytes of its id.
    pub tail: [u8; TAIL],
}

impl TicketMark {
    /// Of a ticket.
    pub fn of(number: i64, id: Uuid) -> Self {
        let mut tail = [0; TAIL];
        tail.copy_from_slice(&id.as_bytes()[16 - TAIL..]);
        Self { number, tail }
    }

    /// The key by which ticketing finds it. Ticketing trusts it: only what was signed may become one.
    pub fn key(&self) -> String {
        format!("ticket:{}:{}", self.number, hex::encode(self.tail))
    }
}

impl Tokens {
    /// The first key signs; the others are those that signed before, so that a key can be changed while mails are on their
    /// way.
    pub fn new(keys: &[&[u8]]) -> Self {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        // Derived, so that whatever else the keys sign is no token.
        let derived = |key: &&[u8]| {
            let own = keyed(key).chain_update(b"vorrang ingestion: tokens of tickets, 1");
            keyed(&own.finalize().into_bytes())
        };
        Self(keys.iter().map(derived).collect())
    }

    /// The token of a ticket.
    pub fn token(&self, tenant: &str, ticket: TicketMark) -> String {
        let mut code = ticket.tail.to_vec();
        if let Some(key) = self.0.first() {
            let signature = signed(key, tenant, ticket).finalize().into_bytes();
            code.extend_from_slice(&signature[..SIGNATURE]);
        }
        format!("{}-{}", ticket.number, base32(&code))
    }

    /// The ticket of a token; `None` when none of our keys signed it for this tenant.
    pub fn read(&self, tenant: &str, token: &str) -> Option<TicketMark> {
        let (digits, code) = token.split_once('-')?;
        let plain = (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || digits.starts_with('0') || code.len() != CODE {
            return None;
        }
        let code = unbase32(code)?;
        let (tail, signature) = code.split_at_checked(TAIL)?;
        let ticket = TicketMark {
            number: digits.parse().ok()?,
            tail: tail.try_into().ok()?,
        };
        // Compares in constant time.
        let genuine = |key: &Hmac<Sha256>| signed(key, tenant, ticket).verify_truncated_left(signature).is_ok();
        self.0.iter().any(genuine).then_some(ticket)
    }
}

fn signed(key: &Hmac<Sha256>, tenant: &str, ticket: TicketMark) -> Hmac<Sha256> {
    key.clone()
        .chain_update(ticket.number.to_be_bytes())
        .chain_update(ticket.tail)
        .chain_update(tenant.as_bytes())
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// RFC 4648 in lower case, of a whole number of five bytes.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        for at in (0..8).rev() {
            let five_bits = usize::try_from(bits >> (at * 5) & 31).unwrap_or(0);
            text.push(char::from(ALPHABET[five_bits]));
        }
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for eight in text.as_bytes().chunks(8) {
        let mut bits = 0_u64;
        for letter in eight {
            let letter = letter.to_ascii_lowercase();
            let value = ALPHABET.iter().position(|known| *known == letter)?;
            bits = bits << 5 | u64::try_from(value).ok()?;
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0011_2233_4455);

    fn tokens() -> Tokens {
        Tokens::new(&[b"a key"])
    }

    #[test]
    fn a_token_leads_to_its_ticket_whatever_its_case() {
        let ticket = TicketMark::of(123, ID);
        let token = tokens().token("acme", ticket);
        assert!(token.starts_with("123-") && token.len() == 4 + 24, "{token}");
        assert_eq!(tokens().read("acme", &token), Some(ticket));
        assert_eq!(tokens().read("acme", &token.to_uppercase()), Some(ticket));
        assert_eq!(ticket.key(), "ticket:123:1122334455");
    }

    #[test]
    fn nobody_elses_token_is_one() {
        let token = tokens().token("acme", TicketMark::of(123, ID));
        assert_eq!(tokens().read("rival", &token), None, "another tenant's");
        assert_eq!(
            Tokens::new(&[b"another"]).read("acme", &token),
            None,
            "another installation's"
        );
        assert_eq!(Tokens::new(&[]).read("acme", &token), None);
        for forged in [
            token.replace("123-", "124-"),
            token.replace("123-", "0123-"),
            token.replace("123-", "+123-"),
            token.replace("123-", ""),
            "123".to_owned(),
            "123-".to_owned(),
            format!("123-{}", "a".repeat(24)),
            format!("{token}a"),
        ] {
            assert_eq!(tokens().read("acme", &forged), None, "{forged}");
        }
        for at in 4..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).expect("text");
            assert_eq!(tokens().read("acme", &changed), None, "{changed}");
        }
    }

    #[test]
    fn a_key_can_be_changed_while_mails_are_on_their_way() {
        let token = tokens().token("acme", TicketMark::of(7, ID));
        let changed = Tokens::new(&[b"a new key", b"a key"]);
        assert_eq!(changed.read("acme", &token), Some(TicketMark::of(7, ID)));
        assert_ne!(changed.token("acme", TicketMark::of(7, ID)), token);
    }

    proptest! {
        #[test]
        fn every_token_is_read_back(number in 1_i64.., id: u128, tenant in "[a-z]{1,8}") {
            let ticket = TicketMark::of(number, Uuid::from_u128(id));
            prop_assert_eq!(tokens().read(&tenant, &tokens().token(&tenant, ticket)), Some(ticket));
        }

        #[test]
        fn any_text_is_taken(text in "[0-9a-z-]{0,40}|\\PC{0,40}") {
            prop_assert_eq!(tokens().read("acme", &text), None);
        }
    }
}
