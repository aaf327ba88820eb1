//! Mends the structure of a mail before it is parsed, in two cases in which parts would be lost otherwise: an inner
//! multipart whose end is missing, and a part whose text follows its headers without a blank line.
//!
//! Header lines with bytes that are no UTF-8 are put into it, by the charset that the mail names first, else as
//! Windows-1252: old programs write their names and subjects so.
//!
//! A mail in the mail that is encoded (base64 of a whole mail) is marked as a file: the parser would look into it without
//! anybody having counted what is there.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// What an encoded mail in the mail is marked as.
pub(super) const ENCODED_MESSAGE: &str = "application/x-encoded-message";
const MARK: &[u8] = b"Content-Type: application/x-encoded-message\r\n";

/// The mail with missing ends and blank lines put in; itself when nothing is missing.
pub(super) fn repair(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut digest = false;
    let mut out: Vec<u8> = Vec::new();
    // Up to here `raw` is in `out`.
    let mut copied = 0;
    let mut replace = |out: &mut Vec<u8>, at: usize, length: usize, line: &[u8]| {
        out.extend_from_slice(&raw[copied..at]);
        out.extend_from_slice(line);
        copied = at + length;
    };
    let mut charset = None;
    let mut headers = Headers::default();
    let mut state = State::Top;
    let mut at = 0;
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii_end();
        if let Some(depth) = boundary(text, &open) {
            if depth + 1 < open.len() {
                for missing in open.drain(depth + 1..).rev() {
                    replace(&mut out, at, 0, &[b"--", missing.as_slice(), b"--\r\n"].concat());
                }
            }
            let is_end = text.len() > open[depth].len() + 2 && text.ends_with(b"--");
            if is_end {
                open.truncate(depth);
            }
            state = if is_end { State::Body } else { State::Part };
            headers = Headers::default();
        } else {
            let ends = text.is_empty();
            let misses = !ends && state == State::Part && !is_header(line);
            // In any state, since it is the parser that decides what is a part.
            if (ends || misses) && headers.is_encoded_message(digest) {
                replace(&mut out, at, 0, MARK);
            }
            if misses {
                replace(&mut out, at, 0, b"\r\n");
            }
            if ends || misses {
                digest |= headers.is_digest();
                if state != State::Body {
                    state = headers.end(&mut open);
                }
                headers = Headers::default();
            } else {
                headers.line(text);
                if state != State::Body && std::str::from_utf8(line).is_err() {
                    let decode = *charset.get_or_insert_with(|| first_charset(raw));
                    replace(&mut out, at, line.len(), decode(line).as_bytes());
                }
            }
        }
        at += line.len();
    }
    if out.is_empty() {
        return Cow::Borrowed(raw);
    }
    replace(&mut out, raw.len(), 0, b"");
    Cow::Owned(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The headers of the mail itself. What follows them is up to the parser: mails begin with stray lines of all kinds.
    Top,
    /// The headers of a part.
    Part,
    Body,
}

/// What counts in a block of headers.
#[derive(Default)]
struct Headers {
    content_type: Vec<u8>,
    encoding: Vec<u8>,
    inside: Inside,
}

/// The header to which a fold belongs.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    ContentType,
    Encoding,
    #[default]
    Other,
}

impl Headers {
    fn line(&mut self, line: &[u8]) {
        let named = |name: &[u8]| line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name);
        let folded = line.first().is_some_and(u8::is_ascii_whitespace);
        if !folded {
            self.inside = match () {
                () if named(b"content-type") => Inside::ContentType,
                () if named(b"content-transfer-encoding") => Inside::Encoding,
                () => Inside::Other,
            };
        }
        match self.inside {
            Inside::ContentType => self.content_type.extend_from_slice(line),
            Inside::Encoding => self.encoding.extend_from_slice(line),
            Inside::Other => {}
        }
    }

    /// Whether this is a mail that is not written as it is; `digest`: parts may be mails without saying so. Rather too often:
    /// then it is a file all the same.
    fn is_encoded_message(&self, digest: bool) -> bool {
        let encoded = has(&self.encoding, b"base64") || has(&self.encoding, b"quoted-printable");
        let unsaid = digest && self.content_type.is_empty();
        // Not `message/global-delivery-status`.
        let global = find(&self.content_type, b"message/global").any(|rest| !rest.starts_with(b"-"));
        encoded && (unsaid || global || has(&self.content_type, b"message/rfc822"))
    }

    fn is_digest(&self) -> bool {
        has(&self.content_type, b"digest")
    }

    /// What follows these headers.
    fn end(&self, open: &mut Vec<Vec<u8>>) -> State {
        let lower = self.content_type.to_ascii_lowercase();
        let kind = lower
            .split(|&byte| byte == b':')
            .nth(1)
            .unwrap_or_default()
            .trim_ascii_start();
        if kind.starts_with(b"multipart/")
            && let Some(boundary) = self.boundary(&lower)
        {
            open.push(boundary);
        }
        if kind.starts_with(b"message/rfc822") || kind.starts_with(b"message/global") {
            State::Top
        } else {
            State::Body
        }
    }

    fn boundary(&self, lower: &[u8]) -> Option<Vec<u8>> {
        const PARAMETER: &[u8] = b"boundary=";
        let found = lower.windows(PARAMETER.len()).position(|window| window == PARAMETER)?;
        let value = &self.content_type[found + PARAMETER.len()..];
        let value = match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|&byte| byte == b'"').next()?,
            None => value.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next()?,
        };
        (!value.is_empty()).then(|| value.to_vec())
    }
}

/// How far the name of a charset is looked for.
const CHARSET_WITHIN: usize = 64 << 10;

/// What decodes by the first charset that a mail names, other than UTF-8.
fn first_charset(raw: &[u8]) -> fn(&[u8]) -> String {
    let start = &raw[..raw.len().min(CHARSET_WITHIN)];
    let named = find(start, b"charset=").find_map(|rest| {
        let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
        let end = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"-_.:".contains(byte)))?;
        let name = rest[..end].to_ascii_lowercase();
        let unhelpful = [&b"utf-8"[..], b"utf8", b"us-ascii"].contains(&name.as_slice());
        charset_decoder(&name).filter(|_| !unhelpful)
    });
    named
        .or_else(|| charset_decoder(b"windows-1252"))
        .unwrap_or(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// Whether `word` stands in a header, whatever its case.
fn has(header: &[u8], word: &[u8]) -> bool {
    find(header, word).next().is_some()
}

/// What follows each place where `word` stands.
fn find<'a>(header: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let places = header.windows(word.len()).enumerate();
    places
        .filter(move |(_, window)| window.eq_ignore_ascii_case(word))
        .map(|(at, _)| &header[at + word.len()..])
}

/// Which of the open boundaries the line is, the innermost first.
fn boundary(line: &[u8], open: &[Vec<u8>]) -> Option<usize> {
    let name = line.strip_prefix(b"--")?;
    (0..open.len()).rev().find(|&depth| {
        let boundary = open[depth].as_slice();
        name.strip_prefix(boundary)
            .is_some_and(|rest| rest.is_empty() || rest == b"--")
    })
}

/// `Name: value`, or the fold of one.
fn is_header(line: &[u8]) -> bool {
    if line.first().is_some_and(u8::is_ascii_whitespace) {
        return true;
    }
    let name = line
        .iter()
        .take_while(|byte| matches!(byte, 0x21..=0x39 | 0x3b..=0x7e))
        .count();
    name > 0 && line[name..].trim_ascii_start().starts_with(b":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(raw: &str) -> String {
        String::from_utf8(repair(raw.as_bytes()).into_owned()).expect("text")
    }

    const OUTER: &str = "From: a@x\nContent-Type: multipart/mixed;\n boundary=\"out\"\n\n--out\n";

    #[test]
    fn what_is_whole_stays_as_it_is() {
        let whole = format!(
            "{OUTER}Content-Type: multipart/alternative; boundary=in\n\n--in\nContent-Type: text/plain\n\nHi\n--not-ours\n--in--\n--out\n\nx\n--out--\n"
        );
        assert!(matches!(repair(whole.as_bytes()), Cow::Borrowed(_)));
        assert!(matches!(
            repair(b"From: a@x\nstray line\n\nboundary=x\n--x\n"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn a_missing_end_is_put_in() {
        let broken = format!(
            "{OUTER}Content-Type: multipart/alternative; boundary=in\n\n--in\nContent-Type: text/plain\n\nHi\n--out\nContent-Type: image/png\n\nx\n--out--\n"
        );
        let expected = broken.replace("Hi\n--out", "Hi\n--in--\r\n--out");
        assert_eq!(repaired(&broken), expected);
    }

    #[test]
    fn headers_become_utf_8() {
        let mail = |charset: &str, subject: &[u8]| {
            let rest = format!("\nContent-Type: text/plain; charset={charset}\n\n");
            let raw = [&b"From: a@x\nSubject: "[..], subject, rest.as_bytes(), b"\xff"].concat();
            let repaired = repair(&raw).into_owned();
            assert!(repaired.ends_with(b"\n\n\xff"), "the body is as it was");
            let end = repaired.len() - rest.len() - 1;
            String::from_utf8(repaired[b"From: a@x\nSubject: ".len()..end].to_vec()).expect("text")
        };
        assert_eq!(mail("us-ascii", b"Gr\xfc\xdfe"), "Grüße");
        assert_eq!(mail("\"windows-1251\"", b"\xcf\xf0\xe8"), "При");
        assert_eq!(mail("utf-8", "Größe".as_bytes()), "Größe");
    }

    #[test]
    fn an_encoded_mail_in_the_mail_is_a_file() {
        let mark = std::str::from_utf8(MARK).expect("text");
        for headers in [
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n",
            "Content-Transfer-Encoding:\n Quoted-Printable\nContent-Type:\n Message/Global; name=x\n",
        ] {
            let mail = format!("{OUTER}{headers}\nRnJvbQ==\n--out--\n");
            assert_eq!(repaired(&mail), mail.replace(headers, &format!("{headers}{mark}")));
        }
        let digest = "From: a@x\nContent-Type: multipart/digest; boundary=d\n\n--d\nContent-Transfer-Encoding: base64\n\nRnJvbQ==\n--d--\n";
        assert!(repaired(digest).contains(mark));
        let plain = format!("{OUTER}Content-Type: message/rfc822\n\nFrom: b@x\n\nx\n--out--\n");
        assert_eq!(repaired(&plain), plain);
    }

    #[test]
    fn a_missing_blank_line_is_put_in() {
        let broken = format!("{OUTER}Content-Type: text/plain\nHello there!\nmore\n--out--\n");
        assert_eq!(repaired(&broken), broken.replace("plain\nHello", "plain\n\r\nHello"));
    }
}
