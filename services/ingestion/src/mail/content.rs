//! What a mail says and what hangs on it, whatever it is wrapped in.
//!
//! - `winmail.dat` is opened: its files take its place, its text stands in for a mail that has none. One that cannot be read
//!   to its end stays a file beside what was found in it.
//! - What was signed by S/MIME is read, plain or wrapped; the signature, or the wrapping, stays a file.
//! - What is encrypted stays a file whole, and nothing is said in its place.
//! - Files that stand in the text (uuencode, PGP) are taken out of it.
//! - A calendar stays a file, and speaks for a mail that says nothing else.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use super::{Attachment, attachments, body, calendar, cms, pgp, tnef, uuencode};

/// Wrappings in wrappings that are opened: signed, then signed again by a gateway.
const MAX_DEPTH: usize = 3;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The whole readable text.
    pub text: String,
    /// Everything that is not the text, in order.
    pub attachments: Vec<Attachment>,
}

/// Reads a parsed mail.
pub(super) fn read(message: &Message<'_>) -> Content {
    read_to(message, MAX_DEPTH)
}

fn read_to(message: &Message<'_>, depth: usize) -> Content {
    let mut found = Content::default();
    // What stands in for a text, the first one wins.
    let mut instead = String::new();
    let mut stand_in = |text: String| {
        if instead.is_empty() {
            instead = text;
        }
    };
    for part in message.attachments() {
        let file = attachments::convert(message, part);
        let bytes = attachments::content(message, part);
        match wrapping(&file, part) {
            Wrapping::Tnef => {
                if let Some(opened) = tnef::read(bytes) {
                    let empty = opened.files.is_empty() && opened.text.trim().is_empty();
                    found.attachments.extend(opened.files.iter().map(tnef_file));
                    stand_in(body::tidy(&opened.text));
                    if opened.whole && !empty {
                        continue;
                    }
                }
            }
            Wrapping::Signed if depth > 0 => {
                if let Some(signed) = cms::signed_content(bytes).filter(|signed| !super::is_costly(signed))
                    && let repaired = super::repair::repair(&signed)
                    && let Some(mut inner) = MessageParser::default().parse(repaired.as_ref())
                {
                    inner.raw_message = repaired.as_ref().into();
                    let inner = read_to(&inner, depth - 1);
                    stand_in(inner.text);
                    found.attachments.extend(inner.attachments);
                }
            }
            Wrapping::Calendar => {
                if let PartType::Text(text) = &part.body {
                    stand_in(calendar::summary(text));
                }
            }
            Wrapping::Signed | Wrapping::None => {}
        }
        // A multipart without parts is no file.
        if file.bytes > 2 || !file.media_type.starts_with("multipart/") {
            found.attachments.push(file);
        }
    }
    let (text, files) = uuencode::take_out(&body::text(message));
    for file in files {
        let media_type = "application/octet-stream";
        found
            .attachments
            .push(Attachment::of(&file.name, media_type, "", &file.content));
    }
    let (text, blocks) = pgp::take_out(&text);
    for block in blocks {
        found.attachments.push(Attachment::of(
            block.name,
            block.media_type,
            "",
            block.content.as_bytes(),
        ));
    }
    found.text = body::tidy(&text);
    if found.text.trim().is_empty() {
        found.text = instead;
    }
    found
}

enum Wrapping {
    Tnef,
    Signed,
    Calendar,
    None,
}

/// By media type, or by name where a program did not know better.
fn wrapping(file: &Attachment, part: &MessagePart<'_>) -> Wrapping {
    let name = file.name.to_ascii_lowercase();
    match file.media_type.as_str() {
        "application/ms-tnef" | "application/vnd.ms-tnef" => Wrapping::Tnef,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Wrapping::Signed,
        "text/calendar" | "application/ics" => Wrapping::Calendar,
        "application/octet-stream" if name == "winmail.dat" => Wrapping::Tnef,
        "application/octet-stream" if name == "smime.p7m" => Wrapping::Signed,
        _ if part.content_type().is_none() && name == "winmail.dat" => Wrapping::Tnef,
        _ => Wrapping::None,
    }
}

fn tnef_file(file: &tnef::File<'_>) -> Attachment {
    let media_type = match file.media_type.as_str() {
        "" => "application/octet-stream",
        given => given,
    };
    Attachment::of(&file.name, media_type, &file.content_id, file.content)
}
