//! What is said as the mail that the customer gets. Pure.

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use crate::mail::OWN_MARK;
use crate::outgoing::Headers;

/// Most ancestors that are named: as many as mail programs keep, the first and the last ones.
const MAX_REFERENCES: usize = 20;

/// What is to be sent.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    /// From whom.
    pub from: &'a Mailbox,
    /// To whom.
    pub to: Address,
    /// What the servers are told.
    pub envelope: Envelope,
    /// Its place in the conversation.
    pub headers: Headers,
    /// The customer's mails of the conversation, oldest first: Message-IDs without angle brackets.
    pub ancestors: &'a [String],
    /// What is said.
    pub text: &'a str,
    /// The files that go with it.
    pub files: Vec<File<'a>>,
    /// Who says it.
    pub by: By,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// Who says what is mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// An agent.
    Person,
    /// A machine, which answers.
    Machine,
    /// A machine, which asks of itself: a survey.
    Survey,
}

/// A file that goes with a mail.
#[derive(Debug, Clone)]
pub struct File<'a> {
    /// What the customer sees it as; may be empty.
    pub name: &'a str,
    /// Media type; what is none is sent as bytes.
    pub content_type: &'a str,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Letter<'_> {
    /// The mail.
    ///
    /// # Errors
    /// When a header cannot be written.
    pub fn message(self) -> Result<Message, lettre::error::Error> {
        let ids: Vec<String> = self
            .ancestors
            .iter()
            .filter(|id| is_id(id))
            .map(|id| format!("<{id}>"))
            .collect();
        let mut mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, self.to.clone()))
            .subject(self.headers.subject.clone())
            .date(self.at.into())
            .envelope(self.envelope.clone())
            .message_id(Some(format!("<{}>", self.headers.message_id)))
            .raw_header(value(OWN_MARK, &self.headers.own_mark));
        if let Ok(reply_to) = self.headers.reply_to.parse::<Address>() {
            mail = mail.reply_to(Mailbox::new(self.from.name.clone(), reply_to));
        }
        if let Some(last) = ids.last() {
            let skipped = ids.len().saturating_sub(MAX_REFERENCES);
            let kept = ids.iter().enumerate().filter(|(at, _)| *at == 0 || *at > skipped);
            let references: Vec<&str> = kept.map(|(_, id)| id.as_str()).collect();
            mail = mail.in_reply_to(last.clone()).references(references.join(" "));
        }
        let submitted = match self.by {
            By::Person => None,
            By::Machine => Some("auto-replied"),
            By::Survey => Some("auto-generated"),
        };
        if let Some(submitted) = submitted {
            // Nobody's machine is to answer ours (RFC 3834).
            mail = mail
                .raw_header(value("Auto-Submitted", submitted))
                .raw_header(value("X-Auto-Response-Suppress", "All"));
        }
        let text = self.text.replace("\r\n", "\n").replace('\n', "\r\n");
        let mail = mail.header(header::MIME_VERSION_1_0);
        if self.files.is_empty() {
            return mail.header(ContentType::TEXT_PLAIN).body(text);
        }
        let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(text));
        for file in self.files {
            let bytes = || ContentType::parse("application/octet-stream");
            let content_type = ContentType::parse(file.content_type).or_else(|_| bytes());
            let Ok(content_type) = content_type else { continue };
            let name = match file.name {
                "" => "file",
                name => name,
            };
            parts = parts.singlepart(Attachment::new(name.to_owned()).body(file.content, content_type));
        }
        mail.multipart(parts)
    }
}

fn value(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Whether this can stand in a header: what customers' programs call their mails is theirs.
fn is_id(id: &str) -> bool {
    id.len() <= 250 && id.contains('@') && id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::mail;
    use crate::outgoing::{About, headers};
    use crate::tokens::{TicketMark, Tokens};

    fn sent(ancestors: &[String], text: &str, by: By) -> String {
        with_files(ancestors, text, by, Vec::new())
    }

    fn with_files(ancestors: &[String], text: &str, by: By, files: Vec<File<'_>>) -> String {
        let about = About {
            tenant: "acme",
            ticket: TicketMark::of(123, Uuid::from_u128(7)),
            message: Uuid::from_u128(5),
            by_machine: by != By::Person,
        };
        let from: Mailbox = "Firma Öl <support@firma.example>".parse().expect("an address");
        let to: Address = "mara@x.example".parse().expect("an address");
        let letter = Letter {
            from: &from,
            envelope: Envelope::new(Some(from.email.clone()), vec![to.clone()]).expect("an envelope"),
            to,
            headers: headers(
                &Tokens::new(&[b"a key"]),
                &about,
                "support@firma.example",
                "Größe",
                true,
            ),
            ancestors,
            text,
            files,
            by,
            at: "2026-03-02T12:00:00Z".parse().expect("a time"),
        };
        String::from_utf8(letter.message().expect("a mail").formatted()).expect("ASCII")
    }

    /// Read by our own reader, it is what was meant; and it is told from a customer's.
    #[test]
    fn a_reply_says_where_it_belongs() {
        let ancestors = ["1@x.example".to_owned(), "bad id".to_owned(), "2@x.example".to_owned()];
        let raw = sent(&ancestors, "Größe L ist da.\n\n.\nGruß", By::Person);
        assert!(raw.is_ascii());
        let read = mail::read(raw.as_bytes()).expect("a mail");
        assert_eq!(read.from.name, "Firma Öl");
        assert_eq!(read.to[0].address, "mara@x.example");
        assert_eq!(read.ancestors, ["2@x.example", "1@x.example"]);
        assert_eq!(read.text, "Größe L ist da.\n\n.\nGruß");
        assert!(read.subject.starts_with("Re: Größe [#123-"), "{}", read.subject);
        assert!(read.reply_to.expect("given").address.starts_with("support+123-"));
        assert_eq!(read.date, Some("2026-03-02T12:00:00Z".parse().expect("a time")));
        assert_eq!(read.automated, None);
        assert!(!read.own_mark.is_empty() && read.message_id.expect("given").contains(&read.own_mark));
    }

    #[test]
    fn files_go_with_it() {
        let file = |name, content_type| File {
            name,
            content_type,
            content: b"%PDF-1.7 \0\xff".to_vec(),
        };
        let files = vec![file("Größe \"L\".pdf", "application/pdf"), file("", "no type")];
        let raw = with_files(&["1@x.example".to_owned()], "Anbei.", By::Person, files);
        assert!(raw.is_ascii());
        let read = mail::read(raw.as_bytes()).expect("a mail");
        assert_eq!((read.text.as_str(), read.ancestors.len()), ("Anbei.", 1));
        let files: Vec<(&str, &str, u64)> = read
            .attachments
            .iter()
            .map(|file| (file.name.as_str(), file.media_type.as_str(), file.bytes))
            .collect();
        assert_eq!(
            files,
            [
                ("Größe \"L\".pdf", "application/pdf", 11),
                ("file", "application/octet-stream", 11)
            ]
        );
    }

    #[test]
    fn what_a_machine_says_is_marked() {
        let raw = sent(&[], "Danke.", By::Machine);
        assert!(raw.contains("Auto-Submitted: auto-replied\r\n"));
        assert!(raw.contains("X-Auto-Response-Suppress: All\r\n"));
        assert!(!raw.contains("In-Reply-To"));
        assert_eq!(
            mail::read(raw.as_bytes()).expect("a mail").automated,
            Some(mail::Automated::AutoReply)
        );
    }

    #[test]
    fn a_survey_is_told_from_an_answer() {
        let raw = sent(&["1@x.example".to_owned()], "Wie zufrieden?", By::Survey);
        assert!(raw.contains("Auto-Submitted: auto-generated\r\n") && raw.contains("In-Reply-To: <1@x.example>\r\n"));
    }

    #[test]
    fn a_long_conversation_names_its_first_and_its_last_mails() {
        let ancestors: Vec<String> = (0..100).map(|n| format!("{n}@x.example")).collect();
        let read = mail::read(sent(&ancestors, "Ja", By::Person).as_bytes()).expect("a mail");
        assert_eq!(read.ancestors.len(), MAX_REFERENCES);
        assert_eq!(read.ancestors[0], "99@x.example");
        assert_eq!(read.ancestors[MAX_REFERENCES - 1], "0@x.example");
    }

    /// No customer's word becomes a header of ours.
    #[test]
    fn nothing_is_smuggled_into_a_header() {
        let raw = sent(&["1@x\r\nBcc: all@x.example".to_owned()], "Ja", By::Person);
        assert!(!raw.contains("Bcc"));
    }
}
