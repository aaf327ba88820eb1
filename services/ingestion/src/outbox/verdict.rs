//! What a server's refusal means for the mail. Pure.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;

/// What becomes of the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server will never take it.
    Refused,
    /// To be tried again, and why it failed.
    Later(&'static str),
}

/// Of a mail that was not taken.
pub fn verdict(error: &Error) -> Verdict {
    if error.is_tls() || is_handshake(error) {
        return Verdict::Later("TLS_REFUSED");
    }
    if error.is_client() {
        // The server cannot do what the mailbox asks for: TLS, or a way to log in.
        return Verdict::Later("SERVER_CANNOT");
    }
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    of(error.status().map(u16::from), enhanced(&said))
}

/// The library takes a certificate that is refused for a connection that failed.
fn is_handshake(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(known) = cause {
        let inner = known.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = known.source();
    }
    false
}

/// The code at the beginning of what a server says, as 5.1.1 (RFC 3463): subject and detail.
fn enhanced(said: &str) -> Option<(u16, u16)> {
    let mut numbers = said.split_whitespace().next()?.split('.');
    let (class, subject, detail) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let known = class == "5" && numbers.next().is_none();
    known.then(|| Some((subject.parse().ok()?, detail.parse().ok()?)))?
}

/// A mail is given up when the server refuses it or its recipient. That it refuses us (a wrong password, a sender or a relay that
/// it does not allow) is a setting, and what is put right sends what waits.
fn of(code: Option<u16>, enhanced: Option<(u16, u16)>) -> Verdict {
    match (code, enhanced) {
        (Some(530 | 534 | 535 | 538), _) => Verdict::Later("LOGIN_REFUSED"),
        (Some(..500) | None, _) => Verdict::Later("SERVER"),
        // The sender's address, and not the recipient's.
        (_, Some((1, 7 | 8))) => Verdict::Later("SENDER_REFUSED"),
        // No such address, or its mailbox takes nothing; too large; of a kind that is not taken.
        (_, Some((1 | 2 | 6, _) | (3, 4))) => Verdict::Refused,
        (_, Some(_)) => Verdict::Later("SERVER_REFUSED"),
        (Some(550..=552), None) => Verdict::Refused,
        (Some(_), None) => Verdict::Later("SERVER_REFUSED"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_refuses_us_loses_no_mail() {
        for code in [530, 534, 535, 538] {
            assert_eq!(of(Some(code), Some((7, 8))), Verdict::Later("LOGIN_REFUSED"), "{code}");
        }
        for (code, said, verdict) in [
            (550, "5.1.1 no such user", Verdict::Refused),
            (550, "no such user", Verdict::Refused),
            (552, "5.3.4 message too big", Verdict::Refused),
            (552, "5.2.2 mailbox full", Verdict::Refused),
            (554, "5.6.0 media", Verdict::Refused),
            (
                554,
                "5.7.1 <mara@x.example>: Relay access denied",
                Verdict::Later("SERVER_REFUSED"),
            ),
            (
                553,
                "5.7.1 Sender address rejected: not owned by user",
                Verdict::Later("SERVER_REFUSED"),
            ),
            (
                550,
                "5.1.8 Sender address rejected: Domain not found",
                Verdict::Later("SENDER_REFUSED"),
            ),
            (554, "no", Verdict::Later("SERVER_REFUSED")),
            (521, "does not accept mail", Verdict::Later("SERVER_REFUSED")),
            (502, "5.5.1 what?", Verdict::Later("SERVER_REFUSED")),
            (451, "4.2.0 greylisted", Verdict::Later("SERVER")),
        ] {
            assert_eq!(of(Some(code), enhanced(said)), verdict, "{code} {said}");
        }
        assert_eq!(of(None, None), Verdict::Later("SERVER"));
    }

    #[test]
    fn codes_are_read_from_what_is_said() {
        for (said, found) in [("5.1.1 no", Some((1, 1))), ("5.7.26", Some((7, 26)))] {
            assert_eq!(enhanced(said), found);
        }
        for said in ["", "no 5.1.1", "4.1.1 later", "5.1", "5.1.1.1", "5.x.1"] {
            assert_eq!(enhanced(said), None, "{said}");
        }
    }
}
