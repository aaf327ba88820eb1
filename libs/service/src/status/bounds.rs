//! What of an error fits into a status.
//!
//! Details travel in a header, base64 in one piece, and clients in other languages refuse more than 8 KiB of headers: they
//! then report RESOURCE_EXHAUSTED instead of what was sent. So lists end early and say how much is missing, and texts, which
//! may repeat what a client sent, are cut. Everything together stays below 6 KiB on the wire.

use std::borrow::Cow;

use vorrang_error::{Detail, Error, Violation};

/// Most violations that are listed one by one.
const VIOLATIONS: usize = 50;
/// Most bytes of all violations together.
const VIOLATION_BYTES: usize = 2048;
/// What a violation takes besides its texts, at most.
const VIOLATION_FRAME: usize = 8;
/// Most bytes of the path of a field.
const FIELD: usize = 128;
/// Most bytes of what is wrong with it.
const DESCRIPTION: usize = 256;
/// Most bytes of the sentence for people. It is sent twice, once with every special character as three.
const MESSAGE: usize = 384;
/// Most bytes of a metadata value.
const VALUE: usize = 128;
/// Most metadata values.
const VALUES: usize = 8;
/// Most bytes of a resource's name.
const RESOURCE: usize = 256;
/// Most bytes of a message of the contract. It is sent when there are no violations, which take as much.
const DETAIL: usize = 2048;

/// `text`, ending in `…` when it had more than `bytes`.
pub(crate) fn cut(text: &str, bytes: usize) -> Cow<'_, str> {
    const MARK: &str = "…";
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(bytes.saturating_sub(MARK.len()));
    Cow::Owned(format!("{}{MARK}", &text[..end]))
}

/// The sentence of `error`.
pub(crate) fn message(text: &str) -> Cow<'_, str> {
    cut(text, MESSAGE)
}

/// The name of a resource.
pub(super) fn resource(name: &str) -> Cow<'_, str> {
    cut(name, RESOURCE)
}

/// The detail of `error`. It cannot be cut, so a larger one is left out: whoever makes it keeps it small.
pub(super) fn detail(error: &Error) -> Option<&Detail> {
    let detail = error.detail().filter(|_| error.violations().is_empty())?;
    (detail.value.len() <= DETAIL).then_some(detail)
}

/// The metadata of `error`.
pub(super) fn metadata(error: &Error) -> impl Iterator<Item = (String, String)> {
    let values = error.metadata().iter().take(VALUES);
    values.map(|(key, value)| ((*key).to_owned(), cut(value, VALUE).into_owned()))
}

/// The violations of `error`; when they are too many the last one, which has no field, says how many are missing.
pub(crate) fn violations(error: &Error) -> Vec<Violation> {
    let all = error.violations();
    let mut room = VIOLATION_BYTES;
    let mut listed: Vec<Violation> = all
        .iter()
        .take(VIOLATIONS)
        .map(|one| Violation {
            field: cut(&one.field, FIELD).into_owned(),
            description: cut(&one.description, DESCRIPTION).into_owned(),
        })
        .take_while(|one| {
            let size = one.field.len() + one.description.len() + VIOLATION_FRAME;
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        })
        .collect();
    if listed.len() < all.len() {
        listed.push(Violation {
            field: String::new(),
            description: format!("and {} more", all.len() - listed.len()),
        });
    }
    listed
}
