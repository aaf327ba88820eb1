//! Delivery reports in words. A line that says so opens the list of those who failed; each is an address that stands alone
//! on its line, and what follows up to the next empty line is the reason.

use super::{Recipient, cut, status};

/// What words say.
#[derive(Default)]
pub(super) struct Told {
    /// Who did not get it.
    pub recipients: Vec<Recipient>,
    /// The headers of the mail that came back.
    pub returned: Option<String>,
}

/// Lines that open a list, in lower case.
const OPENINGS: [&str; 22] = [
    // qmail, Exim
    "able to deliver your message to the following address",
    "unable to deliver your message to the following address",
    "could not be delivered to one or more",
    "the following address(es) failed",
    // Postfix
    "couldn't be delivered",
    "could not be delivered",
    "mail system",
    // Exchange and Microsoft 365
    "delivery has failed to these recipients",
    "delivery has failed to the following recipients",
    "the following recipient(s) could not be reached",
    "the following recipient(s) cannot be reached",
    "fehler bei der nachrichtenzustellung an folgende empfänger",
    "fehler bei der zustellung an diese empfänger",
    "folgende(r) empfänger konnte",
    "folgende empfänger konnten nicht erreicht werden",
    "konnte nicht zugestellt werden",
    "konnte nicht an",
    "nicht zugestellt werden",
    "échec de la remise à ces destinataires",
    // Google, Sendmail and the rest
    "wasn't delivered to",
    "delivery to the following recipient",
    "the following addresses had permanent",
];

/// Lines below which the mail that came back begins, in lower case.
const COPIES: [&str; 9] = [
    "--- below this line is a copy of the message",
    "------ this is a copy of the message, including all the headers",
    "original message headers:",
    "ursprüngliche nachrichtenkopfzeilen:",
    "ursprüngliche nachrichtenköpfe:",
    "----- original message -----",
    "----- message header follows -----",
    "--- header of the original message",
    "----- original headers -----",
];

/// Lines of a list that are looked at.
const MAX_LINES: usize = 2_000;

pub(super) fn read(text: &str) -> Told {
    let mut told = Told::default();
    let mut open = false;
    let mut current: Option<Recipient> = None;
    let mut lines = text.lines();
    for line in lines.by_ref().take(MAX_LINES) {
        let trimmed = line.trim();
        let lower = trimmed.to_lowercase();
        if COPIES.iter().any(|copy| lower.starts_with(copy)) {
            told.returned = copy(lines);
            break;
        }
        if OPENINGS.iter().any(|opening| lower.contains(opening)) {
            open = true;
            // Google names the address in the sentence itself.
            if let Some(found) = sentence(trimmed) {
                told.recipients.extend(current.take());
                current = Some(found);
            }
            continue;
        }
        if !open {
            continue;
        }
        if let Some(found) = recipient(trimmed) {
            told.recipients.extend(current.take());
            current = Some(found);
        } else if let Some(current) = &mut current {
            reason(current, trimmed);
        }
    }
    told.recipients.extend(current);
    for recipient in &mut told.recipients {
        recipient.status = status(&recipient.diagnostic).unwrap_or_default();
    }
    told
}

/// An address alone on its line, or with what belongs to it: `<a@b>:`, `'a@b' on 1/2/2026`, `a@b (Name)`, `<a@b>: reason`.
fn recipient(line: &str) -> Option<Recipient> {
    // Exchange writes the address twice.
    let line = line
        .split_once("<mailto:")
        .map_or(line, |(address, _)| address.trim_end());
    let (address, rest) = match line.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?,
        None => match line.strip_prefix('\'') {
            Some(rest) => rest.split_once('\'')?,
            None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
        },
    };
    let address = address.trim_end_matches([':', ',', ';']);
    let rest = rest.trim_start();
    // A sentence that begins with an address is one about something else.
    let alone =
        rest.is_empty() || rest.starts_with([':', '(', '<', '[']) || rest.starts_with("on ") || rest.starts_with("am ");
    if !alone || !is_address(address) {
        return None;
    }
    let mut found = Recipient {
        address: address.to_owned(),
        failed: true,
        ..Recipient::default()
    };
    let said = rest.trim_start_matches(':').trim();
    if !said.is_empty() && !said.starts_with('(') {
        reason(&mut found, said);
    }
    Some(found)
}

/// `Your message wasn't delivered to a@b because …`.
fn sentence(line: &str) -> Option<Recipient> {
    let words = line.split_whitespace();
    let address = words
        .map(|word| word.trim_matches(|c: char| "<>.,;:'\"()".contains(c)))
        .find(|word| is_address(word))?;
    Some(Recipient {
        address: address.to_owned(),
        failed: true,
        ..Recipient::default()
    })
}

fn reason(recipient: &mut Recipient, line: &str) {
    if line.is_empty() || recipient.diagnostic.len() > super::MAX_DIAGNOSTIC {
        return;
    }
    let joined = format!("{} {line}", recipient.diagnostic);
    recipient.diagnostic = cut(joined.trim());
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\"\\".contains(c);
    !local.is_empty() && text.len() <= 320 && text.chars().all(fits) && domain.contains('.') && !domain.starts_with('.')
}

/// The headers of the copy, as they stand: empty lines above them do not count.
fn copy<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut headers = String::new();
    for line in lines.take(MAX_LINES) {
        let line = line.trim_end();
        if line.is_empty() {
            if headers.is_empty() {
                continue;
            }
            break;
        }
        // Exchange and others set the whole in by some blanks, and a fold is one that has more.
        headers.push_str(line);
        headers.push_str("\r\n");
    }
    (!headers.is_empty()).then(|| format!("{headers}\r\n"))
}
