//! The readable text of a mail.

use mail_parser::decoders::{
    base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode,
};
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use super::html;

/// The plain text of the mail, or its HTML as text, with `\n` line ends and no blank edges.
pub(super) fn text(message: &Message<'_>) -> String {
    let mut text = join(message, &message.text_body);
    if text.trim().is_empty() {
        text = join(message, &message.html_body);
    }
    if text.trim().is_empty() {
        // Some senders mark their only text as an attachment; better to show it than an empty ticket.
        text = message
            .parts
            .iter()
            .filter(|part| matches!(part.body, PartType::Text(_) | PartType::Html(_)))
            .filter(|part| part.attachment_name().is_none() && !is_data(part))
            .find_map(|part| readable(message, part))
            .unwrap_or_default();
    }
    tidy(&text)
}

/// With `\n` line ends and no blank edges.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\0'], "");
    text.trim_matches('\n').trim_end().to_owned()
}

/// Text that programs read, not people.
fn is_data(part: &MessagePart<'_>) -> bool {
    part.content_type()
        .and_then(|content_type| content_type.subtype())
        .is_some_and(|subtype| {
            ["calendar", "vcard", "x-vcard", "directory", "rfc822-headers"]
                .iter()
                .any(|data| subtype.eq_ignore_ascii_case(data))
        })
}

fn join(message: &Message<'_>, parts: &[u32]) -> String {
    let texts: Vec<String> = parts
        .iter()
        .filter_map(|&id| message.parts.get(id as usize))
        .filter_map(|part| readable(message, part))
        .collect();
    texts.join("\n")
}

fn readable(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Text(text) => Some(legacy(message, part).unwrap_or_else(|| text.to_string())),
        PartType::Html(text) => Some(html::to_text(
            &legacy(message, part).unwrap_or_else(|| text.to_string()),
        )),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

/// A text without a usable charset is taken for UTF-8 by the parser. Where that left replacement
/// characters, it is almost always Windows-1252 in the mails German and English companies receive.
fn legacy(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let declared = part
        .content_type()
        .and_then(|content_type| content_type.attribute("charset"))
        .and_then(|charset| charset_decoder(charset.as_bytes()));
    if declared.is_some() || !part.text_contents().is_some_and(|text| text.contains('\u{fffd}')) {
        return None;
    }
    let raw = message
        .raw_message
        .get(part.offset_body as usize..part.offset_end as usize)?;
    let bytes = match part.encoding {
        Encoding::None => raw.to_vec(),
        Encoding::Base64 => base64_decode(raw)?,
        Encoding::QuotedPrintable => quoted_printable_decode(raw)?,
    };
    if std::str::from_utf8(&bytes).is_ok() {
        return None;
    }
    Some(charset_decoder(b"windows-1252")?(&bytes))
}
