//! What a delivery report says: who did not get which mail, and why. Reports after RFC 3464, and those that qmail, Exim,
//! Exchange and others write in words.

mod prose;

use mail_parser::{HeaderName, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use super::{address, ancestors, first_text};

/// Most recipients that are listed.
const MAX_RECIPIENTS: usize = 100;
/// Longest reason that is kept, in characters.
const MAX_DIAGNOSTIC: usize = 1_000;

/// A delivery report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounce {
    /// Who it is about, each once.
    pub recipients: Vec<Recipient>,
    /// Message-ID of the mail that came back, then those that it answered, nearest first; empty when the report has none.
    pub returned: Vec<String>,
    /// Addresses from which the mail came and to which answers were to go.
    pub returned_from: Vec<String>,
    /// Its subject; empty when the report has none.
    pub returned_subject: String,
}

/// One who did not get it, or not yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Address as our mail named it.
    pub address: String,
    /// Whether it is over: false while delivery is still tried.
    pub failed: bool,
    /// Enhanced status, for example `5.1.1`; empty when none is given.
    pub status: String,
    /// What the other side said; empty when nothing.
    pub diagnostic: String,
}

/// Reads the report in a mail that is one; `text` is its text.
pub(super) fn read(message: &Message<'_>, text: &str) -> Bounce {
    let mut bounce = Bounce::default();
    for part in &message.parts {
        let Some(kind) = kind(part) else {
            if let PartType::Message(nested) = &part.body {
                bounce.take_returned(nested);
            }
            continue;
        };
        match kind {
            Kind::Status => {
                let bytes = part.contents();
                bounce.take_status(&String::from_utf8_lossy(bytes));
            }
            Kind::Returned => {
                if let Some(nested) = MessageParser::default().parse_headers(part.contents())
                    && !nested.parts.is_empty()
                {
                    bounce.take_returned(&nested);
                }
            }
        }
    }
    if let Some(failed) = message
        .header_values("X-Failed-Recipients")
        .next()
        .and_then(|value| value.as_text())
    {
        for address in failed.split(',') {
            bounce.add(Recipient {
                address: bare(address),
                failed: true,
                ..Recipient::default()
            });
        }
    }
    let told = prose::read(text);
    let knew = !bounce.recipients.is_empty();
    for recipient in told.recipients {
        // Where the report itself names them, words only add the reasons.
        if !knew || bounce.recipients.iter().any(|known| known.is(&recipient.address)) {
            bounce.add(recipient);
        }
    }
    if bounce.returned.is_empty()
        && let Some(nested) = told.returned.and_then(|headers| {
            MessageParser::default()
                .parse_headers(headers.as_bytes())
                .map(Message::into_owned)
        })
        && !nested.parts.is_empty()
    {
        bounce.take_returned(&nested);
    }
    bounce
}

enum Kind {
    Status,
    Returned,
}

fn kind(part: &MessagePart<'_>) -> Option<Kind> {
    let content_type = part.content_type()?;
    let subtype = content_type.subtype()?.to_ascii_lowercase();
    match subtype.as_str() {
        "delivery-status" | "global-delivery-status" => Some(Kind::Status),
        "rfc822-headers" | "global-headers" | "x-encoded-message" => Some(Kind::Returned),
        _ => None,
    }
}

impl Bounce {
    fn take_returned(&mut self, nested: &Message<'_>) {
        if !self.returned.is_empty() || nested.parts.is_empty() {
            return;
        }
        self.returned = first_text(nested, HeaderName::MessageId)
            .filter(|id| !id.is_empty())
            .into_iter()
            .collect();
        for ancestor in ancestors(nested) {
            if !self.returned.contains(&ancestor) {
                self.returned.push(ancestor);
            }
        }
        self.returned_from = [HeaderName::ReplyTo, HeaderName::From, HeaderName::Sender]
            .into_iter()
            .flat_map(|name| address::all(nested, name))
            .map(|address| address.address)
            .collect();
        self.returned_subject = first_text(nested, HeaderName::Subject).unwrap_or_default();
    }

    /// RFC 3464: groups of fields, the first about the mail, each other about a recipient.
    fn take_status(&mut self, text: &str) {
        let mut recipient = Recipient::default();
        let (mut original, mut action) = (String::new(), String::new());
        let mut fields: Vec<(String, String)> = Vec::new();
        let lines = text.lines().map(str::trim_end).chain([""]);
        for line in lines {
            if let Some(more) = line.strip_prefix([' ', '\t'])
                && let Some((_, value)) = fields.last_mut()
            {
                value.push(' ');
                value.push_str(more.trim());
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            } else if line.is_empty() {
                for (name, value) in fields.drain(..) {
                    match name.as_str() {
                        "final-recipient" => recipient.address = bare(typed(&value)),
                        "original-recipient" => original = bare(typed(&value)),
                        "action" => action = value.to_ascii_lowercase(),
                        "status" => recipient.status = status(&value).unwrap_or_default(),
                        "diagnostic-code" => recipient.diagnostic = cut(typed(&value)),
                        _ => {}
                    }
                }
                // As our mail named them: the last server may have rewritten the address.
                if original.contains('@') {
                    recipient.address = std::mem::take(&mut original);
                }
                let arrived = ["delivered", "relayed", "expanded"]
                    .iter()
                    .any(|done| action.starts_with(done));
                recipient.failed = !action.starts_with("delayed") && !recipient.status.starts_with('4')
                    || action.starts_with("failed");
                if !arrived {
                    self.add(std::mem::take(&mut recipient));
                }
                recipient = Recipient::default();
                (original, action) = (String::new(), String::new());
            }
        }
    }

    /// One more, or more about one that is known.
    fn add(&mut self, new: Recipient) {
        if !new.address.contains('@') {
            return;
        }
        let count = self.recipients.len();
        match self.recipients.iter_mut().find(|known| known.is(&new.address)) {
            Some(known) => {
                known.failed |= new.failed;
                if known.status.is_empty() {
                    known.status = new.status;
                }
                if known.diagnostic.is_empty() {
                    known.diagnostic = new.diagnostic;
                }
            }
            None if count < MAX_RECIPIENTS => self.recipients.push(new),
            None => {}
        }
    }
}

impl Recipient {
    fn is(&self, address: &str) -> bool {
        self.address.eq_ignore_ascii_case(address)
    }
}

/// The value of a field that says its type first: `rfc822; a@b`.
fn typed(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

fn bare(address: &str) -> String {
    let address = address.trim().trim_matches(['<', '>', '"', '\'']);
    if address.len() > 320 || address.contains(char::is_whitespace) {
        return String::new();
    }
    address.to_owned()
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MAX_DIAGNOSTIC).collect()
}

/// The first enhanced status in a text: class 2, 4 or 5, two numbers of up to three digits.
fn status(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let word = word.trim_matches('.');
        let mut parts = word.split('.');
        let class = parts.next()?;
        let numbers: Vec<&str> = parts.collect();
        let fits = matches!(class, "2" | "4" | "5")
            && numbers.len() == 2
            && numbers.iter().all(|number| (1..=3).contains(&number.len()));
        fits.then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests;
