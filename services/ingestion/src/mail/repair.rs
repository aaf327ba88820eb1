//! Mends the structure of a mail before it is parsed, in two cases in which parts would be lost otherwise: an inner
//! multipart whose end is missing, and a part whose text follows its headers without a blank line.

use std::borrow::Cow;

/// The mail with missing ends and blank lines put in; itself when nothing is missing.
pub(super) fn repair(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut out: Vec<u8> = Vec::new();
    // Up to here `raw` is in `out`.
    let mut copied = 0;
    let mut insert = |out: &mut Vec<u8>, at: usize, line: &[u8]| {
        out.extend_from_slice(&raw[copied..at]);
        out.extend_from_slice(line);
        copied = at;
    };
    let mut headers = Headers::default();
    let mut state = State::Top;
    let mut at = 0;
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii_end();
        if let Some(depth) = boundary(text, &open) {
            if depth + 1 < open.len() {
                for missing in open.drain(depth + 1..).rev() {
                    insert(&mut out, at, &[b"--", missing.as_slice(), b"--\r\n"].concat());
                }
            }
            let is_end = text.len() > open[depth].len() + 2 && text.ends_with(b"--");
            if is_end {
                open.truncate(depth);
            }
            state = if is_end { State::Body } else { State::Part };
            headers = Headers::default();
        } else if state != State::Body {
            if text.is_empty() {
                state = headers.end(&mut open);
                headers = Headers::default();
            } else if state == State::Part && !is_header(line) {
                insert(&mut out, at, b"\r\n");
                state = headers.end(&mut open);
                headers = Headers::default();
            } else {
                headers.line(text);
            }
        }
        at += line.len();
    }
    if out.is_empty() {
        return Cow::Borrowed(raw);
    }
    insert(&mut out, raw.len(), b"");
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
    inside: bool,
}

impl Headers {
    fn line(&mut self, line: &[u8]) {
        const NAME: &[u8] = b"content-type:";
        let folded = line.first().is_some_and(u8::is_ascii_whitespace);
        if !folded {
            self.inside = line.len() >= NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME);
        }
        if self.inside {
            self.content_type.extend_from_slice(line);
        }
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
        if kind.starts_with(b"message/rfc822") {
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
    fn a_missing_blank_line_is_put_in() {
        let broken = format!("{OUTER}Content-Type: text/plain\nHello there!\nmore\n--out--\n");
        assert_eq!(repaired(&broken), broken.replace("plain\nHello", "plain\n\r\nHello"));
    }
}
