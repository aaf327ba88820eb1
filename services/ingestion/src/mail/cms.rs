//! The signed content of an S/MIME mail that wraps it (`smime.p7m`): a walk through the structure of RFC 5652 to what was
//! signed. Whether the signature is right is not looked at.

use std::borrow::Cow;

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const PARTS: u8 = 0x24;
const CONTENT: u8 = 0xa0;
/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// Deepest nesting of parts of a string.
const MAX_DEPTH: usize = 4;

/// What was signed; `None` when this is encrypted, compressed, a signature alone, or no such thing.
pub(super) fn signed_content(der: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut outer = Items(Items(der).expect(SEQUENCE)?);
    if outer.expect(OBJECT_ID)? != SIGNED_DATA {
        return None;
    }
    let mut signed = Items(Items(outer.expect(CONTENT)?).expect(SEQUENCE)?);
    signed.next()?; // version
    signed.next()?; // digest algorithms
    let mut content = Items(signed.expect(SEQUENCE)?);
    content.expect(OBJECT_ID)?;
    let (tag, bytes) = Items(content.expect(CONTENT)?).next()?;
    match tag {
        OCTETS => Some(Cow::Borrowed(bytes)),
        PARTS => {
            let mut whole = Vec::new();
            join(bytes, &mut whole, MAX_DEPTH)?;
            Some(Cow::Owned(whole))
        }
        _ => None,
    }
}

/// Programs that do not know the length beforehand write a string in parts.
fn join(parts: &[u8], whole: &mut Vec<u8>, depth: usize) -> Option<()> {
    let mut items = Items(parts);
    while !items.0.is_empty() {
        match items.next()? {
            (OCTETS, bytes) => whole.extend_from_slice(bytes),
            (PARTS, bytes) if depth > 0 => join(bytes, whole, depth - 1)?,
            _ => return None,
        }
    }
    Some(())
}

/// Items one after the other: tag, length, content.
struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// The content of the next item, if it is of this kind.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, length, head) = header(self.0)?;
        let rest = &self.0[head..];
        let (content, after) = match length {
            Some(length) => rest.split_at_checked(length)?,
            None => {
                let length = open_length(rest)?;
                (&rest[..length], &rest[length + 2..])
            }
        };
        self.0 = after;
        Some((tag, content))
    }
}

/// Tag, length (`None`: up to the end mark) and how many bytes they take.
fn header(bytes: &[u8]) -> Option<(u8, Option<usize>, usize)> {
    let (&tag, rest) = bytes.split_first()?;
    // Tags of more than one byte are in nothing that is read here.
    if tag & 0x1f == 0x1f {
        return None;
    }
    match *rest.first()? {
        0x80 => Some((tag, None, 2)),
        short @ 0..0x80 => Some((tag, Some(usize::from(short)), 2)),
        long => {
            let count = usize::from(long & 0x7f);
            let bytes = rest.get(1..=count).filter(|_| count <= 4)?;
            let length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
            Some((tag, Some(length), 2 + count))
        }
    }
}

/// How many bytes there are before the end mark of something that does not say how long it is.
fn open_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut open = 0_usize;
    loop {
        let here = bytes.get(at..)?;
        if here.starts_with(&[0, 0]) {
            if open == 0 {
                return Some(at);
            }
            open -= 1;
            at += 2;
            continue;
        }
        let (_, length, head) = header(here)?;
        at = at.checked_add(head)?;
        match length {
            Some(length) => at = at.checked_add(length)?,
            None => open += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAMED: &[u8] = include_bytes!("../../fixtures/mail/signed_streamed.p7m");
    const SIGNED: &[u8] = include_bytes!("../../fixtures/mail/signed.p7m");

    #[test]
    fn what_was_signed_is_found_in_both_forms() {
        let content = signed_content(SIGNED).expect("signed");
        assert!(content.starts_with(b"Content-Type: multipart/mixed"));
        assert!(content.ends_with(b"--in--\r\n"));
        assert_eq!(signed_content(STREAMED).expect("signed"), content);
    }

    #[test]
    fn what_is_encrypted_or_damaged_has_none() {
        assert_eq!(
            signed_content(include_bytes!("../../fixtures/mail/encrypted.p7m")),
            None
        );
        for whole in [SIGNED, STREAMED] {
            for length in 0..whole.len() {
                let _ = signed_content(&whole[..length]);
            }
            for at in 0..whole.len() {
                for value in [0, 0x80, 0x84, 0xff] {
                    let mut changed = whole.to_vec();
                    changed[at] = value;
                    let _ = signed_content(&changed);
                }
            }
        }
        assert_eq!(signed_content(&[0x30, 0x80].repeat(100_000)), None);
    }
}
